"""Data outlive versions: what each version has left is brought to the present, replayed, and equals its log.

A fixture is one version's data (`make fixture`). Today's own is made on the way, so that the next release's fixture is
known to be good before it is needed.
"""

from __future__ import annotations

import asyncio
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from deploy.local import admin, backup, epochs, fixture, schema
from deploy.local.instance import Instance
from deploy.local.state import LocalError
from deploy.local.temporary import free_ports, temporary_home
from deploy.topology import topology
from shared.events.intake import UnknownEpoch

RELEASED = sorted(fixture.FOLDER.glob(f"*{fixture.SUFFIX}"))
TODAY = Path("today")


@pytest.fixture(scope="module")
def todays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fixture that today's version would leave."""
    path = tmp_path_factory.mktemp("upgrades") / f"today{fixture.SUFFIX}"
    fixture.make(path, lambda _: None, largest=2 * fixture.LARGEST)
    return path


@pytest.fixture(params=[*RELEASED, TODAY], ids=lambda path: path.stem)
def kept(request: pytest.FixtureRequest) -> Path:
    """Each version's data in turn."""
    path: Path = request.getfixturevalue("todays") if request.param == TODAY else request.param
    return path


@contextmanager
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    monkeypatch.delenv("TSUMUGI_PORT", raising=False)
    monkeypatch.delenv("TSUMUGI_STATE", raising=False)
    with temporary_home() as home:
        instance = Instance(home).choose(port=free_ports(), durable=False)
        try:
            yield instance
        finally:
            instance.postgres.stop()


@cache
def manifest(path: Path) -> dict[str, Any]:
    return dict(json.loads(backup.read(path)[backup.MANIFEST]))


def test_it_is_upgraded_replayed_and_equal(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    with place(monkeypatch) as instance:
        backup.restore(instance, kept, lambda _: None)
        instance = Instance(instance.state)
        asyncio.run(_check(instance, manifest(kept)))


async def _check(instance: Instance, about: dict[str, Any]) -> None:
    for service, head in about["heads"].items():
        connection = await instance.server.connect(service)
        try:
            row = await connection.fetchrow("select epoch, position from log.head")
            assert row is not None
            assert (row["epoch"], row["position"]) == (head["epoch"] + 1, head["position"])
        finally:
            await connection.close()
    with pytest.raises(UnknownEpoch):
        await admin.settle(instance)
    for one in await epochs.stopped(instance):
        await epochs.accept(instance, one.service, one.copy, one.publisher)
    await admin.settle(instance)
    rows: dict[str, int] = {}
    for service in topology().services:
        for copy in admin.parts(service).copies:
            found = await admin.rebuild_copy(
                instance, service, copy.name, make_feed=instance.make_log_feed(service)
            )
            assert (found.compared, found.different, found.parked) == (True, 0, 0), (service, copy.name)
            rows |= {f"{service}.{table}": count for table, count in found.rows.items()}
    assert rows["dashboard.person_card"] > fixture.PUPILS
    assert rows["dashboard.pupil_day"] >= fixture.PUPILS
    assert rows["dashboard.account"] > 0


def test_it_holds_no_secret(kept: Path) -> None:
    with tarfile.open(kept, "r:xz") as archive:
        names = archive.getnames()
    assert not [name for name in names if name.startswith(("secrets", "services"))]


def test_what_a_released_version_ran_never_changes() -> None:
    """A change of tables is a new revision from then on; see CONTRIBUTING, "Add a field"."""
    for path in RELEASED:
        ran = json.loads(backup.read(path)[schema.FILE])
        assert schema.changed(ran) == [], f"{path.stem} was released with other scripts"


def test_a_backup_of_changed_scripts_is_refused(
    todays: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scripts = schema.scripts()
    name = next(iter(scripts))
    with place(monkeypatch) as instance, monkeypatch.context() as patch:
        patch.setattr(schema, "scripts", partial(dict, {**scripts, name: "another"}))
        with pytest.raises(LocalError, match="前の形"):
            backup.restore(instance, todays, lambda _: None)
        assert not instance.postgres.data.exists()
