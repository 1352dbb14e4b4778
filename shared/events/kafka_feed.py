"""``KafkaFeed``: a publisher's topics read from the broker (shared/archive/feed.py: with its archive behind it).

The cursor names the broker it belongs to, the epoch of the log it has come to, the next offset of every partition, and
what marks have told: whoever goes on from it knows as much as who stood there. It names the generation, too: when the
broker has lost something the relay sends everything again under the next number, and offsets of a topic that was made
anew exist again but mean other records. So what is of a newer generation than the cursor is read from the first record
on; what is of an older one is passed over, because all of it comes again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from shared.contracts import Lane
from shared.events.feed import Batch, Cursor, Stopped
from shared.events.kafka_access import REQUEST_MS, KafkaAccess, closed
from shared.events.kafka_marks import Place, Seen
from shared.events.kafka_plans import lane_of
from shared.events.kafka_topics import TopicTrouble, look_at
from shared.events.kafka_wire import WATERMARK_KEY, place_in, read_mark, read_record
from shared.events.records import Record

logger = logging.getLogger(__name__)

_SILENCE_SECONDS = 10.0


class OutOfRange(Stopped):
    """Kafka no longer has the records this consumer needs next."""


class Stuck(Stopped):
    """The client is alive but brings nothing although there is something; it is replaced."""


class Replaced(Stopped):
    """The broker is another one than when this feed began to read."""


class KafkaFeed:
    """Reads topics of ``publisher`` from the broker."""

    def __init__(self, publisher: str, access: KafkaAccess, topics: Iterable[str]) -> None:
        self.publisher = publisher
        self._access = access
        self._topics = sorted(topics)
        self._consumer: AIOKafkaConsumer | None = None
        self._keeping = AsyncExitStack()
        self._cluster = ""
        self._first: dict[TopicPartition, int] = {}
        self._next: dict[TopicPartition, int] = {}
        self._stand: Cursor = {}
        self._epoch: int | None = None
        self._generation: int | None = None
        """None: nothing was read yet since it stood before the first record."""
        self._seen = Seen([])
        self._after: dict[str, int] = {}
        """By topic: up to where the consumer has had the records of this epoch from elsewhere."""
        self._heard = 0.0
        self._told = (0, 0)
        """Epoch, and up to where, at the last return."""

    async def read(self, cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        try:
            consumer = self._consumer or await self._start(cursor or {})
            if (cursor or {}) != self._stand:
                self._stand_at(consumer, cursor or {})
            records = await self._arrivals(consumer, limit, wait)
        except Exception:
            await self.close()
            raise
        self._told = self._come()
        self._stand = self._cursor()
        head = self._seen.head if self._seen.head >= 0 else None
        level = self._is_level(consumer)
        return Batch(records, self._stand, self._told[1], self._epoch, head, self._whole(), level)

    async def _arrivals(self, consumer: AIOKafkaConsumer, limit: int, wait: float) -> list[Record]:
        """The next records; none when ``wait`` is over, or when this feed has come further without any.

        A mark that tells nothing new is not worth a batch: its offset goes into the cursor with the next one.
        """
        clock = asyncio.get_running_loop()
        deadline = clock.time() + wait
        while True:
            seconds = max(0.0, deadline - clock.time())
            try:
                fetched = await consumer.getmany(timeout_ms=int(seconds * 1000), max_records=limit)
            except OffsetOutOfRangeError as error:
                await self._outside(consumer, error)
                continue
            if fetched:
                self._heard = clock.time()
            else:
                await self._watch(consumer)
            records = await self._take(consumer, fetched)
            if records or self._come() > self._told or clock.time() >= deadline:
                return records

    def _come(self) -> tuple[int, int]:
        return self._epoch or 0, self._seen.reached()

    async def _start(self, cursor: Cursor) -> AIOKafkaConsumer:
        broker = await look_at(self._access, self._topics)
        missing = sorted(set(self._topics) - set(broker.partitions))
        if missing:
            raise TopicTrouble(f"Kafka に {', '.join(missing)} がまだありません。")
        if cursor.get("cluster", broker.cluster) != broker.cluster:
            logger.warning(
                "a feed of %s: Kafka was made anew; it is read from the first record", self.publisher
            )
        consumer = self._access.consumer(f"feed-{self.publisher}")
        try:
            await consumer.start()
            places = [
                TopicPartition(topic, n) for topic, numbers in broker.partitions.items() for n in numbers
            ]
            self._first = await consumer.beginning_offsets(places)
        except BaseException:
            await consumer.stop()
            raise
        await self._keeping.enter_async_context(self._access.kept(consumer._client))
        consumer.assign(places)
        self._cluster, self._next = broker.cluster, {}
        self._stand_at(consumer, cursor)
        self._consumer, self._heard = consumer, asyncio.get_running_loop().time()
        return consumer

    def _stand_at(self, consumer: AIOKafkaConsumer, cursor: Cursor) -> None:
        """Stand where the caller stands: before the first record, if the cursor is not one of this broker's."""
        kept = cursor if cursor.get("cluster") == self._cluster else {}
        for place, first in self._first.items():
            offset = kept.get("at", {}).get(place.topic, {}).get(str(place.partition), first)
            if self._next.get(place) != offset:
                consumer.seek(place, offset)
                self._next[place] = offset
        self._epoch = cursor.get("epoch")
        self._generation = kept.get("generation")
        self._seen = Seen(self._places(), kept.get("marks"))
        self._after = cursor.get("after", {})
        self._stand, self._told = cursor, self._come()

    async def _stand_before_all(self, consumer: AIOKafkaConsumer, generation: int | None) -> None:
        """Read everything once more, because offsets no longer mean what they did."""
        logger.warning("a feed of %s: Kafka has lost records; it is read from the first one", self.publisher)
        self._first = await consumer.beginning_offsets(list(self._first))
        for place, first in self._first.items():
            consumer.seek(place, first)
            self._next[place] = first
        self._generation, self._seen = generation, Seen(self._places())
        self._told = self._come()

    async def _outside(self, consumer: AIOKafkaConsumer, error: OffsetOutOfRangeError) -> None:
        """Before the first record: it was dropped. Behind the last: the topic is another one than when it was read."""
        offsets: dict[TopicPartition, int] = error.args[0]
        first = await consumer.beginning_offsets(list(offsets))
        if any(offset >= first[place] for place, offset in offsets.items()):
            return await self._stand_before_all(consumer, None)
        places = ", ".join(f"{place.topic}/{place.partition}@{offset}" for place, offset in offsets.items())
        raise OutOfRange(
            f"{self.publisher}: Kafka にこの続きの記録がありません（{places}）。"
            "保存期間を過ぎています。写しを作り直してください。"
        ) from error

    def _places(self) -> list[Place]:
        return [(place.topic, place.partition) for place in self._first]

    async def _take(
        self, consumer: AIOKafkaConsumer, fetched: Mapping[TopicPartition, list[ConsumerRecord]]
    ) -> list[Record]:
        """The records of one epoch, the earliest but none before where this feed is; those of the next later."""
        arrived = {
            place: [
                (message, place_in(named), named)
                for message in messages
                for named in (dict(message.headers),)
            ]
            for place, messages in fetched.items()
        }
        came = {(at.epoch, at.generation) for messages in arrived.values() for _, at, _ in messages}
        here = self._epoch or 0
        self._enter(min((epoch for epoch, _ in came if epoch >= here), default=here))
        newest = max((generation for epoch, generation in came if epoch == self._epoch), default=0)
        if self._generation is not None and newest > self._generation:
            await self._stand_before_all(consumer, newest)
            return []
        self._generation = max(newest, self._generation or 0) or None
        now = (self._epoch or 0, self._generation or 0)
        records: list[Record] = []
        for place, messages in arrived.items():
            furthest, after = -1, self._after.get(place.topic, -1)
            for message, (epoch, position, generation), named in messages:
                if epoch > now[0]:
                    consumer.seek(place, message.offset)
                    break
                self._next[place] = message.offset + 1
                if (epoch, generation) < now:
                    continue
                furthest = max(furthest, position)
                if message.key == WATERMARK_KEY:
                    mark = read_mark(message.value)
                    if mark.cluster != self._cluster:
                        raise Replaced(f"{self.publisher}: Kafka が作り直されたため、最初から読みます。")
                    self._seen.mark((place.topic, place.partition), position, mark.sent)
                elif position > after:
                    records.append(read_record(place.topic, message.key, message.value, named))
            self._seen.record((place.topic, place.partition), furthest)
        return records

    def _enter(self, epoch: int) -> None:
        """Positions mean nothing beyond their epoch."""
        if epoch and epoch != self._epoch:
            self._epoch, self._generation, self._seen = epoch, None, Seen(self._places())
            self._after = {}

    def _cursor(self) -> Cursor:
        at: dict[str, dict[str, int]] = {}
        for place, offset in sorted(self._next.items()):
            at.setdefault(place.topic, {})[str(place.partition)] = offset
        cursor: Cursor = {
            "cluster": self._cluster,
            "epoch": self._epoch,
            "generation": self._generation,
            "at": at,
            "marks": self._seen.keep(),
        }
        if self._after and self._seen.reached() < max(self._after.values()):
            cursor["after"] = self._after
        return cursor

    def _is_level(self, consumer: AIOKafkaConsumer) -> bool:
        """Whether each partition was read up to where it ended when the broker last gave something of it."""
        ends = {place: consumer.highwater(place) for place in self._first}
        return all(end is not None and self._next[place] >= end for place, end in ends.items())

    def _whole(self) -> bool:
        return not any(first and lane_of(place.topic) is Lane.FACT for place, first in self._first.items())

    async def whole(self) -> bool:
        """Whether the broker still has the first fact there ever was."""
        if self._consumer is None:
            self._consumer = await self._start({})
        return self._whole()

    async def _watch(self, consumer: AIOKafkaConsumer) -> None:
        """After a long silence ask the broker, another way, whether there really is nothing."""
        clock = asyncio.get_running_loop()
        if clock.time() - self._heard < _SILENCE_SECONDS:
            return
        async with asyncio.timeout(REQUEST_MS / 1000):
            ends = await consumer.end_offsets(list(self._next))
        behind = [place for place, end in ends.items() if end > await consumer.position(place)]
        self._heard = clock.time()
        if behind:
            raise Stuck(f"{self.publisher}: Kafka から届かなくなったため、つなぎ直します。")

    async def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        await self._keeping.aclose()
        if consumer is not None:
            await closed(consumer.stop())
