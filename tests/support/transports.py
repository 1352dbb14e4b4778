"""The two transports behind one fixture, so that what holds for a feed is tested on both with the same words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from deploy.local.kafka import Kafka
from shared.events.feed import Feed
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_feed import KafkaFeed
from shared.events.kafka_relay import KafkaRelay
from shared.events.kafka_wire import WATERMARK_KEY
from tests.support.fixtures import Toy
from tests.support.toy import COUNT, SECRET, THING
from tests.support.waiting import eventually

PARTITIONS = {THING.name: 3, COUNT.name: 3, SECRET.name: 1}


async def forget_topics(broker: str | KafkaAccess) -> None:
    """Delete the toy's topics; a test begins on an empty broker."""
    async with access_to(broker).admin() as admin:

        async def there() -> set[str]:
            return set(await admin.list_topics()) & set(PARTITIONS)

        if left := await there():
            await admin.delete_topics(sorted(left))

        async def gone() -> bool:
            return not await there()

        await eventually(gone)


def access_to(broker: str | KafkaAccess) -> KafkaAccess:
    """The way to a broker; an address alone is one that is open to everybody here."""
    return KafkaAccess(broker) if isinstance(broker, str) else broker


async def everything(
    broker: str | KafkaAccess, partitions: Mapping[str, int] = PARTITIONS
) -> dict[TopicPartition, list[ConsumerRecord]]:
    """All that lies on topics with so many partitions (the toy's, unless told otherwise), partition by partition."""
    consumer = access_to(broker).consumer("everything", auto_offset_reset="earliest")
    try:
        await consumer.start()
        places = [TopicPartition(topic, n) for topic, count in partitions.items() for n in range(count)]
        consumer.assign(places)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(places)
        found: dict[TopicPartition, list[ConsumerRecord]] = {place: [] for place in places}
        while [place for place, end in ends.items() if end > await consumer.position(place)]:
            for place, messages in (await consumer.getmany(timeout_ms=200)).items():
                found[place] += messages
        return found
    finally:
        await consumer.stop()


def data(messages: list[ConsumerRecord]) -> list[ConsumerRecord]:
    """What is not a watermark."""
    return [message for message in messages if message.key != WATERMARK_KEY]


class Transport:
    """Feeds of the toy's log over one transport."""

    def __init__(self, kind: str, toy: Toy, bootstrap: str | None) -> None:
        self.kind = kind
        self._toy = toy
        self._bootstrap = bootstrap
        self._feeds: list[KafkaFeed] = []
        self._relay: asyncio.Task[None] | None = None

    def feed(self, topics: Iterable[str]) -> Feed:
        """A feed over ``topics``."""
        if self.kind == "log":
            return self._toy.log_feed(topics=topics)
        if self.kind == "any order":
            return self._toy.any_order(topics)
        assert self._bootstrap
        feed = KafkaFeed("toy", KafkaAccess(self._bootstrap), topics)
        self._feeds.append(feed)
        return feed

    def relay(self) -> KafkaRelay:
        """A relay of the toy's log."""
        assert self._bootstrap
        return KafkaRelay("toy", self._toy.database.feed, KafkaAccess(self._bootstrap), PARTITIONS)

    async def open(self) -> None:
        """Start what carries the log."""
        if self._bootstrap:
            await forget_topics(self._bootstrap)
            relay = self.relay()
            self._relay = asyncio.create_task(relay.run())
            await eventually(lambda: relay.state.head is not None)

    async def close(self) -> None:
        """End everything."""
        for feed in self._feeds:
            await feed.close()
        if self._relay:
            self._relay.cancel()
            with suppress(asyncio.CancelledError):
                await self._relay


@pytest.fixture(params=["log", "any order", pytest.param("kafka", marks=pytest.mark.kafka)])
async def transport(request: pytest.FixtureRequest, toy: Toy) -> AsyncIterator[Transport]:
    """Every transport in turn."""
    kafka: Kafka | None = request.getfixturevalue("kafka") if request.param == "kafka" else None
    transport = Transport(request.param, toy, kafka.bootstrap if kafka else None)
    await transport.open()
    try:
        yield transport
    finally:
        await transport.close()
