"""出席簿, a month and a year: what each day counts as, and the sums. Pure; today is an argument.

Every number is counted from the days themselves, each time it is shown (decisions.md §2): nothing is added up as it
happens, so a correction of any day is in every total at once. What is counted how, with its sources: docs/register.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal
from uuid import UUID

from services.registry.attendance.beside import (
    KIND_GLYPHS,
    KIND_WORDS,
    Beside,
    BesideMark,
    Kind,
    fits,
)
from services.registry.attendance.rules import Fact, derive
from services.registry.attendance.symbols import APART, Symbol
from services.registry.register.lists import KinSet, MarkSet, SymbolSet, kin_on, marks_on, symbols_on
from services.registry.register.noting import noted, notes
from services.registry.school_calendar.plans import Lessons
from shared.contracts.registry import Source
from shared.dates import school_year_bounds

DayKind = Literal["lesson", "closed", "off", "ahead"]
"""``closed``: this class alone (学級閉鎖); ``off``: no 授業日 of the grade; ``ahead``: a 授業日 that has not come."""
CellKind = Literal["struck", "off", "ahead", "closed", "unrecorded", "present", "absent", "apart"]
"""``struck``: the child is not in the class that day; ``apart``: 出席停止・忌引等."""
_COUNTED: frozenset[CellKind] = frozenset({"closed", "unrecorded", "present", "absent", "apart"})

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Span:
    """Days in a class without a gap: ``since`` the day of arrival, ``until`` the day of leaving, which is not one."""

    since: date
    until: date | None
    from_here: bool = False
    """Another class of this school had the child before, while it was 在籍 here: 学級がえ, not 転入."""
    stays_here: bool = False
    """Another class of this school has the child afterwards, while it is 在籍 here: 学級がえ, not 転出."""
    here_from: date | None = None
    """First day of the 在籍 at this school in which ``since`` lies; None when there is none."""
    here_until: date | None = None
    """The day after the last of the 在籍 with ``until`` in it; ``date.max`` without an end, None when there is none."""

    def holds(self, day: date) -> bool:
        """Whether the child is in the class that day."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Child:
    """A pupil whose 在籍 is or was in the class, with every day that anybody has said something of."""

    pupil: UUID
    number: int | None
    spans: tuple[Span, ...]
    days: Mapping[date, Mapping[Source, Fact]]
    beside: Mapping[date, Beside] = field(default_factory=dict)
    """出席扱い and 別室, as they were entered."""


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans that touch or overlap become one: a new 出席番号, or the card of a merged child, is no arrival."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.since, each.until or date.max)):
        last = found[-1] if found else None
        if last is None or (last.until is not None and last.until < span.since):
            found.append(span)
        elif last.until is not None and (span.until is None or span.until >= last.until):
            found[-1] = replace(
                last, until=span.until, stays_here=span.stays_here, here_until=span.here_until
            )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the sheet, for the whole class."""

    on: date
    kind: DayKind


@dataclass(frozen=True, slots=True)
class Stood:
    """A mark beside a child's day, as the board's list of that day has it."""

    mark: BesideMark
    entered: Beside
    fits: bool
    """False: the day has become one that such a mark cannot stand beside; then it is not counted, and told."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a child's day counts as."""

    kind: CellKind
    symbol: Symbol | None = None
    contradiction: str | None = None
    beside: Stood | None = None
    """What stands beside it; it changes nothing of what the day counts as."""

    @property
    def stands(self) -> Kind | None:
        """What is counted beside it."""
        return self.beside.entered.kind if self.beside and self.beside.fits else None

    @property
    def late(self) -> bool:
        """遅刻; told of a day of 出席 only."""
        return self.kind == "present" and self.symbol is not None and self.symbol.late

    @property
    def early(self) -> bool:
        """早退; on one day with 遅刻 both are counted."""
        return self.kind == "present" and self.symbol is not None and self.symbol.early


