"""How a school's year stands to the board's plan of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from services.registry.roster.rows import CalendarRow
from services.registry.school_calendar.plans import Plan, changed_by
from services.registry.school_calendar.rules import Line, School

Standing = Literal["as_planned", "changed_since", "planned_anew", "not_yet"]
"""As the plan has it; not so any more since it was applied; the plan has changed since; never applied."""


class Applied(NamedTuple):
    """The last time the board's plan was brought to a school."""

    at: datetime
    plan: str
    """Revision of the plan."""


def lines_for(plan: Sequence[Line], school: School) -> list[Line]:
    """The lines of the board's plan that speak of a school: those of grades that it has."""
    return [line for line in plan if not line.grades or set(line.grades) & set(school.grades)]


def standing(
    plan: Sequence[Line], revision: str, year: CalendarRow, school: School, applied: Applied | None
) -> Standing:
    """How a school's year, with its entries in order, stands to the plan of this revision."""
    if changed_by(Plan.of(year), lines_for(plan, school)).row(year) == year:
        return "as_planned"
    if applied is None:
        return "not_yet"
    return "changed_since" if applied.plan == revision else "planned_anew"
