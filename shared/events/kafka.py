"""Kafka as transport: the relay that sends a service's log, and the feed that reads it. The only place that knows it.

Kafka carries; the log is the truth. The relay sends what the log has, in its order, as often as it takes; consumers
keep their own place and recognise what they have seen. Neither transactions nor consumer groups are used.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import OffsetOutOfRangeError, TopicAlreadyExistsError, for_code

from shared.contracts import Lane
from shared.contracts.catalogue import BY_TYPE
from shared.database import Login
from shared.events.feed import Batch, Cursor, Stopped
from shared.events.kafka_wire import (
    WATERMARK_KEY,
    headers_of,
    read_record,
    read_watermark,
    watermark_headers,
)
from shared.events.log_feed import LogFeed
from shared.events.records import Record
from shared.events.workers import WorkerState, lead

logger = logging.getLogger(__name__)

FACTS_KEPT_DAYS = 35
_DAY_MS = 24 * 60 * 60 * 1000
_REQUEST_MS = 10_000
_RELAY_BATCH = 500
_RELAY_WAIT_SECONDS = 1.0
_MARK_SECONDS = 0.02
_SILENCE_SECONDS = 10.0
_PATIENCE_SECONDS = 3.0
_CLOSE_SECONDS = 3.0
_MAX_RECORD_BYTES = 1_000_000


class TopicTrouble(Stopped):
    """A topic is missing or not as its contract says."""


class OutOfRange(Stopped):
    """Kafka no longer has, or does not yet have, the records this consumer needs next."""


class Stuck(Stopped):
    """The client is alive but brings nothing although there is something; it is replaced."""


@dataclass(frozen=True)
class Plan:
    """How a topic is made. The number of partitions never changes: keys would move."""

    partitions: int
    lane: Lane

    @property
    def configuration(self) -> dict[str, str]:
        """Compaction for states, retention for facts (decisions.md §3)."""
        if self.lane is Lane.STATE:
            return {
                "cleanup.policy": "compact",
                "delete.retention.ms": str(7 * _DAY_MS),
                "max.compaction.lag.ms": str(_DAY_MS),
            }
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(FACTS_KEPT_DAYS * _DAY_MS),
            "retention.bytes": "-1",
        }


def lane_of(topic: str) -> Lane:
    """The lane of a topic by its contract; department feeds (``feed.…``) are states."""
    lanes = {contract.TOPIC.name: contract.TOPIC.lane for contract in BY_TYPE.values()}
    return lanes.get(topic, Lane.STATE)


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=_REQUEST_MS)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def _partitions(admin: AIOKafkaAdminClient, topics: Iterable[str]) -> dict[str, list[int]]:
    """Partitions of those of ``topics`` that exist."""
    described = await admin.describe_topics(sorted(topics))
    return {
        topic["topic"]: sorted(partition["partition"] for partition in topic["partitions"])
        for topic in described
        if topic["error_code"] == 0
    }


async def ensure_topics(bootstrap: str, plans: Mapping[str, Plan], *, replication: int = 1) -> None:
    """Make the topics that are missing. Raises :class:`TopicTrouble` when one has other partitions than planned."""
    if not plans:
        return
    async with _admin(bootstrap) as admin:
        made = await admin.create_topics(
            [
                NewTopic(name, plan.partitions, replication, topic_configs=plan.configuration)
                for name, plan in plans.items()
            ]
        )
        for name, code, *_ in made.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise TopicTrouble(f"Kafka の {name} を作れません（{error.__name__}）。")
        for name, partitions in (await _partitions(admin, plans)).items():
            if len(partitions) != plans[name].partitions:
                raise TopicTrouble(
                    f"Kafka の {name} は区画 {len(partitions)} 個です。deploy/topology.toml では"
                    f" {plans[name].partitions} 個です。区画の数は後から変えられません。"
                )


class KafkaRelay:
    """Sends the log of ``service`` to the broker, in order, again if in doubt, never past a record that failed.

    One is active (session advisory lock); the position it has sent up to is stored after the broker's answer, so a
    relay that was killed sends some records again. ``topics`` are the partitions of each topic of the service.
    """

    def __init__(
        self, service: str, login: Login, bootstrap: str, topics: Mapping[str, int], *, replication: int = 1
    ) -> None:
        self.service = service
        self.state = WorkerState(service, "relay", service)
        self._login = login
        self._bootstrap = bootstrap
        self._replication = replication
        self._plans = {name: Plan(partitions, lane_of(name)) for name, partitions in topics.items()}

    async def run(self) -> None:
        """Work until cancelled; a second process stands by."""
        await lead(self._login, self.state, self._work)

    async def _work(self, lock: asyncpg.Connection) -> None:
        # What is forgotten in a crash is sent again, which is harmless; waiting for the disk is not.
        await lock.execute("set synchronous_commit = off")
        await ensure_topics(self._bootstrap, self._plans, replication=self._replication)
        log = LogFeed(self.service, self._login, None)
        try:
            async with self._producer() as producer:
                await self._relay(lock, log, producer)
        finally:
            await log.close()

    @asynccontextmanager
    async def _producer(self) -> AsyncIterator[AIOKafkaProducer]:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=f"relay-{self.service}",
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=64 * 1024,
            max_request_size=_MAX_RECORD_BYTES,
            request_timeout_ms=_REQUEST_MS,
            retry_backoff_ms=100,
        )
        await producer.start()
        try:
            yield producer
        finally:
            await _within(_CLOSE_SECONDS, producer.stop())

    async def _relay(self, lock: asyncpg.Connection, log: LogFeed, producer: AIOKafkaProducer) -> None:
        clock = asyncio.get_running_loop()
        cursor: Cursor = {"position": await lock.fetchval("select position from feed.relayed")}
        mark_wanted, mark_due = True, clock.time()
        while not lock.is_closed():
            wait = max(0.0, mark_due - clock.time()) if mark_wanted else _RELAY_WAIT_SECONDS
            batch = await log.read(cursor, limit=_RELAY_BATCH, wait=wait)
            sent = [await self._send(producer, record) for record in batch.records]
            mark_wanted = mark_wanted or batch.news(cursor)
            marking = mark_wanted and clock.time() >= mark_due
            if marking:
                sent += await self._mark(producer, batch.epoch or 0, batch.reached)
                mark_wanted, mark_due = False, clock.time() + _MARK_SECONDS
            await self._answered(sent)
            if marking:
                await lock.execute("update feed.relayed set position = $1", batch.reached)
            cursor = batch.cursor
            self.state.reached, self.state.head = batch.reached, batch.head
            self.state.applied += len(batch.records)
            self.state.stopped_because = None

    async def _answered(self, sent: list[asyncio.Future[object]]) -> None:
        """Wait for the broker's answers. The client asks again by itself, in order; the operator is told meanwhile."""
        waiting = set(sent)
        while waiting:
            done, waiting = await asyncio.wait(
                waiting, timeout=_PATIENCE_SECONDS, return_when=asyncio.FIRST_EXCEPTION
            )
            for one in done | waiting:
                one.add_done_callback(_seen)
            for one in done:
                one.result()
            if waiting:
                self.state.stopped_because = "Kafka が答えません。答えるまで待っています。"

    async def _send(self, producer: AIOKafkaProducer, record: Record) -> asyncio.Future[object]:
        if record.topic not in self._plans:
            # A department's feed is made when its first item is.
            plan = Plan(1, record.lane)
            await ensure_topics(self._bootstrap, {record.topic: plan}, replication=self._replication)
            self._plans[record.topic] = plan
        value = None if record.payload is None else record.payload.encode()
        sending: asyncio.Future[object] = await producer.send(
            record.topic, value, key=record.key.encode(), headers=headers_of(record)
        )
        return sending

    async def _mark(
        self, producer: AIOKafkaProducer, epoch: int, position: int
    ) -> list[asyncio.Future[object]]:
        """A watermark behind what was sent, in every partition."""
        headers, value = watermark_headers(epoch, position), str(position).encode()
        return [
            await producer.send(topic, value, key=WATERMARK_KEY, partition=partition, headers=headers)
            for topic, plan in self._plans.items()
            for partition in range(plan.partitions)
        ]


