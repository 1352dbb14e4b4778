"""What is left of a session that is over: no tokens a day later, nothing after a time, nothing of the erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.dashboard.live.tests.test_live import a_school, listening
from services.dashboard.sessions.rules import FORGOTTEN, IDLE, SEEN_EVERY, WHOLE, holds
from services.dashboard.sessions.store import end_all_of, forget_sessions
from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.publishers import Publisher, Said
from services.dashboard.tests.town import TODAY, Town
from shared.access.principal import command_line
from shared.contracts.registry import PersonErased
from shared.database import Units, make_engine
from shared.dates import FixedClock
from tests.support.databases import Database
from tests.support.waiting import eventually

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Kept:
    """The table, as whoever owns the server sees it."""

    origin: Origin
    connection: asyncpg.Connection
    board: UUID

    async def enter(self, *, seen: timedelta, ends: timedelta, kind: str = "staff") -> tuple[UUID, Browser]:
        """Somebody who signed in, was last seen so long ago, and whose session ends so much later than now."""
        who, now = uuid4(), datetime.now(UTC)
        browser = await self.origin.enter(who, board=self.board, kind=kind)
        await self.connection.execute(
            "update web_session set seen_at = $2, ends_at = $3 where person_id = $1",
            who,
            now - seen,
            now + ends,
        )
        return who, browser

    async def left(self) -> dict[UUID, bool]:
        """Whose sessions there are, and whether they have tokens."""
        rows = await self.connection.fetch("select person_id, tokens <> '' as sealed from web_session")
        return {row["person_id"]: row["sealed"] for row in rows}

    async def run(self, now: datetime) -> None:
        """The day's work."""
        engine = make_engine(self.origin.database.feed, pool_size=1)
        try:
            await forget_sessions(Units(engine, self.origin.clock), now)
        finally:
            await engine.dispose()


@pytest.fixture
async def kept(origin: Origin, town: Town) -> AsyncIterator[Kept]:
    """Sessions of the running application."""
    connection = await origin.database.server.connect(origin.database.name)
    yield Kept(origin, connection, town.board)
    await connection.close()


async def status(browser: Browser) -> int:
    return (await browser.get("/api/me")).status_code


async def test_what_ran_out_has_no_tokens_and_what_holds_stays(
    kept: Kept,
    registry: Publisher,
    identity: Publisher,
    clock: FixedClock,
    database: Database,
    tmp_path: Path,
) -> None:
    """Done by every process that starts, and then daily."""
    idle, _ = await kept.enter(seen=3 * HOUR, ends=9 * HOUR)
    over, _ = await kept.enter(seen=MINUTE, ends=-HOUR)
    live, browser = await kept.enter(seen=HOUR, ends=9 * HOUR)
    guardian, at_home = await kept.enter(seen=20 * DAY, ends=60 * DAY, kind="guardian")
    long_ago, _ = await kept.enter(seen=FORGOTTEN + DAY, ends=-FORGOTTEN)
    (state := tmp_path / "another").mkdir()
    another = Origin(database, {"registry": registry, "identity": identity}, clock, state)
    async with another.running():
        await eventually(lambda: _done(kept, {idle: False, over: False, live: True, guardian: True}))
    assert [await status(each) for each in (browser, at_home)] == [200, 200]
    assert long_ago not in await kept.left()


async def _done(kept: Kept, wanted: dict[UUID, bool]) -> bool:
    return await kept.left() == wanted


async def test_it_is_gone_when_its_time_has_passed(kept: Kept) -> None:
    now = datetime.now(UTC)
    idle, _ = await kept.enter(seen=3 * HOUR, ends=9 * HOUR)
    await kept.enter(seen=MINUTE, ends=-3 * HOUR)
    left, browser = await kept.enter(seen=HOUR, ends=9 * HOUR)
    assert (await browser.command("/auth/logout")).status_code == 200
    guardian, _ = await kept.enter(seen=HOUR, ends=60 * DAY, kind="guardian")
    await kept.run(now + FORGOTTEN - 2 * HOUR)
    assert (await kept.left()).keys() == {idle, left, guardian}, "for them too early"
    await kept.run(now + FORGOTTEN + MINUTE)
    assert await kept.left() == {guardian: False}, "over then, and not so long ago"
    await kept.run(now + FORGOTTEN + 61 * DAY)
    assert await kept.left() == {}


