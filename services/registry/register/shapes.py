"""What goes over HTTP about a class's month and year."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from services.registry.attendance.beside import BesideMark, Kind
from services.registry.attendance.shapes import PersonOut
from services.registry.attendance.symbols import Symbol
from services.registry.closing.rules import State
from services.registry.closing.shapes import ClosingOut
from services.registry.former.rules import Source
from services.registry.register.rules import CellKind, Counts, DayKind
from services.registry.roster.shapes import ClassOut, PlaceOut


class CountsOut(BaseModel):
    """Days, as docs/register.md counts them."""

    days: int
    """授業日数."""
    suspended: int
    bereaved: int
    closed: int
    apart: int
    """出席停止・忌引等: the three before, and ``excused``."""
    due: int
    """出席しなければならない日数."""
    sick: int
    other: int
    absent: int
    """欠席日数: the two before."""
    unrecorded: int
    present: int
    late: int
    early: int
    excused: int
    """登校を要しない日, in 出席停止・忌引等."""
    credited: int
    """出席扱い: in no other sum."""
    elsewhere: int
    """別室: of the days present."""

    @classmethod
    def of(cls, counts: Counts) -> Self:
        """The counts of the rules."""
        return cls.model_validate(counts, from_attributes=True)


class StoodOut(BaseModel):
    """What stands beside a child's day, and who entered it when."""

    code: str
    kind: Kind
    word: str
    fits: bool
    """False: the day has become one that it cannot stand beside; it is not counted."""
    by: PersonOut
    at: datetime


class CellOut(BaseModel):
    """A child's day."""

    kind: CellKind
    glyph: str
    """What stands in it on paper too; blank only where there are no lessons, or none yet."""
    symbol: int | None = None
    """Place in the sheet's ``symbols``, from 0."""
    contradiction: str | None = None
    beside: StoodOut | None = None
    seen: int = 0
    """Revision of what stands, or stood, beside the day."""


class DayOut(BaseModel):
    """A day of the class."""

    on: date
    kind: DayKind
    words: list[str]
    """What the calendar calls it, and why it is closed."""
    counts: CountsOut


class OverOut(BaseModel):
    """忌引 that goes on for longer than the board allows."""

    on: date
    """The first day beyond in the month."""
    word: str
    allowed: int
    days: int
    """Of the whole row."""


class LineOut(BaseModel):
    """A child's month."""

    pupil: PersonOut
    number: int | None
    cells: list[CellOut]
    """One for each day of the sheet."""
    counts: CountsOut
    notes: list[str]
    over: list[OverOut]


class ClassStandOut(ClassOut):
    """A class beside this one, and how its month stands; null of an open month, and on a year's sheet."""

    state: State | None


class _Sheet(BaseModel):
    class_id: UUID
    name: str
    grade: str | None
    school: PlaceOut
    school_year: int
    months: list[str]
    """The twelve of the class's year, ``2026-04`` first."""
    classes: list[ClassStandOut]
    """Classes of the school in that year whose 出席簿 the asker may read."""
    homerooms: list[str]
    planned: bool
    """Whether the school has a calendar of that year: without one nothing can be counted."""
    by_lessons: bool
    """Whether rolls of the class's lessons were taken: then it has 欠課時数, for the same readers."""
    through: date | None
    """The last day that is counted: today in the month that runs; null before it begins."""
    notes: list[str]
    live: list[str]
    as_of: datetime


class MonthOut(_Sheet):
    """A class's month."""

    month: str
    symbols: list[Symbol]
    days: list[DayOut]
    lines: list[LineOut]
    beside: list[BesideMark]
    """Marks that can be put beside its days, as of its last."""
    may_mark: bool
    """Whether the asker may."""
    may_bundle: bool
    """Whether the asker may print every class's month at once."""
    lessons: int
    """授業日数 of the class until ``through``."""
    totals: CountsOut
    closing: ClosingOut


class SumsOut(BaseModel):
    """出欠の記録, and 遅刻 and 早退."""

    days: int
    apart: int
    due: int
    absent: int
    present: int
    late: int
    early: int


class FormerOut(BaseModel):
    """Days of the former school, as a paper of it says; null of it when they were taken back."""

    revision: int
    school: str
    source: Source
    source_word: str
    told_on: date
    by: PersonOut
    at: datetime
    sums: SumsOut
    together: SumsOut | None
    """With this school's own, which do not change by it; null where another class of it has the child's other days."""


class YearLineOut(BaseModel):
    """A child's year."""

    pupil: PersonOut
    number: int | None
    months: list[CountsOut]
    counts: CountsOut
    notes: list[str]
    came: bool
    """During the year: it may bring days of another school."""
    seen: int
    """Revision of the former school's days; 0 where nothing was ever entered."""
    former: FormerOut | None


class YearOut(_Sheet):
    """A class's year, by child and month."""

    lines: list[YearLineOut]
    lessons: list[int]
    """授業日数 of each month."""
    by_month: list[CountsOut]
    totals: CountsOut
    states: list[State | None]
    """How each month stands; null of an open one."""
    may_former: bool
    """Whether the asker may enter days of former schools."""
