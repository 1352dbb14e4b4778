"""What leaves comes back as nothing new: generated towns, changes by hand, deltas, and into an empty database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from deploy.town.generate import Order, package
from services.registry.exports.exporting import Exported, export
from services.registry.exports.rules import Frame
from services.registry.exports.tests.hands import Hands
from services.registry.oneroster import layout
from services.registry.oneroster.importing import Refused, import_package
from services.registry.oneroster.packages import open_package
from services.registry.oneroster.rules import read_roster
from services.registry.oneroster.tests.packages import Files, facts, small_package, with_cell, with_companion
from shared.access.principal import command_line
from shared.database import Units, make_engine
from shared.dates import FixedClock
from tests.support.databases import Databases, Template

TODAY = date(2026, 11, 20)


@pytest.fixture
async def elsewhere(
    databases: Databases, registry_template: Template, clock: FixedClock
) -> AsyncIterator[Units]:
    """Another Tsumugi, which has nothing yet."""
    async with databases.copy(registry_template) as database:
        engine = make_engine(database.app)
        yield Units(engine, clock)
        await engine.dispose()


async def leave(units: Units, board: UUID, path: Path, **more: Any) -> tuple[Exported, Files]:
    """Export as whoever may see everything; the package's files."""
    now = units.clock.now()
    frame = Frame.on(board, TODAY, now, **{"protected": True, **more})
    done = await export(units, frame, path, command_line(board, now))
    return done, dict(open_package(path))


def people_in(files: Files) -> set[str]:
    """Who is in a package, by sourcedId."""
    reading = read_roster(files)
    assert reading.snapshot is not None
    return {each.key.sourced_id for each in reading.snapshot.people}


def different(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What only one of two packages says."""
    found = []
    for name in one:
        if one[name] != other[name]:
            here, there = (
                set(each[name]) if isinstance(each[name], list) else {each[name]} for each in (one, other)
            )
            found += [f"- {each}" for each in here - there] + [f"+ {each}" for each in there - here]
    return found


def said(files: Files) -> dict[str, Any]:
    """What a package says, whatever the order."""
    reading = read_roster(files)
    assert reading.problems == ()
    return facts(reading)


async def test_a_small_package_comes_back_as_it_was(units: Units, tmp_path: Path) -> None:
    # Of a class of several grades nothing but that is kept: it leaves with all of its school's.
    files = with_cell(small_package(), layout.CLASSES, 4, "grades", "P1,P2,P3,P4,P5,P6")
    reached = {
        "address": "紬市本町1",
        "phones": [{"number": "090-0000-0001", "kind": "work"}],
        "language": "vi",
    }
    contacts = [
        {"person": "g1", "postal_code": "0000012", **reached, "from": "2025-04-01", "to": "2026-10-31"},
        {"person": "g1", **reached, "from": "2026-11-01"},
        {"person": "p3", "address": "紬市西町2", "from": "2026-04-01"},
    ]
    files = with_companion(files, "contacts", contacts)
    board = (await import_package(units, files)).board
    _, out = await leave(units, board, tmp_path / "out.zip")
    assert said(out) == said(files)
    again = await import_package(units, out)
    assert again.nothing, again.counts


@pytest.mark.parametrize("seed", range(3))
async def test_a_town_comes_back_and_is_the_same_elsewhere(
    seed: int, units: Units, elsewhere: Units, tmp_path: Path, clock: FixedClock
) -> None:
    """Whole, after changes by hand, and as what changed since."""
    chance = Random(seed)
    files = package(Order(seed, 2026, TODAY, 300, of_a_city=True))
    board = (await import_package(units, files, confirmed=True)).board
    hands = Hands(units, board, chance)
    for _ in range(chance.randrange(8)):
        await hands.change()
    clock.instant += timedelta(hours=1)
    first, out = await leave(units, board, tmp_path / "first")
    again = await import_package(units, out)
    assert again.nothing, (hands.did, again.counts)
    there = (await import_package(elsewhere, out, confirmed=True)).board
    there_now = (await leave(elsewhere, there, tmp_path / "there"))[1]
    assert different(said(there_now), said(out)) == [], hands.did

    clock.instant += timedelta(hours=1)
    for _ in range(12):
        await hands.change()
    clock.instant += timedelta(hours=1)
    _, delta = await leave(units, board, tmp_path / "delta", since=first.instant)
    _, whole = await leave(units, board, tmp_path / "whole")
    assert sum(map(len, delta.values())) < sum(map(len, whole.values())) / 2
    try:
        back = await import_package(units, delta)
    except Refused as refused:
        pytest.fail(f"{hands.did} {refused.problems}")
    assert back.nothing, (hands.did, back.counts)
    await import_package(elsewhere, delta, confirmed=True)
    there_then = (await leave(elsewhere, there, tmp_path / "later"))[1]
    # Whoever was entered by mistake never was here; there, what had been told of them ended when they left.
    forgotten = people_in(out) - people_in(whole)
    for each in different(said(there_then), said(whole)):
        if "kind='class'" in each and "grades=('" in each:
            continue  # of a class of several grades, those of its members, the mistaken ones too
        assert each.startswith("-"), (each, hands.did)
        assert any(person in each for person in forgotten), (each, hands.did)
    assert (await import_package(elsewhere, whole, dry_run=True)).nothing, hands.did


async def test_a_delta_without_changes_says_nothing(units: Units, tmp_path: Path, clock: FixedClock) -> None:
    board = (await import_package(units, small_package())).board
    clock.instant += timedelta(hours=1)
    first, _ = await leave(units, board, tmp_path / "first")
    clock.instant += timedelta(hours=1)
    _, delta = await leave(units, board, tmp_path / "delta", since=first.instant)
    assert not [name for name in delta if name.endswith(".csv") and name != layout.MANIFEST]
