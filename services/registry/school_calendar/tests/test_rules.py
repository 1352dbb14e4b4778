"""What the lines of a plan make of a school's year."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.roster.rows import CalendarRow
from services.registry.school_calendar import plans, rules
from services.registry.school_calendar.by_hand import with_hand
from services.registry.school_calendar.cells import Days, read_days, read_grades, read_kind
from services.registry.school_calendar.plans import DayChange, Lessons, Plan
from services.registry.school_calendar.rules import ClassOf, Line, School

ONE, TWO = ClassOf(uuid4(), "1年1組", "P1"), ClassOf(uuid4(), "2年1組", "P2")
MIXED = ClassOf(uuid4(), "しらかば1組", None)
SCHOOL = School(2026, ("P1", "P2"), (ONE, TWO, MIXED))
FIRST = date(2026, 4, 1)
WEEK = frozenset(date(2026, 11, 16) + timedelta(days=n) for n in range(5))
PLAN = Plan(WEEK, (), (), ())


def after(*rows: list[str], plan: Plan = PLAN) -> Plan:
    read = rules.read_lines(rows, SCHOOL)
    assert read.wrong == []
    return plans.changed_by(plan, read.lines)


@pytest.mark.parametrize(
    ("cell", "days"),
    [
        ("5/9", (date(2026, 5, 9), date(2026, 5, 9))),
        ("３/24", (date(2027, 3, 24), date(2027, 3, 24))),
        ("2026/7/21〜8/31", (date(2026, 7, 21), date(2026, 8, 31))),
        ("7月21日（火）から8月31日（月）まで", (date(2026, 7, 21), date(2026, 8, 31))),
        ("R8.5.9", (date(2026, 5, 9), date(2026, 5, 9))),
        ("令和8年5月9日(土)", (date(2026, 5, 9), date(2026, 5, 9))),
        ("2/30", None),
        ("46151", None),
        ("8/31〜7/21", None),
        ("5月ごろ", None),
        ("", None),
    ],
)
def test_days_as_people_write_them(cell: str, days: tuple[date, date] | None) -> None:
    assert read_days(cell, 2026) == (None if days is None else Days(*days))


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("2026-02-30", "2026年2月30日という日はありません"),
        ("２/29", "2027年2月29日という日はありません"),
        ("4/8〜4/31", "2026年4月31日という日はありません"),
        ("R8.13.1", "2026年13月1日という日はありません"),
        ("8/31〜7/21", "終わりの日が始まりの日より前です"),
        ("5月ごろ", "日付として読めません"),
        ("5/1〜5月ごろ", "日付として読めません"),
    ],
)
def test_a_day_that_does_not_exist_is_said_to_be_none(cell: str, said: str) -> None:
    [wrong] = rules.read_lines([[cell, "休業日", "創立記念日"]], SCHOOL).wrong
    assert (wrong.where, said in wrong.message) == ("1行目の日付", True), wrong.message


def test_a_class_alone_that_is_closed_keeps_its_grade_s_days() -> None:
    for line, counted in (
        (["11/18", "臨時休業", "インフルエンザ", "1年1組"], True),
        (["11/18", "臨時休業", "インフルエンザ", "1年"], False),
        (["11/18", "臨時休業", "台風"], False),
    ):
        changes = plans.class_changes(PLAN, after(line), SCHOOL.classes)
        told = {(each.meets, each.counted) for each in changes if each.class_id == ONE.id}
        assert told == {(False, counted)}, line
        days = plans.days_of_grades(after(line), SCHOOL.grades)["P1"]
        assert days == plans.days_of_grades(PLAN, SCHOOL.grades)["P1"] - (not counted)


def test_kinds_and_grades_are_read_or_refused_never_guessed() -> None:
    assert (read_kind("土曜授業"), read_kind(" 振休 "), read_kind("学級閉鎖"), read_kind("遠足")) == (
        "saturday_class",
        "moved_holiday",
        "closure",
        None,
    )
    assert read_grades("１・2年", junior_high=False) == ("P1", "P2")
    assert read_grades("3年", junior_high=True) == ("J3",)
    assert read_grades("全校", junior_high=False) == ()
    assert read_grades("7年", junior_high=False) is None


def test_every_cell_that_cannot_be_is_named() -> None:
    read = rules.read_lines(
        [
            ["日付", "種類", "内容", "対象"],
            ["5/32", "行事", "遠足"],
            ["5/9", "遠足", ""],
            ["5/8", "土曜授業", "授業参観"],
            ["5/11", "臨時休業", "雪のため"],
            ["5/12", "行事", ""],
            ["5/13", "学年休業", "", ""],
            ["5/14", "臨時休業", "台風", "9年"],
            ["5/15", "行事", "遠足", "1年1組"],
            ["2027/4/5", "休業日"],
            [],
        ],
        SCHOOL,
    )
    assert [each.cell for each in read.wrong] == ["A2", "B3", "A4", "C5", "C6", "D7", "D8", "D9", "A10"]
    assert "土曜日ではありません" in read.wrong[2].message
    assert [each.cell for each in rules.read_lines([], SCHOOL).wrong] == ["A1"]
    template = rules.read_lines([["5/11", "臨時休業", "台風"]], SCHOOL, template=True)
    assert [each.cell for each in template.wrong] == ["B1"]


def test_a_saturday_is_a_school_day_and_the_monday_after_it_is_not() -> None:
    plan = after(["11/21", "土曜授業", "学習発表会"], ["11/16", "振替休業", "11/21の振替"])
    assert date(2026, 11, 21) in plan.days
    assert date(2026, 11, 16) not in plan.days
    assert plans.days_of_grades(plan, SCHOOL.grades) == {"P1": 5, "P2": 5}
    assert {(m["on"], m["kind"]) for m in plan.marks} == {
        ("2026-11-21", "saturday_class"),
        ("2026-11-16", "moved_holiday"),
    }


def test_days_are_counted_as_the_record_counts_them() -> None:
    """A grade's or the school's closure takes a day of theirs away; a class's own one does not."""
    whole = after(["11/18", "臨時休業", "台風"])
    assert plans.days_of_grades(whole, SCHOOL.grades) == {"P1": 4, "P2": 4}
    grade = after(["11/18", "臨時休業", "インフルエンザ", "1年"], ["11/19", "学年休業", "", "1年"])
    assert plans.days_of_grades(grade, SCHOOL.grades) == {"P1": 3, "P2": 5}
    one = after(["11/18", "学級閉鎖", "インフルエンザ", "2年1組"])
    assert plans.days_of_grades(one, SCHOOL.grades) == {"P1": 5, "P2": 5}
    assert plans.class_changes(PLAN, one, SCHOOL.classes) == [
        DayChange(date(2026, 11, 18), TWO.id, meets=False, counted=True)
    ]
    assert [of for _, of, *_ in plans.class_changes(PLAN, grade, SCHOOL.classes)] == [ONE.id, ONE.id]
    assert {of for _, of, *_ in plans.class_changes(PLAN, whole, SCHOOL.classes)} == {
        ONE.id,
        TWO.id,
        MIXED.id,
    }


