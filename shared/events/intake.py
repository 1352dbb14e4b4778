"""What copies and reactions do alike with what arrives: read, refuse, park, remember where they are.

The decisions of the table "What to do with what arrives" (decisions.md §3) that do not depend on the consumer are here:
an unknown epoch stops the feed, records about erased people are dropped, a record that cannot be read or whose
predecessor is missing is parked together with everything later of the same key. Nothing is skipped silently.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import Contract, Lane
from shared.events.feed import Batch, Cursor
from shared.events.records import Record, Unreadable


class UnknownEpoch(RuntimeError):
    """The publisher's log was restored; an operator must check before this feed goes on."""


class Displaced(RuntimeError):
    """Another worker has moved this checkpoint; this one must stop."""


@dataclass(frozen=True)
class Arrived:
    """A readable record. ``payload`` is None for a tombstone."""

    record: Record
    payload: Contract | None


@dataclass(frozen=True)
class Refused:
    """A record to be parked, and why."""

    record: Record
    reason: str


@dataclass
class Checkpoint:
    """Where a consumer stands in a publisher's log."""

    copy: str
    publisher: str
    cursor: Cursor | None = None
    epoch: int | None = None
    reached: int = 0
    began_at_zero: bool = True


@dataclass
class Sorted:
    """A batch, sorted out."""

    arrived: list[Arrived] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    dropped: int = 0


_LOAD = text(
    "select cursor, epoch, reached, began_at_zero from feed.checkpoint where copy = :copy and publisher = :publisher"
)
_STORE = text(
    "insert into feed.checkpoint as c (copy, publisher, cursor, epoch, reached, began_at_zero)"
    " values (:copy, :publisher, cast(:cursor as jsonb), :epoch, :reached, :zero)"
    " on conflict (copy, publisher) do update set cursor = excluded.cursor, epoch = excluded.epoch,"
    " reached = excluded.reached where c.cursor = cast(:before as jsonb) returning true"
)
_WAITING = text(
    "select distinct key from feed.parked where copy = :copy and publisher = :publisher and key = any(:keys)"
)
_ERASED = text("select person from feed.erased where person = any(:people)")
_PARK = text(
    "insert into feed.parked (copy, publisher, key, position, topic, lane, board_id, record, reason, parked_at)"
    " values (:copy, :publisher, :key, :position, :topic, :lane, :board, cast(:record as jsonb), :reason, :at)"
    " on conflict do nothing"
)
_SUPERSEDE = text(
    "delete from feed.parked where copy = :copy and publisher = :publisher and key = :key and topic = :topic"
    " and lane = 1 and position < :position"
)


async def load(session: AsyncSession, copy: str, publisher: str) -> Checkpoint:
    """The stored checkpoint, or the beginning."""
    row = (await session.execute(_LOAD, {"copy": copy, "publisher": publisher})).one_or_none()
    if row is None:
        return Checkpoint(copy, publisher)
    return Checkpoint(copy, publisher, row.cursor, row.epoch, row.reached, row.began_at_zero)


async def store(session: AsyncSession, before: Checkpoint, batch: Batch) -> Checkpoint:
    """Advance the checkpoint in the transaction that accounts for ``batch``. Raises :class:`Displaced`."""
    after = Checkpoint(
        before.copy,
        before.publisher,
        batch.cursor,
        batch.epoch,
        max(batch.reached, before.reached),
        before.began_at_zero,
    )
    stored = await session.scalar(
        _STORE,
        {
            "copy": after.copy,
            "publisher": after.publisher,
            "cursor": orjson.dumps(after.cursor).decode(),
            "before": orjson.dumps(before.cursor).decode(),
            "epoch": after.epoch,
            "reached": after.reached,
            "zero": after.began_at_zero,
        },
    )
    if not stored:
        raise Displaced(f"{before.copy}/{before.publisher}")
    return after


def check_epoch(known: Checkpoint, batch: Batch) -> None:
    """Raise :class:`UnknownEpoch` when the log is not the one this consumer has been reading."""
    if known.epoch is not None and batch.epoch != known.epoch:
        raise UnknownEpoch(f"{known.publisher}: log epoch {batch.epoch}, this consumer knows {known.epoch}")


async def sort_out(session: AsyncSession, checkpoint: Checkpoint, records: Sequence[Record]) -> Sorted:
    """Separate what can be handled from what must wait, in the order of arrival."""
    result = Sorted()
    if not records:
        return result
    keys = sorted({record.key for record in records})
    waiting = set(
        await session.scalars(
            _WAITING, {"copy": checkpoint.copy, "publisher": checkpoint.publisher, "keys": keys}
        )
    )
    erased = {str(p) for p in await session.scalars(_ERASED, {"people": [UUID(key) for key in keys]})}
    for record in records:
        if record.key in erased and record.payload is not None:
            result.dropped += 1
        elif record.key in waiting:
            result.refused.append(Refused(record, "an earlier record of this key waits"))
        else:
            try:
                result.arrived.append(Arrived(record, record.read()))
            except Unreadable as error:
                waiting.add(record.key)
                result.refused.append(Refused(record, str(error)))
    return result


def find_holes(sorted_: Sorted, known: Callable[[Record], int | None], *, began_at_zero: bool) -> Sorted:
    """Park facts whose predecessor never came; drop those already folded.

    ``known`` gives the version of the record's stream that the consumer has, None when it has none. A feed that began
    at position 0 must have seen version 1; one that began later takes the first version it meets.
    """
    result = Sorted(refused=list(sorted_.refused), dropped=sorted_.dropped)
    versions: dict[tuple[str, UUID], int | None] = {}
    holed: set[str] = set()
    for arrived in sorted_.arrived:
        record = arrived.record
        if record.key in holed:
            result.refused.append(Refused(record, "an earlier record of this key waits"))
            continue
        if record.lane is Lane.STATE:
            result.arrived.append(arrived)
            continue
        stream = (record.topic, record.stream)
        have = versions[stream] if stream in versions else known(record)
        if have is None and began_at_zero:
            have = 0
        if have is not None and record.version <= have:
            versions[stream] = have
            result.dropped += 1
        elif have is not None and record.version > have + 1:
            holed.add(record.key)
            result.refused.append(Refused(record, f"version {have + 1} of {record.stream} is missing"))
        else:
            versions[stream] = record.version
            result.arrived.append(arrived)
    return result


async def park(
    session: AsyncSession, checkpoint: Checkpoint, refused: Sequence[Refused], at: datetime
) -> None:
    """Keep records that could not be handled; of a state topic only the newest waits."""
    for item in refused:
        record = item.record
        place = {"copy": checkpoint.copy, "publisher": checkpoint.publisher, "key": record.key}
        await session.execute(
            _PARK,
            {
                **place,
                "position": record.position,
                "topic": record.topic,
                "lane": int(record.lane),
                "board": record.board,
                "record": orjson.dumps(record.to_json()).decode(),
                "reason": item.reason[:500],
                "at": at,
            },
        )
        if record.lane is Lane.STATE:
            await session.execute(_SUPERSEDE, {**place, "topic": record.topic, "position": record.position})
