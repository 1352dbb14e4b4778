"""Copy ``school_day``: every pupil-day with the facts it follows from, which rolls were taken and months closed.

Only registry derives a status (decisions.md §2); it is kept here as it came. A pupil-day is kept under its pupil and
date, not its class: pages find the class by membership at that date. A redacted fact leaves a row that knows its
version and nothing else, so that the stream has no hole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts import Topic
from shared.contracts.registry import (
    ATTENDANCE,
    ERASURE,
    ROLL,
    AttendanceDayChanged,
    DayFact,
    MonthClosed,
    PersonErased,
    RollTaken,
)
from shared.database import Statement
from shared.database.roles import open_copy
from shared.events.copies import Copy
from shared.events.intake import Arrived, Stream, Version
from shared.events.records import Record
from shared.events.upsert import GUARD, GuardedTable, Put

_PUPIL_DAY = GuardedTable(
    "pupil_day",
    "pupil_day_id",
    {
        "version": "integer",
        "pupil_id": "uuid",
        "school_id": "uuid",
        "class_id": "uuid",
        "day": "date",
        "revision": "integer",
        "status": "text",
        "code": "text",
        "presence": "text",
        "category": "text",
        "late": "boolean",
        "early_leave": "boolean",
        "decided_by": "text",
        "contradiction": "text",
        "facts": "jsonb",
    },
)
_CLASS_DAY = GuardedTable(
    "class_day",
    "class_day_id",
    {
        "version": "integer",
        "class_id": "uuid",
        "school_id": "uuid",
        "day": "date",
        "members": "integer",
        "taken_at": "timestamptz",
        "taken_by": "uuid",
    },
)
_CLASS_MONTH = GuardedTable(
    "class_month",
    "class_month_id",
    {
        "version": "integer",
        "class_id": "uuid",
        "school_id": "uuid",
        "month": "date",
        "closed": "boolean",
    },
)
_VERSIONS = Statement(
    "select pupil_day_id, epoch, version from pupil_day where pupil_day_id = any (cast(:streams as uuid[]))"
    " union all"
    " select class_day_id, epoch, version from class_day where class_day_id = any (cast(:streams as uuid[]))"
    " union all"
    " select class_month_id, epoch, version from class_month where class_month_id = any (cast(:streams as uuid[]))"
)

_FORGET = Statement("delete from pupil_day where pupil_id = any (cast(:people as uuid[])) returning pupil_id")

# A row with null values is a redacted fact: its guard keeps older records out.
_TABLES = f"""
create table pupil_day (
    pupil_day_id uuid primary key, {GUARD},
    version integer not null,
    pupil_id uuid,
    school_id uuid,
    class_id uuid,
    day date,
    revision integer,
    status text,
    code text,
    presence text,
    category text,
    late boolean,
    early_leave boolean,
    decided_by text,
    contradiction text,
    facts jsonb
) with (fillfactor = 80);
-- No index begins with the day: each morning's is one that no statistics know yet, and a plan that walks all of it for
-- every child looks cheap.
create index pupil_day_pupil on pupil_day (pupil_id, day);
-- Of those who were away or late alone, one in twenty: what is usual and whose absences are a matter start from them.
-- No query for a child's day says so, and so none can take this index for it.
create index pupil_day_away on pupil_day (school_id, day) where presence = 'absent' or late;
create table class_day (
    class_day_id uuid primary key, {GUARD},
    version integer not null,
    class_id uuid,
    school_id uuid,
    day date,
    members integer,
    taken_at timestamptz,
    taken_by uuid
);
create index class_day_class on class_day (class_id, day);
create index class_day_school on class_day (school_id, day);
create table class_month (
    class_month_id uuid primary key, {GUARD},
    version integer not null,
    class_id uuid,
    school_id uuid,
    month date,
    closed boolean
);
create index class_month_class on class_month (class_id, month);
"""


class SchoolDayCopy(Copy):
    """What every source says about every pupil's day."""

    name: ClassVar[str] = "school_day"
    revision: ClassVar[int] = (
        3  # 2: a notice's fact says whether there is something to read; 3: 登校を要しない日
    )
    topics: ClassVar[tuple[Topic, ...]] = (ATTENDANCE, ROLL, ERASURE)
    tables: ClassVar[tuple[str, ...]] = ("pupil_day", "class_day", "class_month")
    shape: ClassVar[str] = _TABLES + "".join(
        open_copy("dashboard", table, school=True) for table in ("pupil_day", "class_day", "class_month")
    )

    async def fold(self, session: AsyncSession, arrived: Sequence[Arrived]) -> Iterable[str]:
        days = [one for one in arrived if one.record.topic == ATTENDANCE.name]
        rolls = [one for one in arrived if one.record.topic == ROLL.name]
        news = await _PUPIL_DAY.put(session, [Put(one, one.record.stream, _day) for one in days])
        taken = [one for one in rolls if one.record.type != MonthClosed.TYPE]
        months = [one for one in rolls if one.record.type == MonthClosed.TYPE]
        news += await _CLASS_DAY.put(session, [Put(one, one.record.stream, _roll) for one in taken])
        news += await _CLASS_MONTH.put(session, [Put(one, one.record.stream, _month) for one in months])
        if gone := [one.payload.person for one in arrived if isinstance(one.payload, PersonErased)]:
            await _FORGET.all(session, {"people": gone})
        return _keys(news)

    async def known_versions(self, session: AsyncSession, facts: Sequence[Record]) -> dict[Stream, Version]:
        streams = {record.stream: record.topic for record in facts}
        rows = await _VERSIONS.all(session, {"streams": list(streams)})
        return {(streams[stream], stream): (epoch, version) for stream, epoch, version in rows}


