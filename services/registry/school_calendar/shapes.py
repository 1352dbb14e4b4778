"""What goes over HTTP about a school's year. A plan's lines travel as the cells that people wrote."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.attendance.shapes import PersonOut
from services.registry.roster.shapes import ClassOut, PlaceOut
from services.registry.school_calendar.standing import Standing

Row = Annotated[list[Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]], Field(max_length=8)]
MAX_ROWS = 800
MAX_SCHOOLS = 60
"""Schools of one command: the whole roster waits for it."""


class LinesIn(BaseModel):
    """Lines that change a school's year: date, kind, words, whom."""

    model_config = ConfigDict(extra="forbid")

    rows: list[Row] = Field(max_length=MAX_ROWS)
    seen: str = Field(max_length=40)
    """Revision of the calendar that was looked at."""
    dry: bool = False


class TemplateIn(BaseModel):
    """The board's plan of a year, and the schools it is now applied to."""

    model_config = ConfigDict(extra="forbid")

    rows: list[Row] = Field(max_length=MAX_ROWS)
    seen: str = Field(max_length=40)
    """Revision of the board's plan that was looked at."""
    schools: list[UUID] = Field(default=[], max_length=MAX_SCHOOLS)
    looked: dict[UUID, str] = Field(default={}, max_length=MAX_SCHOOLS)
    """Of each school the revision of its year that a look has told: it is changed only from there."""
    dry: bool = False


class UndoIn(BaseModel):
    """The act to be taken back; it must be the last on that year."""

    model_config = ConfigDict(extra="forbid")

    change: UUID
    dry: bool = False


class UndoOut(BaseModel):
    """The last act on the year by hand, while nothing has changed it since."""

    id: UUID
    at: datetime
    by: PersonOut
    lines: int


class CalendarOut(BaseModel):
    """A school's year."""

    school: PlaceOut
    school_year: int
    today: date
    revision: str
    school_days: list[date]
    closures: list[dict[str, Any]]
    marks: list[dict[str, Any]]
    terms: list[dict[str, Any]]
    days_of_grades: dict[str, int]
    classes: list[ClassOut]
    kinds: list[str]
    reasons: dict[str, str]
    """Code → word."""
    template: list[list[str]]
    """The board's plan, line by line."""
    may: dict[str, bool]
    undo: UndoOut | None
    live: list[str]
    as_of: datetime


class TouchedOut(BaseModel):
    """A class-day that gets or loses its lessons."""

    on: date
    class_id: UUID
    meets: bool
    counted: bool
    """The day is a 授業日 of the class's grade all the same: only this class is closed (学級閉鎖)."""
    taken: bool
    """Its roll was taken already; what was recorded stays."""
    meals: int


class ToSchoolOut(BaseModel):
    """What lines do to a school's year, in numbers."""

    school: PlaceOut
    change: UUID | None
    """The act, to be taken back by; None when nothing was written."""
    changed: bool
    days_before: dict[str, int]
    days_after: dict[str, int]
    rolls: int
    """Rolls taken on class-days that lose their lessons."""
    meals: int
    """Meals more (less, when negative)."""


class ConsequencesOut(ToSchoolOut):
    """What lines do to a school's year, class-day by class-day."""

    touched: list[TouchedOut]


class ChangedOut(BaseModel):
    """What a command did, or with ``dry`` would do."""

    schools: list[ConsequencesOut]
    saved: bool


class AppliedSchoolOut(ToSchoolOut):
    """What the board's plan does to a school; its days one by one are in the school's own year."""

    revision: str
    """Of the year that was looked at."""
    closing: int
    """Class-days that lose their lessons."""
    opening: int
    """Class-days that get lessons."""
    left_out: list[str]
    """Lines (「3行目」) of grades that the school does not have, or not yet."""


class AppliedOut(BaseModel):
    """What the board's plan did to its schools, or with ``dry`` would do."""

    schools: list[AppliedSchoolOut]
    saved: bool


class BoardSchoolOut(PlaceOut):
    """A school of the board, and how its year stands to the board's plan."""

    kind: str
    standing: Standing | None
    """None while the board has no plan of the year."""
    applied_at: datetime | None
    """When the plan changed its year last, unless that was taken back."""


class TemplateOut(BaseModel):
    """The board's plan of a year."""

    school_year: int
    today: date
    revision: str
    rows: list[list[str]]
    said_at: datetime | None
    said_by: PersonOut | None
    kinds: list[str]
    schools: list[BoardSchoolOut]
    live: list[str]
    as_of: datetime
