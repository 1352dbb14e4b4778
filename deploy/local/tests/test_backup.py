"""A backup brought back on another machine: the tail is lost, feeds notice, are let go on, and equal what is left."""

from __future__ import annotations

import asyncio
import io
import json
import os
import stat
import tarfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from deploy.local import admin, backup, epochs, lifecycle
from deploy.local.example import import_example, only_board, training_day
from deploy.local.instance import Instance
from deploy.local.prepare import prepare_databases
from deploy.local.state import LocalError
from deploy.local.temporary import free_ports, temporary_home
from deploy.topology import topology
from services.registry.roster.substitutes import add_substitute
from shared.dates import SystemClock
from shared.events.intake import UnknownEpoch
from shared.service import ServiceParts

PUPILS = 200
READERS = [
    ("dashboard", "registry"),
    ("dashboard", "identity"),
    ("identity", "registry"),
    ("registry", "identity"),
]


@contextmanager
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """A folder of its own, with no server yet."""
    monkeypatch.delenv("TSUMUGI_PORT", raising=False)
    monkeypatch.delenv("TSUMUGI_STATE", raising=False)
    with temporary_home() as home:
        instance = Instance(home).choose(port=free_ports(), durable=False)
        try:
            yield instance
        finally:
            instance.postgres.stop()


async def is_the_fold_of_the_log(instance: Instance) -> None:
    for service in topology().services:
        for copy in admin.parts(service).copies:
            found = await admin.rebuild_copy(instance, service, copy.name)
            assert (found.compared, found.different, found.parked) == (True, 0, 0), (service, copy.name)


async def stand_in(instance: Instance, on: date, who: int) -> None:
    """Another teacher takes a class for a day: a command after the backup."""
    board = await only_board(instance)
    async with superuser(instance) as registry:
        seat = await registry.fetchrow(
            "select class_id, organisation_id from duty_period where kind = 'homeroom' and voided_at is null"
            " and class_id is not null order by class_id limit 1"
        )
        staff = await registry.fetch(
            "select distinct subject_id from duty_period where organisation_id = $1"
            " and voided_at is null order by 1",
            seat["organisation_id"],
        )
    async with admin.app_units(instance, "registry") as units:
        await add_substitute(
            units, board, class_id=seat["class_id"], staff=staff[who]["subject_id"], on=on, actor="test"
        )


@asynccontextmanager
async def superuser(instance: Instance) -> AsyncIterator[Any]:
    """registry's database, past every wall."""
    connection = await instance.server.connect("registry")
    try:
        yield connection
    finally:
        await connection.close()


async def position(instance: Instance) -> int:
    async with superuser(instance) as registry:
        return int(await registry.fetchval("select position from log.head"))


@pytest.fixture
async def made(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Instance]:
    """A deployment with a small town, everything folded."""
    with place(monkeypatch) as instance:
        day = training_day(SystemClock().today())
        instance = instance.choose(training_date=day)
        lifecycle.start_postgres(instance)
        await prepare_databases(instance)
        await import_example(instance, day, pupils=PUPILS)
        await admin.settle(instance)
        yield instance


async def in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """What brings its own loop along."""
    return await asyncio.to_thread(partial(function, *arguments, lambda _: None))