def test_lessons_on_a_saturday_of_some_grades_are_theirs_alone() -> None:
    """Each grade's line says its own; so does the Monday that makes up for it."""
    plan = after(["11/21", "土曜授業", "参観日", "1年"], ["11/16", "振替休業", "11/21の振替", "1年"])
    assert plans.days_of_grades(plan, SCHOOL.grades) == {"P1": 5, "P2": 5}
    assert plans.class_changes(PLAN, plan, SCHOOL.classes) == [
        DayChange(date(2026, 11, 16), ONE.id, meets=False, counted=False),
        DayChange(date(2026, 11, 21), ONE.id, meets=True, counted=True),
        DayChange(date(2026, 11, 21), MIXED.id, meets=True, counted=True),
    ]
    both = after(["11/21", "土曜授業", "防災の日", "2年"], plan=plan)
    assert plans.days_of_grades(both, SCHOOL.grades) == {"P1": 5, "P2": 6}
    assert after(["11/21", "取り消し", "", "2年"], plan=both) == plan
    whole = after(["11/21", "土曜授業", "学習発表会"], plan=both)
    assert [mark["grades"] for mark in whole.marks if mark["on"] == "2026-11-21"] == [[]]


def test_lessons_from_a_day_to_another_leave_out_weekends() -> None:
    plan = after(
        ["11/16〜11/27", "授業日"], ["11/23", "休業日", "勤労感謝の日"], plan=Plan(frozenset(), (), (), ())
    )
    assert len(plan.days) == 9
    assert {day.weekday() for day in plan.days} == {0, 1, 2, 3, 4}
    assert after(["11/21", "授業日"], plan=plan).days - plan.days == {date(2026, 11, 21)}
    shut = after(["11/20〜11/24", "臨時休業", "大雪"], plan=plan)
    assert [each["on"] for each in shut.closures] == ["2026-11-20", "2026-11-24"], (
        "nobody comes on the others anyway"
    )


