"""欠課時数: what a class's lessons come to per child. Pure.

No number is kept: each is counted from the marks when it is shown, as in the 出席簿 (docs/register.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.registry.periods.setting import Subject
from services.registry.register.noting import notes
from services.registry.register.rules import Child, ClassYear, in_order
from shared.contracts.registry import CorrectionReason, LessonCode

Marks = Mapping[UUID, Mapping[date, Mapping[int, LessonCode]]]
"""What stands for a child in each lesson of each day."""


class Lesson(NamedTuple):
    """A lesson of the class whose roll was taken."""

    on: date
    period: int
    subject: str | None
    """None: nobody has said."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Lessons that were taken while the child was in the class."""

    lessons: int = 0
    apart: int = 0
    """Missed on a day that counts as 出席停止・忌引等."""
    away: int = 0
    """欠課時数: missed on any other day."""
    late: int = 0
    left: int = 0
    unrecorded: int = 0
    """Of whom nobody has said anything: neither there nor away."""

    @property
    def there(self) -> int:
        """出席時数; 遅れて and 途中まで are among it."""
        return self.lessons - self.apart - self.away - self.unrecorded

    def __add__(self, more: Hours) -> Hours:
        return Hours(*(getattr(self, f.name) + getattr(more, f.name) for f in fields(self)))


def total(hours: Iterable[Hours]) -> Hours:
    """The sum; of nothing it is zero."""
    return sum(hours, Hours())


@dataclass(frozen=True, slots=True)
class Line:
    """A child of the sheet."""

    child: Child
    by_subject: Mapping[str | None, Hours]
    """Of the sheet's days; None: of lessons whose subject nobody has said."""
    so_far: Hours
    """From the school year's first day to the sheet's last."""
    notes: tuple[str, ...]

    @property
    def hours(self) -> Hours:
        """Of the sheet's days."""
        return total(self.by_subject.values())

    def of(self, subject: str | None) -> Hours:
        """In one subject."""
        return self.by_subject.get(subject, Hours())


@dataclass(frozen=True, slots=True)
class Sheet:
    """A class's lessons of some days, added up."""

    lessons: tuple[Lesson, ...]
    """Of the sheet's days."""
    lines: tuple[Line, ...]

    def taken(self, subject: str | None) -> int:
        """Lessons of the class in a subject."""
        return sum(each.subject == subject for each in self.lessons)

    def of(self, subject: str | None) -> Hours:
        """The class in a subject."""
        return total(line.of(subject) for line in self.lines)

    @property
    def totals(self) -> Hours:
        """The sums of the lines."""
        return total(line.hours for line in self.lines)

    @property
    def so_far(self) -> Hours:
        """The sums of the lines since the school year began."""
        return total(line.so_far for line in self.lines)


@dataclass(frozen=True, slots=True)
class Correction:
    """What was said of a child's lesson after the month was closed."""

    pupil: UUID
    on: date
    period: int
    before: LessonCode | None
    """None: nothing had been said."""
    after: LessonCode
    reason: CorrectionReason | None
    reason_text: str | None
    by: UUID
    at: datetime


_Said = tuple[LessonCode | None, bool]
"""What was said of a child in a lesson, and whether its day counts as 出席停止・忌引等."""


def counted(said: Sequence[_Said]) -> Hours:
    """What some lessons of a child come to."""
    return Hours(
        lessons=len(said),
        apart=said.count(("away", True)),
        away=said.count(("away", False)),
        late=sum(code == "late" for code, _ in said),
        left=sum(code == "left" for code, _ in said),
        unrecorded=sum(code is None for code, _ in said),
    )


def sheet(
    of: ClassYear, children: Iterable[Child], marks: Marks, taken: Iterable[Lesson], since: date, until: date
) -> Sheet:
    """The sheet of the days from ``since`` to the one before ``until``: who is in the class on any of them.

    ``taken`` and ``marks`` begin with the school year: what was before ``since`` is in ``so_far`` alone. A lesson that
    was taken counts whatever the calendar came to say of its day: it was held.
    """
    lessons = sorted((each for each in taken if each.on < until), key=lambda each: (each.on, each.period))
    days = {day.on: day for day in of.days(lessons[0].on, until)} if lessons else {}
    lines = []
    for child in in_order(children):
        if not any(span.since < until and (span.until is None or span.until > since) for span in child.spans):
            continue
        said = marks.get(child.pupil, {})
        apart: dict[date, bool] = {}
        found: dict[str | None, list[_Said]] = defaultdict(list)
        before: list[_Said] = []
        for lesson in lessons:
            if not any(span.holds(lesson.on) for span in child.spans):
                continue
            if lesson.on not in apart:
                apart[lesson.on] = of.cell(child, days[lesson.on]).kind in ("apart", "closed")
            code = said.get(lesson.on, {}).get(lesson.period)
            (before if lesson.on < since else found[lesson.subject]).append((code, apart[lesson.on]))
        by_subject = {subject: counted(those) for subject, those in found.items()}
        so_far = counted(before) + total(by_subject.values())
        lines.append(Line(child, by_subject, so_far, tuple(notes(of, child, since, until))))
    return Sheet(tuple(each for each in lessons if each.on >= since), tuple(lines))


NONE = "教科なし"


def columns(of: Sheet, words: Mapping[str, Subject]) -> list[tuple[str | None, str]]:
    """The subjects that were named in any lesson, in the board's order, and at the end those without one."""
    named = {each.subject for each in of.lessons}
    known: Sequence[tuple[str | None, str]] = [
        (code, each.word) for code, each in words.items() if code in named
    ]
    lost = sorted(code for code in named if code is not None and code not in words)
    return [*known, *((code, code) for code in lost), *([(None, NONE)] if None in named else [])]
