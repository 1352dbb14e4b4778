"""The log read by SQL: in order, its cursor at rest on the head, woken by every append."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from shared.events import log_feed
from shared.events.log_feed import LogFeed
from tests.support.fixtures import Toy
from tests.support.toy import ThingChanged
from tests.support.waiting import eventually

LONG = 30.0
"""Longer than a test waits: what returns before was woken."""


async def at_rest(toy: Toy) -> int | None:
    """The server process of a reader that has read and now waits to be woken."""
    connection = await toy.database.server.connect(toy.database.name)
    try:
        pid: int | None = await connection.fetchval(
            "select pid from pg_stat_activity where datname = current_database() and usename = 'toy_reader'"
            " and state = 'idle' and query like '%log.head%'"
        )
    finally:
        await connection.close()
    return pid


async def test_records_come_in_order_of_position_from_both_lanes(toy: Toy) -> None:
    things = [uuid4() for _ in range(3)]
    for thing in things:
        await toy.change(thing, 1)
    batch = await toy.log_feed().read(None, limit=100, wait=0)
    assert [(record.position, record.topic) for record in batch.records] == [
        (1, "toy.thing"),
        (2, "toy.count"),
        (3, "toy.thing"),
        (4, "toy.count"),
        (5, "toy.thing"),
        (6, "toy.count"),
    ]
    assert (batch.cursor, batch.reached, batch.head, batch.epoch) == ({"position": 6}, 6, 6, 1)
    assert {record.board for record in batch.records} == {toy.board}
    assert {record.subject for record in batch.records} == set(things)


async def test_a_limit_cuts_between_records_and_reading_goes_on_there(toy: Toy) -> None:
    for _ in range(4):
        await toy.change(uuid4(), 1)
    feed, cursor, seen = toy.log_feed(), None, []
    for _ in range(4):
        batch = await feed.read(cursor, limit=3, wait=0)
        seen += [record.position for record in batch.records]
        cursor = batch.cursor
    assert seen == list(range(1, 9))
    assert cursor == {"position": 8}


async def test_the_cursor_rests_on_the_head_though_others_wrote_it(toy: Toy) -> None:
    await toy.change(uuid4(), 1)
    feed = toy.log_feed(topics=["toy.secret"])
    batch = await feed.read(None, limit=100, wait=0)
    assert (batch.records, batch.cursor, batch.reached) == ([], {"position": 2}, 2)
    assert batch.news(None)
    again = await feed.read(batch.cursor, limit=100, wait=0)
    assert not again.news(batch.cursor)


async def test_superseded_states_are_gone_as_on_a_compacted_topic(toy: Toy) -> None:
    thing = uuid4()
    for amount in range(5):
        await toy.change(thing, amount)
    batch = await toy.log_feed(topics=["toy.thing"]).read(None, limit=100, wait=0)
    (record,) = batch.records
    assert (record.version, record.position) == (5, 9)
    assert record.read() == ThingChanged(thing=thing, label="thing", amount=4)


async def test_an_empty_log_is_news_once(toy: Toy) -> None:
    feed = toy.log_feed()
    batch = await feed.read(None, limit=100, wait=0)
    assert (batch.records, batch.reached, batch.head) == ([], 0, 0)
    assert batch.news(None)
    assert not (await feed.read(batch.cursor, limit=100, wait=0)).news(batch.cursor)


async def waits(toy: Toy, feed: LogFeed) -> asyncio.Task[None]:
    """A reader at the head, waiting; it ends with news."""
    head = (await feed.read(None, limit=100, wait=0)).cursor

    async def read() -> None:
        batch = await feed.read(head, limit=100, wait=LONG)
        assert batch.records

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    return task


async def test_an_append_wakes_a_waiting_reader(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_feed, "_POLL_SECONDS", LONG)  # no safety net: only the notice can wake
    feed = toy.log_feed()
    task = await waits(toy, feed)
    await toy.change(uuid4(), 1)
    await asyncio.wait_for(task, LONG / 2)


async def test_waiting_ends_without_news(toy: Toy) -> None:
    feed = toy.log_feed()
    head = (await feed.read(None, limit=100, wait=0)).cursor
    batch = await feed.read(head, limit=100, wait=0.05)
    assert not batch.news(head)


async def test_a_connection_that_is_cut_while_waiting_is_made_again(toy: Toy) -> None:
    feed = toy.log_feed()
    task = await waits(toy, feed)
    cut = await eventually(lambda: at_rest(toy))
    connection = await toy.database.server.connect()
    try:
        await connection.execute("select pg_terminate_backend($1)", cut)
    finally:
        await connection.close()

    async def another() -> bool:
        return await at_rest(toy) not in (None, cut)

    await eventually(another)
    await toy.change(uuid4(), 1)
    await asyncio.wait_for(task, LONG / 2)


async def test_a_reader_reads_nothing_of_topics_it_was_not_given(toy: Toy) -> None:
    await toy.change(uuid4(), 1)
    names = ["toy.thing", "toy.count", "toy.secret"]
    batch = await toy.log_feed("peer", names).read(None, limit=100, wait=0)
    assert {record.topic for record in batch.records} == {"toy.thing"}
    assert batch.reached == 2
