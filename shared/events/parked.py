"""Parked records: list, inspect, retry, discard with a reason (decisions.md §3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import Lane
from shared.database import Units
from shared.events import intake
from shared.events.copies import Copy, enter
from shared.events.intake import Arrived, Sorted
from shared.events.records import Record


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


_FREE = text("delete from feed.parked where copy = :copy and publisher = :publisher and key = :key")


async def retry(units: Units, copy: Copy, publisher: str, key: str) -> str | None:
    """Fold a key's waiting records now. Returns why it still waits, or None when it is through.

    All or nothing for the key; the live worker stands still meanwhile, so nothing of the key slips past.
    """
    place = {"copy": copy.name, "publisher": publisher, "key": key}
    async with units.maintain() as session:
        await enter(session, copy.name, "copy")
        checkpoint = await intake.load(session, copy.name, publisher)
        records = [record for record, _ in await inspect(session, copy.name, publisher, key)]
        await session.execute(_FREE, place)
        sorted_ = Sorted()
        for record in records:
            try:
                sorted_.arrived.append(Arrived(record, record.read()))
            except ValueError as error:
                await session.rollback()
                return str(error)
        facts = [record for record in records if record.lane is Lane.FACT]
        versions = await copy.known_versions(session, facts) if facts else {}
        sorted_ = intake.find_holes(
            sorted_, lambda r: versions.get((r.topic, str(r.stream))), began_at_zero=checkpoint.began_at_zero
        )
        if sorted_.refused:
            await session.rollback()
            return sorted_.refused[0].reason
        try:
            async with session.begin_nested():
                await copy.fold(session, sorted_.arrived)
        except Exception as error:
            await session.rollback()
            return f"does not fold: {type(error).__name__}"
    return None


async def discard(units: Units, copy: str, publisher: str, key: str, *, reason: str, by: str) -> int:
    """Throw away a key's waiting records; who did so and why is kept. Returns how many."""
    if not reason.strip():
        raise ValueError("理由を書いてください。")
    place = {"copy": copy, "publisher": publisher, "key": key}
    async with units.maintain() as session:
        await enter(session, copy, "copy")
        result = await session.execute(
            text(
                "with gone as (delete from feed.parked where copy = :copy and publisher = :publisher and key = :key"
                " returning *)"
                " insert into feed.discarded (copy, publisher, key, position, topic, reason, discarded_by, discarded_at)"
                " select copy, publisher, key, position, topic, :reason, :by, :at from gone returning position"
            ),
            {**place, "reason": reason, "by": by, "at": units.clock.now()},
        )
        return len(result.all())