def test_what_was_said_is_not_said() -> None:
    said = [
        ["11/17", "行事", "遠足", "1年"],
        ["11/18", "行事", "音楽会"],
        ["11/21", "土曜授業", "学習発表会"],
        ["11/16", "振替休業", "11/21の振替"],
        ["11/19", "学年休業", "", "2年"],
        ["9/1〜12/24", "学期", "2学期"],
    ]
    plan = after(*said)
    assert after(["11/17〜11/18", "取り消し", "遠足"], plan=plan).marks == tuple(
        mark for mark in plan.marks if mark["title"] != "遠足"
    )
    assert (
        after(*([row[0], "取消し", row[2], row[3] if len(row) > 3 else ""] for row in said), plan=plan)
        == PLAN
    )
    assert after(["11/17", "取り消し", "運動会"], plan=plan) == plan


def test_what_was_closed_opens_again() -> None:
    for whom in ("", "2年1組", "1年"):
        shut = after(["11/18", "臨時休業", "ほか", whom])
        assert shut != PLAN
        assert after(["11/18", "臨時休業をやめる", "", whom], plan=shut) == PLAN


lines = st.builds(
    lambda kind, at, grades, of, words: Line(
        kind, FIRST + timedelta(days=at), FIRST + timedelta(days=at), words, grades, of
    ),
    st.sampled_from(
        [
            "school_day",
            "saturday_class",
            "holiday",
            "moved_holiday",
            "event",
            "grade_off",
            "closure",
            "withdraw",
        ]
    ),
    st.integers(0, 20),
    st.sampled_from([(), ("P1",), ("P1", "P2")]),
    st.one_of(st.none(), st.just(TWO.id)),
    st.just("台風"),
)


@given(st.lists(lines, max_size=12))
def test_a_line_said_twice_is_said_once(said: list[Line]) -> None:
    plan = plans.changed_by(PLAN, said)
    for line in said[-1:]:
        assert plans.changed_by(plan, [line]) == plan


@given(st.lists(lines, max_size=12))
def test_a_year_that_was_kept_is_the_same(said: list[Line]) -> None:
    plan = Plan.of(plans.changed_by(PLAN, said).row(calendar(set(), [])))
    assert Plan.again(orjson.loads(orjson.dumps(plan.kept()))) == plan


