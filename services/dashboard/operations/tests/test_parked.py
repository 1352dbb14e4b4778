"""An operator looks into what waits, has it taken in again, or throws it away and says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.school_day.copies import SchoolDayCopy
from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.publishers import Said
from services.dashboard.tests.town import APRIL, Town
from shared.contracts.registry import Duty, DutyChanged
from shared.events.intake import Arrived
from tests.support.waiting import eventually

Fold = Any


async def operator(origin: Origin, town: Town) -> Browser:
    person = await town.staff("運", ("system_operator", town.board, None))
    browser = await origin.enter(person, board=town.board)
    await origin.caught_up()
    return browser


async def refused(origin: Origin, town: Town, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A pupil whose days do not fold: a mistake in the code, mended when the patch is undone."""
    pupil = uuid4()
    fold: Fold = SchoolDayCopy.fold

    async def mistaken(
        self: SchoolDayCopy, session: AsyncSession, arrived: Sequence[Arrived]
    ) -> Iterable[str]:
        if any(one.record.key == str(pupil) for one in arrived):
            raise ValueError("福田")
        keys: Iterable[str] = await fold(self, session, arrived)
        return keys

    monkeypatch.setattr(SchoolDayCopy, "fold", mistaken)
    klass, school = uuid4(), uuid4()
    for code in ("present", "late"):
        await town.registry.say(town.day(pupil, klass, school, code))
    return pupil


def path(pupil: UUID, act: str = "") -> str:
    return f"/api/operations/parked/school_day/registry/{pupil}{act}"


async def waiting(browser: Browser) -> list[Any]:
    return list((await browser.read("/api/operations"))["parked"])


async def rows(origin: Origin, statement: str) -> list[Any]:
    connection = await origin.database.server.connect(origin.database.name)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


async def all_here(browser: Browser, pupil: UUID, count: int) -> bool:
    found = [one["count"] for one in await waiting(browser) if one["key"] == str(pupil)]
    return found == [count]


async def test_it_is_looked_into_without_any_value(
    origin: Origin, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await operator(origin, town)
    pupil = await refused(origin, town, monkeypatch)
    await eventually(lambda: all_here(browser, pupil, 2))
    answer = await browser.get(path(pupil))
    first, second = answer.json()["records"]
    assert (first["topic"], first["type"], first["version"], first["importance"]) == (
        "registry.attendance",
        "registry.attendance.day_changed",
        1,
        "III",
    )
    assert {"pupil", "status", "facts"} <= set(first["fields"])
    assert first["reason"] == "does not fold: ValueError"
    assert second["position"] > first["position"]
    assert '"present"' not in answer.text
    await origin.room.log.flush()
    (logged,) = await rows(origin, "select resource_id from access.entry where action = 'ReadParked'")
    assert logged["resource_id"] == pupil


async def test_what_folds_now_is_taken_in_and_the_page_changes(
    origin: Origin, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await operator(origin, town)
    with monkeypatch.context() as patch:
        pupil = await refused(origin, town, patch)
        await eventually(lambda: all_here(browser, pupil, 2))
        still = (await browser.command(path(pupil, "/retry"))).json()
        assert (still["records"], still["still"]) == (0, "does not fold: ValueError")
        assert await all_here(browser, pupil, 2)
    through = (await browser.command(path(pupil, "/retry"))).json()
    assert (through["records"], through["still"]) == (2, None)
    assert await waiting(browser) == []
    (day,) = await rows(origin, f"select status, version from copy.pupil_day where pupil_id = '{pupil}'")
    assert (day["status"], day["version"]) == ("late", 2)
    (logged,) = await rows(
        origin, "select resource_id, outcome from access.entry where action = 'RetryParked'"
    )
    assert (logged["resource_id"], logged["outcome"]) == (pupil, "allowed")
    again = (await browser.command(path(pupil, "/retry"))).json()
    assert (again["records"], again["still"]) == (0, None)


async def test_throwing_away_asks_for_a_reason_and_keeps_it(
    origin: Origin, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await operator(origin, town)
    pupil = await refused(origin, town, monkeypatch)
    await eventually(lambda: all_here(browser, pupil, 2))
    for body in ({}, {"reason": ""}, {"reason": "  "}, {"reason": "あ" * 201}, {"reason": "x", "more": 1}):
        answer = await browser.command(path(pupil, "/discard"), body)
        assert answer.status_code == 422, body
        assert answer.json()["errors"]
    assert await all_here(browser, pupil, 2)
    done = await browser.command(path(pupil, "/discard"), {"reason": "二重に送られたため"})
    assert done.json()["records"] == 2
    assert await waiting(browser) == []
    kept = await rows(origin, "select reason, version from feed.discarded order by version")
    assert [(row["reason"], row["version"]) for row in kept] == [
        ("二重に送られたため", 1),
        ("二重に送られたため", 2),
    ]
    assert await rows(origin, "select 1 from access.entry where action = 'DiscardParked'")
    # What follows is no hole: somebody has decided.
    monkeypatch.undo()
    await town.registry.say(town.day(pupil, uuid4(), uuid4(), "absent_sick"))
    await eventually(lambda: _has_day(origin, pupil))


async def _has_day(origin: Origin, pupil: UUID) -> bool:
    return bool(await rows(origin, f"select 1 from copy.pupil_day where pupil_id = '{pupil}'"))


async def test_the_same_command_is_done_once(
    origin: Origin, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await operator(origin, town)
    pupil = await refused(origin, town, monkeypatch)
    await eventually(lambda: all_here(browser, pupil, 2))
    headers = {"idempotency_key": str(uuid4())}
    first, second = [
        (await browser.command(path(pupil, "/discard"), {"reason": "ためし"}, **headers)).json()
        for _ in range(2)
    ]
    assert first["records"] == second["records"] == 2


async def test_the_neighbours_operator_finds_nothing(
    origin: Origin, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await operator(origin, town)
    pupil = await refused(origin, town, monkeypatch)
    await eventually(lambda: all_here(browser, pupil, 2))
    neighbour, boss = uuid4(), uuid4()
    duty = Duty(kind="system_operator", organisation=neighbour, class_id=None, since=APRIL, until=None)
    await town.registry.say(Said(DutyChanged(staff=boss, duties=[duty]), boss), board=neighbour)
    await origin.caught_up()
    other = await origin.enter(boss, board=neighbour)
    assert (await other.read(path(pupil)))["records"] == []
    assert (await other.command(path(pupil, "/discard"), {"reason": "x"})).json()["records"] == 0
    assert (await other.command(path(pupil, "/retry"))).json()["records"] == 0
    assert await all_here(browser, pupil, 2)


async def test_a_copy_that_is_not_there_is_not_found(origin: Origin, town: Town) -> None:
    browser = await operator(origin, town)
    answer = await browser.get(f"/api/operations/parked/nothing/registry/{uuid4()}")
    assert answer.status_code == 404
