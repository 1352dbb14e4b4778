"""Parked records: list, inspect, retry, discard with a reason (decisions.md §3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import Importance
from shared.contracts.catalogue import topic_named
from shared.database import Units
from shared.events import intake
from shared.events.copies import Copy, notices, without_holes
from shared.events.intake import Arrived, Checkpoint, Known, Sorted
from shared.events.reactions import ReactionWorker
from shared.events.records import Record
from shared.events.workers import LIVE, told, transient


@dataclass(frozen=True)
class Waiting:
    """A key that waits, with everything behind it."""

    copy: str
    publisher: str
    key: str
    count: int
    first_position: int
    reason: str
    since: datetime


async def waiting(session: AsyncSession) -> list[Waiting]:
    """All keys that wait in a service's database, oldest first."""
    rows = await session.execute(
        text(
            "select copy, publisher, key, count(*) as records, min(position) as first,"
            " (array_agg(reason order by position))[1] as reason, min(parked_at) as since"
            " from feed.parked group by copy, publisher, key order by since, copy, key"
        )
    )
    return [Waiting(r.copy, r.publisher, r.key, r.records, r.first, r.reason, r.since) for r in rows]


@dataclass(frozen=True)
class Parked:
    """How much of a feed waits; numbers, never a key."""

    keys: int = 0
    records: int = 0


async def counts(units: Units) -> dict[tuple[str, str], Parked]:
    """What waits of each (copy, publisher) that has anything waiting. ``units`` works as the feed role."""
    async with units.maintain() as session:
        rows = await session.execute(
            text(
                "select copy, publisher, count(distinct key) as keys, count(*) as records"
                " from feed.parked group by copy, publisher"
            )
        )
        return {(row.copy, row.publisher): Parked(row.keys, row.records) for row in rows}


async def inspect(session: AsyncSession, copy: str, publisher: str, key: str) -> list[tuple[Record, str]]:
    """The waiting records of a key in order, each with its reason."""
    rows = await session.execute(
        text(
            "select record, reason from feed.parked where copy = :copy and publisher = :publisher and key = :key"
            " order by position"
        ),
        {"copy": copy, "publisher": publisher, "key": key},
    )
    return [(Record.from_json(row.record), row.reason) for row in rows]


def strictest(records: Iterable[Record]) -> Importance:
    """The strictest importance class among the topics of ``records``: I where a topic is unknown, IV of nothing."""
    order: list[Importance] = ["I", "II", "III", "IV"]
    topics = (topic_named(record.topic) for record in records)
    return min((topic.importance if topic else "I" for topic in topics), key=order.index, default="IV")


_FREE = text(
    "delete from feed.parked"
    " where copy = :copy and publisher = :publisher and key = :key and position = any (:positions)"
)


class _StillWaits(Exception):
    """Rolls a retry back; its text is why."""


Also = Callable[[AsyncSession], Awaitable[None]]
"""What else belongs to the transaction: a row that says who did it."""


async def _nothing_else(_: AsyncSession) -> None:
    return


async def retry(
    units: Units, copy: Copy, publisher: str, key: str, *, also: Also = _nothing_else
) -> str | None:
    """Fold a key's waiting records now. Returns why it still waits, or None when it is through.

    All or nothing for the key; the live worker stands still meanwhile, so nothing of the key slips past.
    """
    try:
        async with units.maintain() as session:
            await intake.enter(session, copy.name, LIVE)
            checkpoint = await intake.load(session, copy.name, publisher)
            known, sorted_ = await _take_out(session, checkpoint, key)
            sorted_ = await without_holes(copy, session, checkpoint, known, sorted_)
            if sorted_.refused:
                raise _StillWaits(sorted_.refused[0].reason)
            await intake.tell(session, checkpoint, notices(await _fold(copy, session, sorted_.arrived)))
            await also(session)
    except _StillWaits as still:
        return str(still)
    return None


async def _take_out(session: AsyncSession, checkpoint: Checkpoint, key: str) -> tuple[Known, Sorted]:
    """Free a key; what waited, sorted out anew. Raises :class:`_StillWaits`."""
    place = {"copy": checkpoint.copy, "publisher": checkpoint.publisher, "key": key}
    records = [record for record, _ in await inspect(session, **place)]
    await session.execute(_FREE, {**place, "positions": [record.position for record in records]})
    known = await intake.enter(
        session, checkpoint.copy, LIVE, publisher=checkpoint.publisher, records=records
    )
    sorted_ = intake.sort_out(known, records)
    if sorted_.refused:
        raise _StillWaits(sorted_.refused[0].reason)
    return known, sorted_


async def _fold(copy: Copy, session: AsyncSession, arrived: Sequence[Arrived]) -> Iterable[str]:
    try:
        return await copy.fold(session, arrived)
    except Exception as error:
        if transient(error):
            raise
        raise _StillWaits(f"does not fold: {told(error)}") from None


async def retry_reaction(
    units: Units, worker: ReactionWorker, key: str, *, also: Also = _nothing_else
) -> str | None:
    """Let a reaction handle a key's waiting records now. Returns why it still waits, or None when it is through.

    What it handles is handled for good, even if the process ends before the records are freed: event ids tell.
    """
    name, publisher = worker.state.copy, worker.feed.publisher
    try:
        async with units.maintain() as session:
            _, sorted_ = await _take_out(session, Checkpoint(name, publisher), key)
            refused = await worker.react(sorted_.arrived)
            if refused:
                raise _StillWaits(refused[0].reason)
            await also(session)
    except _StillWaits as still:
        return str(still)
    return None


async def discard(
    units: Units,
    copy: str,
    publisher: str,
    key: str,
    *,
    reason: str,
    by: str,
    also: Also = _nothing_else,
) -> int:
    """Throw away a key's waiting records; who did so and why is kept. Returns how many."""
    if not reason.strip():
        raise ValueError("理由を書いてください。")
    place = {"copy": copy, "publisher": publisher, "key": key}
    async with units.maintain() as session:
        await intake.enter(session, copy, LIVE)
        result = await session.execute(
            text(
                "with gone as (delete from feed.parked where copy = :copy and publisher = :publisher and key = :key"
                " returning *)"
                " insert into feed.discarded (copy, publisher, key, position, topic, stream, epoch, version, reason,"
                " discarded_by, discarded_at)"
                " select copy, publisher, key, position, topic, cast(record ->> 'stream' as uuid),"
                " cast(record ->> 'epoch' as integer), cast(record ->> 'version' as integer),"
                " :reason, :by, :at from gone returning position"
            ),
            {**place, "reason": reason, "by": by, "at": units.clock.now()},
        )
        thrown = len(result.all())
        await also(session)
        return thrown
