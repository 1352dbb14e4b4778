"""Business dates, the school year and the one clock port (decisions.md §1).

A business date is a calendar day in Asia/Tokyo. An instant is an aware ``datetime``. The school year is the integer of
its 1 April (学校教育法施行規則 59: 4/1–3/31). Nothing else in the product asks the machine what time it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")
WEEKDAYS = "月火水木金土日"


class Clock(Protocol):
    """The clock port: one for a deployment."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...

    def today(self) -> date:
        """The present business date."""
        ...


@dataclass(frozen=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return business_date(self.now())


@dataclass(frozen=True)
class TrainingClock:
    """The embedded edition's clock: ``on`` is today, the time of day is real.

    A fresh clone on a Saturday thereby has a morning. Tokens and TLS never use it.
    """

    on: date

    def now(self) -> datetime:
        real = datetime.now(TOKYO)
        return datetime.combine(self.on, real.time(), TOKYO).astimezone(UTC)

    def today(self) -> date:
        return self.on


@dataclass
class FixedClock:
    """A clock for tests: it stands until it is set."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant

    def today(self) -> date:
        return business_date(self.instant)


def business_date(instant: datetime) -> date:
    """The Tokyo calendar day of an aware instant."""
    return instant.astimezone(TOKYO).date()


def school_year(on: date) -> int:
    """The school year (年度) that holds ``on``."""
    return on.year if on.month >= 4 else on.year - 1


def school_year_bounds(year: int) -> tuple[date, date]:
    """First day and the day after the last day of a school year."""
    return date(year, 4, 1), date(year + 1, 4, 1)


def latest_school_day(on: date, school_days: Iterable[date]) -> date | None:
    """The last of ``school_days`` that is not after ``on``."""
    return max((day for day in school_days if day <= on), default=None)


def next_school_day(on: date, school_days: Iterable[date]) -> date | None:
    """The first of ``school_days`` after ``on``."""
    return min((day for day in school_days if day > on), default=None)


def latest_weekday(on: date) -> date:
    """``on`` or, on a weekend, the Friday before it."""
    return on - timedelta(days=max(0, on.weekday() - 4))


def in_words(on: date) -> str:
    """``11月21日（土）``, the way work screens write a date."""
    return f"{on.month}月{on.day}日（{WEEKDAYS[on.weekday()]}）"


_ERAS = (
    (date(2019, 5, 1), "令和", 2018),
    (date(1989, 1, 8), "平成", 1988),
    (date(1926, 12, 25), "昭和", 1925),
)


def japanese_year(on: date) -> str:
    """``令和8``, ``令和元``: the year of a day as papers of the administration write it; before 昭和 as it is."""
    for begins, era, before in _ERAS:
        if on >= begins:
            return f"{era}{'元' if on.year - before == 1 else on.year - before}"
    return str(on.year)


def japanese_school_year(year: int) -> str:
    """The same of a 年度: that of its first day, but of the first one of an era (令和元年度 began in 平成)."""
    return japanese_year(date(year, 5, 1))
