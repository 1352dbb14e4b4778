"""What a kept sheet says later: property tests over any month, any change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import orjson
from hypothesis import given
from hypothesis import strategies as st

from services.registry.attendance.symbols import DEFAULT_SYMBOLS
from services.registry.closing import rules
from services.registry.closing.rules import STRUCK, Kept, Value
from services.registry.register.lists import SymbolSet
from services.registry.register.rules import Child, ClassYear, Sheet, Span, sheet
from services.registry.register.tests.test_rules import NOVEMBER, WEEK, child, said, week, year

CODES = [None, *(symbol.code for symbol in DEFAULT_SYMBOLS)]


def of_week(*children: Child, of: ClassYear | None = None) -> Sheet:
    return sheet(of or year(), children, *NOVEMBER)


@st.composite
def classes(draw: st.DrawFn) -> list[Child]:
    several = draw(st.lists(st.lists(st.sampled_from(CODES), min_size=5, max_size=5), max_size=5))
    return [child(week(*codes), number=n) for n, codes in enumerate(several, 1)]


@given(classes())
def test_a_kept_sheet_comes_back_as_it_was_and_nothing_has_changed(children: list[Child]) -> None:
    found = of_week(*children)
    kept = Kept.of(orjson.loads(orjson.dumps(rules.keep(found).json())))
    assert kept == rules.keep(found)
    assert rules.changed(kept, found, (), ()) == []
    assert rules.digest(found) == rules.digest(of_week(*reversed(children)))


@given(classes(), st.data())
def test_every_change_of_a_day_is_told_and_nothing_else(children: list[Child], data: st.DataObject) -> None:
    """Whatever way a day took to another value: the list says exactly which cells read otherwise now."""
    before = of_week(*children)
    after = []
    expected: set[tuple[UUID, date]] = set()
    for one in children:
        days = dict(one.days)
        for on in WEEK:
            was = next(iter(days[on].values())).code
            code = data.draw(st.sampled_from(CODES))
            days[on] = said(code)
            if code != was:
                expected.add((one.pupil, on))
        after.append(replace(one, days=days))
    now = of_week(*after)
    found = rules.changed(rules.keep(before), now, (), ())
    assert {(each.pupil, each.on) for each in found} == expected
    assert len(found) == len(expected)
    assert all(not each.before.same(each.now) for each in found)
    assert (rules.digest(before) == rules.digest(now)) == (not expected)
    some = set(data.draw(st.lists(st.sampled_from(sorted(expected))))) if expected else set()
    left = {(each.pupil, each.on) for each in rules.changed(rules.keep(before), now, some, ())}
    assert left == expected - some


@given(classes())
def test_what_is_open_is_what_has_no_entry(children: list[Child]) -> None:
    of, found = year(), of_week(*children)
    blank = {
        (one.pupil, on) for one in children for on, said_ in one.days.items() if said_["teacher"].code is None
    }
    told = rules.what_is_open(of, found, planned=True)
    assert {(each.pupil, each.on) for each in told} == blank
    assert {each.what for each in told} <= {"unrecorded"}
    assert all(counts.counts.unrecorded == 0 for counts in found.lines) == (not told)


def test_a_month_is_over_on_its_last_lesson_day() -> None:
    (one,) = [child(week(*["present"] * 5))]
    for today, what in ((WEEK[3], ["ahead"]), (WEEK[4], []), (WEEK[4] + timedelta(days=1), [])):
        of = year(today=today)
        assert [each.what for each in rules.what_is_open(of, of_week(one, of=of), True)] == what
    assert [each.what for each in rules.what_is_open(year(), of_week(one), False)] == ["unplanned"]


def test_a_month_without_lessons_is_over_on_its_last_day() -> None:
    for today, what in ((date(2026, 11, 29), ["ahead"]), (date(2026, 11, 30), [])):
        of = year(days=(), today=today)
        assert [each.what for each in rules.what_is_open(of, of_week(child({}), of=of), True)] == what


def test_who_left_and_who_came_are_told_by_their_days() -> None:
    stays = child(week(*["present"] * 5))
    kept = rules.keep(of_week(stays))
    left = replace(stays, spans=(Span(date(2026, 4, 1), WEEK[3]),))
    came = child(week(*["present"] * 5), Span(WEEK[4], None), number=2)
    found = rules.changed(kept, of_week(left, came), (), ())
    assert [
        (each.on, each.pupil == came.pupil, each.before.kind, each.now.kind, each.why) for each in found
    ] == [
        (WEEK[3], False, "present", "struck", "list"),
        (WEEK[4], False, "present", "struck", "list"),
        (WEEK[4], True, "struck", "present", "list"),
    ]
    nobody = rules.changed(kept, of_week(), (), ())
    assert [each.on for each in nobody] == WEEK, "a line that is gone is told, too"


def test_another_way_of_writing_a_mark_is_no_change() -> None:
    """The board gives 病欠 another sign for days already closed; what the days count as is the same."""
    other = {
        symbol.code: symbol.model_copy(update={"glyph": "ヤ", "word": "病気"})
        if symbol.category == "sick"
        else symbol
        for symbol in DEFAULT_SYMBOLS
    }
    one = child(week("absent_sick", *["present"] * 4))
    kept = rules.keep(of_week(one))
    assert (
        rules.changed(kept, of_week(one, of=year(sets=(SymbolSet(date(2000, 4, 1), other),))), (), ()) == []
    )


def test_merged_cards_are_one_line_and_who_is_kept_from_the_reader_is_none() -> None:
    one, other, third = uuid4(), uuid4(), uuid4()
    there = Value("present", "present")
    kept = Kept({one: (there, STRUCK), other: (STRUCK, there), third: (there, there)})
    read = kept.read_as({other: one}, {third})
    assert dict(read.lines) == {one: (there, there)}


def test_days_without_a_confirmation_are_those_with_entries() -> None:
    one = child(week("present", "present", None, "present", "present"))
    taken = {WEEK[0]}
    assert rules.unconfirmed(of_week(one), taken) == [WEEK[1], WEEK[3], WEEK[4]]