async def test_it_judges_as_a_request_is_judged(kept: Kept) -> None:
    now = datetime.now(UTC)
    for seen in (timedelta(0), IDLE - MINUTE, IDLE + 3 * MINUTE, WHOLE, 5 * DAY):
        for whole in (WHOLE - HOUR, WHOLE, WHOLE + MINUTE, 30 * DAY):
            await kept.enter(seen=seen, ends=whole - seen)
    rows = await kept.connection.fetch("select person_id, seen_at, ends_at from web_session")
    good = {
        row["person_id"]: holds(
            now - SEEN_EVERY, seen_at=row["seen_at"], ends_at=row["ends_at"], ended_at=None
        )
        for row in rows
    }
    assert set(good.values()) == {True, False}
    await kept.run(now)
    assert await kept.left() == good


async def test_a_request_that_found_it_good_is_not_overtaken(kept: Kept) -> None:
    who, browser = await kept.enter(seen=IDLE - timedelta(seconds=10), ends=HOUR)
    await kept.run(datetime.now(UTC) + timedelta(seconds=30))
    assert (await kept.left())[who]
    assert await status(browser) == 200


async def test_an_order_still_reaches_what_ran_out(kept: Kept, origin: Origin) -> None:
    """Else a device that comes back would keep what it has of somebody whose right was taken away."""
    who, browser = await kept.enter(seen=3 * HOUR, ends=9 * HOUR)
    await kept.run(datetime.now(UTC))
    assert (await browser.get("/api/me")).json()["type"].endswith("/signed-out")
    by = command_line(kept.board, origin.clock.now())
    assert await end_all_of(origin.room.units, by, who, "退職", datetime.now(UTC)) == 1
    answer = await browser.get("/api/me")
    assert answer.json()["type"].endswith("/session-revoked")
    assert answer.headers["x-tsumugi"] == str(who)


async def test_who_left_without_signing_out_may_still_do_so(kept: Kept) -> None:
    _, browser = await kept.enter(seen=3 * HOUR, ends=9 * HOUR)
    await kept.run(datetime.now(UTC))
    assert (await browser.command("/auth/logout")).json() == {"redirect": "/signed-out"}
    assert browser.cookies == {}


async def test_a_session_that_somebody_works_on_waits_for_the_next_day(kept: Kept) -> None:
    busy, _ = await kept.enter(seen=3 * HOUR, ends=9 * HOUR)
    idle, _ = await kept.enter(seen=3 * HOUR, ends=9 * HOUR)
    async with kept.connection.transaction():
        await kept.connection.execute("select from web_session where person_id = $1 for update", busy)
        await kept.run(datetime.now(UTC))
        assert await kept.left() == {busy: True, idle: False}
    await kept.run(datetime.now(UTC))
    assert await kept.left() == {busy: False, idle: False}


async def test_an_erased_persons_sessions_end_and_go(kept: Kept, origin: Origin, town: Town) -> None:
    school = await a_school(origin, town)
    key = f"class-day:{school.klass}:{TODAY}"
    over, _ = await kept.enter(seen=3 * HOUR, ends=9 * HOUR)
    elsewhere = await origin.enter(school.teacher_id, board=uuid4())
    before: Any = await kept.left()
    async with listening(school.teacher, key) as ending, listening(school.principal, key) as staying:
        for gone in (school.teacher_id, over):
            await town.registry.say(Said(PersonErased(person=gone), gone))
        await eventually(lambda: ending.closed, within=3)  # a heartbeat later would be too late
        assert ending.end == {"reason": "signed-out"}
        assert not staying.closed
    await eventually(lambda: _without(kept, over))
    boards = await kept.connection.fetch(
        "select board_id from web_session where person_id = $1", school.teacher_id
    )
    assert [row["board_id"] for row in boards] != [town.board], "another board's own"
    assert len(boards) == 1
    assert before.keys() - (await kept.left()).keys() == {over}
    assert [await status(each) for each in (school.teacher, school.principal, elsewhere)] == [401, 200, 200]


async def _without(kept: Kept, who: UUID) -> bool:
    return who not in await kept.left()


async def test_nobody_else_may_call_it(kept: Kept, origin: Origin) -> None:
    with pytest.raises(Exception, match="permission denied"):
        await forget_sessions(origin.room.units, datetime.now(UTC))
