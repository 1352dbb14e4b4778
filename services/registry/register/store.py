"""What a sheet of the 出席簿 is made of, read in two statements whatever the number of children and days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from asyncpg import Record
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.beside import Beside, BesideMark
from services.registry.attendance.kin import KinTable
from services.registry.attendance.rules import Fact
from services.registry.attendance.symbols import Symbol
from services.registry.register import bereaved
from services.registry.register.lists import KinSet, MarkSet, SymbolSet
from services.registry.register.rules import Child, Span, joined
from services.registry.room import ASKING, DUTIES, proof
from services.registry.school_calendar.plans import Plan
from shared.access.principal import HeldDuty
from shared.access.step_up import StepUp
from shared.contracts.registry import Source
from shared.database import Statement
from shared.dates import school_year_bounds

_FACTS = TypeAdapter(dict[Source, Fact])
_SYMBOLS = TypeAdapter(list[Symbol])
_MARKS = TypeAdapter(list[BesideMark])
_BESIDE = TypeAdapter(Beside)

_CLASS = Statement(
    f"""
select c.school_id, c.name, c.grade, c.school_year, s.name as school_name,
       exists (select from lesson_roll l where l.board_id = :board and l.class_id = c.id) as by_lessons,
       cal.school_days, cal.closures, cal.marks,
       (select json_agg(json_build_object('since', t.since, 'value', t.value) order by t.since) from setting t
        where t.board_id = :board and t.name = 'attendance_symbols') as symbols,
       (select json_agg(json_build_object('since', t.since, 'value', t.value) order by t.since) from setting t
        where t.board_id = :board and t.name = 'attendance_beside') as marks_beside,
       (select json_agg(json_build_object('since', t.since, 'value', t.value) order by t.since) from setting t
        where t.board_id = :board and t.name = 'bereavement_days') as kin,
       {ASKING}
from organisation c
join organisation s on s.board_id = :board and s.id = c.school_id
left join calendar cal on cal.board_id = :board and cal.school_id = c.school_id and cal.school_year = c.school_year
where c.board_id = :board and c.id = :class_id and c.kind = 'class'
"""  # noqa: S608 (constants)
)

_HOMEROOM = Statement(
    """
select coalesce(p.common_family, p.legal_family) as family, coalesce(p.common_given, p.legal_given) as given,
       min(lower(d.valid)) as since
from duty_period d join person p on p.board_id = :board and p.id = d.subject_id
where d.board_id = :board and d.class_id = :class_id and d.kind = 'homeroom' and d.voided_at is null
  and d.valid && daterange(cast(:since as date), cast(:until as date))
group by p.id order by since, p.id
"""
)

# Of the whole year, however short the sheet: a number given anew begins a period, and only what lies before it tells
# that nobody arrived. Who has a class later than 在籍, or loses it earlier, has not changed classes. 交流 is not here:
# the class of 在籍 has the child. A child kept from ``:person`` is not here.
_PERIODS = Statement(
    """
select coalesce(c.merged_into, m.subject_id) as pupil, m.number, lower(m.valid) as since, upper(m.valid) as until,
       lower(come.days) as here_from, case when gone.days is not null then coalesce(upper(gone.days), 'infinity') end
       as here_until,
       exists (select from membership_period o where o.board_id = :board and o.voided_at is null and o.kind = 'home'
               and o.subject_id in (m.subject_id, c.merged_into) and o.school_id = m.school_id
               and o.class_id <> m.class_id
               and o.valid && daterange(least(lower(come.days), lower(m.valid) - 1), lower(m.valid))) as from_here,
       exists (select from membership_period o where o.board_id = :board and o.voided_at is null and o.kind = 'home'
               and o.subject_id in (m.subject_id, c.merged_into) and o.school_id = m.school_id
               and o.class_id <> m.class_id and not upper_inf(m.valid)
               and o.valid && daterange(upper(m.valid), case when upper_inf(gone.days) then null
                                        else greatest(upper(gone.days), upper(m.valid) + 1) end)) as stays_here
from membership_period m join person c on c.board_id = :board and c.id = m.subject_id
cross join lateral (
    select range_agg(e.valid) as here from enrolment_period e where e.board_id = :board and e.voided_at is null
    and e.subject_id in (m.subject_id, c.merged_into) and e.school_id = m.school_id
) e
left join lateral (select days from unnest(e.here) as days where days @> lower(m.valid)) come on true
left join lateral (select days from unnest(e.here) as days where days @> upper(m.valid)) gone on true
where m.board_id = :board and m.class_id = :class_id and m.kind = 'home' and m.voided_at is null
  and m.valid && daterange(cast(:begins as date), cast(:ends as date))
  and not exists (
      select from protection_period p where p.board_id = :board and p.subject_id in (m.subject_id, c.merged_into)
      and p.voided_at is null and p.valid @> cast(:today as date)
      and cast(:person as uuid) = any (p.confidential_from))
