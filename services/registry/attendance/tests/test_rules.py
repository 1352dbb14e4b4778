"""The derivation and the save of a class, by example and by property."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.attendance.rules import (
    PRECEDENCE,
    UNRECORDED,
    Decision,
    Fact,
    Mark,
    Member,
    SchoolDay,
    decide,
    derive,
    why_not_open,
)
from services.registry.attendance.symbols import DEFAULT_SYMBOLS
from shared.contracts.registry import CorrectionReason, Source

SYMBOLS = {symbol.code: symbol for symbol in DEFAULT_SYMBOLS}
AT = datetime(2026, 11, 20, 8, 20, tzinfo=UTC)
TEACHER = uuid4()


def fact(
    source: Source,
    code: str | None,
    *,
    minute: int = 0,
    revision: int = 1,
    reason: CorrectionReason | None = None,
) -> Fact:
    return Fact(source, revision, code, TEACHER, AT + timedelta(minutes=minute), reason=reason)


@pytest.mark.parametrize(
    ("code", "status", "presence", "category"),
    [
        ("present", "present", "present", None),
        ("absent_sick", "absent", "absent", "sick"),
        ("absent_other", "absent", "absent", "other"),
        ("late", "late", "present", None),
        ("early_leave", "early_leave", "present", None),
        ("late_early", "late_early", "present", None),
        ("suspended", "suspended", "absent", "suspension"),
        ("bereavement", "bereavement", "absent", "bereavement"),
    ],
)
def test_each_symbol_has_one_status(code: str, status: str, presence: str, category: str | None) -> None:
    derived = derive({"teacher": fact("teacher", code)}, SYMBOLS)
    assert (derived.status, derived.presence, derived.category) == (status, presence, category)


def test_blank_is_never_present() -> None:
    assert derive({}, SYMBOLS) == UNRECORDED
    assert derive({"teacher": fact("teacher", None)}, SYMBOLS) == UNRECORDED


def test_a_code_the_list_no_longer_has_is_never_present() -> None:
    derived = derive({"teacher": fact("teacher", "retired")}, SYMBOLS)
    assert (derived.status, derived.contradiction) == ("unrecorded", "unknown_symbol")


def test_present_though_suspended_stands_out() -> None:
    derived = derive({"teacher": fact("teacher", "present"), "notice": fact("notice", "suspended")}, SYMBOLS)
    assert (derived.status, derived.contradiction) == ("present", "present_though_suspended")


def test_a_later_other_word_of_a_weaker_source_stands_out_an_earlier_does_not() -> None:
    for minute, expected in ((5, "said_otherwise_later"), (-5, None)):
        facts: dict[Source, Fact] = {
            "teacher": fact("teacher", "absent_sick"),
            "notice": fact("notice", "present", minute=minute),
        }
        assert derive(facts, SYMBOLS).contradiction == expected


@pytest.mark.parametrize(("earlier", "later"), [("office", "teacher"), ("teacher", "office")])
def test_of_office_and_teacher_the_later_word_holds(earlier: Source, later: Source) -> None:
    """Each writes with the other's mark before them."""
    facts = {earlier: fact(earlier, "absent_sick"), later: fact(later, "late", minute=5)}
    derived = derive(facts, SYMBOLS)
    assert (derived.code, derived.decided_by, derived.contradiction) == ("late", later, None)


@pytest.mark.parametrize(("corrected", "marked"), [("office", "teacher"), ("teacher", "office")])
def test_a_correction_holds_before_a_mark(corrected: Source, marked: Source) -> None:
    """A mark that was on its way when the other had corrected."""
    correction = fact(corrected, "absent_sick", reason="told_later")
    facts = {corrected: correction, marked: fact(marked, "late", minute=5)}
    assert derive(facts, SYMBOLS).decided_by == corrected


def test_who_says_again_what_was_overruled_says_something() -> None:
    """A teacher in whose room the child sits must not be told that nothing has changed."""
    facts: dict[Source, Fact] = {
        "teacher": fact("teacher", "absent_other"),
        "office": fact("office", "absent_sick", minute=5),
    }
    member = Member(uuid4(), 3, exchange=False, revision=2, status="absent", facts=facts)
    again = Mark(member.pupil, 2, "absent_other")
    later = AT + timedelta(minutes=9)
    decision = decide(
        [member],
        [again],
        SYMBOLS,
        source="teacher",
        by=TEACHER,
        at=later,
        claimed_at=None,
        take=False,
        already_taken=False,
    )
    (change,) = decision.changes
    assert (change.fact.revision, change.derived.code, change.derived.decided_by) == (
        2,
        "absent_other",
        "teacher",
    )
    stale = save([member], [Mark(member.pupil, 1, "absent_other")])
    assert (len(stale.stale), len(stale.changes)) == (1, 0), "in sight of what stands, or not at all"