@given(st.lists(lines, max_size=12))
def test_consequences_are_the_difference_and_nothing_else(said: list[Line]) -> None:
    plan = plans.changed_by(PLAN, said)
    changed = {(on, of): now for on, of, now, _ in plans.class_changes(PLAN, plan, SCHOOL.classes)}
    before, after = Lessons(PLAN), Lessons(plan)
    for at in range(300):
        day = FIRST + timedelta(days=at)
        for of in SCHOOL.classes:
            now = after.meets(day, str(of.id), of.grade)
            assert changed.get((day, of.id), before.meets(day, str(of.id), of.grade)) == now


said = st.builds(
    lambda kind, days, whom, words: [
        f"11/{days[0]}〜11/{days[1]}" if kind != "土曜授業" else "11/21",
        kind,
        words if kind != "臨時休業" else "台風",
        whom,
    ],
    st.sampled_from(
        [
            "授業日",
            "土曜授業",
            "休業日",
            "振替休業",
            "行事",
            "学年休業",
            "臨時休業",
            "臨時休業をやめる",
            "取り消し",
        ]
    ),
    st.sampled_from([(16, 20), (18, 21), (20, 22), (21, 21), (19, 24)]),
    st.sampled_from(["", "1年", "1・2年", "2年"]),
    st.sampled_from(["", "夏休み", "山の日"]),
).filter(lambda row: not rules.read_lines([row], SCHOOL).wrong)


def taken_back(row: list[str]) -> list[str]:
    closed = row[1] == "臨時休業"
    return [row[0], "臨時休業をやめる" if closed else "取り消し", "" if closed else row[2], row[3]]


@given(st.lists(said, max_size=8), st.lists(said, min_size=1, max_size=5))
def test_what_is_said_and_then_not_said_leaves_the_year_as_it_was(
    before: list[list[str]], more: list[list[str]]
) -> None:
    """Of every kind that can be taken back: no day gets or loses its lessons by a line too many."""
    kinds = ("土曜授業", "休業日", "振替休業", "行事", "学年休業", "臨時休業")
    plan = after(*before) if before else PLAN
    new = [
        [row[0], row[1], row[2] if row[1] == "臨時休業" else f"{row[2]}{at}", row[3]]
        for at, row in enumerate(more)
        if row[1] in kinds
    ]
    now = plan
    for row in new:
        now, was = after(row, plan=now), now
        if row[1] != "臨時休業" or not was.closures:
            assert after(taken_back(row), plan=now) == was
    if not any(row[1] == "臨時休業" for row in new):
        backwards = [taken_back(row) for row in reversed(new)]
        assert not new or after(*new, *backwards, plan=plan) == plan


@given(st.lists(said.filter(lambda row: "臨時休業" not in row[1]), min_size=1, max_size=8))
def test_a_plan_that_is_pasted_again_changes_nothing(rows: list[list[str]]) -> None:
    plan = after(*rows)
    assert after(*rows, plan=plan) == plan


def test_a_day_that_never_was_one_does_not_become_one() -> None:
    """開校記念日 on a day off, 山の日 within the summer holidays: taken back, nobody is waited for."""
    saturday = after(["11/21", "休業日", "開校記念日"])
    assert after(["11/21", "取り消し", "開校記念日"], plan=saturday) == PLAN
    summer = after(["11/16〜11/20", "休業日", "夏休み"])
    both = after(["11/18", "休業日", "山の日"], plan=summer)
    assert [m["title"] for m in both.marks if m["on"] == "2026-11-18"] == ["夏休み", "山の日"]
    assert after(["11/18", "取り消し", "山の日"], plan=both) == summer
    alone = after(["11/16〜11/20", "取り消し", "夏休み"], plan=both)
    assert alone.days == WEEK - {date(2026, 11, 18)}
    assert after(["11/18", "取り消し", "山の日"], plan=alone) == PLAN
    lessons = after(["11/21", "授業日"], ["11/21", "土曜授業", "参観日"])
    assert date(2026, 11, 21) in after(["11/21", "取り消し", "参観日"], plan=lessons).days