order by pupil, since
"""
)

# A class of mixed grades is asked about the whole school. Not told of: who is kept from ``:person``, and a protected
# child that has left (docs/decisions/0011).
_UNPLACED = Statement(
    """
with here as (
    select coalesce(c.merged_into, c.id) as pupil, range_agg(e.valid) as days
    from enrolment_period e join person c on c.board_id = :board and c.id = e.subject_id
    where e.board_id = :board and e.school_id = :school and e.voided_at is null
      and (cast(:grade as text) is null or e.grade = :grade)
      and e.valid && daterange(cast(:since as date), cast(:until as date))
    group by 1
), placed as (
    select coalesce(c.merged_into, c.id) as pupil, range_agg(m.valid) as days
    from membership_period m join person c on c.board_id = :board and c.id = m.subject_id
    where m.board_id = :board and m.voided_at is null and m.kind = 'home' and m.class_id in (
          select o.id from organisation o where o.board_id = :board and o.school_id = :school and o.kind = 'class')
      and m.valid && daterange(cast(:since as date), cast(:until as date))
    group by 1
)
select h.pupil, lower(d.days) as since, upper(d.days) as until
from here h left join placed p using (pupil)
cross join lateral unnest(
    h.days * datemultirange(daterange(cast(:since as date), cast(:until as date))) - coalesce(p.days, '{}')
) as d(days)
where not exists (
    select from protection_period g join person k on k.board_id = :board and k.id = g.subject_id
    where g.board_id = :board and coalesce(k.merged_into, k.id) = h.pupil and g.voided_at is null
      and g.valid @> cast(:today as date)
      and (cast(:person as uuid) = any (g.confidential_from) or not exists (
          select from enrolment_period e join person c on c.board_id = :board and c.id = e.subject_id
          where e.board_id = :board and e.school_id = :school and e.voided_at is null
            and coalesce(c.merged_into, c.id) = h.pupil
            and coalesce(upper(e.valid), 'infinity') > cast(:today as date))))
order by since, h.pupil
"""
)

# Of a day that a card and one merged into it both have, the own one counts: as on the roll (attendance/store.py).
_DAYS = Statement(
    """
with cards as (
    select id as pupil, id from unnest(cast(:pupils as uuid[])) as k(id)
    union select a.merged_into, a.id from person a
    where a.board_id = :board and a.merged_into = any(cast(:pupils as uuid[]))
)
select distinct on (c.pupil, d.day) c.pupil, d.day, d.facts, d.beside
from cards c join pupil_day d on d.board_id = :board and d.pupil_id = c.id
where d.day >= :since and d.day < :until
order by c.pupil, d.day, (d.pupil_id = c.pupil) desc, d.pupil_id
"""
)


_SPAN = tuple(each.name for each in fields(Span))


@dataclass(frozen=True)
class ClassRow:
    """A class, its calendar and symbols, and what the asker holds."""

    id: UUID
    school: UUID
    school_name: str
    name: str
    grade: str | None
    school_year: int
    planned: bool
    """The school has a calendar of that year."""
    by_lessons: bool
    """Rolls of its lessons were taken: it has 欠課時数."""
    plan: Plan
    sets: tuple[SymbolSet, ...]
    marks: tuple[MarkSet, ...]
    """The board's marks for beside a day; empty: it has said nothing of them."""
    kin: tuple[KinSet, ...]
    """Its days of 忌引 by kinship; empty likewise."""
    step_up: StepUp
    duties: tuple[HeldDuty, ...]


async def class_row(
    session: AsyncSession, board: UUID, class_id: UUID, *, person: UUID | None, today: date
) -> ClassRow | None:
    """The class with the duties of ``person``; None when there is no such class in the board.

    Read with all schools in scope: whose duties are asked for is not known before.
    """
    row = await _CLASS.first(
        session, {"board": board, "class_id": class_id, "person": person, "today": today}
    )
    if row is None:
        return None
    return ClassRow(
        id=class_id,
        school=row["school_id"],
        school_name=row["school_name"],
        name=row["name"],
        grade=row["grade"],
        school_year=row["school_year"],
        planned=row["school_days"] is not None,
        by_lessons=row["by_lessons"],
        plan=_plan(row),
        sets=tuple(_set(each) for each in row["symbols"] or []),
        marks=tuple(_mark_set(each) for each in row["marks_beside"] or []),
        kin=tuple(_kin_set(each) for each in row["kin"] or []),
        step_up=proof(row["step_up"]),
        duties=DUTIES.validate_python(row["duties"]),
    )