@dataclass(frozen=True, slots=True)
class Counts:
    """The columns on the right of the sheet, in days."""

    days: int = 0
    """授業日数."""
    suspended: int = 0
    bereaved: int = 0
    closed: int = 0
    """学級閉鎖."""
    sick: int = 0
    other: int = 0
    """事故欠席: absent for anything but illness."""
    unrecorded: int = 0
    """Days of which nobody has said anything yet: neither present nor absent."""
    present: int = 0
    late: int = 0
    early: int = 0
    excused: int = 0
    """登校を要しない日."""
    credited: int = 0
    """出席扱い: of the days before, whatever they count as; in no other sum."""
    elsewhere: int = 0
    """別室: of the days of 出席."""

    @property
    def apart(self) -> int:
        """出席停止・忌引等の日数."""
        return self.suspended + self.bereaved + self.excused + self.closed

    @property
    def due(self) -> int:
        """出席しなければならない日数."""
        return self.days - self.apart

    @property
    def absent(self) -> int:
        """欠席日数."""
        return self.sick + self.other

    def __add__(self, more: Counts) -> Counts:
        return Counts(*(getattr(self, f.name) + getattr(more, f.name) for f in fields(self)))


def total(counts: Iterable[Counts]) -> Counts:
    """The sum; of nothing it is zero."""
    return sum(counts, Counts())


@dataclass(frozen=True, slots=True)
class ClassYear:
    """A class in its school year, and how its days are to be read."""

    id: UUID
    grade: str | None
    school_year: int
    lessons: Lessons
    sets: Sequence[SymbolSet]
    today: date
    marks: Sequence[MarkSet] = ()
    kin: Sequence[KinSet] = ()

    def marks_on(self, day: date) -> Mapping[str, BesideMark]:
        """What can stand beside that day: the board's marks, and its kinships."""
        return {**marks_on(self.marks, day), **kin_on(self.kin, day).marks()}

    def day(self, on: date) -> Day:
        """What a day is for the class.

        授業日数 are those of the grade: a closure of the school or of the grade takes the day away, one of this class
        alone makes it 出席停止・忌引等 (domain: 学校保健安全法 20). A class of mixed grades meets with its school.
        """
        if not self.lessons.meets(on, "", self.grade):
            return Day(on, "off")
        if on > self.today:
            return Day(on, "ahead")
        return Day(on, "lesson" if self.lessons.meets(on, str(self.id), self.grade) else "closed")

    def meets(self, since: date, until: date) -> bool:
        """Whether the grade has a 授業日 from ``since`` to the day before ``until``."""
        return any(day.kind != "off" for day in self.days(since, until))

    def days(self, since: date, until: date) -> list[Day]:
        """Every day from ``since`` to the one before ``until``."""
        return [self.day(since + timedelta(days=n)) for n in range((until - since).days)]

    def cell(self, child: Child, day: Day) -> Cell:
        """What a child's day counts as. Nothing said is nothing counted: a blank is never taken for 出席."""
        if not any(span.holds(day.on) for span in child.spans):
            return Cell("struck")
        if day.kind != "lesson":
            return Cell(day.kind, beside=self._stood(child, day.on, "", None))
        symbols = symbols_on(self.sets, day.on)
        derived = derive(child.days.get(day.on, {}), symbols)
        symbol = symbols.get(derived.code or "")
        if symbol is None:
            return Cell("unrecorded", None, derived.contradiction, self._stood(child, day.on, "", None))
        kind: CellKind = (
            "present" if symbol.presence == "present" else "apart" if symbol.category in APART else "absent"
        )
        stood = self._stood(child, day.on, symbol.presence, symbol.category)
        return Cell(kind, symbol, derived.contradiction, stood)

    def _stood(self, child: Child, on: date, presence: str, category: str | None) -> Stood | None:
        entered = child.beside.get(on)
        if entered is None or entered.code is None or entered.kind is None:
            return None
        known = self.marks_on(on).get(entered.code)
        kind = entered.kind
        # The list may have lost it: what it meant when it was entered stays.
        mark = known or BesideMark(
            code=entered.code, kind=kind, glyph=KIND_GLYPHS[kind], word=KIND_WORDS[kind]
        )
        return Stood(mark, entered, fits(kind, presence, category))

    def month(self, month: int) -> tuple[date, date]:
        """First day of a month of this school year, and the day after its last."""
        begins, _ = school_year_bounds(self.school_year)
        return month_bounds(begins.year + (month < begins.month), month)

    def months(self) -> list[int]:
        """4 … 12, 1 … 3."""
        return [(n + 3) % MONTHS + 1 for n in range(MONTHS)]


