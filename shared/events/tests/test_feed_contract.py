"""What every feed promises, whichever transport carries it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from uuid import uuid4

import orjson
import pytest

from shared.contracts import Lane
from shared.events import log_feed
from shared.events.feed import Batch, Cursor, Feed
from shared.events.intake import load
from shared.events.rebuild import rebuild
from shared.events.records import Record
from tests.support.fixtures import Toy, catch_up
from tests.support.toy import Echo, ThingChanged, ToyCopy
from tests.support.transports import Transport

TOPICS = ["toy.thing", "toy.count"]


async def read_to(feed: Feed, position: int, cursor: Cursor | None = None, limit: int = 100) -> list[Batch]:
    """Batches until ``position`` has been reached. The cursor travels as JSON, as it does through a checkpoint."""
    batches: list[Batch] = []
    reached = 0
    async with asyncio.timeout(20):
        while reached < position:
            batch = await feed.read(cursor, limit=limit, wait=0.2)
            if batch.news(cursor):
                batches.append(batch)
                cursor = orjson.loads(orjson.dumps(batch.cursor))
                reached = max(reached, batch.reached)
    return batches


def records(batches: list[Batch]) -> list[Record]:
    return [record for batch in batches for record in batch.records]


async def in_log(toy: Toy, topics: list[str] | None = None) -> dict[int, Record]:
    batch = await toy.log_feed(topics=topics or TOPICS).read(None, limit=10_000, wait=0)
    return {record.position: record for record in batch.records}


async def test_every_record_arrives_as_it_lies_in_the_log(transport: Transport, toy: Toy) -> None:
    things = [uuid4() for _ in range(4)]
    for amount in range(20):
        position = await toy.change(things[amount % 4], amount, label="\ufa19\ufa1b")
    async with toy.app.work(toy.scope, actor="担任") as work:
        work.tombstone(ThingChanged, key=things[0], subject=things[0])
    assert work.position is not None
    assert work.position > position
    log = await in_log(toy)

    arrived = records(await read_to(transport.feed(TOPICS), work.position))

    newest = {record.position: record for record in arrived}
    assert {position: newest.get(position) for position in log} == log
    superseded = [record for position, record in newest.items() if position not in log]
    assert {record.lane for record in superseded} <= {Lane.STATE}


async def test_order_holds_within_topic_and_key(transport: Transport, toy: Toy) -> None:
    things = [uuid4() for _ in range(3)]
    for amount in range(30):
        position = await toy.change(things[amount % 3], amount)
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    for record in records(await read_to(transport.feed(TOPICS), position, limit=7)):
        known = seen[record.topic, record.key]
        if record.version not in known:
            assert all(earlier < record.version for earlier in known)
            known.append(record.version)
    assert all(max(versions) == 10 for versions in seen.values())


async def test_reading_goes_on_where_the_cursor_says(transport: Transport, toy: Toy) -> None:
    first = await toy.change(uuid4(), 1)
    batches = await read_to(transport.feed(TOPICS), first)
    thing = uuid4()
    second = await toy.change(thing, 2)
    later = records(await read_to(transport.feed(TOPICS), second, cursor=batches[-1].cursor))
    assert {record.key for record in later} == {str(thing)}
    assert {record.position for record in later} == {second - 1, second}


async def test_who_goes_back_gets_the_same_again(transport: Transport, toy: Toy) -> None:
    """A worker whose transaction failed reads the batch anew, with the feed it has."""
    feed = transport.feed(TOPICS)
    before = await toy.change(uuid4(), 1)
    cursor = (await read_to(feed, before))[-1].cursor
    for amount in (2, 3):
        position = await toy.change(uuid4(), amount)
    for _ in range(3):
        arrived = records(await read_to(feed, position, cursor=cursor))
        news = {record.position for record in arrived if record.position > before}
        assert news == set(range(before + 1, position + 1))


@pytest.mark.parametrize(
    "cursor",
    [
        {"position": 10**6},
        {"cluster": "another", "epoch": 1, "at": {"toy.thing": {"0": 10**6}}},
        {"inner": None, "ahead": {}},
    ],
)
async def test_a_cursor_of_another_transport_or_broker_means_from_the_first(
    transport: Transport, toy: Toy, cursor: Cursor
) -> None:
    """A deployment may change its transport, or its broker: what comes again is recognised."""
    position = await toy.change(uuid4(), 1)
    if {"log": "position", "any order": "inner", "kafka": ""}[transport.kind] in cursor:
        return
    arrived = records(await read_to(transport.feed(TOPICS), position, cursor=cursor))
    assert {record.position for record in arrived} == {position - 1, position}


async def test_reached_is_honest(transport: Transport, toy: Toy) -> None:
    feed = transport.feed(TOPICS)
    for amount in range(15):
        position = await toy.change(uuid4(), amount)
    log = await in_log(toy)
    seen: set[int] = set()
    for batch in await read_to(feed, position, limit=4):
        seen |= {record.position for record in batch.records}
        assert {place for place in log if place <= batch.reached} <= seen
        assert batch.epoch == 1


async def test_other_topics_move_reached_and_bring_nothing(transport: Transport, toy: Toy) -> None:
    position = await toy.change(uuid4(), 1)
    batches = await read_to(transport.feed(["toy.secret"]), position)
    assert records(batches) == []


async def test_whoever_is_told_that_nothing_is_left_has_everything(transport: Transport, toy: Toy) -> None:
    for amount in range(10):
        position = await toy.change(uuid4(), amount)
    await read_to(transport.feed(TOPICS), position)  # a broker may have got it later than the log
    feed = transport.feed(TOPICS)
    cursor: Cursor | None = None
    batches: list[Batch] = []
    async with asyncio.timeout(20):
        while not (batches and batches[-1].level):
            batches.append(await feed.read(cursor, limit=3, wait=0.2))
            cursor = batches[-1].cursor
    assert {record.position for record in records(batches)} == set(await in_log(toy))


async def test_a_limit_is_about_kept(transport: Transport, toy: Toy) -> None:
    for amount in range(30):
        position = await toy.change(uuid4(), amount)
    batches = await read_to(transport.feed(TOPICS), position, limit=10)
    # The adversary repeats up to eight records of each of its ten lanes.
    assert all(len(batch.records) <= 10 + 80 for batch in batches)
    assert len(batches) > 3


async def test_an_append_wakes_a_waiting_reader(
    transport: Transport, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_feed, "_POLL_SECONDS", 60.0)  # no safety net: only a notice can wake
    feed = transport.feed(TOPICS)
    cursor = (await read_to(feed, await toy.change(uuid4(), 1)))[-1].cursor
    thing = uuid4()

    async def arrival() -> None:
        nonlocal cursor
        while True:
            batch = await feed.read(cursor, limit=100, wait=60)
            cursor = batch.cursor
            if any(record.key == str(thing) for record in batch.records):
                return

    waiting = asyncio.create_task(arrival())
    await asyncio.sleep(0)
    await toy.change(thing, 2)
    await asyncio.wait_for(waiting, 20)


async def test_a_copy_over_it_equals_its_rebuild(transport: Transport, toy: Toy) -> None:
    things = [uuid4() for _ in range(3)]
    worker = toy.copy_worker(ToyCopy(), transport.feed(TOPICS))
    for amount in range(20):
        position = await toy.change(things[amount % 3], amount)
        if amount % 7 == 0:
            await catch_up(worker, limit=5, to=position)
    await catch_up(worker, limit=5, to=position)

    found = await rebuild(
        "toy", ToyCopy(), toy.feed, lambda _, topics: transport.feed(topics), toy.engine("toy_owner")
    )
    assert (found.differences, found.parked) == ([], 0)
    assert found.rows["thing_card"] == 3
    rows = await toy.rows(
        "select thing, amount, version from copy.thing_card join copy.count_day using (thing, amount)"
    )
    assert {(row.thing, row.amount) for row in rows} == {(things[2], 17), (things[0], 18), (things[1], 19)}


async def test_a_reaction_over_it_happens_once(transport: Transport, toy: Toy) -> None:
    worker = toy.reaction_worker(Echo(), transport.feed(["toy.count"]))
    thing = uuid4()
    for amount in range(10):
        position = await toy.change(thing, amount)
    await catch_up(worker, to=position)
    (row,) = await toy.rows("select amount from thing where label = 'echo'")
    assert row.amount == 45


@pytest.mark.parametrize("limit", [1, 3])
async def test_a_checkpoint_holds_the_cursor(transport: Transport, toy: Toy, limit: int) -> None:
    position = await toy.change(uuid4(), 1)
    worker = toy.copy_worker(ToyCopy(), transport.feed(TOPICS))
    await catch_up(worker, limit=limit, to=position)
    async with toy.feed.maintain() as session:
        stored = await load(session, "things", "toy")
    assert stored.reached >= position
    assert stored.highest == position
    assert stored.began_at_zero
