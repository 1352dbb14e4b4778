"""What a school's year reads beside its calendar: classes, rolls and meals of days, the board's template."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.roster import store as roster
from services.registry.roster.rows import CalendarRow
from services.registry.school_calendar.plans import DayChange, Lessons, Plan
from services.registry.school_calendar.rules import ClassOf, School
from services.registry.school_calendar.standing import Applied
from shared.database import Work
from shared.dates import school_year
from shared.ids import calendar_id

_CLASSES = text(
    "select school_id, id, name, grade from organisation where board_id = :board and kind = 'class'"
    " and school_id = any(:schools) and school_year = :year order by special_needs, grade, name, id"
)
_GRADES = text(
    "select distinct school_id, grade from enrolment_period where board_id = :board and school_id = any(:schools)"
    " and voided_at is null and valid && daterange(:since, :until)"
)
_TOUCHED = text(
    """
select g.class_id, g.day, g.meets, g.counted,
       exists (select from class_day d
               where d.board_id = :board and d.class_id = g.class_id and d.day = g.day) as taken,
       (select count(distinct m.subject_id) from membership_period m where m.board_id = :board
        and m.class_id = g.class_id and m.kind = 'home' and m.voided_at is null and m.valid @> g.day) as members
from unnest(cast(:classes as uuid[]), cast(:days as date[]), cast(:meets as boolean[]), cast(:counted as boolean[]))
     as g(class_id, day, meets, counted)
"""
)
_TEMPLATE = text(
    "select lines, recorded_at, recorded_by from calendar_template where board_id = :board and school_year = :year"
)
_PUT_TEMPLATE = text(
    "insert into calendar_template as t (board_id, school_year, lines, recorded_at, recorded_by)"
    " values (:board, :year, cast(:lines as jsonb), :at, :by) on conflict (board_id, school_year) do update set"
    " lines = excluded.lines, recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by"
    " where t.board_id = :board"
)
_SCHOOLS = text(
    "select id, name, kind from organisation where board_id = :board and id = school_id and kind <> 'class'"
    " and until is null order by kind, name, id"
)
_NOTE = text(
    "insert into calendar_change"
    " (id, board_id, school_id, calendar_id, before, left_as, lines, plan, made_by, made_at)"
    " values (:id, :board, :school, :calendar, cast(:before as jsonb), :left_as, :lines, :plan, :by, :at)"
)
_APPLIED = text(
    "select distinct on (calendar_id) school_id, made_at, plan from calendar_change where board_id = :board"
    " and calendar_id = any(:calendars) and plan is not null and undone_at is null"
    " order by calendar_id, number desc"
)
_LAST = text(
    "select id, before, left_as, lines, made_by, made_at from calendar_change where board_id = :board"
    " and calendar_id = :calendar and undone_at is null and lines > 0 order by number desc limit 1"
)
_IS_UNDONE = text(
    "select true from calendar_change where board_id = :board and calendar_id = :calendar and id = :id"
    " and undone_at is not null"
)
_UNDO = text("update calendar_change set undone_at = :at where board_id = :board and id = :id")


class Change(NamedTuple):
    """An act that changed a school's year by hand."""

    id: UUID
    before: dict[str, Any]
    """Days, closures, marks and terms as they were."""
    left_as: str
    """Revision of the year it left."""
    lines: int
    made_by: UUID
    made_at: datetime


async def with_lessons(
    session: AsyncSession, board: UUID, school: UUID, classes: Mapping[UUID, str | None], on: date
) -> frozenset[UUID]:
    """Of a school's classes, with their grades, those with lessons on a day; all while no plan of the year is in."""
    id_ = calendar_id(school, school_year(on))
    row = (await roster.calendars(session, board, [id_])).get(id_)
    if row is None or not row.school_days:
        return frozenset(classes)
    lessons = Lessons(Plan.of(row))
    return frozenset(each for each, grade in classes.items() if lessons.meets(on, str(each), grade))


async def school_of(session: AsyncSession, board: UUID, school: UUID, year: int) -> School:
    """Classes and grades of a school in a school year."""
    return (await schools_of(session, board, [school], year))[school]


