"""The relay: sends a service's log to Kafka. The log is the truth; the relay sends what it has, as often as it takes.

In the log's order, again if in doubt, never past a record that failed. Neither transactions nor consumer groups are
used: consumers keep their own place and recognise what they have seen.

The relay remembers how far every partition went. One that is shorter has lost records, whatever its address, its id and
its topics say (a topic made anew, a volume brought back from a snapshot): then everything is sent again, under the next
generation, which every record names, so that whoever has read the lost ones knows that offsets mean others now.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import asyncpg
import orjson
from aiokafka.partitioner import murmur2
from aiokafka.structs import RecordMetadata

from shared.database import Login
from shared.dates import Clock, SystemClock
from shared.events.feed import Batch, Cursor, Stopped
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_line import PATIENCE_SECONDS, Line, Restored, line_to
from shared.events.kafka_marks import Mark, Sending
from shared.events.kafka_plans import Plan, lane_of
from shared.events.kafka_topics import ends_of, ensure_topics, last_on, look_at
from shared.events.kafka_wire import WATERMARK_KEY, At, headers_of, watermark_headers
from shared.events.log_feed import LogFeed
from shared.events.records import Record
from shared.events.relay_age import RelayAge
from shared.events.trace import following
from shared.events.workers import WorkerState, lead

logger = logging.getLogger(__name__)

_BATCH = 500
_WAIT_SECONDS = 1.0
_MARK_SECONDS = 0.02
"""How far apart are marks in the topics that were touched while there is more to send (decisions.md §2 "Read your
writes"). Once level with the log each batch ends in one: somebody waits for it, and nobody else's record does."""
_EVERYWHERE_SECONDS = 0.1
"""How far apart are marks in every partition, for those who read other topics: pages wait for their copies, too."""
_LOOK_SECONDS = 30.0
"""How often a relay looks whether its broker still has everything it was sent."""

_STANDS = """
select r.position, r.cluster, r.epoch as sent_epoch, r.generation, r.ends::text as ends,
    h.epoch, h.position as head
from feed.relayed r, log.head h
"""
_LACKING = """
select exists (
    select from log.log_state where topic = any ($1) and position <= $2
    union all select from log.log_fact where topic = any ($1) and position <= $2)
"""
_SENT = "update feed.relayed set position = $1, ends = $2::text::jsonb where cluster = $3"
_ASKED = "select cluster from feed.relayed"


class Replaced(Stopped):
    """The broker no longer has what was sent."""


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
        self,
        service: str,
        login: Login,
        access: KafkaAccess,
        topics: Mapping[str, int],
        *,
        clock: Clock | None = None,
    ) -> None:
        """``clock``: that of whoever records, by which the age of records is told."""
        self.service = service
        self.state = WorkerState(service, "relay", service)
        self._age = RelayAge(login, self.state, clock or SystemClock())
        self._login = login
        self._access = access
        self._plans = {name: Plan(partitions, lane_of(name)) for name, partitions in topics.items()}
        self._cluster = ""
        self._generation = 0
        self._ends: dict[str, list[int]] = {}
        """By topic and partition, the offset that the next record gets."""
        self._again: tuple[int, str] | None = None
        """Up to where everything is sent once more, and why."""

    async def run(self) -> None:
        """Work until cancelled; a second process stands by."""
        async with self._age.measured():
            await lead(self._login, self.state, self._work)

    async def _work(self, lock: asyncpg.Connection) -> None:
        start, epoch = await self._where(lock)
        # What is forgotten in a crash is sent again, which is harmless; waiting for the disk is not.
        await lock.execute("set synchronous_commit = off")
        await ensure_topics(self._access, self._plans)
        for topic, plan in self._plans.items():
            self._ends.setdefault(topic, [0] * plan.partitions)
        log = LogFeed(self.service, self._login, None)
        try:
            async with line_to(self._access, lock, f"relay-{self.service}") as line:
                await self._relay(line, log, start, epoch)
        finally:
            await log.close()

    async def _where(self, lock: asyncpg.Connection) -> tuple[int, int]:
        """From which position to send, and the log's epoch. Stored before a missing topic is made: it tells."""
        (stands,) = await lock.fetch(_STANDS)
        ends: dict[str, list[int]] = orjson.loads(stands["ends"])
        # A department's feed is in no plan, and is missed all the same.
        broker = await look_at(self._access, {*self._plans, *ends})
        if await last_on(self._access, broker.partitions) > (stands["epoch"], stands["head"]):
            raise Restored.without_epoch(self.service)
        now = await ends_of(self._access, broker.partitions)
        position, generation, why = stands["position"], stands["generation"], None
        if stands["cluster"] == "":
            why = "送り直しを頼まれています"
        elif stands["cluster"] not in (None, broker.cluster):
            why = "Kafka が作り直されています"
        elif stands["sent_epoch"] not in (None, stands["epoch"]):
            why = "ログが復元されています"
        elif await lock.fetchval(_LACKING, broker.missing, position):
            why = f"Kafka に {', '.join(broker.missing)} がなくなっています"
        elif short := _short(now, ends) | _short(now, self._ends):
            why = f"Kafka の {', '.join(sorted(short))} が前より短くなっています"
        if why:
            logger.warning("relay of %s: %s; everything up to %s is sent again", self.service, why, position)
            self._again = position, f"{why}。最初から送り直しています。"
            self.state.stopped_because = self._told_again(0)
            position, generation = 0, generation + 1
        for topic in now.keys() - self._plans.keys():
            self._plans[topic] = Plan(len(now[topic]), lane_of(topic))
        self._cluster, self._generation, self._ends = broker.cluster, generation, now
        await lock.execute(
            "update feed.relayed set position = $1, cluster = $2, epoch = $3, generation = $4, ends = $5::text::jsonb",
            position,
            broker.cluster,
            stands["epoch"],
            generation,
            orjson.dumps(now).decode(),
        )
        return position, stands["epoch"]

    async def _relay(self, line: Line, log: LogFeed, start: int, epoch: int) -> None:
        clock = asyncio.get_running_loop()
        sending = Sending(start)
        for topic, plan in self._plans.items():
            sending.add(topic, plan.partitions)
        near, everywhere = _Debounced(_MARK_SECONDS), _Debounced(_EVERYWHERE_SECONDS)
        look_after = clock.time() + _LOOK_SECONDS
        cursor: Cursor = {"position": start}
        while not line.lock.is_closed():
            now = clock.time()
            batch = await log.read(cursor, limit=_BATCH, wait=min(near.left(now), everywhere.left(now)))
            if batch.epoch != epoch:
                raise Restored(f"{self.service} のログが復元されました。最初から送り直します。")
            if batch.news(cursor):
                near.wanted = everywhere.wanted = True
            if batch.records:
                # A quiet connection may be long dead.
                await line.lock.execute("select", timeout=PATIENCE_SECONDS)
            causes = [one.traceparent for one in batch.records if one.traceparent]
            with following(f"relay {self.service}", causes) if causes else nullcontext():
                sent = [await self._send(line, sending, record) for record in batch.records]
                now = clock.time()
                marking, level = everywhere.due(now), batch.head is not None and batch.reached >= batch.head
                if marking or near.due(now) or (near.wanted and level):
                    sent += await self._mark(line, sending, batch, everywhere=marking)
                    near.done(now)
                await self._answered(line, sent)
            if marking:
                everywhere.done(now)
                await line.lock.execute(
                    _SENT, batch.reached, orjson.dumps(self._ends).decode(), self._cluster
                )
            if now >= look_after:
                await self._same_broker()
                if await line.lock.fetchval(_ASKED) != self._cluster:
                    raise Replaced("送り直しを頼まれました。最初から送り直します。")
                look_after = now + _LOOK_SECONDS
            cursor = batch.cursor
            self.state.reached, self.state.head = batch.reached, batch.head
            self.state.applied += len(batch.records)
            self.state.stopped_because = self._told_again(batch.reached)
            if level or batch.head is None:
                self.state.level()

    def _told_again(self, reached: int) -> str | None:
        """What the operator is told while everything is sent once more."""
        if self._again is None or reached >= self._again[0]:
            return None
        return self._again[1]

    async def _answered(self, line: Line, sent: list[asyncio.Future[RecordMetadata]]) -> None:
        """Wait for the broker's answers, and note where each partition ends now."""
        for answer in await line.answers(sent, self.state):
            ends = self._ends[answer.topic]
            if 0 <= answer.offset < ends[answer.partition]:
                raise Replaced(f"Kafka の {answer.topic} が作り直されました。最初から送り直します。")
            ends[answer.partition] = answer.offset + 1

    async def _send(self, line: Line, sending: Sending, record: Record) -> asyncio.Future[RecordMetadata]:
        if record.topic not in self._plans:
            # A department's feed is made when its first item is.
            plan = Plan(1, record.lane)
            await ensure_topics(self._access, {record.topic: plan})
            self._plans[record.topic] = plan
            self._ends.setdefault(record.topic, [0])
            sending.add(record.topic, plan.partitions)
        key = record.key.encode()
        value = None if record.payload is None else record.payload.encode()
        place = record.topic, _partition(key, self._plans[record.topic].partitions)
        sent = await line.put(place, key, value, headers_of(record, self._generation))
        sending.record(place, record.position)
        return sent

    async def _mark(
        self, line: Line, sending: Sending, batch: Batch, *, everywhere: bool
    ) -> list[asyncio.Future[RecordMetadata]]:
        """Watermarks behind what was sent."""
        headers = watermark_headers(At(batch.epoch or 0, batch.reached, self._generation))
        value = Mark(self._cluster, sending.sent).to_bytes()
        return [
            await line.put(place, WATERMARK_KEY, value, headers)
            for place in sending.places(everywhere=everywhere)
        ]

    async def _same_broker(self) -> None:
        broker = await look_at(self._access, self._plans)
        now = await ends_of(self._access, broker.partitions)
        if broker.cluster != self._cluster or broker.missing or _short(now, self._ends):
            raise Replaced("Kafka が作り直されました。最初から送り直します。")


def _short(now: Mapping[str, list[int]], before: Mapping[str, list[int]]) -> set[str]:
    """Topics that have fewer records than they once had."""
    return {
        topic
        for topic, ends in now.items()
        if any(end < was for end, was in zip(ends, before.get(topic, []), strict=False))
    }


def _partition(key: bytes, partitions: int) -> int:
    """Where Kafka's own clients put a key."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