def test_a_class_stays_closed_when_its_school_opens_again() -> None:
    one = after(["11/18", "学級閉鎖", "インフルエンザ", "2年1組"])
    shut = after(["11/18", "臨時休業", "台風"], plan=one)
    assert after(["11/18", "臨時休業をやめる"], plan=shut) == one
    assert after(["11/16〜11/20", "授業日"], plan=shut) == shut, "the year's plan does not lift a closure"


def test_more_days_than_a_year_can_have_are_refused_at_once() -> None:
    rows = [["4/1〜3/31", "行事", f"行事{n}"] for n in range(800)]
    read = rules.read_lines(rows, SCHOOL)
    assert [each.where for each in read.wrong] == ["11行目の日付"]
    assert len(read.lines) == 11, "the rest is not even looked at"
    ten = rules.read_lines(rows[:10], SCHOOL)
    plan = plans.changed_by(PLAN, ten.lines)
    assert len(plan.marks) == 3650


def test_terms_have_a_first_and_a_last_day_and_do_not_overlap() -> None:
    one = rules.read_lines([["4/1", "学期", "1学期"]], SCHOOL)
    assert [each.cell for each in one.wrong] == ["A1"]
    rows = [["4/1〜7/20", "学期", "1学期"], ["7/20〜12/24", "学期", "2学期"]]
    (wrong,) = plans.overlapping(PLAN, rules.read_lines(rows, SCHOOL).lines)
    assert (wrong.cell, "1学期" in wrong.message) == ("A2", True)
    stands = after(rows[0])
    assert [each.cell for each in plans.overlapping(stands, rules.read_lines(rows[1:], SCHOOL).lines)] == [
        "A1"
    ]
    moved = [["4/1〜7/19", "学期", "1学期"], rows[1]]
    assert plans.overlapping(stands, rules.read_lines(moved, SCHOOL).lines) == []


def calendar(days: set[date], closures: list[dict[str, object]], **more: object) -> CalendarRow:
    key = UUID(int=1)
    return CalendarRow(key, key, 2026, tuple(sorted(days)), tuple(closures), **more)  # type: ignore[arg-type]


def closed(day: date, of: UUID | None = None) -> dict[str, object]:
    scope = "school" if of is None else "class"
    return {
        "on": day.isoformat(),
        "scope": scope,
        "grade": None,
        "class_id": of and str(of),
        "reason": "influenza",
    }


def test_a_package_leaves_what_was_entered_by_hand_unless_it_says_otherwise() -> None:
    package = calendar(set(WEEK), [])
    stands = with_hand(None, package)
    by_hand = stands._replace(
        closures=(closed(date(2026, 11, 18), TWO.id),),
        school_days=tuple(sorted(WEEK - {date(2026, 11, 16)} | {date(2026, 11, 21)})),
        terms=({"name": "2学期", "since": "2026-09-01", "until": "2026-12-25"},),
    )
    assert with_hand(by_hand, package) == by_hand, "the same package again changes nothing"
    more = calendar({*WEEK, date(2026, 11, 24)}, [])
    assert with_hand(by_hand, more).closures == by_hand.closures
    assert set(with_hand(by_hand, more).school_days) == {*by_hand.school_days, date(2026, 11, 24)}
    whole = package._replace(told={})
    assert with_hand(by_hand, whole) == stands._replace(terms=by_hand.terms)


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_a_change_by_hand_outlives_every_package(old: set[int], hand: set[int], new: set[int]) -> None:
    def days(numbers: set[int]) -> set[date]:
        return {FIRST + timedelta(days=n) for n in numbers}

    stands = with_hand(None, calendar(days(old), []))._replace(school_days=tuple(sorted(days(hand))))
    later = set(with_hand(stands, calendar(days(new), [])).school_days)
    assert later == (days(new) | (days(hand) - days(old))) - (days(old) - days(hand))
    assert set(with_hand(stands, calendar(days(old), [])).school_days) == days(hand)
