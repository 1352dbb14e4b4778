"""What a new day brings is done once a day, and not given up because the database was away."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.daily import COMMANDS_KEPT, each_day, housekeeping
from shared.database import AlreadyDone, Command, Scope
from shared.dates import FixedClock
from tests.support.fixtures import Toy
from tests.support.waiting import eventually


async def test_once_at_start_and_once_a_day(clock: FixedClock) -> None:
    done: list[date] = []
    failures = [ConnectionError("the database is away")]

    async def do() -> None:
        if failures:
            raise failures.pop()
        done.append(clock.today())

    looking = asyncio.create_task(each_day(clock, do, look_every=0.001))
    first = clock.today()
    await eventually(lambda: done == [first])
    clock.instant += timedelta(hours=1)
    clock.instant += timedelta(days=1)
    await eventually(lambda: len(done) > 1)
    assert done == [first, first + timedelta(days=1)]
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking


async def test_a_mistake_of_ours_is_not_hidden(clock: FixedClock) -> None:
    async def do() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await each_day(clock, do)


async def test_a_command_gets_its_old_answer_for_thirty_days_and_no_longer(
    toy: Toy, clock: FixedClock
) -> None:
    """Of every board, and by the clock port alone."""
    once, elsewhere = Command("somebody", uuid4(), "hash"), Command("somebody", uuid4(), "hash")
    start = clock.now()
    for scope, command in ((toy.scope, once), (Scope(uuid4()), elsewhere)):
        async with toy.app.work(scope, actor="somebody", command=command):
            pass
    clock.instant = start + COMMANDS_KEPT
    await housekeeping(toy.feed)
    with pytest.raises(AlreadyDone):
        async with toy.app.work(toy.scope, actor="somebody", command=once):
            pytest.fail("the block does not run again")
    clock.instant += timedelta(seconds=1)
    await housekeeping(toy.feed)
    async with toy.engine("toy_owner").connect() as connection:
        assert await connection.scalar(text("select count(*) from log.command_done")) == 0
    async with toy.app.work(toy.scope, actor="somebody", command=once):
        pass
