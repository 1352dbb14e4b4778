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
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from deploy.local import admin, backup, cli, epochs, lifecycle
from deploy.local.example import import_example, only_board, training_day
from deploy.local.instance import CHOICES, Instance
from deploy.local.prepare import prepare_databases
from deploy.local.state import LocalError
from deploy.local.temporary import free_ports, temporary_home
from deploy.topology import topology
from services.registry.erasure import acting as erasing
from services.registry.erasure import again
from services.registry.erasure import store as erasures
from services.registry.roster import published
from services.registry.roster import store as roster
from services.registry.roster.substitutes import add_substitute
from shared.database import Scope
from shared.dates import SystemClock
from shared.events.intake import UnknownEpoch
from shared.service import ServiceParts

PUPILS = 200
READERS = [
    ("dashboard", "registry"),
    ("dashboard", "identity"),
    ("identity", "registry"),
    ("registry", "identity"),
    ("registry", "messaging"),
    ("messaging", "registry"),
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


MARKER = "紋章"


async def plant(instance: Instance) -> UUID:
    """A guardian who is no longer one, with a name that is nowhere else, as everybody's copies have it."""
    board = await only_board(instance)
    async with superuser(instance) as registry:
        person = await registry.fetchval(
            "select guardian_id from guardianship_period order by guardian_id limit 1"
        )
    async with admin.app_units(instance, "registry") as units, units.work(Scope(board), actor="test") as work:
        (card,) = (await roster.people(work.session, board, [person])).values()
        card = card._replace(legal_family=MARKER, search=f"{MARKER}{card.legal_given}")
        await roster.put_people(work, [card])
        work.publish(published.person_changed(card), key=person, subject=person)
    await admin.settle(instance)
    return UUID(str(person))


async def found(instance: Instance) -> set[str]:
    """Tables of all services that have the marker."""
    places = set()
    for service in topology().services:
        connection = await instance.server.connect(service)
        try:
            for table in await connection.fetch(
                "select table_schema || '.' || table_name as name from information_schema.tables"
                " where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')"
            ):
                rows = (
                    f"select exists (select from {table['name']} t where t::text like $1 or t::text like $2)"
                )
                escaped = json.dumps(MARKER)[1:-1].replace("\\", "\\\\")
                if await connection.fetchval(rows, f"%{MARKER}%", f"%{escaped}%"):
                    places.add(f"{service} {table['name']}")
        finally:
            await connection.close()
    return places


async def test_who_was_erased_since_is_erased_again_and_found_nowhere(
    made: Instance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    person, board = await plant(made), await only_board(made)
    there = await found(made)
    assert {"registry public.person", "registry log.log_state", "dashboard copy.person_card"} <= there, there
    path, listed = tmp_path / "town.tsumugi", tmp_path / "erased.json"
    await in_thread(backup.backup, made, path)
    async with admin.app_units(made, "registry") as units:
        async with units.work(Scope(board), actor="test") as work:
            await roster.lock_roster(work)
            counts = await erasures.holdings(work.session, board, [person])
            by = UUID(int=7)
            await erasing.erase(work, person, [person], "decided", "第12号", counts, by, work.at)
        content = (await again.listed(units, None)).model_dump_json()
    assert MARKER not in content
    listed.write_text(content, encoding="utf-8")

    with place(monkeypatch) as other:
        other = other.choose(port=made.choices.port + 100)
        done = await asyncio.to_thread(backup.restore, other, path, lambda _: None, listed)
        assert done.erased_again == again.Again(erased=1, known=0)
        other = Instance(other.state)
        assert not [each for each in await found(other) if each.startswith("registry ")]
        for one in await epochs.stopped(other):
            await epochs.accept(other, one.service, one.copy, one.publisher)
        await admin.settle(other)
        assert await found(other) == set()
        async with admin.app_units(other, "registry") as units:
            wanted = again.read(listed)
            assert await again.erase_again(units, wanted) == again.Again(erased=0, known=1), (
                "again is nothing more"
            )
            assert (await again.listed(units, None)).erasures == wanted.erasures, (
                "number, ground, day, by whom"
            )
        with pytest.raises(LocalError, match="一覧ではない"):
            await asyncio.to_thread(backup.restore, other, path, lambda _: None, path)
        assert not (other.state / lifecycle.ERASING).exists(), "it is through"

    with place(monkeypatch) as other:
        await nobody_is_served_before_the_list_is_through(other, path, listed, monkeypatch)


async def nobody_is_served_before_the_list_is_through(
    instance: Instance, path: Path, listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off between the restoring and the erasing, and the machine was started anew."""
    with monkeypatch.context() as patch:
        patch.setattr(again, "erase_again", _cut_off)
        with pytest.raises(RuntimeError, match="cut off"):
            await asyncio.to_thread(backup.restore, instance, path, lambda _: None, listed)
    instance = Instance(instance.state)
    instance.postgres.stop()
    monkeypatch.setenv("TSUMUGI_STATE", str(instance.state))

    async def command(*words: str) -> str:
        done = await asyncio.to_thread(CliRunner().invoke, cli.app, ["erasure", "again", *words])
        return done.stdout.replace("\n", "")

    def refused() -> None:
        with pytest.raises(LocalError, match=r"tsumugi erasure again .*erased\.json` を先に"):
            lifecycle.up(instance, transport=None, training_date=None, say=lambda _: None)

    await asyncio.to_thread(refused)
    assert "一覧ではない" in await command(str(path))
    await asyncio.to_thread(refused)
    assert "1 人をもう一度消すことになります" in await command("--dry-run", str(listed))
    await asyncio.to_thread(refused)
    assert "1 人をもう一度消しました" in await command(str(listed))
    assert not (instance.state / lifecycle.ERASING).exists()
    assert not [each for each in await found(instance) if each.startswith("registry ")]


def test_what_is_put_back_lies_at_this_machines_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TSUMUGI_PORT", raising=False)
    there = Instance(tmp_path / "there").choose(port=9000, edition="platform", transport="kafka")
    here = Instance(tmp_path / "here").choose(port=8700, durable=False)
    backup._put_back(here, {CHOICES: (there.state / CHOICES).read_bytes()})
    assert Instance(here.state).choices == replace(there.choices, port=8700, durable=False)


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
        if not reaction.only_takes_away
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
