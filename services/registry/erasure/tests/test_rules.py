"""When a person may be erased."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.registry.erasure.rules import Holdings, kept_until, refusals
from services.registry.people.rules import Record, Told, Version
from services.registry.roster.rows import DutyIs, EnrolmentIs, Held, PersonRow
from services.registry.roster.snapshot import Period
from shared.dates import TOKYO, school_year

PERSON, PLACE = uuid4(), uuid4()
SAID = datetime(2020, 4, 1, tzinfo=TOKYO)
days = st.dates(date(1950, 4, 1), date(2060, 3, 31))


def told(what: Any, since: date, until: date | None) -> Told[Any]:
    return Told(uuid4(), Held(PERSON, Period(since, until), what), SAID, "import", None)


def record(enrolled: date | None = None, worked: date | None = None) -> Record:
    """Somebody whose last day at school, or at work, was the one given."""
    nothing: dict[str, Any] = dict.fromkeys(PersonRow._fields)
    version = Version(PersonRow(**{**nothing, "id": PERSON}), 1, "import", SAID, None, None, None)

    def until(what: Any, last: date | None) -> list[Told[Any]]:
        return [] if last is None else [told(what, date(1949, 4, 1), last + timedelta(days=1))]

    return Record(
        [version],
        enrolments=until(EnrolmentIs(PLACE, "P6"), enrolled),
        duties=until(DutyIs("homeroom", PLACE, None), worked),
    )


def test_a_graduate_is_kept_for_twenty_school_years() -> None:
    graduate = record(enrolled=date(2026, 3, 31))
    assert kept_until(graduate) == date(2046, 3, 31)
    assert refusals(graduate, Holdings(), "retention_over", "", date(2046, 3, 31)) != []
    assert refusals(graduate, Holdings(), "retention_over", "", date(2046, 4, 1)) == []


def test_who_left_in_may_is_kept_as_long_as_the_class() -> None:
    assert kept_until(record(enrolled=date(2025, 5, 10))) == date(2046, 3, 31)


def test_staff_are_kept_for_five() -> None:
    assert kept_until(record(worked=date(2026, 3, 31))) == date(2031, 3, 31)


def test_a_guardian_is_kept_for_no_time_of_its_own() -> None:
    assert kept_until(record()) is None


@given(days, days)
def test_the_longest_of_what_somebody_was_counts(enrolled: date, worked: date) -> None:
    """A pupil who came back as a teacher."""
    both = kept_until(record(enrolled, worked))
    each = (kept_until(record(enrolled=enrolled)), kept_until(record(worked=worked)))
    assert both == max(day for day in each if day is not None)


@given(days)
def test_whole_school_years_go_by(last: date) -> None:
    until = kept_until(record(enrolled=last))
    assert until is not None
    assert (until.month, until.day) == (3, 31)
    assert school_year(until) == school_year(last) + 20