class KafkaFeed:
    """Reads topics of ``publisher`` from the broker. The cursor is ``{topic: {partition: next offset}}``."""

    def __init__(self, publisher: str, bootstrap: str, topics: Iterable[str]) -> None:
        self.publisher = publisher
        self._bootstrap = bootstrap
        self._topics = sorted(topics)
        self._consumer: AIOKafkaConsumer | None = None
        self._first: dict[TopicPartition, int] = {}
        self._next: dict[TopicPartition, int] = {}
        self._marks: dict[TopicPartition, int] = {}
        self._epoch: int | None = None
        self._heard = 0.0

    async def read(self, cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        try:
            consumer = self._consumer or await self._start()
            self._seek(consumer, cursor)
            fetched = await consumer.getmany(timeout_ms=int(wait * 1000), max_records=limit)
            if fetched:
                self._heard = asyncio.get_running_loop().time()
            else:
                await self._watch(consumer)
        except OffsetOutOfRangeError as error:
            await self.close()
            raise OutOfRange(
                f"{self.publisher}: Kafka にこの続きの記録がありません（{_places(error)}）。"
                "保存期間を過ぎたか、Kafka が作り直されています。写しを作り直してください。"
            ) from error
        except Exception:
            await self.close()
            raise
        records = self._take(consumer, fetched)
        reached = min(self._marks.values()) if len(self._marks) == len(self._next) else 0
        return Batch(
            records,
            self._cursor(),
            reached,
            self._epoch,
            max(self._marks.values(), default=None),
            self._whole(),
        )

    async def _start(self) -> AIOKafkaConsumer:
        async with _admin(self._bootstrap) as admin:
            partitions = await _partitions(admin, self._topics)
        missing = sorted(set(self._topics) - set(partitions))
        if missing:
            raise TopicTrouble(f"Kafka に {', '.join(missing)} がまだありません。")
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            client_id=f"feed-{self.publisher}",
            group_id=None,
            enable_auto_commit=False,
            # Never begin elsewhere than asked: that would lose records, or repeat all of them, without a word.
            auto_offset_reset="none",
            isolation_level="read_uncommitted",
            fetch_min_bytes=1,
            fetch_max_wait_ms=250,
            max_partition_fetch_bytes=_MAX_RECORD_BYTES,
            check_crcs=True,
            request_timeout_ms=_REQUEST_MS,
            retry_backoff_ms=100,
        )
        try:
            await consumer.start()
            places = [TopicPartition(topic, n) for topic, numbers in partitions.items() for n in numbers]
            self._first = await consumer.beginning_offsets(places)
        except BaseException:
            await consumer.stop()
            raise
        consumer.assign(places)
        self._next, self._marks = {}, {}
        self._consumer, self._heard = consumer, asyncio.get_running_loop().time()
        return consumer

    def _seek(self, consumer: AIOKafkaConsumer, cursor: Cursor | None) -> None:
        """Stand where the caller stands. Whoever goes back sees the watermarks again, too."""
        for place, first in self._first.items():
            offset = (cursor or {}).get(place.topic, {}).get(str(place.partition), first)
            if self._next.get(place) != offset:
                consumer.seek(place, offset)
                self._next[place] = offset
                self._marks.pop(place, None)

    def _take(
        self, consumer: AIOKafkaConsumer, fetched: Mapping[TopicPartition, list[ConsumerRecord]]
    ) -> list[Record]:
        """The records of one epoch; those of the next are left for the next read."""
        epochs = [read_watermark(messages[0].headers)[0] for messages in fetched.values()]
        self._epoch = min(epochs, default=self._epoch)
        records: list[Record] = []
        for place, messages in fetched.items():
            for message in messages:
                epoch, position = read_watermark(message.headers)
                if epoch != self._epoch:
                    consumer.seek(place, message.offset)
                    break
                self._next[place] = message.offset + 1
                if message.key == WATERMARK_KEY:
                    self._marks[place] = max(position, self._marks.get(place, 0))
                else:
                    records.append(read_record(place.topic, message.key, message.value, message.headers))
        return records

    def _cursor(self) -> Cursor:
        cursor: Cursor = {}
        for place, offset in sorted(self._next.items()):
            cursor.setdefault(place.topic, {})[str(place.partition)] = offset
        return cursor

    def _whole(self) -> bool:
        return not any(first and lane_of(place.topic) is Lane.FACT for place, first in self._first.items())

    async def _watch(self, consumer: AIOKafkaConsumer) -> None:
        """After a long silence ask the broker, another way, whether there really is nothing."""
        clock = asyncio.get_running_loop()
        if clock.time() - self._heard < _SILENCE_SECONDS:
            return
        ends = await asyncio.wait_for(consumer.end_offsets(list(self._next)), _REQUEST_MS / 1000)
        behind = [place for place, end in ends.items() if end > await consumer.position(place)]
        self._heard = clock.time()
        if behind:
            raise Stuck(f"{self.publisher}: Kafka から届かなくなったため、つなぎ直します。")

    async def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await _within(_CLOSE_SECONDS, consumer.stop())


def _seen(sending: asyncio.Future[object]) -> None:
    """One failure ends the relay's work; the others need not be told too."""
    if not sending.cancelled():
        sending.exception()


async def _within(seconds: float, closing: Awaitable[None]) -> None:
    """Close a client that may wait for a broker which is gone."""
    try:
        await asyncio.wait_for(closing, seconds)
    except TimeoutError:
        logger.warning("a client of Kafka did not close in time")


def _places(error: OffsetOutOfRangeError) -> str:
    places = error.args[0] if error.args else {}
    return ", ".join(f"{place.topic}/{place.partition}@{offset}" for place, offset in places.items())