def _plan(row: Record) -> Plan:
    return Plan(
        frozenset(row["school_days"] or ()), tuple(row["closures"] or ()), tuple(row["marks"] or ()), ()
    )


def _set(told: Mapping[str, Any]) -> SymbolSet:
    symbols = _SYMBOLS.validate_python(told["value"])
    return SymbolSet(date.fromisoformat(told["since"]), {symbol.code: symbol for symbol in symbols})


def _mark_set(told: Mapping[str, Any]) -> MarkSet:
    marks = _MARKS.validate_python(told["value"])
    return MarkSet(date.fromisoformat(told["since"]), {mark.code: mark for mark in marks})


def _kin_set(told: Mapping[str, Any]) -> KinSet:
    return KinSet(date.fromisoformat(told["since"]), KinTable.model_validate(told["value"]))


class Named(NamedTuple):
    """A homeroom teacher."""

    family: str
    given: str


async def homerooms(
    session: AsyncSession, board: UUID, class_id: UUID, since: date, until: date
) -> list[Named]:
    """Who had the class in these days, in the order in which they came."""
    rows = await _HOMEROOM.all(
        session, {"board": board, "class_id": class_id, "since": since, "until": until}
    )
    return [Named(row["family"], row["given"]) for row in rows]


async def children(
    session: AsyncSession,
    board: UUID,
    of: ClassRow,
    since: date,
    until: date,
    *,
    person: UUID | None,
    today: date,
) -> list[Child]:
    """Who is or was in the class that year, with what is said of the days of the sheet.

    A child whose protection names ``person`` is not among them, nor in any sum (docs/decisions/0011): a total that is
    more than its lines would tell of the child.
    """
    begins, ends = school_year_bounds(of.school_year)
    periods = await _PERIODS.all(
        session,
        {
            "board": board,
            "class_id": of.id,
            "begins": begins,
            "ends": ends,
            "person": person,
            "today": today,
        },
    )
    spans: dict[UUID, list[Span]] = defaultdict(list)
    numbers: dict[UUID, int | None] = {}
    for row in periods:
        spans[row["pupil"]].append(Span(*(row[each] for each in _SPAN)))
        if row["since"] < until:  # the number of the sheet's last day
            numbers[row["pupil"]] = row["number"]
    days = await _days(session, board, spans.keys(), since - bereaved.BEFORE, until)
    return [
        Child(pupil, numbers.get(pupil), joined(found), *days.get(pupil, ({}, {})))
        for pupil, found in spans.items()
    ]


async def unplaced(
    session: AsyncSession,
    board: UUID,
    of: ClassRow,
    since: date,
    until: date,
    *,
    person: UUID | None,
    today: date,
) -> list[tuple[UUID, Span]]:
    """Days until today on which a child of the class's grade was 在籍 but in no class: they are on no sheet."""
    until = min(until, today + timedelta(days=1))
    if until <= since:
        return []
    rows = await _UNPLACED.all(
        session,
        {
            "board": board,
            "school": of.school,
            "grade": of.grade,
            "since": since,
            "until": until,
            "person": person,
            "today": today,
        },
    )
    return [(row["pupil"], Span(row["since"], row["until"])) for row in rows]


async def _days(
    session: AsyncSession, board: UUID, pupils: Collection[UUID], since: date, until: date
) -> dict[UUID, tuple[dict[date, Mapping[Source, Fact]], dict[date, Beside]]]:
    """What is said of each day of each child, and what stands beside it."""
    rows = await _DAYS.all(
        session, {"board": board, "pupils": sorted(pupils), "since": since, "until": until}
    )
    found: dict[UUID, tuple[dict[date, Mapping[Source, Fact]], dict[date, Beside]]] = defaultdict(
        lambda: ({}, {})
    )
    for row in rows:
        facts, beside = found[row["pupil"]]
        facts[row["day"]] = _FACTS.validate_python(row["facts"])
        if row["beside"] is not None:
            beside[row["day"]] = _BESIDE.validate_python(row["beside"])
    return found
