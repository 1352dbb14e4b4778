"""Which duties may be given, and what ending one leaves."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.registry.duties import rules
from services.registry.duties.rules import Change, ClassOf, Wish
from services.registry.roster.rows import DutyIs, Held, Standing
from services.registry.roster.snapshot import Period
from shared.contracts.registry import DutyKind
from shared.dates import school_year_bounds

TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)
SCHOOL, STAFF, CLASS = uuid4(), uuid4(), ClassOf(uuid4(), "2年1組", uuid4(), 2026)
OF = ClassOf(CLASS.id, "2年1組", SCHOOL, 2026)


def wrong(kind: DutyKind, since: date, until: date | None, of: ClassOf | None = OF) -> list[str]:
    wish = Wish(kind, of.id if of else None, Period(since, until))
    return [each.field for each in rules.wrong_wish(wish, SCHOOL, of, [], TODAY)]


@pytest.mark.parametrize(
    ("kind", "since", "until", "of", "fields"),
    [
        ("substitute", TODAY, TODAY + DAY, OF, []),
        ("substitute", TODAY + 5 * DAY, TODAY + 6 * DAY, OF, []),
        ("substitute", TODAY, TODAY + 2 * DAY, OF, ["until"]),
        ("substitute", TODAY, None, OF, ["until"]),
        ("substitute", TODAY - DAY, TODAY, OF, ["since"]),
        ("homeroom", TODAY, None, OF, []),
        ("homeroom", date(2026, 4, 1), date(2027, 4, 1), OF, []),
        ("homeroom", TODAY, None, None, ["class"]),
        ("homeroom", TODAY, None, CLASS, ["class"]),  # of another school
        ("homeroom", TODAY, TODAY, OF, ["until"]),
        ("homeroom", date(2027, 4, 1), None, OF, ["since"]),  # the class is of this school year
        ("homeroom", TODAY, date(2027, 4, 2), OF, ["since"]),
        ("nurse", TODAY, None, OF, ["class"]),
        ("nurse", date(2027, 4, 1), None, None, []),
        ("nurse", date(2026, 3, 31), None, None, ["since"]),
        ("nurse", date(2028, 4, 1), None, None, ["since"]),
        ("subject", TODAY, None, None, []),
        ("board_staff", TODAY, None, None, ["kind"]),
        ("system_operator", TODAY, None, None, ["kind"]),
    ],
)
def test_what_may_be_given(
    kind: DutyKind, since: date, until: date | None, of: ClassOf | None, fields: list[str]
) -> None:
    assert wrong(kind, since, until, of) == fields


def test_the_same_duty_twice_is_refused_with_the_one_that_stands() -> None:
    held = Held(STAFF, Period(date(2026, 4, 1), None), DutyIs("homeroom", SCHOOL, OF.id))
    wish = Wish("homeroom", OF.id, Period(TODAY, None))
    (found,) = rules.wrong_wish(wish, SCHOOL, OF, [held], TODAY)
    assert found.field == "staff"
    assert "2年1組の担任" in found.message
    assert "4月1日（水）から" in found.message
    over = Held(STAFF, Period(date(2026, 4, 1), TODAY), held.what)
    assert rules.wrong_wish(wish, SCHOOL, OF, [over], TODAY) == []


def test_a_duty_of_a_class_ends_with_its_school_year() -> None:
    held = rules.given(STAFF, SCHOOL, Wish("homeroom", OF.id, Period(TODAY, None)), OF)
    assert held.valid == Period(TODAY, date(2027, 4, 1))
    assert rules.given(STAFF, SCHOOL, Wish("nurse", None, Period(TODAY, None)), None).valid.until is None


@given(st.sampled_from(list(rules.AT_SCHOOL)), st.dates(), st.none() | st.dates(), st.booleans())
@example("substitute", date.max, None, True)
@example("substitute", date.max, date.max, True)
@example("homeroom", date.min, date.min, False)
def test_every_day_there_is_gets_an_answer(
    kind: DutyKind, since: date, until: date | None, of_a_class: bool
) -> None:
    of = OF if of_a_class else None
    accepted = not wrong(kind, since, until, of)
    assert not accepted or date(2026, 4, 1) <= since < date(2028, 4, 1)


days = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@st.composite
def stored(draw: st.DrawFn) -> Standing[DutyIs]:
    since = draw(days)
    until = draw(st.one_of(st.none(), st.integers(1, 500).map(lambda n: since + n * DAY)))
    kind = draw(st.sampled_from(get_args(DutyKind)))
    return Standing(uuid4(), Held(draw(st.uuids()), Period(since, until), DutyIs(kind, SCHOOL, OF.id)))


@given(stored(), days, days)
def test_ending_takes_the_days_from_then_on_and_no_other(
    duty: Standing[DutyIs], until: date, on: date
) -> None:
    change = rules.ended(duty, until)
    before = duty.held.valid.holds(on)
    if not isinstance(change, Change):
        assert duty.held.valid.until is not None
        assert until > duty.held.valid.until
        return
    (whole,) = change.sets([duty]).values() if until != duty.held.valid.until else ([duty.held],)
    assert any(each.valid.holds(on) for each in whole) == (before and on < until)
    assert all(each.what == duty.held.what for each in whole)


@given(st.lists(stored(), max_size=6), st.integers(0, 5))
def test_whole_sets_keep_what_was_not_touched(duties: list[Standing[DutyIs]], which: int) -> None:
    if which >= len(duties):
        return
    change = rules.ended(duties[which], duties[which].held.valid.since)
    assert isinstance(change, Change)
    subject = duties[which].held.subject
    kept = [each.held for each in duties if each.held.subject == subject and each is not duties[which]]
    assert sorted(change.sets(duties)[subject], key=str) == sorted(kept, key=str)


def test_takers_are_those_of_the_day_the_substitute_first() -> None:
    def held(kind: str, since: date, until: date | None, of: UUID | None = OF.id) -> Held[DutyIs]:
        return Held(uuid4(), Period(since, until), DutyIs(kind, SCHOOL, of))

    first = school_year_bounds(2026)[0]
    homeroom, stands_in = held("homeroom", first, None), held("substitute", TODAY, TODAY + DAY)
    others = [held("subject", first, None), held("office", first, None, None), held("nurse", first, None)]
    all_ = [homeroom, *others, stands_in, held("assistant", first, TODAY)]
    assert rules.takers(all_, TODAY) == {OF.id: [stands_in, homeroom]}
    assert rules.takers(all_, TODAY + DAY) == {OF.id: [homeroom]}
