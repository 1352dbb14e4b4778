"""The queries of the day's pages: one statement a page, counts from per-pupil rows by membership of that date.

A child is counted once, in the class of 在籍; 交流 children stand on the other class's list and are counted in none of
its numbers. Counts include protected children; names leave only through the predicate that stands beside the policy
``SeePupil`` (policy.cedar). Row-level security (board, schools) is the wall behind all of this.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.roster.store import CARDS
from shared.access.principal import Holder
from shared.dates import school_year

CALENDAR = """
select json_build_object('school_day', :day = any (c.school_days), 'closures', c.closures, 'marks', c.marks) as calendar
from copy.calendar c where c.school_id = {school} and c.school_year = :year
"""

_COUNTS = """
counts as (
    select h.class_id, count(*) as members,
           count(*) filter (where h.presence = 'present') as present,
           count(*) filter (where h.presence = 'absent'
                            and coalesce(h.category, '') not in ('suspension', 'bereavement', 'not_required'))
               as absent,
           count(*) filter (where h.presence = 'absent'
                            and h.category in ('suspension', 'bereavement', 'not_required')) as apart,
           count(*) filter (where coalesce(h.presence, 'unrecorded') = 'unrecorded') as unrecorded,
           count(*) filter (where h.late) as late, count(*) filter (where h.early_leave) as early
    from standing h
    group by h.class_id
), tallied as (
    select k.id, k.school_id, k.name, k.grade, k.special_needs,
           coalesce(c.members, 0) as members, coalesce(c.present, 0) as present, coalesce(c.absent, 0) as absent,
           coalesce(c.apart, 0) as apart, coalesce(c.unrecorded, 0) as unrecorded, coalesce(c.late, 0) as late,
           coalesce(c.early, 0) as early, d.taken_at, d.taken_by
    from klass k
    left join counts c on c.class_id = k.id
    left join lateral (select r.taken_at, r.taken_by from copy.class_day r
                       where r.class_id = k.id and r.day = :day limit 1) d on true
)
"""

_REASONS = """
reason as (
    select r.class_id, json_object_agg(r.code, r.count) as reasons
    from (select h.class_id, coalesce(h.code, h.status) as code, count(*) as count from standing h
          where h.presence = 'absent' group by 1, 2) r
    group by 1
)
"""

SYMBOLS = """
(select s.value from copy.setting s where s.board_id = :board and s.name = 'attendance_symbols' and s.since <= :day
 order by s.since desc limit 1) as symbols
"""

_HOURS = """
(select s.value -> 'kinds' -> (select o.kind from copy.organisation o where o.organisation_id = {school}) as hours
 from copy.setting s where s.board_id = :board and s.name = 'attendance_periods' and s.since <= :day
 order by s.since desc limit 1) l
"""
"""What the board's setting says of the lessons of a school (registry's ``periods/setting.py``); null: none is taken."""

SEES_PUPIL = """
{school} = any (cast(:schools as uuid[]))
and not exists (select from protected_on(:today) p
                where p.person_id = {person} and cast(:viewer as uuid) = any (p.confidential_from))
"""
"""SQL side of ``SeePupil``: whether the viewer, with a duty at ``:schools`` today, may see a child there by name."""

HAS_LEFT = """
(exists (select from protected_on(:today) p where p.person_id = {person}) and not exists (
    select from copy.membership m
    where (m.pupil_id = {person} or m.pupil_id in (select a.person_id from copy.alias a where a.merged_into = {person}))
    and m.school_id = {school} and m.kind = 'home' and (m.until is null or m.until > :today)))
"""
GONE = f"{HAS_LEFT} as gone"
"""A protected child who has left: the name card is of today, and a family may have taken another name since. registry
keeps what the child was called there (docs/decisions/0011); here it has its number and no name."""

KLASS = (
    "select o.organisation_id as id, o.board_id, o.school_id, o.name, o.grade,"
    " coalesce(o.special_needs, false) as special_needs from copy.organisation o where o.kind = 'class'"
)

_ROLL = text(
    f"""
