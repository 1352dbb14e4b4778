"""Whoever has no account cannot make the access log grow at will, and yet each time they tried is in it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import OperationalError

from shared.access.crowd import EVERY_SECONDS, Crowd
from shared.access.log import AccessLog, Seen
from shared.access.principal import NO_BOARD
from shared.access.sealer import Sealer, verify
from shared.access.tests.test_log import asker
from shared.database import Scope, Units
from shared.events.trace import following
from tests.support.figures import Figures
from tests.support.fixtures import Toy


class Ticks:
    """Time that goes on when told to."""

    at = 1_000.0

    def __call__(self) -> float:
        return self.at


def a_log(units: Units) -> tuple[AccessLog, Ticks]:
    log, ticks = AccessLog(units), Ticks()
    log.crowd.ticks = ticks
    return log, ticks


async def rows(toy: Toy) -> list[Any]:
    return await toy.rows("select * from access.entry where principal = 'nobody' order by id")


async def outcomes(toy: Toy) -> Counter[tuple[str, str]]:
    return Counter((row.resource, row.outcome) for row in await rows(toy))


def test_each_kind_has_its_minute() -> None:
    ticks = Ticks()
    crowd = Crowd(ticks)
    one, other = ("a", "sign-in", "x"), ("a", "sign-in", "y")
    crowd.add(one)
    assert crowd.take() == {one: 1}
    for _ in range(7):
        crowd.add(one)
    crowd.add(other)
    assert crowd.take() == {other: 1}
    ticks.at += EVERY_SECONDS - 0.1
    assert crowd.take() == {}
    ticks.at += 0.1
    assert crowd.take() == {one: 7}
    assert crowd.take(all=True) == {}
    crowd.add(one)
    assert crowd.take() == {}
    assert crowd.take(all=True) == {one: 1}


async def test_a_row_a_minute_of_each_kind_says_how_many(toy: Toy, figures: Figures) -> None:
    log, ticks = a_log(toy.app)
    client = f"toy{uuid4().hex}"
    log.turned_away(client, "sign-in", "login-state")
    await log.flush()
    for _ in range(500):
        log.turned_away(client, "sign-in", "login-state")
    log.turned_away(client, "sign-in", "authority-answer")
    await log.flush()
    assert await outcomes(toy) == {("login-state", "refused"): 1, ("authority-answer", "refused"): 1}
    ticks.at += EVERY_SECONDS
    with following("somebody else's page", []):
        await log.read(asker(toy.board), Seen("look", "health", None, "I"))
    assert (await outcomes(toy))["login-state", "refused 500 times"] == 1
    ticks.at += EVERY_SECONDS
    await log.flush()
    kept = await rows(toy)
    assert len(kept) == 3, "nothing more has happened"
    for row in kept:
        assert (row.board_id, row.client, row.action, row.importance) == (NO_BOARD, client, "sign-in", "III")
        assert (row.person, row.resource_id, row.subjects, row.traceparent) == (None, None, [], None)
    told = {
        each["resource"]: value for each, value in figures.all("tsumugi_turned_away_total", service=client)
    }
    assert told == {"login-state": 501, "authority-answer": 1}


async def test_their_rows_are_chained_like_any_other(toy: Toy) -> None:
    log, ticks = a_log(toy.app)
    for _ in range(3):
        for _ in range(40):
            log.turned_away("toy", "sign-in", "login-state")
            await log.flush()
        ticks.at += EVERY_SECONDS
    sealer = Sealer("toy", toy.feed)
    await sealer.chain()
    (report,) = [each for each in await verify("toy", toy.feed) if each.board == NO_BOARD]
    assert (report.entries, report.waiting, report.faults) == (3, 0, [])
    assert await outcomes(toy) == {("login-state", "refused"): 1, ("login-state", "refused 40 times"): 2}


async def test_what_was_counted_is_written_when_the_process_ends(toy: Toy) -> None:
    log, _ = a_log(toy.app)
    job = asyncio.create_task(log.run())
    await asyncio.sleep(0)
    log.turned_away("toy", "sign-in", "login-state")
    await log.flush()
    for _ in range(9):
        log.turned_away("toy", "sign-in", "login-state")
    job.cancel()
    with suppress(asyncio.CancelledError):
        await job
    assert await outcomes(toy) == {("login-state", "refused"): 1, ("login-state", "refused 9 times"): 1}


class Away(Units):
    """The database is away."""

    away = True

    @asynccontextmanager
    async def work(self, scope: Scope, **rest: Any) -> AsyncIterator[Any]:
        if self.away:
            raise OperationalError("insert", {}, OSError("away"))
        async with super().work(scope, **rest) as work:
            yield work


async def test_none_is_lost_while_the_database_is_away(toy: Toy) -> None:
    units = Away(toy.engine("toy_app"), toy.clock)
    log, ticks = a_log(units)
    for _ in range(3):
        for _ in range(10):
            log.turned_away("toy", "sign-in", "login-state")
            with pytest.raises(OperationalError):
                await log.flush()
        ticks.at += EVERY_SECONDS
    units.away = False
    await log.flush()
    said = sorted((await outcomes(toy)).elements())
    assert said == [
        ("login-state", "refused"),
        ("login-state", "refused 10 times"),
        ("login-state", "refused 10 times"),
        ("login-state", "refused 9 times"),
    ]
