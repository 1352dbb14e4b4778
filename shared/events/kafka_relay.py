"""The relay: sends a service's log to Kafka. The log is the truth; the relay sends what it has, as often as it takes.

In the log's order, again if in doubt, never past a record that failed. Neither transactions nor consumer groups are
used: consumers keep their own place and recognise what they have seen.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import murmur2

from shared.database import Login
from shared.events.feed import Batch, Cursor, Stopped
from shared.events.kafka_marks import Mark, Sending
from shared.events.kafka_topics import (
    MAX_RECORD_BYTES,
    REQUEST_MS,
    Plan,
    closed,
    ensure_topics,
    lane_of,
    look_at,
)
from shared.events.kafka_wire import WATERMARK_KEY, headers_of, watermark_headers
from shared.events.log_feed import LogFeed
from shared.events.records import Record
from shared.events.workers import WorkerState, lead

logger = logging.getLogger(__name__)

_BATCH = 500
_WAIT_SECONDS = 1.0
_MARK_SECONDS = 0.02
"""How far apart are marks in the topics that were touched (decisions.md §2 "Read your writes")."""
_EVERYWHERE_SECONDS = 0.1
"""How far apart are marks in every partition, for those who read other topics: pages wait for their copies, too."""
_LOOK_SECONDS = 30.0
"""How often a relay that has nothing to send looks whether its broker is still the one it has sent everything to."""
_PATIENCE_SECONDS = 3.0

_STANDS = """
select r.position, r.cluster, r.epoch as sent_epoch, h.epoch, exists (
    select from log.log_state where topic = any ($1) and position <= r.position
    union all select from log.log_fact where topic = any ($1) and position <= r.position) as lacking
