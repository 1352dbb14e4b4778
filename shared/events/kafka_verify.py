"""Whether the broker has what the log has: record by record, for the operator who asks (`tsumugi feed verify`).

Compared is what the relay says it has sent; what it has yet to send is counted, and then they do not agree. A fact
that the broker has dropped for its age is not missing: it lies in front of the first one that is still there. Nor is a
tombstone, which the broker forgets when it has compacted.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import Lane
from shared.events.kafka_access import KafkaAccess, closed
from shared.events.kafka_plans import lane_of
from shared.events.kafka_topics import look_at
from shared.events.kafka_wire import WATERMARK_KEY, place_of

_SECONDS = 600.0
_SENDING_SECONDS = 5.0
"""A relay at work notes a moment later what it has sent; so long it may take to come to where the log ended."""
_ASK_SECONDS = 0.1
_STANDS = text(
    """
select case when r.epoch is distinct from h.epoch and r.epoch is not null then 0 else r.position end as position,
    h.epoch, h.position as head
from feed.relayed r, log.head h
"""
)
"""Of an epoch before the log's, which was restored, nothing counts as sent."""
_LOGGED = text(
    """
select topic, key, position, payload is null as gone
from log.log_state where topic = any (:topics)
union all
select topic, key, position, false from log.log_fact where topic = any (:topics)
"""
)
_AGAIN = text("update feed.relayed set cluster = ''")


@dataclass
class Compared:
    """One topic."""

    topic: str
    lane: Lane
    in_log: int = 0
    """What was sent of it."""
    on_broker: int = 0
    ends: list[int] = field(default_factory=list)
    """By partition, the offset that the next record gets."""
    reached: int = 0
    """The furthest position that lies on the broker."""
    lacking: list[int] = field(default_factory=list)
    """Positions of the log that are not on the broker."""
    surplus: list[int] = field(default_factory=list)
    """Positions of this epoch on the broker that the log does not have."""
    exists: bool = True
    unsent: int = 0
    """What the relay has yet to send of what the log had when it was asked."""

    @property
    def agree(self) -> bool:
        """Whether the broker has what the log has, all of it."""
        return self.exists and not self.unsent and not self.wrong

    @property
    def wrong(self) -> bool:
        """Whether the broker differs from what was sent to it."""
        return bool(self.lacking or self.surplus)


@dataclass
class _Lying:
    """What lies in a topic, of one epoch."""

    positions: set[int] = field(default_factory=set)
    newest: dict[str, int] = field(default_factory=dict)
    """By key, its last position."""
    first: int | None = None
    """The position from which on facts must be there; None: from the first one there ever was."""
    ends: list[int] = field(default_factory=list)


async def compare(session: AsyncSession, access: KafkaAccess, topics: Mapping[str, int]) -> list[Compared]:
    """Log and broker, topic by topic. ``session`` works as the publisher's feed role."""
    if not topics:
        return []
    head, stands = await _sent(session)
    logged: dict[str, list[tuple[str, int, bool]]] = {topic: [] for topic in topics}
    known: dict[str, set[str]] = {topic: set() for topic in topics}
    unsent = Counter[str]()
    for row in await session.execute(_LOGGED, {"topics": sorted(topics)}):
        known[row.topic].add(row.key)
        if row.position <= stands.position:
            logged[row.topic].append((row.key, row.position, row.gone))
        elif row.position <= head:
            unsent[row.topic] += 1
    broker = await look_at(access, topics)
    found = []
    for topic in sorted(topics):
        told = Compared(topic, lane_of(topic), in_log=len(logged[topic]), unsent=unsent[topic])
        found.append(told)
        if topic not in broker.partitions:
            told.exists = False
            told.lacking = sorted(position for _, position, gone in logged[topic] if not gone)
            continue
        lying = await _read(access, topic, broker.partitions[topic], stands.epoch)
        told.on_broker = len(lying.newest if told.lane is Lane.STATE else lying.positions)
        told.ends, told.reached = lying.ends, max(lying.positions, default=0)
        _hold_together(told, logged[topic], known[topic], lying, stands.position)
    return found


async def _sent(session: AsyncSession) -> tuple[int, Any]:
    """Where the log ended, and how far it was sent a little later: a relay that is at work has come so far by then."""
    clock = asyncio.get_running_loop()
    until = clock.time() + _SENDING_SECONDS
    stands = (await session.execute(_STANDS)).one()
    head = stands.head
    while stands.position < head and clock.time() < until:
        await asyncio.sleep(_ASK_SECONDS)
        stands = (await session.execute(_STANDS)).one()
    return head, stands


def _hold_together(
    told: Compared, logged: list[tuple[str, int, bool]], known: set[str], lying: _Lying, sent: int
) -> None:
    if told.lane is Lane.STATE:
        told.lacking = sorted(
            position for key, position, gone in logged if not gone and lying.newest.get(key, 0) < position
        )
        extra = {at for key, at in lying.newest.items() if key not in known}
    else:
        first = lying.first or 0
        told.lacking = sorted(
            position for _, position, _ in logged if position >= first and position not in lying.positions
        )
        extra = lying.positions - {position for _, position, _ in logged}
    told.surplus = sorted(position for position in extra if position <= sent)


async def _read(access: KafkaAccess, topic: str, partitions: list[int], epoch: int) -> _Lying:
    """Everything that lies in a topic, up to where it ends now."""
    found = _Lying()
    consumer = access.consumer("verify", auto_offset_reset="earliest")
    try:
        await consumer.start()
        places = [TopicPartition(topic, n) for n in partitions]
        first, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        found.ends = [ends[place] for place in places]
        consumer.assign(places)
        starts: dict[TopicPartition, int] = {}
        async with asyncio.timeout(_SECONDS), access.kept(consumer._client):
            while [place for place in places if await consumer.position(place) < ends[place]]:
                for place, messages in (await consumer.getmany(timeout_ms=500)).items():
                    for message in messages:
                        at = place_of(message.headers)
                        if message.key == WATERMARK_KEY or at.epoch != epoch:
                            continue
                        starts.setdefault(place, at.position)
                        found.positions.add(at.position)
                        key = (message.key or b"").decode()
                        found.newest[key] = max(found.newest.get(key, 0), at.position)
    finally:
        await closed(consumer.stop())
    if any(first.values()):
        # Each partition drops by itself: what must be there begins where the last of them begins.
        found.first = max((starts[place] for place in places if place in starts), default=2**63)
    return found


async def ask_again(session: AsyncSession) -> None:
    """Have the relay send the whole log once more; it looks within half a minute."""
    await session.execute(_AGAIN)