def _day(one: Arrived) -> dict[str, Any]:
    day = one.payload
    if not isinstance(day, AttendanceDayChanged):
        return {"version": one.record.version}
    return {
        "version": one.record.version,
        "pupil_id": day.pupil,
        "school_id": day.school,
        "class_id": day.class_id,
        "day": day.on,
        "revision": day.revision,
        "status": day.status,
        "code": day.code,
        "presence": day.presence,
        # Counted apart like 出席停止, and told apart from it here: nobody was kept away.
        "category": "not_required" if day.not_required else day.category,
        "late": day.late,
        "early_leave": day.early_leave,
        "decided_by": day.decided_by,
        "contradiction": day.contradiction,
        "facts": [_fact(fact) for fact in day.facts],
    }


def _fact(fact: DayFact) -> dict[str, Any]:
    """What the explain panel shows of a fact."""
    shown: dict[str, Any] = {
        "source": fact.source,
        "code": fact.code,
        "by": fact.by,
        "at": fact.at,
        "reason": fact.reason,
    }
    if fact.source != "notice":
        return shown
    return {**shown, "relation": fact.relation, "channel": fact.channel, "to_read": fact.to_read}


def _roll(one: Arrived) -> dict[str, Any]:
    roll = one.payload
    if not isinstance(roll, RollTaken):
        return {"version": one.record.version}
    return {
        "version": one.record.version,
        "class_id": roll.class_id,
        "school_id": roll.school,
        "day": roll.on,
        "members": roll.members,
        "taken_at": roll.taken_at,
        "taken_by": roll.taken_by,
    }


def _month(one: Arrived) -> dict[str, Any]:
    month = one.payload
    if not isinstance(month, MonthClosed):
        return {"version": one.record.version}
    return {
        "version": one.record.version,
        "class_id": month.class_id,
        "school_id": month.school,
        "month": month.month,
        "closed": month.closed,
    }


def _keys(news: Iterable[Put]) -> Iterator[str]:
    """The views that show any of ``news``. A save is many records of one place: places first, then their words."""
    places: set[tuple[UUID, UUID, UUID, date]] = set()
    for put in news:
        match put.arrived.payload:
            case (
                AttendanceDayChanged(class_id=class_id, school=school, on=on)
                | RollTaken(class_id=class_id, school=school, on=on)
            ):
                places.add((put.arrived.record.board, school, class_id, on))
            case MonthClosed(class_id=class_id):
                yield f"class-day:{class_id}:*"
            case _:
                yield f"board:{put.arrived.record.board}"
    for board, school, class_id, on in places:
        yield from (f"class-day:{class_id}:{on}", f"school-day:{school}:{on}", f"board-day:{board}:{on}")
