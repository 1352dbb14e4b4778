"""Which card stays, what goes on at it, and what cannot be merged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.registry.matching.merging import Changes, Half, Plan, plan_merge
from services.registry.matching.tests.test_rules import child
from services.registry.people.history import Names
from services.registry.roster.rows import (
    EnrolmentIs,
    GuardianshipIs,
    Held,
    MembershipIs,
    ProtectionIs,
    Standing,
)
from services.registry.roster.snapshot import Period

TODAY = date(2026, 11, 20)
FIRST, SECOND, CLASS, NEXT, MOTHER, FATHER = (uuid4() for _ in range(6))
NAMES = Names(
    {FIRST: "第一小", SECOND: "第二小", CLASS: "2年1組", NEXT: "2年2組"},
    {MOTHER: "髙橋 恵", FATHER: "髙橋 実"},
)
YEAR = (date(2026, 4, 1), date(2027, 4, 1))
WRITTEN = datetime(2026, 4, 1, tzinfo=UTC)


def half(*, named: bool = False, first: datetime = WRITTEN, born: date | None = date(2018, 5, 6)) -> Half:
    return Half(child(("髙橋", "花子"), born=born).card, first, named)


def at(of: Half, since: date, until: date | None, school: UUID = FIRST, room: UUID | None = CLASS) -> Half:
    valid = Period(since, until)
    member = MembershipIs(school, room, "home", 3) if room else None
    return replace(
        of,
        enrolments=[*of.enrolments, Standing(uuid4(), Held(of.id, valid, EnrolmentIs(school, "P2")))],
        memberships=[*of.memberships, *([Standing(uuid4(), Held(of.id, valid, member))] if member else [])],
    )


def plan(one: Half, other: Half) -> Plan:
    return plan_merge(one, other, NAMES, TODAY)


def after(of: Half, before: Iterable[Standing[Any]], changes: Changes) -> list[Period]:
    gone = {each.id for each in changes.voided}
    stand = [each.held for each in before if each.id not in gone]
    return sorted(
        held.valid for held in [*stand, *(each.held for each in changes.added)] if held.subject == of.id
    )


def test_the_card_of_this_year_stays_and_the_one_of_before_is_left_as_it_was() -> None:
    before = at(half(named=True), date(2023, 4, 1), date(2024, 4, 1))
    now = at(half(first=WRITTEN + timedelta(days=9)), *YEAR)
    made = plan(before, now)
    assert (made.kept, made.gone, made.wrong) == (now, before, [])
    assert not made.enrolments.voided
    assert not made.memberships.added


def test_the_same_class_twice_stands_once() -> None:
    by_hand = at(half(), date(2026, 9, 1), YEAR[1])
    brought = at(half(named=True, first=WRITTEN + timedelta(days=30)), *YEAR)
    made = plan(by_hand, brought)
    assert (made.kept.id, made.wrong) == (brought.id, [])
    assert after(by_hand, by_hand.memberships, made.memberships) == []
    assert after(brought, brought.memberships, made.memberships) == [Period(*YEAR)]
    assert any("2年1組3番" in word and "一つだけ" in word for word in made.words)


def test_what_only_the_other_card_has_goes_on_from_today() -> None:
    kept = at(half(named=True), *YEAR)
    tie = GuardianshipIs(MOTHER, "mother", True, True, True)
    gone = replace(
        at(half(), date(2024, 4, 1), date(2025, 4, 1)),
    )
    gone = replace(gone, guardians=[Standing(uuid4(), Held(gone.id, Period(date(2024, 4, 1), None), tie))])
    made = plan(kept, gone)
    [past, coming] = made.guardians.added
    assert past.held == Held(gone.id, Period(date(2024, 4, 1), TODAY), tie)
    assert coming.held == Held(kept.id, Period(date(2024, 4, 1), None), tie)
    assert any("髙橋 恵" in word and "母" in word for word in made.words)


def test_a_protection_of_either_is_one_of_both() -> None:
    kept, gone = at(half(named=True), *YEAR), half()
    mark = Standing(uuid4(), Held(gone.id, Period(date(2025, 1, 1), None), ProtectionIs((FATHER,))))
    made = plan(kept, replace(gone, protections=[mark]))
    assert after(kept, [], made.protections) == [Period(TODAY, None)]
    assert after(gone, [mark], made.protections) == [Period(date(2025, 1, 1), None)]


def test_contradictions_are_told_in_words() -> None:
    one = at(half(), *YEAR)
    elsewhere = plan(one, at(half(), *YEAR, SECOND, None))
    assert "第一小" in elsewhere.wrong[0]
    assert "第二小" in elsewhere.wrong[0]
    other_class = plan(one, at(half(), *YEAR, FIRST, NEXT))
    assert "2年1組" in other_class.wrong[0]
    assert "2年2組" in other_class.wrong[0]
    assert "生年月日" in plan(one, half(born=date(2018, 5, 7))).wrong[0]
    merged = half()
    merged = replace(merged, card=merged.card._replace(merged_into=uuid4()))
    assert "もうほかのカードと" in plan(one, merged).wrong[0]
    assert "子どものカードだけ" in plan(one, replace(half(), grown_up=True)).wrong[0]
    both = plan(replace(one, has_merged=True), replace(half(), has_merged=True))
    assert "前にまとめたカード" in both.wrong[0]


_DAYS = st.integers(0, 60).map(lambda weeks: date(2025, 10, 1) + timedelta(weeks=weeks))


@st.composite
def halves(draw: st.DrawFn) -> Half:
    made = half(named=draw(st.booleans()), first=WRITTEN + timedelta(hours=draw(st.integers(0, 5))))
    edges = sorted(draw(st.sets(_DAYS, max_size=4)))
    for since, until in zip(edges[::2], edges[1::2], strict=False):
        made = at(made, since, until)
    return made


@given(halves(), halves())
def test_no_day_is_lost_or_doubled_and_nothing_runs_at_the_card_that_goes(one: Half, other: Half) -> None:
    made = plan(one, other)
    assert made.kept == plan(other, one).kept
    assert made.wrong == []
    kept = after(made.kept, made.kept.enrolments, made.enrolments)
    gone = after(made.gone, made.gone.enrolments, made.enrolments)
    before = [each.held.valid for half_ in (one, other) for each in half_.enrolments]
    for week in range(62):
        day = date(2025, 10, 1) + timedelta(weeks=week)
        times = sum(period.holds(day) for period in [*kept, *gone])
        assert times == any(period.holds(day) for period in before), day
        assert day < TODAY or not any(period.holds(day) for period in gone)
