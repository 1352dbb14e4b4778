"""補欠 on a real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.registry.oneroster import layout
from services.registry.oneroster.importing import import_package
from services.registry.oneroster.tests.packages import small_package, with_cell, with_companion
from services.registry.roster.substitutes import NoSubstitute, add_substitute
from services.registry.roster.tests.reading import acts_of, id_of, log_of, periods
from shared.database import Scope, Units, Work
from tests.support.databases import Database
from tests.support.waiting import eventually

DAY = date(2026, 11, 24)


async def test_a_substitute_has_the_class_that_day_only(units: Units, registry_database: Database) -> None:
    done = await import_package(units, small_package())
    staff, k22 = await id_of(units, done.board, "t1"), await id_of(units, done.board, "k22")
    position = await add_substitute(units, done.board, class_id=k22, staff=staff, on=DAY, actor="importer")
    (event,) = await log_of(registry_database, after=done.position or 0)
    assert event.position == position
    assert ("importer", "AddSubstitute", "III") in await acts_of(registry_database)
    assert event.topic == "registry.duty"
    kinds = {each["kind"]: (each["since"], each["until"]) for each in event.payload["duties"]}
    assert set(kinds) == {"homeroom", "nurse", "substitute"}
    assert kinds["substitute"] == ("2026-11-24", "2026-11-25")


async def test_the_same_substitute_again_is_nothing_new(units: Units, registry_database: Database) -> None:
    done = await import_package(units, small_package())
    staff, k22 = await id_of(units, done.board, "t1"), await id_of(units, done.board, "k22")
    for expected in (True, False):
        position = await add_substitute(
            units, done.board, class_id=k22, staff=staff, on=DAY, actor="importer"
        )
        assert (position is not None) is expected
    await add_substitute(
        units, done.board, class_id=k22, staff=staff, on=DAY + timedelta(days=1), actor="importer"
    )
    found = await periods(units, done.board, "duty_period", "t1", "kind")
    assert [kind for _, _, kind in found].count("substitute") == 2


async def test_an_import_leaves_substitutes_alone(units: Units) -> None:
    done = await import_package(units, small_package())
    staff, k22 = await id_of(units, done.board, "t1"), await id_of(units, done.board, "k22")
    await add_substitute(units, done.board, class_id=k22, staff=staff, on=DAY, actor="importer")
    assert (await import_package(units, small_package())).nothing
    found = await periods(units, done.board, "duty_period", "t1", "kind")
    assert (DAY, DAY + timedelta(days=1), "substitute") in found


async def test_only_staff_of_the_school_may_stand_in(units: Units) -> None:
    done = await import_package(units, small_package())
    kn, k22 = await id_of(units, done.board, "kn"), await id_of(units, done.board, "k22")
    pupil, staff = await id_of(units, done.board, "p1"), await id_of(units, done.board, "t1")
    for class_id, person in ((k22, pupil), (kn, staff), (uuid4(), staff)):
        with pytest.raises(NoSubstitute):
            await add_substitute(units, done.board, class_id=class_id, staff=person, on=DAY, actor="importer")


async def test_a_substitute_of_another_year_is_refused(units: Units) -> None:
    done = await import_package(units, small_package())
    staff, k22 = await id_of(units, done.board, "t1"), await id_of(units, done.board, "k22")
    for on in (date.min, date(2026, 3, 31), date(2027, 4, 1), date.max):
        with pytest.raises(NoSubstitute, match="2026年度"):
            await add_substitute(units, done.board, class_id=k22, staff=staff, on=on, actor="importer")


async def waiting(units: Units) -> int:
    """How many statements of this database wait for somebody's lock."""
    async with units.engine.connect() as connection:
        found = await connection.scalar(
            text(
                "select count(*) from pg_stat_activity"
                " where datname = current_database() and wait_event_type = 'Lock'"
            )
        )
        return int(found or 0)


async def test_an_import_under_way_and_a_substitute_both_stand_in_what_is_published(
    units: Units, registry_database: Database
) -> None:
    """The import has read all duties when the substitute comes; whoever is last publishes the duties of both."""
    done = await import_package(units, small_package())
    staff, k22, g2 = [await id_of(units, done.board, each) for each in ("t1", "k22", "g2")]
    duties = json.loads(small_package()["companion.json"])["duties"]
    place = next(place for place, each in enumerate(duties) if each["staff"] == "t1")
    changed = with_companion(small_package(), f"/duties/{place}/to", "2027-03-31")
    changed = with_cell(changed, layout.USERS, 6, "familyName", "神田")
    async with units.work(Scope(done.board), actor="test") as other:
        await hold(other, g2)
        importing = asyncio.create_task(import_package(units, changed))
        await eventually(lambda: waiting(units))  # it has read, and wants to write the card of g2
        standing_in = asyncio.create_task(
            add_substitute(units, done.board, class_id=k22, staff=staff, on=DAY, actor="importer")
        )

        async def stopped_or_done() -> bool:
            return standing_in.done() or await waiting(units) == 2

        await eventually(stopped_or_done)
    await asyncio.gather(importing, standing_in)
    (event,) = [
        row for row in await log_of(registry_database) if row.key == str(staff) and "duties" in row.payload
    ]
    stored = await periods(units, done.board, "duty_period", "t1", "kind")
    assert sorted(each["kind"] for each in event.payload["duties"]) == sorted(kind for _, _, kind in stored)
    assert ("substitute", "2026-11-24") in {(each["kind"], each["since"]) for each in event.payload["duties"]}
    assert ("nurse", "2027-04-01") in {(each["kind"], each["until"]) for each in event.payload["duties"]}


async def hold(work: Work, person: UUID) -> None:
    await work.session.execute(text("select from person where id = :id for update"), {"id": person})


async def test_who_came_second_in_a_deadlock_tries_once_more(units: Units) -> None:
    """The database ends one of two that wait for each other; nobody sees more of it than the time it takes."""
    done = await import_package(units, small_package())
    staff, k22 = await id_of(units, done.board, "t1"), await id_of(units, done.board, "k22")
    renamed = with_cell(small_package(), layout.USERS, 4, "familyName", "神田")
    acts: list[Callable[[], Coroutine[Any, Any, Any]]] = [
        lambda: add_substitute(units, done.board, class_id=k22, staff=staff, on=DAY, actor="importer"),
        lambda: import_package(units, renamed),
    ]
    for act, person in zip(acts, (staff, await id_of(units, done.board, "p3")), strict=True):
        async with units.work(Scope(done.board), actor="test") as other:
            await hold(other, person)
            acting = asyncio.create_task(act())
            await eventually(lambda: waiting(units))
            # The one that has waited longer looks for deadlocks first, and is the one to go.
            lock = text("select pg_advisory_xact_lock(7481, hashtext(cast(:board as text)))")
            await other.session.execute(lock, {"board": str(done.board)})
        await acting
    found = await periods(units, done.board, "duty_period", "t1", "kind")
    assert (DAY, DAY + timedelta(days=1), "substitute") in found
    assert (await import_package(units, renamed)).nothing
