"""Past days, thought out: as often away as children are, the same whenever asked, closed when a fifth is ill."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

from deploy.town.holidays import school_days
from deploy.town.past import ClassYear, year_of_class
from services.registry.attendance.symbols import DEFAULT_SYMBOLS

DAYS = school_days(2026)
ROOMS = {f"room {number}": [f"pupil {number}/{place}" for place in range(30)] for number in range(60)}


@cache
def years() -> dict[str, ClassYear]:
    """Sixty classes of thirty."""
    return {room: year_of_class(1, room, pupils, DAYS) for room, pupils in ROOMS.items()}


def away(code: str | None) -> bool:
    """Whether the pupil is not at school."""
    return code in ("absent_sick", "absent_other", "suspended", "bereavement")


def share(days: list[date]) -> float:
    """Of pupils away on these days."""
    codes = [year.codes[pupil].get(day) for year in years().values() for pupil in year.codes for day in days]
    return sum(map(away, codes)) / len(codes)


def test_as_many_are_away_as_in_schools() -> None:
    codes = Counter(
        code for year in years().values() for mine in year.codes.values() for code in mine.values()
    )
    assert set(codes) == {symbol.code for symbol in DEFAULT_SYMBOLS} - {"present"}
    assert 0.02 < share(DAYS) < 0.06
    assert share([day for day in DAYS if day.weekday() == 0]) > 1.1 * share(
        [d for d in DAYS if d.weekday() == 3]
    )
    seldom_away = [
        mine for year in years().values() for mine in year.codes.values() if sum(map(away, mine.values())) < 8
    ]
    begins = Counter(
        day.weekday()
        for mine in seldom_away
        for before, day in pairwise(DAYS)
        if mine.get(day) == "absent_sick" != mine.get(before)
    )
    assert begins[0] > 1.2 * begins[3]
    assert share([day for day in DAYS if day.month in (11, 1, 2)]) > share(
        [d for d in DAYS if d.month in (5, 6)]
    )
    often = [
        sum(away(code) for code in mine.values()) >= 30
        for year in years().values()
        for mine in year.codes.values()
    ]
    assert 0.005 < sum(often) / len(often) < 0.05


def test_influenza_lasts_until_five_days_after_it_broke_out() -> None:
    for year in years().values():
        for mine in year.codes.values():
            ill = sorted(day for day, code in mine.items() if code == "suspended")
            if ill:
                assert ill[-1] - ill[0] <= timedelta(days=5)
                between = [day for day in DAYS if ill[0] <= day <= ill[-1]]
                assert between == ill


def test_a_class_is_closed_when_a_fifth_of_it_is_ill_and_then_for_days_on_end() -> None:
    closed = {room: year.closed for room, year in years().items() if year.closed}
    assert 5 < len(closed) < len(ROOMS)
    for room, days in closed.items():
        ill = {
            day: sum(mine.get(day) == "suspended" for mine in years()[room].codes.values()) for day in DAYS
        }
        before = DAYS[DAYS.index(days[0]) - 1]
        assert ill[before] >= 6
        runs = 1 + sum(DAYS.index(other) - DAYS.index(one) > 1 for one, other in pairwise(days))
        assert 2 * runs <= len(days) <= 3 * runs


def test_a_day_looks_the_same_whatever_is_asked_for() -> None:
    for room, pupils in list(ROOMS.items())[:5]:
        assert year_of_class(1, room, pupils, DAYS) == years()[room]
        fewer = year_of_class(1, room, pupils[3:], DAYS)
        assert all(fewer.codes[pupil] == years()[room].codes[pupil] for pupil in pupils[3:])
        assert year_of_class(2, room, pupils, DAYS).codes != years()[room].codes


def test_small_classes_are_not_closed() -> None:
    assert not any(
        year_of_class(seed, "room", [f"p{n}" for n in range(8)], DAYS).closed for seed in range(60)
    )
