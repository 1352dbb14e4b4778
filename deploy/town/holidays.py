"""Days on which a school of the generated town meets.

国民の祝日 by the law as of 2026 (祝日法 2, 3), equinoxes by the usual formula for 1980–2099; terms of an ordinary
municipality. Only generated data stands on it: real calendars are imported.
"""

from __future__ import annotations

from datetime import date, timedelta

_FIXED = ((1, 1), (2, 11), (2, 23), (4, 29), (5, 3), (5, 4), (5, 5), (8, 11), (11, 3), (11, 23))
_MONDAYS = ((1, 2), (7, 3), (9, 3), (10, 2))
_DAY = timedelta(days=1)


def national_holidays(year: int) -> set[date]:
    """The 国民の祝日 and 休日 of a calendar year."""
    days = {date(year, month, day) for month, day in _FIXED}
    days |= {_monday(year, month, nth) for month, nth in _MONDAYS}
    leap = (year - 1980) // 4
    days.add(date(year, 3, int(20.8431 + 0.242194 * (year - 1980) - leap)))
    days.add(date(year, 9, int(23.2488 + 0.242194 * (year - 1980) - leap)))
    # 3 条 2 項: a holiday on a Sunday moves to the next day that is none; 3 項: a day between two holidays is one.
    moved = set(days)
    for day in sorted(days):
        if day.weekday() == 6:
            while day in moved:
                day += _DAY
            moved.add(day)
    between = {day + _DAY for day in days if day + 2 * _DAY in days and (day + _DAY).weekday() != 6}
    return moved | between


def _monday(year: int, month: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(-first.weekday()) % 7 + 7 * (nth - 1))


def school_days(school_year: int) -> list[date]:
    """Weekdays of the three terms that are no holidays, plus the sports day on a Saturday with its day off."""
    terms = (
        (date(school_year, 4, 7), date(school_year, 7, 20)),
        (date(school_year, 9, 1), date(school_year, 12, 24)),
        (date(school_year + 1, 1, 8), date(school_year + 1, 3, 24)),
    )
    holidays = national_holidays(school_year) | national_holidays(school_year + 1)
    found = {
        first + timedelta(days=offset)
        for first, last in terms
        for offset in range((last - first).days + 1)
        if (first + timedelta(days=offset)).weekday() < 5
    } - holidays
    sports_day = _monday(school_year, 5, 4) + 5 * _DAY
    found.add(sports_day)
    found.discard(sports_day + 2 * _DAY)
    return sorted(found)
