"""欠課時数 against a recount from the facts that knows nothing of the rules."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.attendance.symbols import DEFAULT_SYMBOLS
from services.registry.periods.hours.rules import NONE, Hours, Lesson, columns, sheet
from services.registry.periods.setting import JUNIOR_HIGH
from services.registry.register.rules import Child, Span
from services.registry.register.tests.test_rules import BEGINS, ENDS, NOVEMBER, said, year
from shared.contracts.registry import LessonCode

DAYS = [date(2026, 10, 28) + timedelta(days=n) for n in range(10)]
"""Some of October, some of November."""
FIRST = NOVEMBER[0]
APART = ("suspended", "bereavement")
WORDS = {subject.code: subject for subject in JUNIOR_HIGH}
CODES: tuple[LessonCode | None, ...] = ("here", "away", "late", "left", None)

Fact = tuple[UUID, date, str | None, LessonCode | None, bool]

slots = list(product(DAYS, (1, 2, 3)))
taken = st.lists(
    st.tuples(st.sampled_from(slots), st.sampled_from(("maths", "music", None))),
    unique_by=lambda each: each[0],
)
one = st.fixed_dictionaries(
    {
        "codes": st.lists(st.sampled_from(CODES), min_size=len(slots), max_size=len(slots)),
        "days": st.lists(
            st.sampled_from([symbol.code for symbol in DEFAULT_SYMBOLS]),
            min_size=len(DAYS),
            max_size=len(DAYS),
        ),
        "since": st.sampled_from([BEGINS, *DAYS]),
        "until": st.sampled_from([None, *DAYS[1:]]),
    }
)


@settings(max_examples=150, deadline=None)
@given(taken, st.lists(one, max_size=4))
def test_the_sums_are_a_recount_of_the_facts(lessons, children) -> None:  # type: ignore[no-untyped-def]
    of = year(DAYS, today=DAYS[-1])
    apart_codes = {
        s.code for s in DEFAULT_SYMBOLS if s.category in ("suspension", "bereavement", "not_required")
    }
    pupils, marks = [], {}
    facts: list[Fact] = []
    for n, told in enumerate(children, 1):
        if told["until"] is not None and told["until"] <= told["since"]:
            told = {**told, "until": None}
        pupil = uuid4()
        days = dict(zip(DAYS, told["days"], strict=True))
        codes = dict(zip(slots, told["codes"], strict=True))
        span = Span(told["since"], told["until"])
        pupils.append(Child(pupil, n, (span,), {day: said(code) for day, code in days.items()}))
        marks[pupil] = {
            day: {p: code for (on, p), code in codes.items() if on == day and code} for day in DAYS
        }
        for (on, period), subject in lessons:
            if told["since"] <= on and (told["until"] is None or on < told["until"]):
                facts.append((pupil, on, subject, codes[on, period], days[on] in apart_codes))
    rolls = [Lesson(on, period, subject) for (on, period), subject in lessons]
    month = sheet(of, pupils, marks, rolls, *NOVEMBER)
    whole = sheet(of, pupils, marks, rolls, BEGINS, ENDS)
    october = sheet(of, pupils, marks, rolls, date(2026, 10, 1), FIRST)

    def recount(found: list[Fact]) -> dict[str, int]:
        return {
            "lessons": len(found),
            "there": sum(code in ("here", "late", "left") for *_, code, _ in found),
            "away": sum(code == "away" and not apart for *_, code, apart in found),
            "apart": sum(code == "away" and apart for *_, code, apart in found),
            "late": sum(code == "late" for *_, code, _ in found),
            "left": sum(code == "left" for *_, code, _ in found),
            "unrecorded": sum(code is None for *_, code, _ in found),
        }

    def told_of(hours: Hours) -> dict[str, int]:
        names = ("lessons", "there", "away", "apart", "late", "left", "unrecorded")
        return {name: getattr(hours, name) for name in names}

    assert told_of(whole.totals) == recount(facts)
    in_month = [fact for fact in facts if fact[1] >= FIRST]
    for line in month.lines:
        own = [fact for fact in in_month if fact[0] == line.child.pupil]
        assert told_of(line.hours) == recount(own)
        assert told_of(line.so_far) == recount([fact for fact in facts if fact[0] == line.child.pupil])
        for code, _ in columns(month, WORDS):
            assert told_of(line.of(code)) == recount([fact for fact in own if fact[2] == code])
    for code, _ in columns(month, WORDS):
        assert month.taken(code) == sum(on >= FIRST and s == code for (on, _), s in lessons)
        assert told_of(month.of(code)) == recount([fact for fact in in_month if fact[2] == code])
    assert told_of(whole.totals) == told_of(october.totals + month.totals)
    assert whole.so_far == whole.totals


def test_a_lesson_missed_on_a_day_apart_is_told_apart() -> None:
    on = DAYS[5]
    child = Child(uuid4(), 1, (Span(BEGINS, None),), {on: said("suspended")})
    other = Child(uuid4(), 2, (Span(BEGINS, None),), {on: said("absent_sick")})
    marks = {each.pupil: {on: {1: "away"}} for each in (child, other)}
    found = sheet(year(DAYS), [child, other], marks, [Lesson(on, 1, None)], *NOVEMBER)  # type: ignore[arg-type]
    assert [(line.hours.apart, line.hours.away) for line in found.lines] == [(1, 0), (0, 1)]


def test_columns_stand_in_the_boards_order_and_the_nameless_last() -> None:
    rolls = [Lesson(DAYS[5], n, code) for n, code in enumerate((None, "music", "maths", "gone"), 1)]
    found = sheet(year(DAYS), [], {}, rolls, *NOVEMBER)
    assert columns(found, WORDS) == [("maths", "数学"), ("music", "音楽"), ("gone", "gone"), (None, NONE)]
