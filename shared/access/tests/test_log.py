"""No read goes unwritten: not when the database is away, not when a batch has several boards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy.exc import OperationalError

from shared.access import log
from shared.access.log import AccessLog, LogFullError, Seen
from shared.access.principal import Principal
from shared.database import Scope, Units
from tests.support.fixtures import Toy
from tests.support.waiting import eventually


def asker(board: UUID) -> Principal:
    return Principal("s", "staff", board, uuid4(), "dashboard", 2, None, None, datetime.now(UTC))


async def written(toy: Toy) -> list[tuple[UUID, str]]:
    connection = await toy.database.server.connect(toy.database.name)
    try:
        rows = await connection.fetch("select board_id, action from access.entry order by at, action")
    finally:
        await connection.close()
    return [(row["board_id"], row["action"]) for row in rows]


class Flaky(Units):
    """Units whose database is away for some boards."""

    away: set[UUID]
    refused = 0
    how: Exception = OperationalError("insert", {}, OSError("away"))

    @asynccontextmanager
    async def work(self, scope: Scope, **rest: Any) -> AsyncIterator[Any]:
        if scope.board in self.away:
            self.refused += 1
            raise self.how
        async with super().work(scope, **rest) as work:
            yield work


@pytest.mark.parametrize(
    "how",
    [
        OperationalError("insert", {}, OSError("away")),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        ConnectionResetError(),
    ],
    ids=lambda how: type(how).__name__,
)
async def test_a_database_that_was_away_gets_every_row(toy: Toy, how: Exception) -> None:
    units = Flaky(toy.engine("toy_app"), toy.clock)
    units.how = how
    units.away = {toy.board}
    kept = AccessLog(units)
    job = asyncio.create_task(kept.run())
    try:
        await kept.read(asker(toy.board), Seen("one", "thing", None, "III"))
        await eventually(lambda: units.refused)
        await kept.read(asker(toy.board), Seen("two", "thing", None, "III"))
        units.away = set()
        await eventually(lambda: _count(toy, 2))
    finally:
        job.cancel()
        with suppress(asyncio.CancelledError):
            await job


async def _count(toy: Toy, wanted: int) -> bool:
    return len(await written(toy)) == wanted


async def test_a_board_that_fails_keeps_its_rows_and_those_behind_it(toy: Toy) -> None:
    units = Flaky(toy.engine("toy_app"), toy.clock)
    other = uuid4()
    units.away = {toy.board}
    kept = AccessLog(units)
    for board in (toy.board, other):
        await kept.read(asker(board), Seen("look", "thing", None, "III"))
    with pytest.raises(OperationalError):
        await kept.flush()
    units.away = set()
    await kept.flush()
    assert {board for board, _ in await written(toy)} == {toy.board, other}


async def test_an_answer_of_class_one_waits_for_its_row(toy: Toy) -> None:
    await AccessLog(toy.app).read(asker(toy.board), Seen("look", "health", None, "I"))
    assert await written(toy) == [(toy.board, "look")]


async def test_nobody_reads_when_nothing_can_be_written(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_MOST_WAITING", 1)
    kept = AccessLog(toy.app)
    await kept.read(asker(toy.board), Seen("look", "thing", None, "III"))
    with pytest.raises(LogFullError) as refused:
        await kept.read(asker(toy.board), Seen("look", "thing", None, "III"))
    assert refused.value.__cause__ is None, "nothing is wrong but that many come"


async def test_why_nothing_can_be_written_is_known_to_whoever_may_not_read(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "_MOST_WAITING", 1)
    units = Flaky(toy.engine("toy_app"), toy.clock)
    units.away = {toy.board}
    kept, seen = AccessLog(units), Seen("look", "thing", None, "III")
    await kept.read(asker(toy.board), seen)
    with pytest.raises(OperationalError) as away:
        await kept.flush()
    with pytest.raises(LogFullError) as refused:
        await kept.read(asker(toy.board), seen)
    assert refused.value.__cause__ is away.value
    units.away = set()
    await kept.flush()
    await kept.read(asker(toy.board), seen)
    with pytest.raises(LogFullError) as refused:
        await kept.read(asker(toy.board), seen)
    assert refused.value.__cause__ is None