from feed.relayed r, log.head h
"""


class Restored(Stopped):
    """The log under the relay was restored from a backup."""


class Replaced(Stopped):
    """The broker is not the one that has what was sent."""


@dataclass
class _Debounced:
    """Something that is done when it is wanted, but not again within ``apart`` seconds."""

    apart: float
    wanted: bool = True
    after: float = 0.0

    def left(self, now: float) -> float:
        """Seconds until it is due."""
        return max(0.0, self.after - now) if self.wanted else _WAIT_SECONDS

    def due(self, now: float) -> bool:
        """Whether to do it now."""
        return self.wanted and now >= self.after

    def done(self, now: float) -> None:
        """It was done."""
        self.wanted, self.after = False, now + self.apart


class KafkaRelay:
    """Sends the log of ``service`` to the broker.

    One is active (session advisory lock); the position it has sent up to is stored after the broker's answer, so a
    relay that was killed sends some records again. It sends everything again to a broker that is not the one it knew,
    or has lost a topic, and after a restore of the log: for an epoch the broker has the whole log. ``topics`` are the
    partitions of each topic of the service.
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
        self._cluster = ""
        self._again: tuple[int, str] | None = None
        """Up to where everything is sent once more, and why."""

    async def run(self) -> None:
        """Work until cancelled; a second process stands by."""
        await lead(self._login, self.state, self._work)

    async def _work(self, lock: asyncpg.Connection) -> None:
        # What is forgotten in a crash is sent again, which is harmless; waiting for the disk is not.
        await lock.execute("set synchronous_commit = off")
        start, epoch = await self._where(lock)
        await ensure_topics(self._bootstrap, self._plans, replication=self._replication)
        log = LogFeed(self.service, self._login, None)
        try:
            async with self._producer() as producer:
                await self._relay(lock, log, producer, start, epoch)
        finally:
            await log.close()

    async def _where(self, lock: asyncpg.Connection) -> tuple[int, int]:
        """From which position to send, and the log's epoch. Stored before a missing topic is made: it tells."""
        broker = await look_at(self._bootstrap, self._plans)
        (stands,) = await lock.fetch(_STANDS, broker.missing)
        position, why = stands["position"], None
        if stands["cluster"] not in (None, broker.cluster):
            why = "Kafka が作り直されています"
        elif stands["sent_epoch"] not in (None, stands["epoch"]):
            why = "ログが復元されています"
        elif stands["lacking"]:
            why = f"Kafka に {', '.join(broker.missing)} がなくなっています"
        if why:
            logger.warning("relay of %s: %s; everything up to %s is sent again", self.service, why, position)
            self._again = position, f"{why}。最初から送り直しています。"
            self.state.stopped_because = self._told_again(0)
            position = 0
        self._cluster = broker.cluster
        await lock.execute(
            "update feed.relayed set position = $1, cluster = $2, epoch = $3",
            position,
            broker.cluster,
            stands["epoch"],
        )
        return position, stands["epoch"]

    @asynccontextmanager
    async def _producer(self) -> AsyncIterator[AIOKafkaProducer]:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=f"relay-{self.service}",
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=64 * 1024,
            max_request_size=MAX_RECORD_BYTES,
            request_timeout_ms=REQUEST_MS,
            retry_backoff_ms=100,
        )
        await producer.start()
        try:
            yield producer
        finally:
            await closed(producer.stop())

    async def _relay(
        self, lock: asyncpg.Connection, log: LogFeed, producer: AIOKafkaProducer, start: int, epoch: int
    ) -> None:
        clock = asyncio.get_running_loop()
        sending = Sending(start)
        for topic, plan in self._plans.items():
            sending.add(topic, plan.partitions)
        near, everywhere = _Debounced(_MARK_SECONDS), _Debounced(_EVERYWHERE_SECONDS)
        look_after = clock.time() + _LOOK_SECONDS
        cursor: Cursor = {"position": start}
        while not lock.is_closed():
            now = clock.time()
            batch = await log.read(cursor, limit=_BATCH, wait=min(near.left(now), everywhere.left(now)))
            if batch.epoch != epoch:
                raise Restored(f"{self.service} のログが復元されました。最初から送り直します。")
            if batch.news(cursor):
                near.wanted = everywhere.wanted = True
            sent = [await self._send(producer, sending, record) for record in batch.records]
            now = clock.time()
            marking = everywhere.due(now)
            if marking or near.due(now):
                sent += await self._mark(producer, sending, batch, everywhere=marking)
                near.done(now)
            await self._answered(sent)
            if marking:
                everywhere.done(now)
                await lock.execute("update feed.relayed set position = $1", batch.reached)
            if not near.wanted and now >= look_after:
                await self._same_broker()
                look_after = now + _LOOK_SECONDS
            cursor = batch.cursor
            self.state.reached, self.state.head = batch.reached, batch.head
            self.state.applied += len(batch.records)
            self.state.stopped_because = self._told_again(batch.reached)

    def _told_again(self, reached: int) -> str | None:
        """What the operator is told while everything is sent once more."""
        if self._again is None or reached >= self._again[0]:
            return None
        return self._again[1]

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

    async def _send(
        self, producer: AIOKafkaProducer, sending: Sending, record: Record
    ) -> asyncio.Future[object]:
        if record.topic not in self._plans:
            # A department's feed is made when its first item is.
            plan = Plan(1, record.lane)
            await ensure_topics(self._bootstrap, {record.topic: plan}, replication=self._replication)
            self._plans[record.topic] = plan
            sending.add(record.topic, plan.partitions)
        key = record.key.encode()
        value = None if record.payload is None else record.payload.encode()
        place = record.topic, _partition(key, self._plans[record.topic].partitions)
        sent: asyncio.Future[object] = await producer.send(
            place[0], value, key=key, partition=place[1], headers=headers_of(record)
        )
        sending.record(place, record.position)
        return sent

    async def _mark(
        self, producer: AIOKafkaProducer, sending: Sending, batch: Batch, *, everywhere: bool
    ) -> list[asyncio.Future[object]]:
        """Watermarks behind what was sent."""
        headers = watermark_headers(batch.epoch or 0, batch.reached)
        value = Mark(self._cluster, sending.sent).to_bytes()
        return [
            await producer.send(topic, value, key=WATERMARK_KEY, partition=partition, headers=headers)
            for topic, partition in sending.places(everywhere=everywhere)
        ]

    async def _same_broker(self) -> None:
        broker = await look_at(self._bootstrap, self._plans)
        if broker.cluster != self._cluster or broker.missing:
            raise Replaced("Kafka が作り直されました。最初から送り直します。")


def _partition(key: bytes, partitions: int) -> int:
    """Where Kafka's own clients put a key."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


def _seen(sending: asyncio.Future[object]) -> None:
    """One failure ends the relay's work; the others need not be told too."""
    if not sending.cancelled():
        sending.exception()