async def test_a_lost_tail_is_noticed_and_mended(
    made: Instance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    today = made.clock.today()
    await stand_in(made, today, 0)
    path = tmp_path / "town.tsumugi"
    await in_thread(backup.backup, made, path)
    kept = await position(made)
    await stand_in(made, date.fromordinal(today.toordinal() + 1), 1)
    await stand_in(made, date.fromordinal(today.toordinal() + 2), 1)
    assert await position(made) > kept
    secret = made.secret("client-dashboard")

    with place(monkeypatch) as other:
        other = other.choose(port=made.choices.port + 100)
        done = await in_thread(backup.restore, other, path)
        other = Instance(other.state)
        assert set(done.epochs.values()) == {2}
        assert await position(other) == kept
        assert other.secret("client-dashboard") == secret
        assert other.choices.port == made.choices.port + 100
        assert other.clock.today() == today

        # Positions of the lost end are given again, to something else. Every feed has noticed.
        await stand_in(other, date.fromordinal(today.toordinal() + 3), 2)
        assert kept < await position(other)
        with pytest.raises(UnknownEpoch):
            await admin.settle(other)
        stopped = await epochs.stopped(other)
        assert {(one.service, one.publisher) for one in stopped} == set(READERS)
        assert {(one.known, one.epoch, one.lost) for one in stopped} == {(1, 2, 0)}
        for one in stopped:
            await epochs.accept(other, one.service, one.copy, one.publisher)
        assert await epochs.stopped(other) == []
        await admin.settle(other)
        await is_the_fold_of_the_log(other)


async def test_a_backup_is_for_its_owner_alone_and_says_what_it_holds(made: Instance, tmp_path: Path) -> None:
    path = tmp_path / "town.tsumugi"
    await in_thread(backup.backup, made, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == [path.name]  # noqa: PTH208 (a loop is running: no other way of pathlib's)
    with tarfile.open(path, "r:xz") as archive:
        names = set(archive.getnames())
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        about = json.loads(manifest.read())
    assert {f"databases/{service}.dump" for service in topology().services} <= names
    assert {"instance.json", "schema.json"} <= names
    assert any(name.startswith("secrets/") for name in names)
    assert not any("superuser" in name for name in names)
    assert about["heads"]["registry"]["position"] > 0
    before = path.read_bytes()
    with pytest.raises(LocalError, match="上書きはしません"):
        await in_thread(backup.backup, made, path)
    assert path.read_bytes() == before


async def test_whoever_reacts_is_taken_before_whom_it_reacts_to() -> None:
    order = backup.dumped_in_order()
    assert sorted(order) == sorted(topology().services)
    pairs = [
        (name, publisher)
        for name, service in topology().services.items()
        for reaction in ServiceParts.of(service.application).reactions
        for publisher in reaction.publishers()
    ]
    assert pairs
    assert all(order.index(consumer) < order.index(publisher) for consumer, publisher in pairs)


async def test_nothing_is_overwritten_and_nothing_half_is_taken_for_whole(
    made: Instance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "town.tsumugi"
    await in_thread(backup.backup, made, path)
    with pytest.raises(LocalError, match="もうデータがあります"):
        await in_thread(backup.restore, made, path)
    whole = path.read_bytes()
    damaged = tmp_path / "damaged"
    middle = len(whole) // 2
    damaged.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    changed = tmp_path / "changed"
    with tarfile.open(path, "r:xz") as was, tarfile.open(changed, "w:xz", preset=0) as now:
        for member in was:
            content = bytearray(was.extractfile(member).read())  # type: ignore[union-attr]
            if member.name == "databases/registry.dump":
                content[-1] ^= 1
            now.addfile(member, io.BytesIO(content))
    half = tmp_path / "half"
    half.write_bytes(whole[: len(whole) // 2])
    other_thing = tmp_path / "other"
    other_thing.write_text("名簿", encoding="utf-8")
    with place(monkeypatch) as other:
        for wrong, said in (
            (changed, "databases/registry.dump が壊れています"),
            (damaged, "途中で切れています"),
            (half, "途中で切れています"),
            (other_thing, "紬の控えではない"),
            (tmp_path / "nothing", "がありません"),
        ):
            with pytest.raises(LocalError, match=said):
                await in_thread(backup.restore, other, wrong)
            assert not other.postgres.data.exists()

        # Cut off in the middle: not started like this, and done anew by the same command.
        with monkeypatch.context() as patch:
            patch.setattr("deploy.local.backup.prepare_databases", _cut_off)
            with pytest.raises(RuntimeError, match="cut off"):
                await in_thread(backup.restore, other, path)
        with pytest.raises(LocalError, match="途中で切れています"):
            lifecycle.up(other, transport=None, training_date=None, say=lambda _: None)
        await in_thread(backup.restore, other, path)
        other = Instance(other.state)
        assert await position(other) == await position(made)


async def _cut_off(*_: object) -> None:
    raise RuntimeError("cut off")