facts_strategy = st.dictionaries(
    st.sampled_from(PRECEDENCE), st.sampled_from([None, *SYMBOLS]), max_size=4
).map(lambda codes: {source: fact(source, code) for source, code in codes.items()})


@given(facts_strategy)
def test_who_sees_the_child_decides_before_who_hears_of_it(facts: dict[Source, Fact]) -> None:
    """All at one instant: then in the order in which sources are told."""
    derived = derive(facts, SYMBOLS)
    speaking = [source for source in PRECEDENCE if source in facts and facts[source].code is not None]
    assert derived.decided_by == (speaking[0] if speaking else None)
    assert derived.code == (facts[speaking[0]].code if speaking else None)
    assert (derived.status == "unrecorded") == (not speaking)


def members(count: int) -> list[Member]:
    return [Member(uuid4(), number, exchange=False) for number in range(1, count + 1)]


def save(
    listed: list[Member],
    marks: list[Mark],
    *,
    take: bool = False,
    taken: bool = False,
    source: Source = "teacher",
) -> Decision:
    return decide(
        listed,
        marks,
        SYMBOLS,
        source=source,
        by=TEACHER,
        at=AT,
        claimed_at=None,
        take=take,
        already_taken=taken,
    )


codes = st.sampled_from([None, *SYMBOLS])


@given(st.data())
def test_every_cell_is_answered_exactly_once(data: st.DataObject) -> None:
    listed = [
        Member(uuid4(), n, exchange=data.draw(st.booleans()), revision=data.draw(st.integers(0, 3)))
        for n in range(1, data.draw(st.integers(1, 8)) + 1)
    ]
    known: list[UUID] = [member.pupil for member in listed]
    marks = [
        Mark(
            data.draw(st.sampled_from([*known, uuid4()])),
            data.draw(st.integers(0, 3)),
            data.draw(st.sampled_from([None, "nonsense", *SYMBOLS])),
        )
        for _ in range(data.draw(st.integers(0, 10)))
    ]
    decision = save(listed, marks)
    answered = len(decision.changes) + len(decision.unchanged) + len(decision.stale) + len(decision.wrong)
    assert answered == len(marks)
    for change in decision.changes:
        assert not change.member.exchange
        assert change.revision == change.member.revision + 1
        assert change.derived == derive(change.facts, SYMBOLS)


@given(st.lists(codes, min_size=1, max_size=10), st.integers(0, 9))
def test_taking_needs_a_status_for_everyone(entered: list[str | None], skipped: int) -> None:
    listed = members(len(entered))
    marks = [
        Mark(member.pupil, 0, code)
        for place, (member, code) in enumerate(zip(listed, entered, strict=True))
        if place != skipped
    ]
    decision = save(listed, marks, take=True)
    said = {mark.pupil for mark in marks if mark.code is not None}
    missing = [member for member in listed if member.pupil not in said]
    assert [wrong.cell for wrong in decision.wrong] == [f"{member.number}番" for member in missing]
    assert decision.takes == (not missing)


@given(st.lists(codes, min_size=1, max_size=6))
def test_saving_what_stands_changes_nothing(entered: list[str | None]) -> None:
    listed = members(len(entered))
    first = save(listed, [Mark(m.pupil, 0, code) for m, code in zip(listed, entered, strict=True)])
    standing = {change.member.pupil: change for change in first.changes}
    now = [
        Member(m.pupil, m.number, False, c.revision, c.derived.status, c.facts)
        if (c := standing.get(m.pupil))
        else m
        for m in listed
    ]
    again = save(now, [Mark(m.pupil, m.revision, code) for m, code in zip(now, entered, strict=True)])
    assert again.changes == []
    assert again.stale == []


def test_after_taking_a_new_member_needs_no_reason_but_a_correction_does() -> None:
    standing = Member(uuid4(), 1, False, 1, "present", {"teacher": fact("teacher", "present")})
    newcomer = Member(uuid4(), 2, False)
    decision = save(
        [standing, newcomer],
        [Mark(standing.pupil, 1, "late"), Mark(newcomer.pupil, 0, "present")],
        taken=True,
    )
    assert [wrong.cell for wrong in decision.wrong] == ["1番"]
    assert [change.member for change in decision.changes] == [newcomer]


@pytest.mark.parametrize(
    ("day", "on", "opens"),
    [
        (SchoolDay(True, True, None), date(2026, 11, 20), True),
        (SchoolDay(True, True, None), date(2026, 11, 21), False),
        (SchoolDay(True, False, None), date(2026, 11, 20), False),
        (SchoolDay(True, True, "influenza"), date(2026, 11, 20), False),
        (SchoolDay(False, False, None), date(2026, 11, 20), False),
    ],
)
def test_when_a_roll_is_open(day: SchoolDay, on: date, opens: bool) -> None:
    assert (why_not_open(day, on, date(2026, 11, 20)) is None) == opens