with klass as ({KLASS} and o.organisation_id = :class), listed as (
    select coalesce(a.merged_into, m.pupil_id) as person_id, bool_and(m.kind = 'exchange') as exchange,
           min(m.number) as number, (array_agg(m.school_id order by m.kind desc))[1] as school_id
    from copy.membership m left join copy.alias a on a.person_id = m.pupil_id
    where m.class_id = :class and m.since <= :day and (m.until is null or m.until > :day)
    group by 1
), said as (
    select l.person_id, d.revision, d.status, d.code, d.decided_by, d.contradiction, d.facts
    from listed l join copy.pupil_day d on d.pupil_id = l.person_id and d.day = :day
    union all
    select l.person_id, o.revision, o.status, o.code, o.decided_by, o.contradiction, o.facts
    from listed l join said_by_aliases(:day) o on o.person_id = l.person_id
    where not exists (select from copy.pupil_day d where d.pupil_id = l.person_id and d.day = :day)
), cell as (
    select l.person_id, l.number, l.exchange, h.class_id as home_class, s.revision, s.status, s.code, s.decided_by,
           s.contradiction, s.facts, {GONE.format(school="l.school_id", person="l.person_id")}
    from listed l
    left join said s using (person_id)
    left join lateral (
        select m.class_id from copy.membership m
        where m.pupil_id = l.person_id and m.kind = 'home' and m.since <= :day and (m.until is null or m.until > :day)
        limit 1) h on l.exchange
    where {SEES_PUPIL.format(school="l.school_id", person="l.person_id")}
), roll as (
    select r.taken_at as at, r.taken_by as by, r.members,
           (select count(*) from listed l join said s using (person_id)
            where not l.exchange and s.status <> 'unrecorded') as here
    from copy.class_day r where r.class_id = :class and r.day = :day limit 1
)
select (select row_to_json(klass) from klass) as klass,
       (select json_build_object('id', o.organisation_id, 'name', o.name) from copy.organisation o
        where o.organisation_id = (select school_id from klass)) as school,
       ({CALENDAR.format(school="(select school_id from klass)")}) as calendar,
       {SYMBOLS},
       (select row_to_json(roll) from roll) as taken,
       coalesce((select m.closed from copy.class_month m
                 where m.class_id = :class and m.month = date_trunc('month', cast(:day as date))::date), false)
           as month_closed,
       coalesce((select l.hours is not null and (coalesce(l.hours -> 'grades', '[]') = '[]'
                                                 or l.hours -> 'grades' ? (select grade from klass))
                 from {_HOURS.format(school="(select school_id from klass)")}), false) as lessons,
       (select json_agg(cell order by exchange, number nulls last, person_id) from cell) as members,
       (select json_object_agg(k.id, k) from ({
        KLASS
    } and o.organisation_id in (select home_class from cell)) k)
           as home_classes,
       {
        CARDS.format(
            people='''array(
            select person_id from cell union select by from roll
            union select (fact ->> 'by')::uuid from cell cross join jsonb_array_elements(cell.facts) as fact)'''
        )
    }
"""  # noqa: S608 (put together from the constants above)
)

_SCHOOL_DAY = text(
    f"""
with klass as ({KLASS} and o.school_id = :school and coalesce(o.school_year, :year) = :year),
standing as (select h.* from klass k cross join lateral standing_in(k.id, :day) h where h.school_id = :school),
{_COUNTS},
{_REASONS},
homeroom as (
    select distinct on (d.class_id) d.class_id, d.staff_id from copy.duty d
    where d.kind = 'homeroom' and d.class_id in (select id from klass)
    and d.since <= :day and (d.until is null or d.until > :day)
    order by d.class_id, d.since, d.staff_id
), exception as (
    select h.person_id, h.class_id, h.number, h.code, h.status,
           {GONE.format(school="h.school_id", person="h.person_id")}
    from standing h join klass k on k.id = h.class_id
    where h.status not in ('present', 'unrecorded')
    and {SEES_PUPIL.format(school="h.school_id", person="h.person_id")}
)
select (select json_build_object('id', o.organisation_id, 'name', o.name) from copy.organisation o
        where o.organisation_id = :school and o.school_id = o.organisation_id) as school,
       ({CALENDAR.format(school=":school")}) as calendar,
       {SYMBOLS},
       (select json_agg(json_build_object('homeroom', r.staff_id, 'tally', t, 'reasons', w.reasons)
                        order by t.taken_at is not null, t.special_needs, t.grade, t.name, t.id)
        from tallied t left join homeroom r on r.class_id = t.id left join reason w on w.class_id = t.id) as classes,
       (select json_agg(e order by k.special_needs, k.grade, k.name, k.id, e.number nulls last, e.person_id)
        from exception e join klass k on k.id = e.class_id) as exceptions,
       {
        CARDS.format(
            people='''array(
            select person_id from exception union select staff_id from homeroom
            union select taken_by from tallied)'''
        )
    }
"""  # noqa: S608
)

_BOARD_DAY = text(
    f"""
with klass as ({KLASS} and o.board_id = :board and coalesce(o.school_year, :year) = :year),
standing as (select h.* from klass k cross join lateral standing_in(k.id, :day) h),
{_COUNTS},
{_REASONS}
select (select json_build_object('id', o.organisation_id, 'name', o.name) from copy.organisation o
        where o.organisation_id = :board) as board,
       {SYMBOLS},
       (select json_agg(json_build_object(
            'school', json_build_object('id', s.organisation_id, 'name', s.name), 'kind', s.kind,
            'calendar', ({CALENDAR.format(school="s.organisation_id")})) order by s.kind, s.name, s.organisation_id)
        from copy.organisation s where s.board_id = :board and s.school_id = s.organisation_id) as schools,
       (select json_agg(json_build_object(
            'id', t.id, 'school_id', t.school_id, 'name', t.name, 'grade', t.grade, 'members', t.members,
            'present', t.present, 'absent', t.absent, 'apart', t.apart, 'unrecorded', t.unrecorded, 'late', t.late,
            'early', t.early, 'taken_at', t.taken_at, 'reasons', w.reasons)
            order by t.special_needs, t.grade, t.name, t.id)
        from tallied t left join reason w on w.class_id = t.id) as classes
