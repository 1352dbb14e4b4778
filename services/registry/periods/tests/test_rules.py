"""What is proposed, what contradicts, what is refused: by example, and whatever was said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import get_args
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.registry.attendance.rules import Derived, Fact, Member, derive
from services.registry.attendance.symbols import DEFAULT_SYMBOLS
from services.registry.periods import rules
from services.registry.periods.rules import Entry, Mark, Told, clashes, decide, proposed
from services.registry.periods.setting import OFF, Lessons, Periods
from shared.contracts.registry import LessonCode

SYMBOLS = {symbol.code: symbol for symbol in DEFAULT_SYMBOLS}
ON = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
BY = uuid4()
SIX = Lessons(periods=6)
BELLS = Lessons(periods=6, starts=("08:50", "09:50", "10:50", "11:50", "13:35", "14:35"))
CODES = get_args(LessonCode)


def day(code: str | None, at: datetime = AT, reason: str | None = None) -> tuple[Derived, Mapping[str, Fact]]:
    facts = {} if code is None else {"teacher": Fact("teacher", 1, code, BY, at, reason=reason)}  # type: ignore[arg-type]
    return derive(facts, SYMBOLS), facts  # type: ignore[arg-type]


def said(codes: Mapping[int, LessonCode]) -> dict[int, Mark]:
    return {period: Mark(code, 1, BY, AT) for period, code in codes.items()}


def row(
    code: str | None, told: Mapping[int, LessonCode] | None = None, lessons: Lessons = SIX, **when: object
) -> list[str | None]:
    derived, facts = day(code, **when)  # type: ignore[arg-type]
    came = rules.came_at(facts, derived, ON)  # type: ignore[arg-type]
    return expected(derived, came, told or {}, lessons)


def expected(
    derived: Derived, came: time | None, told: Mapping[int, LessonCode], lessons: Lessons
) -> list[str | None]:
    numbers = range(1, lessons.periods + 1)
    return [proposed(derived, came, said(told), n, lessons, taken=True) for n in numbers]


def test_who_is_away_that_day_is_proposed_away_and_who_is_there_as_there() -> None:
    assert row("absent_sick") == row("suspended") == ["away"] * 6
    assert row("present") == ["here"] * 6
    assert row(None) == [None] * 6


def test_who_came_late_at_a_known_time_missed_the_lessons_before() -> None:
    ten_to_ten = datetime(2026, 11, 20, 0, 55, tzinfo=UTC)
    assert row("late", lessons=BELLS, at=ten_to_ten, reason="came_later") == ["away", "late", *["here"] * 4]
    assert row("late_early", lessons=BELLS, at=ten_to_ten, reason="came_later") == [
        "away",
        "late",
        *[None] * 4,
    ]


@pytest.mark.parametrize(
    ("told", "from_third"),
    [
        ({1: "away", 2: "late"}, ["here"] * 4),
        ({1: "away"}, ["here"] * 4),
        ({1: "left"}, ["here"] * 4),
        ({2: "left"}, ["away"] * 4),
        ({2: "late", 3: "away"}, ["here", None, None, None]),
        ({2: "late", 3: "left"}, ["here", "away", "away", "away"]),
    ],
)
def test_a_known_time_does_not_silence_what_the_lessons_since_then_say(
    told: dict[int, LessonCode], from_third: list[str | None]
) -> None:
    ten_to_ten = datetime(2026, 11, 20, 0, 55, tzinfo=UTC)
    found = row("late", told, BELLS, at=ten_to_ten, reason="came_later")
    assert found == ["away", "late", *from_third]


@given(
    st.dictionaries(st.integers(1, 6), st.sampled_from(CODES), max_size=6),
    st.sampled_from([("late", "present"), ("late_early", "early_leave")]),
    st.times(),
)
def test_from_the_arrival_on_a_late_child_is_like_one_who_was_there(
    told: dict[int, LessonCode], codes: tuple[str, str], came: time
) -> None:
    begun = sum(time.fromisoformat(start) <= came for start in BELLS.starts)
    since = {n: code for n, code in told.items() if n >= begun}
    late, whole = (day(code)[0] for code in codes)
    assert expected(late, came, told, BELLS)[begun:] == expected(whole, None, since, BELLS)[begun:]
    assert expected(late, came, told, BELLS)[:begun] == [*["away"] * (begun - 1), *["late"] * min(begun, 1)]


def test_before_the_mornings_roll_only_what_school_staff_entered_proposes() -> None:
    for source, known in (("notice", False), ("nurse", False), ("office", True), ("teacher", True)):
        facts = {source: Fact(source, 1, "absent_sick", BY, AT)}  # type: ignore[arg-type]
        derived = derive(facts, SYMBOLS)  # type: ignore[arg-type]
        assert proposed(derived, None, {}, 1, SIX, taken=False) == ("away" if known else None)
        assert proposed(derived, None, {}, 1, SIX, taken=True) == "away"


def test_a_lateness_without_a_time_proposes_nothing_until_somebody_has_seen_the_child() -> None:
    assert row("late") == row("late", lessons=BELLS) == [None] * 6
    tomorrow = datetime(2026, 11, 21, 0, 55, tzinfo=UTC)
    assert row("late", lessons=BELLS, at=tomorrow, reason="came_later") == [None] * 6
    assert row("late", {1: "away", 2: "late"}) == [None, None, "here", "here", "here", "here"]


def test_who_went_is_proposed_away_and_who_was_missed_once_must_be_looked_for() -> None:
    assert row("present", {2: "left"})[2:] == ["away"] * 4
    assert row("present", {2: "away"}) == ["here", "here", None, None, None, None]
    assert row("early_leave", {1: "here"}) == [None] * 6


@pytest.mark.parametrize(
    ("code", "told", "kinds"),
    [
        ("absent_sick", {1: "away", 2: "away"}, []),
        ("absent_sick", {1: "away", 2: "late"}, ["seen_though_absent"]),
        ("suspended", {1: "here"}, ["seen_though_absent"]),
        ("present", {1: "away", 2: "away", 3: "here"}, []),
        ("present", {1: "away", 2: "here", 3: "away", 4: "away"}, ["away_though_present"]),
        ("late", {1: "away", 2: "away", 3: "away", 4: "here"}, []),
        ("late", dict.fromkeys(range(1, 7), "away"), ["away_though_present"]),
        ("early_leave", {6: "here"}, ["here_though_left"]),
        ("early_leave", {5: "here", 6: "away"}, []),
        ("present", {4: "left"}, ["left_though_staying"]),
        ("present", {4: "left", 5: "away"}, ["left_though_staying"]),
        ("present", {4: "left", 5: "away", 6: "away"}, ["left_though_staying"]),
        ("present", {3: "left", 4: "here", 5: "away"}, []),
        ("present", {4: "left", 5: "here"}, []),
        ("early_leave", {4: "left"}, []),
        (None, {1: "here", 2: "away"}, []),
    ],
)
def test_what_contradicts_the_day(code: str | None, told: dict[int, LessonCode], kinds: list[str]) -> None:
    assert [clash.kind for clash in clashes(day(code)[0], said(told), 6, 3)] == kinds


marks = st.dictionaries(st.integers(1, 6), st.sampled_from(CODES), max_size=6)
days = st.sampled_from([*SYMBOLS, None])


@given(days, marks, st.none() | st.times())
def test_what_is_proposed_never_contradicts_the_day(
    code: str | None, told: dict[int, LessonCode], came: time | None
) -> None:
    derived, _ = day(code)
    before = {clash.kind for clash in clashes(derived, said(told), 6, 3)}
    for period in set(range(1, 7)) - set(told):
        found = proposed(derived, came, said(told), period, BELLS, taken=True)
        if found is None or period <= max(told, default=0):
            continue
        after = {clash.kind for clash in clashes(derived, said({**told, period: found}), 6, 3)}
        assert after <= before | ({"away_though_present"} if found == "away" else set())


@given(days, marks, marks)
def test_a_contradiction_is_another_one_as_soon_as_anything_changes(
    code: str | None, one: dict[int, LessonCode], other: dict[int, LessonCode]
) -> None:
    derived, _ = day(code)
    first = {clash.seen for clash in clashes(derived, said(one), 6, 3)}
    second = {clash.seen for clash in clashes(derived, said(other), 6, 3)}
    assert one == other or not first & second


@given(st.lists(st.tuples(st.sampled_from(CODES), st.booleans()), min_size=1, max_size=6), st.booleans())
def test_a_lesson_is_taken_when_everybody_has_a_mark_and_only_then(
    given_: list[tuple[LessonCode, bool]], taken: bool
) -> None:
    members = [Member(uuid4(), n, exchange=False) for n in range(1, len(given_) + 1)]
    entries = [
        Entry(member.pupil, 0, code) for member, (code, comes) in zip(members, given_, strict=True) if comes
    ]
    decision = decide(members, entries, {}, period=2, by=BY, at=AT, taken=taken, closed=False)
    whole = len(entries) == len(members)
    assert decision.takes == (whole and not taken)
    assert bool(decision.wrong) == (not whole and not taken)
    if not decision.wrong:
        assert [change.after.marks[2].code for change in decision.changes] == [
            entry.code for entry in entries
        ]
        assert all(change.after.revision == 1 for change in decision.changes)


def test_a_first_save_with_one_set_aside_writes_nothing() -> None:
    """A proposal of a day that has moved, or a mark that somebody else has changed; a chosen mark stays."""
    one, other = (
        Member(uuid4(), 1, exchange=False, revision=2),
        Member(uuid4(), 2, exchange=False, revision=1),
    )

    def first(*entries: Entry, told: Mapping[UUID, Told] | None = None) -> rules.Decision:
        return decide([one, other], entries, told or {}, period=2, by=BY, at=AT, taken=False, closed=False)

    still = Entry(other.pupil, 0, "here", day_seen=1)
    moved = first(Entry(one.pupil, 0, "away", day_seen=1), still)
    assert (moved.stale, moved.changes, moved.takes) == ([one], [], False)
    changed = first(
        Entry(one.pupil, 0, "away"), still, told={one.pupil: Told(one.pupil, 1, said({2: "late"}))}
    )
    assert (changed.stale, changed.changes, changed.takes) == ([one], [], False)
    for seen in (2, None):
        fine = first(Entry(one.pupil, 0, "away", day_seen=seen), still)
        assert (fine.stale, len(fine.changes), fine.takes) == ([], 2, True)


def test_another_lesson_of_the_day_stays_as_it_was() -> None:
    child = Member(uuid4(), 1, exchange=False)
    told = {child.pupil: Told(child.pupil, 3, said({1: "late"}))}
    decision = decide(
        [child], [Entry(child.pupil, 0, "here")], told, period=2, by=BY, at=AT, taken=False, closed=False
    )
    (change,) = decision.changes
    assert change.after.revision == 4
    assert {period: mark.code for period, mark in change.after.marks.items()} == {1: "late", 2: "here"}


def test_a_child_of_exchange_is_told_where_it_is_at_home() -> None:
    child = Member(uuid4(), None, exchange=True)
    decision = decide(
        [child], [Entry(child.pupil, 0, "here")], {}, period=1, by=BY, at=AT, taken=False, closed=False
    )
    assert [wrong.message for wrong in decision.wrong] == ["交流の子の出欠は、在籍の学級でとります。"]


def test_the_setting_says_which_classes() -> None:
    said_ = Periods.model_validate(
        {"kinds": {"junior_high": {"periods": 6}, "compulsory": {"periods": 6, "grades": ["J1", "J2", "J3"]}}}
    )
    assert [
        said_.of(*each) is not None
        for each in (
            ("junior_high", None),
            ("compulsory", "J1"),
            ("compulsory", "P6"),
            ("compulsory", None),
            ("elementary", "P6"),
        )
    ] == [True, True, False, False, False]
    assert OFF.of("junior_high", "J1") is None


@pytest.mark.parametrize(
    "lessons",
    [
        {"periods": 0},
        {"periods": 11},
        {"periods": 2, "starts": ["08:50"]},
        {"periods": 2, "starts": ["09:50", "08:50"]},
        {"periods": 1, "starts": ["24:00"]},
        {"periods": 6, "morning": True},
    ],
)
def test_a_setting_that_cannot_be_is_refused(lessons: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Periods.model_validate({"kinds": {"junior_high": lessons}})


def test_the_time_is_that_of_tokyo() -> None:
    derived, facts = day("late", datetime(2026, 11, 19, 23, 55, tzinfo=UTC), "came_later")
    assert rules.came_at(facts, derived, ON) == time(8, 55)  # type: ignore[arg-type]
