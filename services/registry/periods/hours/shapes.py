"""What goes over HTTP about a class's 欠課時数."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from services.registry.attendance.shapes import PersonOut
from services.registry.closing.rules import State
from services.registry.periods.hours.rules import Hours
from services.registry.roster.shapes import ClassOut, PlaceOut


class HoursOut(BaseModel):
    """Lessons, as docs/periods.md counts them."""

    lessons: int
    """Confirmed ones: the sum of ``apart``, ``away``, ``there`` and ``unrecorded``."""
    apart: int
    away: int
    """欠課時数."""
    there: int
    late: int
    left: int
    unrecorded: int

    @classmethod
    def of(cls, hours: Hours) -> Self:
        """The hours of the rules."""
        return cls.model_validate(hours, from_attributes=True)


class SubjectOut(BaseModel):
    """A subject that was named in a lesson of the sheet; the last may be of lessons without one."""

    code: str | None
    word: str
    lessons: int
    """Confirmed lessons of the class."""
    totals: HoursOut


class LineOut(BaseModel):
    """A child's lessons."""

    pupil: PersonOut
    number: int | None
    hours: HoursOut
    by_subject: list[HoursOut]
    """One for each of the sheet's ``subjects``."""
    so_far: HoursOut
    """From the school year's first day to the sheet's last."""
    notes: list[str]


class CorrectionOut(BaseModel):
    """What was said of a lesson after the month was closed; ``before`` null: nothing had been."""

    pupil: PersonOut
    on: date
    period: int
    before: str | None
    after: str
    reason: str
    reason_text: str | None
    by: PersonOut
    at: datetime


class SheetOut(BaseModel):
    """A class's lessons of a month, or of the year so far."""

    class_id: UUID
    name: str
    school: PlaceOut
    school_year: int
    month: str | None
    """Null: the whole year."""
    months: list[str]
    classes: list[ClassOut]
    """Classes of the school whose 欠課時数 the asker may read."""
    homerooms: list[str]
    through: date | None
    """The day of the last lesson that is counted; null where none was taken."""
    lessons: int
    """Confirmed lessons of the class."""
    subjects: list[SubjectOut]
    lines: list[LineOut]
    totals: HoursOut
    so_far: HoursOut
    state: State | None
    """How the month stands; null of an open one, and of a year."""
    corrections: list[CorrectionOut]
    live: list[str]
    as_of: datetime
