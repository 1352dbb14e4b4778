"""The visibility gap (engineering.md §2.1): positions are drawn at insert, rows are seen at commit.

A reader who keeps the last position it saw loses what commits late below it. The log's positions are in commit order.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.database import connect
from tests.support.fixtures import Toy
from tests.support.waiting import eventually


@pytest.fixture
async def writers(toy: Toy) -> AsyncIterator[list[asyncpg.Connection]]:
    """Two connections of the owner, who may also make a plain table."""
    connections = [await connect(toy.database.login("toy_owner")) for _ in range(2)]
    yield connections
    for connection in connections:
        await connection.close()


async def test_a_plain_sequence_loses_an_event(toy: Toy, writers: list[asyncpg.Connection]) -> None:
    early, late = writers
    await early.execute("create table plain (position bigserial primary key, event text not null)")
    seen: list[str] = []
    cursor = 0

    async def poll() -> None:
        nonlocal cursor
        for row in await late.fetch("select * from plain where position > $1 order by position", cursor):
            cursor = row["position"]
            seen.append(row["event"])

    unfinished = early.transaction()
    await unfinished.start()
    await early.execute("insert into plain (event) values ('first')")
    await late.execute("insert into plain (event) values ('second')")
    await poll()
    await unfinished.commit()
    await poll()

    assert seen == ["second"], "the first event is lost for ever"


APPEND = """
select log.append_events($1::uuid, 'a', null, timestamptz '2026-11-20 00:00+00', 2026::smallint, '{toy.count}', '{2}',
    array[$2::text], array[$2::uuid], '{null}', array[$2::uuid], array[$3::text], '{null}', '{null}', null, null, null)
"""


async def append(connection: asyncpg.Connection, board: UUID, event: str) -> None:
    await connection.execute("select set_config('app.board', $1, true)", str(board))
    await connection.execute(APPEND, board, str(uuid4()), event)


async def test_the_log_loses_nothing(toy: Toy, writers: list[asyncpg.Connection]) -> None:
    early, late = writers
    feed = toy.log_feed()
    first = await feed.read(None, limit=10, wait=0)

    unfinished = early.transaction()
    await unfinished.start()
    await append(early, toy.board, "first")

    async def second() -> None:
        async with late.transaction():
            await append(late, toy.board, "second")

    task = asyncio.create_task(second())

    async def stands_in_line() -> bool:
        rows = await toy.rows(
            "select 1 from pg_locks where locktype = 'advisory' and classid = 7461 and not granted"
        )
        return len(rows) == 1

    await eventually(stands_in_line)
    assert not (await feed.read(first.cursor, limit=10, wait=0)).news(first.cursor), "nothing to be seen yet"
    await unfinished.commit()
    await task

    batch = await feed.read(first.cursor, limit=10, wait=0)
    assert [record.type for record in batch.records] == ["first", "second"]


async def test_an_append_rolled_back_leaves_a_gap_and_no_more(
    toy: Toy, writers: list[asyncpg.Connection]
) -> None:
    early, late = writers
    feed = toy.log_feed()
    given_up = early.transaction()
    await given_up.start()
    await append(early, toy.board, "never")
    await given_up.rollback()
    async with late.transaction():
        await append(late, toy.board, "after")
    batch = await feed.read(None, limit=10, wait=0)
    assert [(record.type, record.position) for record in batch.records] == [("after", 2)]
    assert batch.reached == 2


async def test_an_idle_transaction_elsewhere_stops_nobody(
    toy: Toy, writers: list[asyncpg.Connection]
) -> None:
    """Unlike a filter on the oldest running transaction, which one forgotten session stops."""
    idle, writer = writers
    forgotten = idle.transaction()
    await forgotten.start()
    await idle.execute("create table forgotten (id int)")
    async with writer.transaction():
        await append(writer, toy.board, "event")
    batch = await toy.log_feed().read(None, limit=10, wait=0)
    assert [record.type for record in batch.records] == ["event"]
    await forgotten.rollback()


async def test_readers_racing_with_many_writers_see_everything_in_order(toy: Toy) -> None:
    feed = toy.log_feed(topics=["toy.count"])
    seen: list[int] = []

    async def write(count: int) -> None:
        for amount in range(count):
            await toy.change(uuid4(), amount)

    async def read() -> None:
        cursor = None
        while len(seen) < 200:
            batch = await feed.read(cursor, limit=7, wait=1)
            seen.extend(record.position for record in batch.records)
            cursor = batch.cursor

    await asyncio.gather(read(), *(write(20) for _ in range(10)))
    rows = await toy.rows("select position from log.log_fact order by position")
    assert seen == [row.position for row in rows]
