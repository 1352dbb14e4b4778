"""The board's plan of a year beside the years of its schools."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.roster import store as roster
from services.registry.roster.rows import CalendarRow
from services.registry.school_calendar import rules, store
from services.registry.school_calendar.plans import Plan
from services.registry.school_calendar.rules import School
from services.registry.school_calendar.shapes import BoardSchoolOut
from services.registry.school_calendar.standing import Standing, standing
from shared.ids import calendar_id


def any_school(year: int) -> School:
    """A school of every grade, as the board's plan speaks of schools."""
    return School(year, (*(f"P{n}" for n in range(1, 7)), "J1", "J2", "J3"), ())


def told(content: object) -> str:
    """The revision of something: its own words, so that the same again is the same."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


async def standings(
    session: AsyncSession, board: UUID, year: int, rows: Sequence[Sequence[str]]
) -> list[BoardSchoolOut]:
    """The board's schools, each with how its year stands to the plan of these rows."""
    found = await store.schools(session, board)
    years = {school: calendar_id(school, year) for school in found}
    calendars = await roster.calendars(session, board, list(years.values()))
    of = await store.schools_of(session, board, found, year)
    applied = await store.applied(session, board, years.values())
    plan, revision = rules.read_lines(rows, any_school(year), template=True).lines, told(rows)

    def of_school(school: UUID) -> Standing | None:
        row = calendars.get(years[school]) or CalendarRow(years[school], school, year, (), ())
        in_order = Plan.of(row).row(row)
        return standing(plan, revision, in_order, of[school], applied.get(school)) if rows else None

    def each() -> list[BoardSchoolOut]:
        return [
            BoardSchoolOut(
                id=school,
                name=unit.name,
                kind=unit.kind,
                standing=of_school(school),
                applied_at=applied[school].at if school in applied else None,
            )
            for school, unit in found.items()
        ]

    # Day by day through every school's year: not while others wait for the event loop.
    return await asyncio.to_thread(each)
