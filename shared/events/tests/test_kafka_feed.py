"""Kafka as transport: how a consumer reads it, and when it may not go on."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from sqlalchemy import text

from shared.contracts import Lane
from shared.events import kafka_feed
from shared.events.feed import Cursor
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_feed import KafkaFeed, OutOfRange, Replaced, Stuck
from shared.events.kafka_marks import Mark
from shared.events.kafka_plans import Plan
from shared.events.kafka_topics import TopicTrouble, ensure_topics
from shared.events.kafka_wire import WATERMARK_KEY, At, Foreign, watermark_headers
from shared.events.tests.relays import Relays, sent_up_to
from tests.support.fixtures import Toy, catch_up
from tests.support.toy import ToyCopy
from tests.support.waiting import eventually

TOPICS = ["toy.thing", "toy.count"]
PLANS = {"toy.thing": Plan(3, Lane.STATE), "toy.count": Plan(3, Lane.FACT), "toy.secret": Plan(1, Lane.FACT)}


async def test_topics_that_are_missing_are_named(feed: KafkaFeed) -> None:
    with pytest.raises(TopicTrouble, match=r"toy\.count, toy\.thing"):
        await feed.read(None, limit=10, wait=0)


async def test_nothing_is_known_of_an_empty_log_until_the_relay_speaks(
    broker: str, relays: Relays, feed: KafkaFeed
) -> None:
    await ensure_topics(KafkaAccess(broker), PLANS)
    batch = await eventually(lambda: first(feed))
    assert not batch.news(None)
    relays.start()
    batch = await feed.read(None, limit=10, wait=10)
    assert batch.news(None)
    assert (batch.records, batch.epoch) == ([], 1)


async def test_an_offset_that_kafka_no_longer_has_stops_the_feed_loudly(
    toy: Toy, broker: str, relays: Relays, feed: KafkaFeed
) -> None:
    relays.start()
    await sent_up_to(toy, await toy.change(uuid4(), 1))
    cursor = (await feed.read(None, limit=10, wait=10)).cursor
    await sent_up_to(toy, await toy.change(uuid4(), 2))
    await drop(broker, before=2)
    early = {**cursor, "at": {topic: {str(n): 1 for n in range(3)} for topic in TOPICS}}
    with pytest.raises(OutOfRange, match="写しを作り直してください"):
        await until_raised(feed, early)
    batch = await feed.read(None, limit=10, wait=10)
    assert batch.news(None), "the feed works again from a good cursor"


async def drop(broker: str, *, before: int) -> None:
    """The broker forgets the first facts."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        await admin.delete_records(
            {TopicPartition("toy.count", n): RecordsToDelete(before_offset=before) for n in range(3)}
        )
    finally:
        await admin.close()


async def test_a_fact_topic_that_has_lost_its_beginning_is_not_whole(
    toy: Toy, broker: str, relays: Relays, feed: KafkaFeed
) -> None:
    relays.start()
    await sent_up_to(toy, await toy.change(uuid4(), 1))
    assert (await feed.read(None, limit=10, wait=10)).whole
    await feed.close()
    await drop(broker, before=1)
    position = await toy.change(uuid4(), 2)
    worker = toy.copy_worker(ToyCopy(), feed)
    await catch_up(worker, to=position)
    assert not (await worker.where()).began_at_zero


async def test_records_of_another_epoch_are_not_mixed_in(toy: Toy, relays: Relays, feed: KafkaFeed) -> None:
    relays.start()
    await sent_up_to(toy, await toy.change(uuid4(), 1))
    async with toy.engine("toy_owner").begin() as connection:
        await connection.execute(text("update log.head set epoch = 2"))
    position = await toy.change(uuid4(), 2)
    await sent_up_to(toy, position)
    cursor: Cursor | None = None
    epochs: list[int | None] = []
    while not epochs or epochs[-1] != 2:
        batch = await feed.read(cursor, limit=100, wait=1)
        assert {record.epoch for record in batch.records} <= {batch.epoch}
        cursor = batch.cursor
        epochs.append(batch.epoch)
    assert epochs == sorted(epochs, key=lambda epoch: epoch or 0)


async def test_a_consumer_that_hangs_is_noticed_and_replaced(
    toy: Toy, relays: Relays, feed: KafkaFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    relays.start()
    position = await toy.change(uuid4(), 1)
    await sent_up_to(toy, position)
    monkeypatch.setattr(kafka_feed, "_SILENCE_SECONDS", 0.05)

    async def silent(self: AIOKafkaConsumer, *_: object, **__: object) -> dict[object, object]:
        await asyncio.sleep(0)
        return {}

    with monkeypatch.context() as patch:
        patch.setattr(AIOKafkaConsumer, "getmany", silent)
        with pytest.raises(Stuck):
            await until_raised(feed, None)
    await catch_up(toy.copy_worker(ToyCopy(), feed), to=position)


async def test_silence_without_anything_to_read_is_no_trouble(
    toy: Toy, relays: Relays, feed: KafkaFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    relays.start()
    position = await toy.change(uuid4(), 1)
    await sent_up_to(toy, position)
    await catch_up(toy.copy_worker(ToyCopy(), feed), to=position)
    monkeypatch.setattr(kafka_feed, "_SILENCE_SECONDS", 0.0)
    cursor = (await toy.copy_worker(ToyCopy(), feed).where()).cursor
    for _ in range(3):
        batch = await feed.read(cursor, limit=10, wait=0.01)
        cursor = batch.cursor


async def test_a_broker_that_was_made_anew_under_a_reader_is_noticed(
    toy: Toy, broker: str, relays: Relays, feed: KafkaFeed
) -> None:
    """It may have grown past the reader's offsets before anybody asked it who it is: its marks tell."""
    relays.start()
    await sent_up_to(toy, await toy.change(uuid4(), 1))
    cursor = (await feed.read(None, limit=10, wait=10)).cursor
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    try:
        mark = Mark("another", {}).to_bytes()
        await producer.send_and_wait(
            "toy.thing", mark, key=WATERMARK_KEY, headers=watermark_headers(At(1, 9, 1))
        )
    finally:
        await producer.stop()
    with pytest.raises(Replaced):
        await until_raised(feed, cursor)


async def test_what_no_relay_wrote_stops_the_feed(broker: str, feed: KafkaFeed) -> None:
    await ensure_topics(KafkaAccess(broker), PLANS)
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    try:
        await producer.send_and_wait("toy.thing", b"{}", key=b"x")
    finally:
        await producer.stop()
    with pytest.raises(Foreign):
        await until_raised(feed, None)


async def first(feed: KafkaFeed) -> object:
    """The first batch, once the new topics have their leaders."""
    return await feed.read(None, limit=10, wait=0.1)


async def until_raised(feed: KafkaFeed, cursor: Cursor | None) -> None:
    async with asyncio.timeout(20):
        while True:
            await feed.read(cursor, limit=10, wait=0.2)