"""  # noqa: S608
)

_TODAY = text(
    f"""
with klass as ({KLASS} and coalesce(o.school_year, :year) = :year
               and o.school_id = any (cast(:at as uuid[]))
               and (o.organisation_id = any (cast(:classes as uuid[]))
                    or o.school_id = any (cast(:offices as uuid[])))),
standing as (select h.* from klass k cross join lateral standing_in(k.id, :day) h),
{_COUNTS}
select (select json_agg(json_build_object(
            'class', t.id, 'school', json_build_object('id', t.school_id, 'name', coalesce(s.name, '')), 'tally', t,
            'calendar', ({CALENDAR.format(school="t.school_id")}))
            order by s.name, t.special_needs, t.grade, t.name, t.id)
        from tallied t left join copy.organisation s on s.organisation_id = t.school_id) as classes,
       (select coalesce(bool_or(:day = any (c.school_days) and not exists (
            select from jsonb_array_elements(c.closures) x where x ->> 'scope' = 'school' and x ->> 'on' = :day_text)),
            false)
        from copy.calendar c where c.school_id = any (cast(:at as uuid[]))) as school_day,
       (select min(d.day) from copy.calendar c cross join unnest(c.school_days) as d(day)
        where c.school_id = any (cast(:at as uuid[])) and d.day > :day and not exists (
            select from jsonb_array_elements(c.closures) x
            where x ->> 'scope' = 'school' and x ->> 'on' = d.day::text)) as next_school_day,
       (select coalesce(bool_or((select l.hours is not null from {_HOURS.format(school="t.id")})), false)
        from unnest(cast(:teaching as uuid[])) as t(id)) as lessons,
       {CARDS.format(people="array(select taken_by from tallied)")}
"""  # noqa: S608
)


@dataclass(frozen=True)
class Viewer:
    """Who reads a page, in the terms of the predicates."""

    board: UUID
    person: UUID | None
    schools: Collection[UUID]
    today: date

    @classmethod
    def of(cls, holder: Holder, today: date) -> Viewer:
        """The viewer of a holder; only staff see children by name."""
        principal = holder.principal
        schools = holder.schools() if principal.kind == "staff" else frozenset[UUID]()
        return cls(principal.board, principal.person, schools, today)

    def parameters(self, day: date) -> dict[str, Any]:
        return {
            "board": self.board,
            "viewer": self.person,
            "schools": sorted(self.schools),
            "today": self.today,
            "day": day,
            "year": school_year(day),
        }


async def roll(session: AsyncSession, viewer: Viewer, class_id: UUID, day: date) -> Any:
    """One class's day; ``klass`` is None when no such class is known."""
    return (await session.execute(_ROLL, {**viewer.parameters(day), "class": class_id})).one()


async def school_day(session: AsyncSession, viewer: Viewer, school: UUID, day: date) -> Any:
    """One school's day; ``school`` is None when no such school is known."""
    return (await session.execute(_SCHOOL_DAY, {**viewer.parameters(day), "school": school})).one()


async def board_day(session: AsyncSession, board: UUID, day: date) -> Any:
    """The board's day: its schools with their calendars, and every class in numbers."""
    given = {"board": board, "day": day, "year": school_year(day)}
    return (await session.execute(_BOARD_DAY, given)).one()


def own_classes(holder: Holder) -> dict[UUID, str]:
    """Classes whose roll the holder takes as their teacher, with the capacity: the first that applies."""
    found: dict[UUID, str] = {}
    for kind in ("homeroom", "assistant", "substitute"):
        for class_id in holder.classes(kind):
            found.setdefault(class_id, kind)
    return found


async def today(session: AsyncSession, holder: Holder, day: date) -> Any:
    """Classes whose roll the holder takes today: the list form of ``TakeRoll`` (policy.cedar)."""
    staff = holder.principal.kind == "staff"
    given = {
        "day": day,
        "day_text": day.isoformat(),
        "year": school_year(day),
        "classes": sorted(own_classes(holder)) if staff else [],
        "offices": sorted(holder.organisations("office")) if staff else [],
        "at": sorted(holder.schools()) if staff else [],
        "teaching": sorted(holder.organisations("subject")) if staff else [],
        "board": holder.principal.board,
    }
    return (await session.execute(_TODAY, given)).one()


@dataclass(frozen=True)
class Unit:
    """Whose a class or school is."""

    board: UUID
    school: UUID


_UNITS = text(
    "select o.organisation_id as id, o.board_id, o.school_id from copy.organisation o"
    " where o.organisation_id = any (cast(:ids as uuid[])) and o.school_id is not null"
)


async def units(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Unit]:
    """Board and school of each class or school that is known."""
    rows = await session.execute(_UNITS, {"ids": sorted(ids)})
    return {row.id: Unit(row.board_id, row.school_id) for row in rows}
