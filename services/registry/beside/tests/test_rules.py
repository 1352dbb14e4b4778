"""What may stand beside a day, and that it changes nothing of what the day counts as."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.attendance.beside import DEFAULT_MARKS, Beside, BesideMark
from services.registry.attendance.kin import DEFAULT_TABLE
from services.registry.attendance.rules import Fact, Member
from services.registry.attendance.symbols import DEFAULT_SYMBOLS, Symbol
from services.registry.beside.rules import Entry, decide
from services.registry.closing import rules as closing
from services.registry.register import layout, rules
from services.registry.register.lists import MarkSet, SymbolSet
from services.registry.register.rules import Child, ClassYear, Counts, Span
from services.registry.register.tests.test_rules import AT, BEGINS, CLASS, NOVEMBER, TODAY, WEEK, year

NOT_REQUIRED = Symbol(
    code="not_required",
    key="Y",
    glyph="要",
    word="登校を要しない日",
    presence="absent",
    category="not_required",
    late=False,
    early=False,
    tint="apart",
)
SYMBOLS = {symbol.code: symbol for symbol in (*DEFAULT_SYMBOLS, NOT_REQUIRED)}
SETS = (SymbolSet(date(2000, 4, 1), SYMBOLS),)
MARKS = {mark.code: mark for mark in DEFAULT_MARKS} | DEFAULT_TABLE.marks()
WHO = uuid4()


def fact(code: str) -> dict[Any, Fact]:
    return {"teacher": Fact("teacher", 1, code, WHO, AT)}


def member(code: str | None, beside: Beside | None = None, **of: Any) -> Member:
    return Member(uuid4(), 1, False, facts=fact(code) if code else {}, beside=beside, **of)


def entered(code: str | None, revision: int = 1) -> Beside:
    return Beside(revision, code, MARKS[code].kind if code else None, WHO, AT)


def decided(child: Member, code: str | None, seen: int = 0, *, closed: bool = False, **of: Any) -> Any:
    entry = Entry(child.pupil, seen, code, **of)
    return decide([child], [entry], MARKS, SYMBOLS, by=WHO, at=AT, closed=closed)


CAN = {
    "credited_centre": {"present", "late", "early_leave", "late_early", "absent_sick", "absent_other"},
    "room_nurse": {"present", "late", "early_leave", "late_early"},
    "kin_grandparent": {"bereavement"},
}


@pytest.mark.parametrize("mark", list(CAN))
@pytest.mark.parametrize("code", [None, *SYMBOLS])
def test_which_days_can_have_which_mark(mark: str, code: str | None) -> None:
    decision = decided(member(code), mark)
    assert bool(decision.changes) == (code in CAN[mark])
    assert bool(decision.wrong) != bool(decision.changes)
    if decision.changes:
        (change,) = decision.changes
        assert (change.after.code, change.after.kind, change.after.revision) == (mark, MARKS[mark].kind, 1)
        assert change.held is None


def test_a_mark_is_taken_away_from_whatever_the_day_has_become() -> None:
    for code in (None, *SYMBOLS):
        (change,) = decided(member(code, entered("room_nurse", 3)), None, 3).changes
        assert (change.after.code, change.after.kind, change.after.revision) == (None, None, 4)
        assert change.held == "room_nurse"


def test_what_somebody_else_has_changed_is_set_aside() -> None:
    child = member("present", entered("room_nurse", 2))
    assert decided(child, "credited_ict", 1).stale == [child]
    assert decided(child, "room_nurse", 1).unchanged == [child], "saying what stands is no conflict"
    assert decided(child, "credited_ict", 2).changes


def test_unknown_marks_children_twice_and_children_of_exchange_are_refused_by_cell() -> None:
    child = member("present")
    assert "一覧にありません" in decided(child, "nowhere").wrong[0].message
    assert "在籍の学級" in decided(replace(child, exchange=True), "room_nurse").wrong[0].message
    twice = [Entry(child.pupil, 0, "room_nurse")] * 2
    decision = decide([child], twice, MARKS, SYMBOLS, by=WHO, at=AT, closed=False)
    assert [wrong.cell for wrong in decision.wrong] == ["1番"]
    stranger = [Entry(uuid4(), 0, "room_nurse")]
    assert decide([child], stranger, MARKS, SYMBOLS, by=WHO, at=AT, closed=False).wrong


def test_a_closed_month_asks_for_a_reason() -> None:
    child = member("present")
    assert "理由" in decided(child, "room_nurse", closed=True).wrong[0].message
    assert "一言" in decided(child, "room_nurse", closed=True, reason="other").wrong[0].message
    (change,) = decided(child, "room_nurse", closed=True, reason="told_later").changes
    assert change.reason == "told_later"
    assert decided(child, "room_nurse", reason="told_later").changes[0].reason is None


# ---- on the sheet ----


def sheet_of(days: dict[date, str], beside: dict[date, Beside], of: ClassYear | None = None) -> rules.Sheet:
    facts = {day: fact(code) for day, code in days.items()}
    child = Child(UUID(int=7), 1, (Span(BEGINS, None),), facts, beside)
    return rules.sheet(of or year(sets=SETS), [child], *NOVEMBER)


def test_a_week_of_every_kind() -> None:
    codes = ["present", "absent_other", "late", "not_required", "present"]
    beside = {
        WEEK[0]: entered("credited_centre"),
        WEEK[1]: entered("credited_ict"),
        WEEK[2]: entered("room_support"),
        WEEK[4]: entered(None),
    }
    sheet = sheet_of(dict(zip(WEEK, codes, strict=True)), beside)
    (line,) = sheet.lines
    assert line.counts == Counts(days=5, present=3, other=1, late=1, excused=1, credited=2, elsewhere=1)
    assert (line.counts.apart, line.counts.due, line.counts.absent) == (1, 4, 1)
    shown = [rules.glyph(cell) for cell, day in zip(line.cells, sheet.days, strict=True) if day.on in WEEK]
    assert shown == ["扱", "事扱", "チ別", "要", "・"]
    assert line.notes == (
        "出席扱い 2日（教育支援センター 1日、自宅でICT学習 1日。うち欠席 1日）",
        "別室 1日（校内教育支援センター 1日）",
    )
    table = layout.month(sheet, layout.Of("", "", [], {}, [], TODAY, TODAY), list(SYMBOLS.values()))
    heads = [column.head for column in table.columns]
    assert table.rows[0][heads.index("出席\n扱い")] == 2
    assert "扱 出席扱い（教育支援センター、自宅でICT学習。印だけの日は出席）" in table.legend


def test_a_mark_that_no_longer_fits_is_told_and_not_counted() -> None:
    sheet = sheet_of({WEEK[0]: "absent_sick"}, {WEEK[0]: entered("room_nurse")})
    assert (sheet.totals.elsewhere, sheet.totals.sick) == (0, 1)
    notes = layout.month(sheet, layout.Of("", "", [], {}, [], TODAY, TODAY), list(SYMBOLS.values())).notes
    assert "出席扱い・別室の印が出欠と合わず、数えていない日：1番 11/9" in notes


def test_the_boards_own_list_holds_from_its_day_on_and_what_it_lost_keeps_its_meaning() -> None:
    own = BesideMark(code="credited_centre", kind="credited", glyph="セ", word="適応指導教室")
    of = year(sets=SETS)
    of = ClassYear(
        CLASS, of.grade, of.school_year, of.lessons, SETS, TODAY, (MarkSet(WEEK[1], {own.code: own}),)
    )
    codes = dict.fromkeys(WEEK[:3], "present")
    beside = {
        WEEK[0]: entered("credited_centre"),
        WEEK[1]: entered("credited_centre"),
        WEEK[2]: entered("room_nurse"),
    }
    (line,) = sheet_of(codes, beside, of).lines
    assert [rules.glyph(cell) for cell in line.cells if cell.beside] == ["扱", "セ", "別"]
    assert (line.counts.credited, line.counts.elsewhere) == (2, 1)


CODES = st.sampled_from([None, *SYMBOLS])
BESIDES = st.sampled_from([None, *MARKS])


@given(st.lists(st.tuples(CODES, BESIDES), min_size=5, max_size=5))
def test_no_mark_changes_any_other_sum(entries: list[tuple[str | None, str | None]]) -> None:
    """The counts of a week with marks are those without, but for the two columns of their own."""
    codes = {day: code for day, (code, _) in zip(WEEK, entries, strict=True) if code}
    beside = {day: entered(mark) for day, (_, mark) in zip(WEEK, entries, strict=True) if mark}
    plain, marked = sheet_of(codes, {}).totals, sheet_of(codes, beside).totals
    assert replace(marked, credited=0, elsewhere=0) == plain
    assert plain.present + plain.absent + plain.unrecorded == plain.due
    can = [(code, mark) for code, mark in entries if code and mark]
    there = {"present", "late", "early_leave", "late_early"}
    credited = [code for code, mark in can if mark and mark.startswith("credited")]
    rooms = [code for code, mark in can if mark and mark.startswith("room")]
    assert marked.credited == sum(code in there | {"absent_sick", "absent_other"} for code in credited)
    assert marked.elsewhere == sum(code in there for code in rooms) <= marked.present


@given(st.lists(CODES, min_size=5, max_size=5), st.lists(BESIDES, min_size=5, max_size=5), st.integers(0, 4))
def test_a_closed_month_sees_every_change_of_a_mark(
    codes: list[str | None], marks: list[str | None], at: int
) -> None:
    days = {day: code for day, code in zip(WEEK, codes, strict=True) if code}
    beside = {day: entered(mark) for day, mark in zip(WEEK, marks, strict=True) if mark}
    before = sheet_of(days, beside)
    kept = closing.Kept.of(closing.keep(before).json())
    assert closing.changed(kept, before, (), ()) == []
    other = "credited_ict" if marks[at] != "credited_ict" else "room_nurse"
    after = sheet_of(days, {**beside, WEEK[at]: entered(other, 2)})
    (found,) = closing.changed(kept, after, (), ())
    assert (found.on, found.now.beside) == (WEEK[at], other)
    assert closing.changed(kept, after, (), (), {(found.pupil, found.on)}) == [], "it is told as a correction"
    assert closing.digest(before) != closing.digest(after)


def test_a_sheet_kept_before_there_were_marks_is_read() -> None:
    kept = closing.keep(sheet_of({WEEK[0]: "present"}, {})).json()
    for value in kept["values"]:
        for name in ("beside", "beside_word", "fits"):
            del value[name]
    assert closing.changed(closing.Kept.of(kept), sheet_of({WEEK[0]: "present"}, {}), (), ()) == []