async def schools_of(
    session: AsyncSession, board: UUID, schools: Collection[UUID], year: int
) -> dict[UUID, School]:
    """Classes and grades of schools in a school year."""
    asked = {"board": board, "schools": sorted(schools)}
    classes: dict[UUID, list[ClassOf]] = {school: [] for school in schools}
    for row in await session.execute(_CLASSES, {**asked, "year": year}):
        classes[row.school_id].append(ClassOf(row.id, row.name, row.grade))
    grades = {school: {each.grade for each in found if each.grade} for school, found in classes.items()}
    span = {"since": date(year, 4, 1), "until": date(year + 1, 4, 1)}
    for row in await session.execute(_GRADES, {**asked, **span}):
        grades[row.school_id].add(row.grade)
    return {school: School(year, tuple(sorted(grades[school])), tuple(classes[school])) for school in schools}


async def touched(session: AsyncSession, board: UUID, changes: Sequence[DayChange]) -> Sequence[Any]:
    """Of class-days that change: whether their roll was taken, and how many eat."""
    values = {
        "board": board,
        "classes": [each.class_id for each in changes],
        "days": [each.on for each in changes],
        "meets": [each.meets for each in changes],
        "counted": [each.counted for each in changes],
    }
    return (await session.execute(_TOUCHED, values)).all()


class Template(NamedTuple):
    """The board's plan of a school year as it was written."""

    rows: list[list[str]]
    said_at: datetime | None
    said_by: str | None
    """Who wrote it last; None like the time: nobody yet."""


async def template(session: AsyncSession, board: UUID, year: int) -> Template:
    """The board's plan of a school year; without rows when there is none."""
    row = (await session.execute(_TEMPLATE, {"board": board, "year": year})).one_or_none()
    return Template([], None, None) if row is None else Template([list(line) for line in row.lines], *row[1:])


async def put_template(work: Work, year: int, lines: Sequence[Sequence[str]]) -> None:
    """Keep the board's template."""
    values = {"board": work.scope.board, "year": year, "at": work.at, "by": work.actor}
    await work.session.execute(_PUT_TEMPLATE, {**values, "lines": orjson.dumps(lines).decode()})


class SchoolUnit(NamedTuple):
    """A school of the board."""

    name: str
    kind: str


async def schools(session: AsyncSession, board: UUID) -> dict[UUID, SchoolUnit]:
    """The board's schools."""
    rows = await session.execute(_SCHOOLS, {"board": board})
    return {row.id: SchoolUnit(row.name, row.kind) for row in rows}


async def applied(session: AsyncSession, board: UUID, calendars: Collection[UUID]) -> dict[UUID, Applied]:
    """Of each school when the board's plan was brought to it last, unless that was taken back."""
    rows = await session.execute(_APPLIED, {"board": board, "calendars": sorted(calendars)})
    return {row.school_id: Applied(row.made_at, row.plan) for row in rows}


async def note(
    work: Work, id_: UUID, before: CalendarRow, left_as: str, lines: int, by: UUID, plan: str | None
) -> None:
    """Keep that somebody changed a school's year, and what it was before; ``plan``: by the board's, its revision.

    Without ``lines`` the plan was applied, and the year was so already.
    """
    values = {
        "id": id_,
        "board": work.scope.board,
        "school": before.school_id,
        "calendar": before.id,
        "before": orjson.dumps(Plan.of(before).kept()).decode(),
        "left_as": left_as,
        "lines": lines,
        "plan": plan,
        "by": by,
        "at": work.at,
    }
    await work.session.execute(_NOTE, values)


async def last_change(session: AsyncSession, board: UUID, calendar: UUID) -> Change | None:
    """The last act on the year that still stands."""
    row = (await session.execute(_LAST, {"board": board, "calendar": calendar})).one_or_none()
    return None if row is None else Change(*row)


async def is_undone(session: AsyncSession, board: UUID, calendar: UUID, id_: UUID) -> bool:
    """Whether an act on the year was taken back."""
    return bool(await session.scalar(_IS_UNDONE, {"board": board, "calendar": calendar, "id": id_}))


async def note_undone(work: Work, id_: UUID) -> None:
    """Keep that an act on a year was taken back."""
    await work.session.execute(_UNDO, {"board": work.scope.board, "id": id_, "at": work.at})
