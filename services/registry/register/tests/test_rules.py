"""The arithmetic of 出席簿: by the examples of the law, and against a recount that knows nothing of the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.attendance.rules import Fact
from services.registry.attendance.symbols import DEFAULT_SYMBOLS
from services.registry.register import remarks, rules
from services.registry.register.lists import SymbolSet, legend
from services.registry.register.rules import Cell, Child, ClassYear, Counts, Span
from services.registry.school_calendar.plans import Lessons, Plan
from shared.contracts.registry import Source

CLASS, OTHER = uuid4(), uuid4()
BEGINS, ENDS = date(2026, 4, 1), date(2027, 4, 1)
TODAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 8, 20, tzinfo=UTC)
SYMBOLS = {symbol.code: symbol for symbol in DEFAULT_SYMBOLS}
SETS = (SymbolSet(date(2000, 4, 1), SYMBOLS),)
NOVEMBER = (date(2026, 11, 1), date(2026, 12, 1))
WEEK = [date(2026, 11, n) for n in range(9, 14)]
"""Monday to Friday."""


def closure(on: date, scope: str = "school", **of: Any) -> dict[str, Any]:
    return {
        "on": on.isoformat(),
        "scope": scope,
        "grade": None,
        "class_id": None,
        "reason": "influenza",
        **of,
    }


def year(
    days: Iterable[date] = WEEK,
    closures: Iterable[dict[str, Any]] = (),
    *,
    today: date = TODAY,
    grade: str | None = "P2",
    marks: tuple[dict[str, Any], ...] = (),
    sets: tuple[SymbolSet, ...] = SETS,
) -> ClassYear:
    plan = Plan(frozenset(days), tuple(closures), marks, ())
    return ClassYear(CLASS, grade, 2026, Lessons(plan), sets, today)


def said(code: str | None, source: Source = "teacher") -> dict[Source, Fact]:
    return {source: Fact(source, 1, code, uuid4(), AT)}


def child(codes: Mapping[date, str | None], *spans: Span, number: int | None = 1) -> Child:
    return Child(
        uuid4(), number, spans or (Span(BEGINS, None),), {day: said(code) for day, code in codes.items()}
    )


def november(of: ClassYear, *children: Child) -> list[Counts]:
    return [line.counts for line in rules.sheet(of, children, *NOVEMBER).lines]


def week(*codes: str | None) -> dict[date, str | None]:
    return dict(zip(WEEK, codes, strict=True))


# ---- by example ----


def test_the_categories_of_the_law() -> None:
    codes = week("present", "absent_sick", "absent_other", "suspended", "bereavement")
    (counts,) = november(year(), child(codes))
    assert counts == Counts(days=5, suspended=1, bereaved=1, sick=1, other=1, present=1)
    assert (counts.apart, counts.due, counts.absent) == (2, 3, 2)
    assert counts.present + counts.absent == counts.due


def test_late_and_early_are_present_and_both_of_one_day_are_counted() -> None:
    (counts,) = november(year(), child(week("late", "early_leave", "late_early", "present", "present")))
    assert (counts.present, counts.late, counts.early, counts.absent) == (5, 2, 2, 0)


@pytest.mark.parametrize(
    ("which", "days", "closed"),
    [
        ({"scope": "school"}, 4, 0),
        ({"scope": "grade", "grade": "P2"}, 4, 0),
        ({"scope": "grade", "grade": "P3"}, 5, 0),
        ({"scope": "class", "class_id": str(CLASS)}, 5, 1),
        ({"scope": "class", "class_id": str(OTHER)}, 5, 0),
    ],
)
def test_only_a_closed_class_keeps_its_day(which: dict[str, Any], days: int, closed: int) -> None:
    """学校保健安全法 20: a closed grade or school takes the 授業日 away, a closed class makes it 出席停止・忌引等."""
    everywhere = week(*["present"] * 5)
    (counts,) = november(year(closures=[closure(WEEK[2], **which)]), child(everywhere))
    assert (counts.days, counts.closed, counts.apart) == (days, closed, closed)
    assert counts.present == counts.due == days - closed, (
        "what was recorded before the closure is not counted"
    )


def test_a_class_of_mixed_grades_meets_with_its_school() -> None:
    of = year(closures=[closure(WEEK[0], "grade", grade="P2"), closure(WEEK[1])], grade=None)
    assert november(of, child({}))[0].days == 4


def test_a_grades_day_off_is_no_lesson_of_it() -> None:
    off = {"on": WEEK[0].isoformat(), "kind": "grade_off", "title": "代休", "grades": ["P2"]}
    assert november(year(marks=(off,)), child({}))[0].days == 4


def test_nothing_said_is_neither_present_nor_absent() -> None:
    (counts,) = november(
        year(),
        child(week("present", None, "present", "present", "present")),
    )
    assert (counts.present, counts.absent, counts.unrecorded, counts.due) == (4, 0, 1, 5)
    (nobody,) = november(year(), child({}))
    assert (nobody.present, nobody.unrecorded) == (0, 5)


def test_days_to_come_count_for_nothing_yet() -> None:
    of = year(today=WEEK[1])
    sheet = rules.sheet(of, [child(week(*["present"] * 5))], *NOVEMBER)
    assert sheet.lines[0].counts == Counts(days=2, present=2)
    assert sheet.lessons == 2
    assert [cell.kind for cell, day in zip(sheet.lines[0].cells, sheet.days, strict=True) if day.on in WEEK] == [
        "present", "present", "ahead", "ahead", "ahead"
    ]  # fmt: skip


def test_movers_count_from_arrival_to_the_day_before_leaving() -> None:
    come, gone = (
        child(week(*["present"] * 5), Span(WEEK[3], None)),
        child(week(*["present"] * 5), Span(BEGINS, WEEK[2]), number=2),
    )
    sheet = rules.sheet(year([*WEEK, date(2026, 4, 8)]), [come, gone], *NOVEMBER)
    assert [line.counts.days for line in sheet.lines] == [2, 2]
    assert [line.notes for line in sheet.lines] == [("11/12から（転入）",), ("11/10まで（転出）",)]
    assert sheet.lines[0].cells[8].kind == sheet.lines[1].cells[10].kind == "struck"


def test_another_class_of_the_same_school_is_no_move() -> None:
    of = year([*WEEK, date(2026, 4, 8)])
    changed = child({}, Span(WEEK[1], WEEK[3], from_here=True, stays_here=True))
    (line,) = rules.sheet(of, [changed], *NOVEMBER).lines
    assert line.notes == ("11/10から（学級がえ）", "11/11まで（学級がえ）")
    assert line.counts.days == 2


def test_the_first_and_the_last_lesson_of_the_year_are_no_moves() -> None:
    spring = [date(2026, 4, 8), date(2027, 3, 24)]
    of = year(spring, today=ENDS)
    whole = child({}, Span(date(2026, 4, 7), date(2027, 3, 31)))
    assert rules.sheet(of, [whole], BEGINS, ENDS).lines[0].notes == ()


def test_who_is_in_the_class_on_no_day_of_the_sheet_is_not_on_it() -> None:
    gone, to_come = child({}, Span(BEGINS, NOVEMBER[0])), child({}, Span(NOVEMBER[1], None))
    assert rules.sheet(year(), [gone, to_come], *NOVEMBER).lines == ()


def test_a_new_number_or_a_merged_card_is_one_stay() -> None:
    spans = [Span(BEGINS, WEEK[1], True, True), Span(WEEK[1], None), Span(date(2026, 5, 1), WEEK[2])]
    assert rules.joined(spans) == (Span(BEGINS, None, True, False),)
    apart = [Span(BEGINS, WEEK[0]), Span(WEEK[1], None)]
    assert rules.joined(apart) == tuple(apart), "away for a day"


def test_a_new_list_of_symbols_holds_from_its_day() -> None:
    """公 is a symbol of the second half only; before, its code says nothing, and that is shown."""
    official = replace_symbol("official", "公", "公欠", "other")
    sets = (SETS[0], SymbolSet(WEEK[2], {"official": official, "present": SYMBOLS["present"]}))
    of = year(sets=sets)
    (line,) = rules.sheet(
        of, [child(week("official", "late", "official", "late", "present"))], *NOVEMBER
    ).lines
    assert line.counts == Counts(days=5, other=1, present=2, late=1, unrecorded=2)
    cells = {day: line.cells[day.day - 1] for day in WEEK}
    assert [cells[day].contradiction for day in WEEK] == [
        "unknown_symbol",
        None,
        None,
        "unknown_symbol",
        None,
    ]
    words = [symbol.word for symbol in legend(sets, WEEK)]
    assert words.count("出席") == 1
    assert "公欠" in words


def replace_symbol(code: str, glyph: str, word: str, category: Any) -> Any:
    return SYMBOLS["absent_other"].model_copy(
        update={"code": code, "glyph": glyph, "word": word, "category": category}
    )


def test_absence_without_a_category_is_for_another_reason_than_illness() -> None:
    bare = replace_symbol("away", "欠", "欠席", None)
    of = year(sets=(SymbolSet(date(2000, 4, 1), {"away": bare}),))
    (counts,) = november(of, child(week(*["away"] * 5)))
    assert (counts.sick, counts.other, counts.absent) == (0, 5, 5)


def test_a_suspended_child_who_is_marked_present_stands_out() -> None:
    days: dict[date, Mapping[Source, Fact]] = {WEEK[0]: {**said("present"), **said("suspended", "nurse")}}
    (line,) = rules.sheet(year(), [Child(uuid4(), 1, (Span(BEGINS, None),), days)], *NOVEMBER).lines
    assert line.cells[WEEK[0].day - 1].contradiction == "present_though_suspended"


def test_lines_stand_by_number_and_those_without_at_the_end() -> None:
    later = child({}, Span(WEEK[0], None), number=3)
    first, none, second = child({}, number=3), child({}, number=None), child({}, number=2)
    assert rules.in_order([none, later, first, second]) == [second, first, later, none]


def test_closures_are_told_in_runs() -> None:
    closures = [
        closure(WEEK[0], "class", class_id=str(CLASS)),
        closure(WEEK[1], "class", class_id=str(CLASS)),
        closure(WEEK[3], reason="typhoon"),
        closure(WEEK[4], "grade", grade="P3"),
    ]
    told = remarks.closures_of(closures, CLASS, "P2", *NOVEMBER)
    assert remarks.in_runs(told) == ["11/9〜11/10 学級閉鎖（インフルエンザ）", "11/12 臨時休業（台風）"]


# ---- against a recount ----

CODES = [None, "present", "absent_sick", "absent_other", "late", "early_leave", "late_early", "suspended"]
MEANT = {
    "present": ["present"],
    "late": ["present", "late"],
    "early_leave": ["present", "early"],
    "late_early": ["present", "late", "early"],
    "absent_sick": ["sick"],
    "absent_other": ["other"],
    "suspended": ["suspended"],
    "bereavement": ["bereaved"],
}
DATES = [BEGINS + timedelta(days=n) for n in range(365)]
some_days = st.lists(st.sampled_from(DATES), max_size=60, unique=True)
scopes = st.sampled_from(
    [
        {"scope": "school"},
        {"scope": "grade", "grade": "P2"},
        {"scope": "grade", "grade": "P3"},
        {"scope": "class", "class_id": str(CLASS)},
        {"scope": "class", "class_id": str(OTHER)},
    ]
)
closed_days = st.lists(
    st.tuples(st.sampled_from(DATES), scopes).map(lambda each: closure(each[0], **each[1])), max_size=12
)
spans = st.lists(st.sampled_from([*DATES, ENDS]), min_size=2, max_size=2, unique=True).map(
    lambda two: Span(min(two), max(two))
)
codes = st.sampled_from([*CODES, "bereavement", "no such code"])


@st.composite
def classes(draw: st.DrawFn) -> tuple[list[date], list[dict[str, Any]], date, list[Child]]:
    days = draw(some_days)
    told = st.dictionaries(st.sampled_from(days), codes, max_size=40) if days else st.just({})
    children = draw(st.lists(st.tuples(told, st.one_of(st.just(Span(BEGINS, None)), spans)), max_size=6))
    return (
        days,
        draw(closed_days),
        draw(st.sampled_from(DATES)),
        [child(said, span, number=n) for n, (said, span) in enumerate(children, 1)],
    )


def recount(
    days: list[date], closures: list[dict[str, Any]], today: date, one: Child, month: int | None
) -> Counter[str]:
    """By hand, day by day, without the rules: only what docs/register.md says."""
    found: Counter[str] = Counter()
    for day in days:
        there = one.spans[0].since <= day and (one.spans[0].until is None or day < one.spans[0].until)
        shut = {c["scope"] + str(c["grade"] or c["class_id"] or "") for c in closures if c["on"] == str(day)}
        if not there or day > today or (month and day.month != month) or shut & {"school", "gradeP2"}:
            continue
        found["days"] += 1
        if f"class{CLASS}" in shut:
            found["closed"] += 1
            continue
        fact = one.days.get(day, {}).get("teacher")
        found.update(MEANT.get(fact.code or "", ["unrecorded"]) if fact else ["unrecorded"])
    return found


def as_counter(counts: Counts) -> Counter[str]:
    return Counter(
        {name: n for name in counts.__slots__ if (n := getattr(counts, name))}  # zeros say nothing
    )


@settings(max_examples=60)
@given(classes())
def test_every_sum_equals_a_recount_by_hand(
    given: tuple[list[date], list[dict[str, Any]], date, list[Child]],
) -> None:
    days, closures, today, children = given
    of = year(days, closures, today=today)
    months = [rules.sheet(of, children, *of.month(month)) for month in of.months()]
    for month, sheet in zip(of.months(), months, strict=True):
        for line in sheet.lines:
            assert as_counter(line.counts) == recount(days, closures, today, line.child, month)
    whole = rules.sheet(of, children, BEGINS, ENDS)
    for line in whole.lines:
        assert as_counter(line.counts) == recount(days, closures, today, line.child, None)


@settings(max_examples=60)
@given(classes())
def test_sums_agree_however_days_and_children_are_grouped(
    given: tuple[list[date], list[dict[str, Any]], date, list[Child]],
) -> None:
    days, closures, today, children = given
    of = year(days, closures, today=today)
    whole = rules.sheet(of, children, BEGINS, ENDS)
    months = [rules.sheet(of, children, *of.month(month)) for month in of.months()]
    by_child: dict[UUID, Counts] = {}
    for sheet in months:
        for line in sheet.lines:
            by_child[line.child.pupil] = by_child.get(line.child.pupil, Counts()) + line.counts
    assert by_child == {line.child.pupil: line.counts for line in whole.lines}
    assert rules.total(sheet.totals for sheet in months) == whole.totals == rules.total(whole.of_days())
    assert sum(sheet.lessons for sheet in months) == whole.lessons
    assert [whole.days[each] for each in rules.by_month(whole.days)] == [sheet.days for sheet in months]


@settings(max_examples=60)
@given(classes())
def test_present_and_absent_and_unrecorded_are_the_days_due(
    given: tuple[list[date], list[dict[str, Any]], date, list[Child]],
) -> None:
    days, closures, today, children = given
    for line in rules.sheet(year(days, closures, today=today), children, BEGINS, ENDS).lines:
        counts = line.counts
        assert counts.present + counts.absent + counts.unrecorded == counts.due
        assert counts.due + counts.apart == counts.days
        assert max(counts.late, counts.early) <= counts.present


def test_a_blank_symbol_of_present_is_not_a_blank() -> None:
    assert rules.glyph(Cell("present", SYMBOLS["present"])) == "・"
    assert rules.glyph(Cell("unrecorded")) == "未"
    assert rules.glyph(Cell("closed")) == "閉"
    assert rules.glyph(Cell("struck")) == "―"
    assert rules.glyph(Cell("off")) == rules.glyph(Cell("ahead")) == ""
    assert rules.glyph(Cell("absent", SYMBOLS["absent_sick"])) == "病"
