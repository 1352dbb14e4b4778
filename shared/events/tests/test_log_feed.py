"""The log read by SQL: in order, its cursor at rest on the head, woken by every append."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from shared.database import connect
from shared.events import log_feed
from shared.events.feed import Batch, Cursor
from shared.events.log_feed import LogFeed
from tests.support.fixtures import Toy
from tests.support.toy import ThingChanged, Whispered
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
    assert (batch.cursor, batch.reached, batch.head, batch.epoch) == ({"position": 6, "epoch": 1}, 6, 6, 1)
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
    assert cursor == {"position": 8, "epoch": 1}


async def test_the_cursor_rests_on_the_head_though_others_wrote_it(toy: Toy) -> None:
    await toy.change(uuid4(), 1)
    feed = toy.log_feed(topics=["toy.secret"])
    batch = await feed.read(None, limit=100, wait=0)
    assert (batch.records, batch.cursor, batch.reached) == ([], {"position": 2, "epoch": 1}, 2)
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


async def whisper(toy: Toy) -> None:
    """Append to the topic that ``others`` reads."""
    async with toy.app.work(toy.scope, actor="teacher") as work:
        work.publish(Whispered(thing=uuid4()), key=uuid4())


class Counted(LogFeed):
    """A feed whose readings of the log are counted."""

    readings = 0

    async def _read(self, connection: asyncpg.Connection, cursor: Cursor | None, limit: int) -> Batch:
        self.readings += 1
        return await super()._read(connection, cursor, limit)


@pytest.fixture
async def others(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Counted]:
    """A feed of a topic that ``toy.change`` does not touch; nothing but notices wakes it."""
    monkeypatch.setattr(log_feed, "_POLL_SECONDS", LONG)
    feed = Counted("toy", toy.database.reader("toy"), ["toy.secret"])
    yield feed
    await feed.close()


async def test_at_rest_nothing_is_read_before_something_is_heard(toy: Toy, others: Counted) -> None:
    head = (await others.read(None, limit=100, wait=0)).cursor
    waiting = asyncio.create_task(others.read(head, limit=100, wait=LONG))
    other = toy.log_feed()
    await asyncio.wait_for(asyncio.gather(await waits(toy, other), toy.change(uuid4(), 1)), LONG / 2)
    await asyncio.wait_for(waiting, LONG / 2)
    assert others.readings == 2, "the first, and the one that the append gave reason for"


async def test_appends_to_others_topics_are_followed_soon_and_together(toy: Toy, others: Counted) -> None:
    """A page waits for a copy that the write does not concern: not long, and the copy does not read every write."""
    loop = asyncio.get_running_loop()
    cursor = (await others.read(None, limit=100, wait=0)).cursor
    written: dict[int, float] = {}
    late: list[float] = []

    async def follow() -> None:
        nonlocal cursor
        while len(late) < 60:
            batch = await others.read(cursor, limit=100, wait=LONG)
            cursor = batch.cursor
            for position in [place for place in written if place <= batch.reached]:
                late.append(loop.time() - written.pop(position))

    began = loop.time()
    following = asyncio.create_task(follow())
    for amount in range(60):
        position = await toy.change(uuid4(), amount)
        written[position] = loop.time()
    await asyncio.wait_for(following, LONG / 2)
    # The machine may be slow; every reading has its pause before it nevertheless.
    assert others.readings <= (loop.time() - began) / log_feed._OTHERS_SECONDS + 3
    assert sorted(late)[len(late) // 2] < 1, "a page waits no longer for its reader's own write"


async def test_an_append_to_its_own_topic_wakes_although_it_has_just_read(
    toy: Toy, others: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_feed, "_OTHERS_SECONDS", LONG)
    head = (await others.read(None, limit=100, wait=0)).cursor
    waiting = asyncio.create_task(others.read(head, limit=100, wait=LONG))
    await toy.change(uuid4(), 1)
    await whisper(toy)
    batch = await asyncio.wait_for(waiting, LONG / 2)
    assert [record.topic for record in batch.records] == ["toy.secret"]


async def test_whoever_goes_back_is_not_kept_waiting(toy: Toy, others: Counted) -> None:
    """A transaction that failed: its batch is read again at once, though nothing has been heard since."""
    await whisper(toy)
    first = await others.read(None, limit=100, wait=LONG)
    again = await asyncio.wait_for(others.read(None, limit=100, wait=LONG), LONG / 2)
    assert again == first


async def test_a_reading_that_was_broken_off_is_done_again(toy: Toy, others: Counted) -> None:
    """What woke it is forgotten when the reading begins; the news are not."""
    head = (await others.read(None, limit=100, wait=0)).cursor
    await whisper(toy)
    await eventually(others._woken.is_set)
    reading = asyncio.create_task(others.read(head, limit=100, wait=LONG))
    await eventually(lambda: others.readings == 2, every=0)
    reading.cancel()
    assert (await asyncio.gather(reading, return_exceptions=True))[0].__class__ is asyncio.CancelledError
    batch = await asyncio.wait_for(others.read(head, limit=100, wait=LONG), LONG / 2)
    assert len(batch.records) == 1


@pytest.mark.parametrize("analysed", [False, True])
async def test_reading_walks_the_positions(toy: Toy, others: Counted, analysed: bool) -> None:
    """One plan for every cursor, also if it was made while the log was small."""
    owner = await connect(toy.database.login("toy_owner"))
    try:
        await owner.execute(_FILL)
        if analysed:
            await owner.execute("analyze log.log_state, log.log_fact")
    finally:
        await owner.close()
    reader = await others._connected()
    await reader.execute(f"prepare walk(bigint, text[], integer) as {log_feed._READ}")
    lines = await reader.fetch("explain (costs off) execute walk(19990, '{toy.thing}', 2000)")
    plan = "\n".join(line[0] for line in lines)
    assert "Index Scan using log_state_position" in plan
    assert "Index Scan using log_fact_2026_position_idx" in plan
    assert "Seq Scan on log_" not in plan
    assert 'position" > $1' in plan, "not planned for one cursor"


_FILL = """
insert into log.log_state select 'toy.thing', gen_random_uuid()::text, n, gen_random_uuid(), gen_random_uuid(), 't',
    gen_random_uuid(), 1, null, '{}', 'a', null, '2026-11-20' from generate_series(1, 20000, 2) as n order by random();
insert into log.log_fact select 2026, 'toy.count', gen_random_uuid()::text, n, gen_random_uuid(), gen_random_uuid(),
    't', gen_random_uuid(), 1, null, '{}', 'a', null, '2026-11-20' from generate_series(2, 20000, 2) as n;
"""


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
