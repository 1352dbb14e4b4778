"""Business dates are days in Tokyo; the school year turns on 1 April."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import dates
from shared.dates import TOKYO, FixedClock, SystemClock, TrainingClock

DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC), date(2026, 3, 31)),
        (datetime(2026, 3, 31, 15, 0, tzinfo=UTC), date(2026, 4, 1)),
        (datetime(2026, 11, 20, 0, 0, tzinfo=TOKYO), date(2026, 11, 20)),
    ],
)
def test_a_day_begins_at_midnight_in_tokyo(instant: datetime, day: date) -> None:
    assert dates.business_date(instant) == day
    assert FixedClock(instant).today() == day


@pytest.mark.parametrize(
    ("on", "year"),
    [
        (date(2026, 3, 31), 2025),
        (date(2026, 4, 1), 2026),
        (date(2026, 12, 31), 2026),
        (date(2027, 1, 1), 2026),
    ],
)
def test_the_school_year_turns_on_1_april(on: date, year: int) -> None:
    assert dates.school_year(on) == year


@given(DAYS)
def test_every_day_lies_in_its_school_year(on: date) -> None:
    first, end = dates.school_year_bounds(dates.school_year(on))
    assert first <= on < end
    assert dates.school_year(end) == dates.school_year(on) + 1


@given(DAYS)
def test_the_latest_weekday(on: date) -> None:
    found = dates.latest_weekday(on)
    assert found.weekday() < 5
    assert timedelta(0) <= on - found <= timedelta(2)


@given(DAYS, st.sets(DAYS))
def test_school_days_around_a_day(on: date, school_days: set[date]) -> None:
    before, after = dates.latest_school_day(on, school_days), dates.next_school_day(on, school_days)
    assert before is None or before <= on
    assert after is None or after > on
    assert not {
        day for day in school_days if (before or date.min) < day < (after or date.max) and day != before
    }


def test_a_training_date_has_the_real_time_of_day() -> None:
    clock = TrainingClock(date(2026, 11, 20))
    assert clock.today() == date(2026, 11, 20) == dates.business_date(clock.now())
    real = SystemClock().now().astimezone(TOKYO)
    pretended = clock.now().astimezone(TOKYO)
    gap = timedelta(hours=real.hour - pretended.hour, minutes=real.minute - pretended.minute)
    assert abs(gap) <= timedelta(minutes=1) or abs(gap) >= timedelta(hours=23)


def test_a_date_in_words() -> None:
    assert dates.in_words(date(2026, 11, 21)) == "11月21日（土）"


@pytest.mark.parametrize(
    ("on", "year"),
    [
        (date(2026, 11, 20), "令和8"),
        (date(2019, 5, 1), "令和元"),
        (date(2019, 4, 30), "平成31"),
        (date(1989, 1, 7), "昭和64"),
        (date(1920, 1, 1), "1920"),
    ],
)
def test_the_years_of_an_era(on: date, year: str) -> None:
    assert dates.japanese_year(on) == year


def test_a_school_year_is_named_after_the_era_that_began_in_it() -> None:
    assert [dates.japanese_school_year(year) for year in (2018, 2019, 2026)] == ["平成30", "令和元", "令和8"]
