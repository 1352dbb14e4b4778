"""Fills the departments' topics on the broker: the same lines that a department may read over HTTP, as they come.

Each topic is its own checkpoint. It has one partition, which one process at a time writes in the log's order, batch
after batch and each of them whole or not at all; so what lies at its end says how far it was filled, under which terms,
and of which epoch of the log. Whoever takes over goes on behind that: nothing is skipped, and nothing comes twice. A
topic that was made anew is empty and is filled; one brought back from a snapshot is filled from where it ends.

Under other terms (docs/decisions/0033), and in another epoch, everything is told again from the first item on, each in
its newest revision, and what may no longer be told is erased by a null value; the broker compacts the rest away. What a
log that was restored has lost is erased first: nobody would tell of it again. A department without a purpose that holds
today is told nothing: its topic stays as it is, closed to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.feeds import store
from services.dashboard.feeds.store import Receiver
from shared.contracts.dashboard import FEED, ItemDelivered, feed_topic
from shared.database import Login, Units
from shared.events.feed import Cursor
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_line import PATIENCE_SECONDS, Line, Message, Restored, line_to
from shared.events.kafka_plans import Plan
from shared.events.kafka_topics import Lying, ensure_topics, last_of, look_at, lying_on
from shared.events.kafka_wire import At, Headers, headers_of, place_of
from shared.events.log_feed import LogFeed
from shared.events.records import Record
from shared.events.relay_age import RelayAge
from shared.events.workers import WorkerState, lead

SERVICE = FEED.publisher
TERMS = "ce_terms"
"""Header: what the purposes allowed when the record was told."""
_BATCH = 200
_WAIT_SECONDS = 1.0
"""Purposes begin and end without a word in this log: they are looked at this often."""
_LOOK_SECONDS = 30.0
"""How often it is looked whether the broker still has what it was told."""
_PARTITION = 0
_KEEP = "`tsumugi kafka keep` が作ります。動いているか確かめてください。"
_ASKED = "select cluster = '' from feed.relayed"
"""Whether an operator asked that everything be told again (`tsumugi feed republish`)."""
_ANSWERED = "update feed.relayed set cluster = null where cluster = ''"
_SENT = "update feed.relayed set position = $1 where position <> $1"


@dataclass(frozen=True)
class Stand:
    """How far a topic is filled."""

    at: At
    terms: str
    end: int | None = None
    """The offset that its next record gets; None: nothing was ever on it."""
    whole: int = -1
    """The head of the log at which nothing was missing."""

    def anew(self, epoch: int) -> Stand:
        """At the beginning, in the next generation."""
        return replace(self, at=At(epoch, 0, self.at.generation + 1), whole=-1)

    def under(self, terms: str, epoch: int) -> Stand:
        """Where to go on under these terms in this epoch: at the beginning, unless they are what they were."""
        if (self.terms, self.at.epoch) == (terms, epoch):
            return self
        return replace(self.anew(epoch), terms=terms)


class FeedTopics:
    """The relay of the departments' feeds. ``units`` works as the feed role, which is ``login``'s, too."""

    def __init__(self, login: Login, units: Units, access: KafkaAccess) -> None:
        self.state = WorkerState(SERVICE, "relay", SERVICE)
        self._age = RelayAge(login, self.state, units.clock)
        self._login = login
        self._units = units
        self._access = access
        self._stands: dict[str, Stand] = {}
        self._asked = False
        self._begun: set[str] = set()
        """Topics that are being told anew because it was asked for."""

    async def run(self) -> None:
        """Work until cancelled; a second process stands by."""
        async with self._age.measured():
            await lead(self._login, self.state, self._work)

    async def _work(self, lock: asyncpg.Connection) -> None:
        await lock.execute("set synchronous_commit = off")  # the topics themselves know better
        clock = asyncio.get_running_loop()
        look_after = 0.0
        self._begun.clear()
        log = LogFeed(SERVICE, self._login, None)
        try:
            await self._somebody(lock, log)
            async with line_to(self._access, lock, f"relay-{SERVICE}") as line:
                while not lock.is_closed():
                    await lock.execute("select", timeout=PATIENCE_SECONDS)  # a quiet one may be long dead
                    if clock.time() >= look_after:
                        self._stands, look_after = {}, clock.time() + _LOOK_SECONDS
                        self._asked = bool(await lock.fetchval(_ASKED))
                    moved, at = await self._turn(line)
                    if not moved:
                        await log.read(at, limit=1, wait=_WAIT_SECONDS)
        finally:
            await log.close()

    async def _somebody(self, lock: asyncpg.Connection, log: LogFeed) -> None:
        """Wait until there is a department to tell. A broker with access control lets nobody begin to send who may
        write nowhere yet; that is no trouble while there is nothing to send.
        """
        while not lock.is_closed():
            await lock.execute("select", timeout=PATIENCE_SECONDS)
            self._asked = bool(await lock.fetchval(_ASKED))
            async with self._units.maintain() as session:
                epoch, head = await store.head(session)
                if await store.everybody(session, self._units.clock.today()):
                    return
            self.state.head, self.state.stopped_because = head, None
            await self._whole(lock, head)
            await log.read({"position": head, "epoch": epoch}, limit=1, wait=_WAIT_SECONDS)

    async def _whole(self, lock: asyncpg.Connection, head: int) -> None:
        """Note that up to ``head`` nothing is lacking anywhere."""
        await lock.execute(_SENT, head)
        if self._asked:
            await lock.execute(_ANSWERED)
            self._asked = False
            self._begun.clear()
        self.state.reached = head
        self.state.level()

    async def _turn(self, line: Line) -> tuple[bool, Cursor]:
        """Tell every department a batch of what it lacks.

        Returns whether anything was done, and where the log ended before.
        """
        async with self._units.maintain() as session:
            epoch, head = await store.head(session)
            due = {
                feed_topic(one.board, one.department, feed).name: one
                for feed, one in await store.everybody(session, self._units.clock.today())
            }
            lacking = {
                topic: rows
                for topic, one in due.items()
                if topic in self._stands and (rows := await self._lacking(session, topic, one, epoch, head))
            }
        await self._tell(line, due, lacking)
        missing = await self._look(line, due.keys() - self._stands.keys(), epoch)
        moved = bool(lacking) or any(self._stands[topic].whole < head for topic in due.keys() - missing)
        self.state.head = head
        if not (moved or missing):
            await self._whole(line.lock, head)
        names = ", ".join(sorted(missing))
        self.state.stopped_because = (
            f"Kafka の {names} がまだないか、使えません。{_KEEP}" if missing else None
        )
        return moved, {"position": head, "epoch": epoch}

    async def _lacking(
        self, session: AsyncSession, topic: str, receiver: Receiver, epoch: int, head: int
    ) -> list[Any]:
        stand = self._stands[topic] = self._stands[topic].under(receiver.grant.terms, epoch)
        if stand.whole == head:
            return []
        rows = await store.items_after(session, receiver.department, topic, stand.at.position, _BATCH)
        if not rows:
            self._stands[topic] = replace(stand, whole=head)
        return rows

    async def _tell(self, line: Line, due: Mapping[str, Receiver], lacking: Mapping[str, list[Any]]) -> None:
        """Send a batch to each topic, and wait for all of them: behind one that failed nothing is sent."""
        sent = []
        for topic, rows in lacking.items():
            stand = self._stands.pop(topic)
            told = (_message(row, topic, due[topic], stand) for row in rows)
            count, answer = await line.put_whole((topic, _PARTITION), told)
            after = replace(stand, at=stand.at._replace(position=rows[count - 1].position))
            sent.append((stand, after, count, answer))
        answers = await line.answers([answer for *_, answer in sent], self.state)
        for (before, after, count, _), answer in zip(sent, answers, strict=True):
            self.state.applied += count
            if before.end in (
                None,
                answer.offset,
            ):  # else somebody has made it anew, and it is looked at again
                self._stands[answer.topic] = replace(after, end=answer.offset + count)

    async def _look(self, line: Line, topics: Collection[str], epoch: int) -> set[str]:
        """See how far topics are filled; returns those that are not there, or not open to us."""
        if not topics:
            return set()
        broker = await look_at(self._access, topics, closed_is_missing=True)
        if broker.missing and self._access.makes_topics:
            await ensure_topics(self._access, dict.fromkeys(broker.missing, Plan(1, FEED.lane)))
            broker = await look_at(self._access, topics)
        last = {
            topic: message for (topic, _), message in (await last_of(self._access, broker.partitions)).items()
        }
        async with self._units.maintain() as session:
            held = await store.held(session, [(topic, _key(message)) for topic, message in last.items()])
        for topic in broker.partitions:
            if (message := last.get(topic)) is None:
                self._stands[topic] = Stand(At(0, 0, 0), "")
                continue
            terms = dict(message.headers).get(TERMS, b"").decode()
            stand = Stand(place_of(message.headers), terms, message.offset + 1)
            # Its position may have been given again since: what was told last has a later one in the log, or this one.
            if stand.at.epoch > epoch or (
                stand.at.epoch == epoch and held[topic, _key(message)] < stand.at.position
            ):
                raise Restored.without_epoch(SERVICE)
            if stand.at.epoch < epoch:
                stand = await self._erase(line, topic, stand)
            if self._asked and topic not in self._begun:
                self._begun.add(topic)
                stand = stand.anew(epoch)
            self._stands[topic] = stand
        return set(broker.missing)

    async def _erase(self, line: Line, topic: str, stand: Stand) -> Stand:
        """Erase what the log, which was restored, does not have any more.

        What is sent says of its place no more than what lay at the end: whoever is cut off begins this anew.
        """
        lost: dict[str, Headers] = {}
        async for messages in lying_on(self._access, (topic, _PARTITION)):
            async with self._units.maintain() as session:
                held = await store.held(session, [(topic, _key(one)) for one in messages])
            for one in messages:
                if one.value is None:
                    lost.pop(_key(one), None)
                elif not held[topic, _key(one)]:
                    lost[_key(one)] = one.headers
        waiting = [_erased(key, headers, stand) for key, headers in lost.items()]
        while waiting:
            count, sent = await line.put_whole((topic, _PARTITION), waiting)
            (answer,) = await line.answers([sent], self.state)
            stand, waiting = replace(stand, end=answer.offset + count), waiting[count:]
        return stand


def _message(row: Any, topic: str, receiver: Receiver, stand: Stand) -> Message:
    """An item as its department may have it; without a value where it may not."""
    grant, generation = receiver.grant, stand.at.generation
    told = store.line(row, grant).decode().rstrip() if grant.covers(row.payload) else None
    record = Record(
        id=uuid5(row.ce_id, str(generation)),  # told anew it is another event
        board=receiver.board,
        epoch=stand.at.epoch,
        position=row.position,
        topic=topic,
        lane=FEED.lane,
        key=row.key,
        type=ItemDelivered.TYPE,
        stream=row.stream,
        version=row.stream_version,
        payload=told,
        actor=row.actor,
        traceparent=row.traceparent,
        recorded_at=row.recorded_at,
    )
    headers = [*headers_of(record, generation), (TERMS, stand.terms.encode())]
    value = None if told is None else told.encode()
    return row.key.encode(), value, headers


def _erased(key: str, was: Headers, stand: Stand) -> Message:
    """The end of an item that the log no longer has, as which it was told ``was``."""
    told = dict(was) | {
        "ce_id": str(uuid5(UUID(dict(was)["ce_id"].decode()), "erased")).encode(),
        "ce_epoch": str(stand.at.epoch).encode(),
        "ce_position": str(stand.at.position).encode(),
        "ce_generation": str(stand.at.generation).encode(),
        TERMS: stand.terms.encode(),
    }
    return key.encode(), None, [(name, value) for name, value in told.items() if name != "content-type"]


def _key(message: Lying) -> str:
    return (message.key or b"").decode()
