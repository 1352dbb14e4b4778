"""Days of the former school, of a child who comes during the year: what may be entered, and the year with them. Pure.

The 出席簿 counts from the day of 受入; the 指導要録 of the year has both schools' days (docs/register.md). So the own
sheet's sums are never changed by them: they stand apart, and added up beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.register.rules import Child, ClassYear, Counts, Span
from shared.dates import school_year_bounds

Source = Literal["record_copy", "certificate", "told", "other"]
SOURCES: dict[Source, str] = {
    "record_copy": "指導要録の写し",
    "certificate": "在学証明書",
    "told": "前の学校からの連絡",
    "other": "ほかの書類",
}
Days = Annotated[int, Field(ge=0, le=366)]


class Said(BaseModel):
    """What a paper of the former school says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    school: str
    source: Source
    told_on: date
    """The day of the paper."""
    days: Days
    """授業日数."""
    apart: Days
    """出席停止・忌引等の日数."""
    absent: Days
    late: Days
    early: Days

    @property
    def sums(self) -> Sums:
        """With what follows from it."""
        due = self.days - self.apart
        return Sums(self.days, self.apart, due, self.absent, due - self.absent, self.late, self.early)


class Sums(NamedTuple):
    """What both schools count: 出欠の記録 of the 指導要録, and 遅刻 and 早退."""

    days: int
    apart: int
    due: int
    absent: int
    present: int
    late: int
    early: int

    @classmethod
    def of(cls, counts: Counts) -> Sums:
        """Of the own sheet."""
        return cls(*(getattr(counts, name) for name in cls._fields))

    def plus(self, other: Sums) -> Sums:
        """Both added up."""
        return Sums(*(one + more for one, more in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Former:
    """The newest word on a child's days of before."""

    revision: int
    said: Said | None
    """None: taken back."""
    by: UUID
    at: datetime


class Wrong(NamedTuple):
    """A field that cannot be, and what to do."""

    where: str
    message: str


def wrong_in(said: Said, today: date) -> list[Wrong]:
    """Everything that cannot be so on paper."""
    found = []
    if not said.school.strip() or not said.school.isprintable():
        found.append(Wrong("前の学校", "学校の名前を書いてください。"))
    if said.told_on > today:
        found.append(Wrong("書類の日付", "きょうか、それより前の日にしてください。"))
    if said.apart > said.days:
        found.append(Wrong("出席停止・忌引等", f"授業日数（{said.days}日）をこえています。"))
    elif said.absent > said.days - said.apart:
        found.append(
            Wrong("欠席", f"出席しなければならない日数（{said.days - said.apart}日）をこえています。")
        )
    else:
        there = said.sums.present
        for word, n in (("遅刻", said.late), ("早退", said.early)):
            if n > there:
                found.append(Wrong(word, f"出席日数（{there}日）をこえています。"))
    return found


def why_not(of: ClassYear, child: Child) -> str | None:
    """Why a child has no days of another school in this year; None when it may.

    Who only changed classes has none, and who comes back from another school has, whenever its first days here were.
    """
    begins, _ = school_year_bounds(of.school_year)
    if any(of.meets(begins, _came(span)) for span in child.spans):
        return None
    return "この子は年度のはじめからこの学校にいます。転入した子だけに入れます。"


def _came(span: Span) -> date:
    """The day of 受入 by the school, as far as it is known."""
    return span.since if span.here_from is None else min(span.since, span.here_from)


def together(child: Child, said: Said, own: Counts) -> Sums | None:
    """Both schools' days; None where another class of this school has the child's other days (学級がえ): a sum
    without them is not the year."""
    if any(span.from_here or span.stays_here for span in child.spans):
        return None
    return said.sums.plus(Sums.of(own))
