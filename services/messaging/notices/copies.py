"""Copy ``receipts``: which revisions of notices a teacher has had before them when they saved a day.

「担任が確認しました」 is read from here. It follows from registry's word alone (``considered``), so it is a copy and no
reaction: it may be rebuilt, and never says more than the roll does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import Topic
from shared.contracts.registry import ATTENDANCE, ERASURE, AttendanceDayChanged, PersonErased
from shared.database import Statement
from shared.database.roles import open_copy
from shared.events.copies import Copy
from shared.events.intake import Arrived, Stream, Version
from shared.events.records import Record
from shared.events.upsert import GUARD, GuardedTable, Put, SetTable

_DAY = GuardedTable("seen_day", "pupil_day_id", {"version": "integer", "pupil_id": "uuid"})
_SEEN = SetTable(
    "seen",
    _DAY,
    {"notice_id": "uuid", "revision": "integer", "day": "date", "seen_at": "timestamptz", "seen_by": "uuid"},
)
_VERSIONS = Statement(
    "select pupil_day_id, epoch, version from seen_day where pupil_day_id = any (cast(:streams as uuid[]))"
)
_FORGET = Statement(
    "with gone as (delete from seen_day where pupil_id = any (cast(:people as uuid[])) returning pupil_day_id)"
    " delete from seen where pupil_day_id in (select pupil_day_id from gone)"
)
_TABLES = f"""
create table seen_day (
    pupil_day_id uuid primary key, {GUARD},
    version integer not null,
    pupil_id uuid
) with (fillfactor = 80);
create index seen_day_pupil on seen_day (pupil_id);
create table seen (
    pupil_day_id uuid not null,
    board_id uuid not null,
    notice_id uuid not null,
    revision integer not null,
    day date not null,
    seen_at timestamptz not null,
    seen_by uuid not null
);
create index seen_of_day on seen (pupil_day_id);
create index seen_of_notice on seen (notice_id);
create index seen_lately on seen (seen_at);
"""


class ReceiptsCopy(Copy):
    """What teachers have seen."""

    name: ClassVar[str] = "receipts"
    topics: ClassVar[tuple[Topic, ...]] = (ATTENDANCE, ERASURE)
    tables: ClassVar[tuple[str, ...]] = ("seen_day", "seen")
    shape: ClassVar[str] = _TABLES + open_copy("messaging", "seen_day") + open_copy("messaging", "seen")

    async def fold(self, session: AsyncSession, arrived: Sequence[Arrived]) -> Iterable[str]:
        puts = [Put(one, one.record.stream, _day) for one in arrived if one.record.topic == ATTENDANCE.name]
        await _SEEN.put(session, puts, _rows)
        if gone := [one.payload.person for one in arrived if isinstance(one.payload, PersonErased)]:
            await _FORGET.all(session, {"people": gone})
        # Most saved days had no notice: those wake nobody.
        days = (put.arrived.payload for put in puts)
        return ("seen",) if any(isinstance(day, AttendanceDayChanged) and _rows(day) for day in days) else ()

    async def known_versions(self, session: AsyncSession, facts: Sequence[Record]) -> dict[Stream, Version]:
        streams = {record.stream: record.topic for record in facts}
        rows = await _VERSIONS.all(session, {"streams": list(streams)})
        return {(streams[stream], stream): (epoch, version) for stream, epoch, version in rows}


def _day(one: Arrived) -> dict[str, Any]:
    day = one.payload
    pupil = day.pupil if isinstance(day, AttendanceDayChanged) else None
    return {"version": one.record.version, "pupil_id": pupil}


def _rows(day: AttendanceDayChanged) -> list[dict[str, Any]]:
    return [
        {
            "notice_id": each.notice,
            "revision": each.revision,
            "day": day.on,
            "seen_at": each.at,
            "seen_by": each.by,
        }
        for each in day.considered
        if each.by is not None
    ]
