"""Which periods change for a source, by example and by property. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID, uuid5

from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.roster.rows import Held, MembershipIs, Standing
from services.registry.roster.rules import after, diff_periods
from services.registry.roster.snapshot import Period
from shared.ids import NAMESPACE, new_id

YEAR = Period(date(2026, 4, 1), date(2027, 4, 1))
TODAY = date(2026, 11, 20)
PUPIL = UUID(int=1)
SCHOOL = UUID(int=9)

Set = list[Held[MembershipIs]]


def class_id(name: str) -> UUID:
    return uuid5(NAMESPACE, name)


def held(
    name: str, since: date = YEAR.since, until: date | None = YEAR.until, number: int = 1
) -> Held[MembershipIs]:
    return Held(PUPIL, Period(since, until), MembershipIs(SCHOOL, class_id(name), "home", number))


def stored(*sets: Held[MembershipIs]) -> list[Standing[MembershipIs]]:
    return [Standing(new_id(), each) for each in sets]


def then(
    standing: list[Standing[MembershipIs]], wanted: Set, today: date = TODAY, year: Period = YEAR
) -> Set:
    """What stands after the source was applied."""
    changes = diff_periods(standing, wanted, year, today)
    gone = {each.id for each in changes.voided}
    left = [each.held for each in standing if each.id not in gone]
    return sorted([*left, *(each.held for each in changes.added)], key=lambda each: each.valid.since)


def test_nothing_new_is_no_change() -> None:
    changes = diff_periods(stored(held("a")), [held("a")], YEAR, TODAY)
    assert (changes.voided, changes.added) == ([], [])


def test_a_detail_replaces_the_whole_period() -> None:
    (standing,) = stored(held("a"))
    changes = diff_periods([standing], [held("a", number=7)], YEAR, TODAY)
    assert [each.id for each in changes.voided] == [standing.id]
    assert [(each.held.what.number, each.replaces) for each in changes.added] == [(7, standing.id)]
    assert (changes.new, changes.changed, changes.ended) == (0, 1, 0)


def test_what_is_left_out_ends_today_and_keeps_its_past() -> None:
    assert then(stored(held("a")), []) == [held("a", until=TODAY)]


def test_what_has_not_begun_yet_is_voided_when_left_out() -> None:
    assert then(stored(held("a", since=date(2027, 1, 8))), []) == []


def test_what_had_ended_before_stays() -> None:
    past = held("a", until=date(2026, 9, 1))
    assert then(stored(past), [held("b", since=date(2026, 9, 1))]) == [
        past,
        held("b", since=date(2026, 9, 1)),
    ]


def test_a_successor_ends_it_on_its_own_day() -> None:
    successor = held("b", since=date(2026, 9, 1))
    assert then(stored(held("a")), [successor]) == [held("a", until=date(2026, 9, 1)), successor]


def test_a_successor_for_the_whole_time_takes_its_place() -> None:
    assert then(stored(held("a")), [held("b")]) == [held("b")]


def test_another_year_is_left_alone() -> None:
    last, coming = Period(date(2025, 4, 1), YEAR.since), Period(date(2027, 4, 1), date(2028, 4, 1))
    standing = stored(held("a", *last), held("c", *coming))
    assert then(standing, [held("b")]) == [held("a", *last), held("b"), held("c", *coming)]


def test_a_source_about_next_year_ends_open_relations_when_that_year_begins() -> None:
    coming = Period(date(2027, 4, 1), date(2028, 4, 1))
    standing = stored(held("a", since=date(2020, 4, 1), until=None))
    assert then(standing, [], year=coming) == [held("a", since=date(2020, 4, 1), until=coming.since)]


def test_a_source_about_a_past_year_ends_nothing() -> None:
    past = Period(date(2024, 4, 1), date(2025, 4, 1))
    standing = stored(held("a", since=date(2020, 4, 1), until=None))
    assert then(standing, [], year=past) == [each.held for each in standing]


_DAYS = st.integers(0, 364).map(lambda offset: YEAR.since + timedelta(days=offset))


@st.composite
def _sets(draw: st.DrawFn) -> Set:
    """Periods of one pupil that do not overlap, as a source may state them."""
    cuts = sorted(draw(st.sets(_DAYS, min_size=0, max_size=6)))
    ends = [YEAR.since, *cuts, YEAR.until or YEAR.since]
    found: Set = []
    for since, until in pairwise(ends):
        name = draw(st.sampled_from(["a", "b", "c", ""]))
        if name and since < until:
            found.append(held(name, since, until, draw(st.integers(1, 2))))
    return found


@given(first=_sets(), second=_sets(), today=_DAYS)
@settings(max_examples=400)
def test_after_a_source_what_it_says_stands_without_overlap_and_again_is_nothing(
    first: Set, second: Set, today: date
) -> None:
    standing = stored(*first)
    result = then(standing, second, today)
    assert all(each in result for each in second)
    for place, one in enumerate(result):
        assert not any(one.valid.overlaps(other.valid) for other in result[place + 1 :])
    again = diff_periods(stored(*result), second, YEAR, today)
    assert (again.voided, again.added) == ([], [])
    later = diff_periods(stored(*result), second, YEAR, today + timedelta(days=40))
    assert (later.voided, later.added) == ([], [])


@given(first=_sets(), second=_sets(), today=_DAYS)
def test_the_days_before_today_change_only_where_the_source_says_something(
    first: Set, second: Set, today: date
) -> None:
    result = then(stored(*first), second, today)
    for each in first:
        day = each.valid.since
        while day < min(today, each.valid.until or today):
            said = [wanted for wanted in second if wanted.valid.overlaps(each.valid)]
            if not said:
                assert any(now.valid.holds(day) and now.what == each.what for now in result)
            day += timedelta(days=17)


@given(first=_sets(), second=_sets(), today=_DAYS)
def test_the_whole_set_told_is_the_set_that_stands(first: Set, second: Set, today: date) -> None:
    standing = stored(*first)
    told = after(standing, diff_periods(standing, second, YEAR, today))
    if told:
        assert sorted(told[PUPIL], key=lambda each: each.valid.since) == then(standing, second, today)