def month_bounds(year: int, month: int) -> tuple[date, date]:
    """First day of a calendar month, and the day after its last."""
    return date(year, month, 1), date(year + month // MONTHS, month % MONTHS + 1, 1)


_SIGNS: Mapping[CellKind, str] = {"closed": "閉", "unrecorded": "未", "struck": "―"}
SHOWN_PRESENT = "・"
"""出席 where the board's symbol is a blank: on a sheet a blank would say nothing."""


def glyph(cell: Cell) -> str:
    """What stands in a cell on paper and in a spreadsheet. A blank is a day without lessons, or one to come."""
    beside = cell.beside.mark.glyph if cell.beside else ""
    if cell.symbol is not None:
        shown = cell.symbol.glyph or ("" if cell.kind == "present" else cell.symbol.word[:1])
        return shown + beside or SHOWN_PRESENT
    return _SIGNS.get(cell.kind, "") + beside


def counts(cells: Iterable[Cell]) -> Counts:
    """The arithmetic of 出席簿 (docs/register.md) over any cells: of a child's month, of a class's day."""
    found = list(cells)

    def number(test: Callable[[Cell], bool]) -> int:
        return sum(test(cell) for cell in found)

    def of(category: str) -> int:
        return number(lambda c: c.kind == "apart" and c.symbol is not None and c.symbol.category == category)

    sick = number(lambda c: c.kind == "absent" and c.symbol is not None and c.symbol.category == "sick")
    return Counts(
        days=number(lambda c: c.kind in _COUNTED),
        suspended=of("suspension"),
        bereaved=of("bereavement"),
        closed=number(lambda c: c.kind == "closed"),
        sick=sick,
        other=number(lambda c: c.kind == "absent") - sick,
        unrecorded=number(lambda c: c.kind == "unrecorded"),
        present=number(lambda c: c.kind == "present"),
        late=number(lambda c: c.late),
        early=number(lambda c: c.early),
        excused=of("not_required"),
        credited=number(lambda c: c.stands == "credited"),
        elsewhere=number(lambda c: c.stands == "elsewhere"),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A child's line of a month."""

    child: Child
    cells: tuple[Cell, ...]
    counts: Counts
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A class's month."""

    days: tuple[Day, ...]
    lines: tuple[Line, ...]

    @property
    def totals(self) -> Counts:
        """Of all its lines."""
        return total(line.counts for line in self.lines)

    def of_days(self) -> list[Counts]:
        """The class on each day."""
        return [counts(line.cells[n] for line in self.lines) for n in range(len(self.days))]

    @property
    def lessons(self) -> int:
        """授業日数 of the grade until today."""
        return lessons(self.days)


def lessons(days: Iterable[Day]) -> int:
    """授業日数 among these days."""
    return sum(day.kind in ("lesson", "closed") for day in days)


def by_month(days: Sequence[Day]) -> list[slice]:
    """The days of each month, one month after another."""
    first = [n for n, day in enumerate(days) if n == 0 or day.on.day == 1]
    return [slice(since, until) for since, until in pairwise([*first, len(days)])]


def sheet(of: ClassYear, children: Iterable[Child], since: date, until: date) -> Sheet:
    """The sheet of the days from ``since`` to the one before ``until``: who is in the class on any of them."""
    days = of.days(since, until)
    lines = []
    for child in in_order(children):
        if not any(span.since < until and (span.until is None or span.until > since) for span in child.spans):
            continue
        cells = tuple(of.cell(child, day) for day in days)
        told = (*notes(of, child, since, until), *noted(cells))
        lines.append(Line(child, cells, counts(cells), told))
    return Sheet(tuple(days), tuple(lines))


def in_order(children: Iterable[Child]) -> list[Child]:
    """By 出席番号; of two with one number who came first; those without any at the end."""

    def place(child: Child) -> tuple[bool, int, date, UUID]:
        return child.number is None, child.number or 0, child.spans[0].since, child.pupil

    return sorted((child for child in children if child.spans), key=place)
