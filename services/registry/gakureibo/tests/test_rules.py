"""Rows of a 学齢簿 and single cells of it: what they mean, and what is told where they mean nothing."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.gakureibo import cells
from services.registry.gakureibo.cells import ERAS, Halves
from services.registry.gakureibo.mapping import ITEMS, Item, Mapping, lacks, suggested
from services.registry.gakureibo.tests.files import (
    CHILD,
    EAST,
    HEAD,
    JUNIOR,
    MOVER,
    WEST,
    csv_of,
    mapped,
    read,
    wrong,
)
from services.registry.oneroster.cells import Fault

DAYS = st.dates(date(1950, 1, 1), date(2060, 12, 31))
NAMES = st.text("花山田\ufa19\U00020bb7髙ー々ゞA", min_size=1, max_size=5)
KANA = st.text("アイガャッー", min_size=1, max_size=6)


@given(DAYS)
def test_every_writing_of_a_day_is_that_day(on: date) -> None:
    era = next(each for each in ERAS if each.first <= on and (each.last is None or on <= each.last))
    year = on.year - era.first.year + 1
    written = [
        on.isoformat(),
        f"{on.year}/{on.month}/{on.day}",
        f"{on.year}年{on.month}月{on.day}日",
        f"{on:%Y%m%d}",
        f"{era.number}{year:02d}{on:%m%d}",
    ]
    for sign in era.signs:
        written += [f"{sign}{year}年{on.month}月{on.day}日", f"{sign}{year}.{on.month}.{on.day}"]
        written.append(f"{sign}{year:02d}/{on:%m/%d}")
    if year == 1:
        written.append(f"{era.signs[0]}元年{on.month}月{on.day}日")
    for each in written:
        assert cells.day(each) == on, each


@pytest.mark.parametrize(
    "written",
    [
        "平成31年5月1日",
        "H32.1.1",
        "令和1年4月30日",
        "R0.1.1",
        "令和8年2月29日",
        "2026/2/29",
        "45000",
        "20/4/2",
        "令和二年四月二日",
    ],
)
def test_a_day_that_there_is_not_is_refused(written: str) -> None:
    found = cells.day(written)
    assert isinstance(found, Fault)
    assert found.remedy


def test_a_spreadsheets_number_of_a_day_is_named_as_such() -> None:
    found = cells.day("46113")
    assert isinstance(found, Fault)
    assert "表計算ソフト" in found.rule


@given(
    NAMES, NAMES, st.sampled_from([" ", "\u3000", "  ", " \u3000"]), st.sampled_from(["", "\u3000", "   "])
)
def test_a_name_is_kept_character_for_character(family: str, given_: str, between: str, padding: str) -> None:
    assert cells.name(f"{family}{between}{given_}{padding}") == Halves(family, given_)


@given(KANA, KANA)
def test_half_width_kana_read_as_full_width_ones(family: str, given_: str) -> None:
    half = str.maketrans({"ア": "ｱ", "イ": "ｲ", "ガ": "ｶﾞ", "ャ": "ｬ", "ッ": "ｯ", "ー": "ｰ"})
    assert cells.reading(f"{family} {given_}".translate(half)) == Halves(family, given_)


@pytest.mark.parametrize("written", ["紬野花", "紬野 花?", "紬野 〓", "紬野 \ue000", "紬野 ﾊﾅ", " "])
def test_a_name_that_cannot_be_meant_is_refused(written: str) -> None:
    assert isinstance(cells.name(written), Fault)


@pytest.mark.parametrize(
    ("written", "kind", "grade"),
    [
        *(
            ("1", "elementary", "P1"),
            ("01", "elementary", "P1"),
            ("小３", "elementary", "P3"),
            ("3年", "elementary", "P3"),
        ),
        *(
            ("1", "junior_high", "J1"),
            ("7", "junior_high", "J1"),
            ("中2", "junior_high", "J2"),
            ("8", "compulsory", "J2"),
        ),
        *(("1", "compulsory", "P1"), ("小1", "special_needs_school", "P1"), ("P6", "elementary", "P6")),
    ],
)
def test_a_grade_is_read_with_its_school(written: str, kind: str, grade: str) -> None:
    assert cells.grade(written, kind) == grade


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("1", "special_needs_school"),
        ("7", "elementary"),
        ("小1", "junior_high"),
        ("0", "elementary"),
        ("年長", "elementary"),
    ],
)
def test_a_grade_that_a_school_has_not_is_refused(written: str, kind: str) -> None:
    assert isinstance(cells.grade(written, kind), Fault)


def test_a_mark_of_protection_is_never_lost_for_its_spelling() -> None:
    assert [cells.protected(each) for each in ("1", "有", "○", "対象")] == [True] * 4
    assert [cells.protected(each) for each in ("", "0", "無")] == [False] * 3
    assert isinstance(cells.protected("要確認"), Fault)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_who_enters_and_who_arrives_is_read_in_every_encoding(encoding: str) -> None:
    found, problems = read(csv_of(CHILD, encoding=encoding))
    assert problems.listed() == ()
    assert found is not None
    (child,) = found.entries
    assert (found.year, child.number, child.name, child.reading) == (
        *(2027, "0012345", Halves("紬野", "花"), Halves("ツムギノ", "ハナ")),
    )
    assert (child.birth_date, child.sex, child.school, child.grade) == (
        date(2020, 5, 6),
        "female",
        EAST,
        "P1",
    )
    assert (child.arrives, child.on, child.protected) == (False, date(2027, 4, 1), False)
    assert child.guardian is not None
    assert (child.guardian.number, child.guardian.relation) == ("0012300", "father")
    moved, _ = read(csv_of(MOVER, encoding=encoding))
    assert moved is not None
    (mover,) = moved.entries
    assert (moved.year, mover.arrives, mover.on, mover.grade, mover.school) == (
        *(2026, True, date(2026, 12, 1), "P3", WEST),
    )


def test_two_years_in_one_file_are_taken_one_by_one() -> None:
    (problem,) = wrong(csv_of(CHILD, MOVER))
    assert "2026年度 1人・2027年度 1人" in problem.rule
    for year, number in ((2027, CHILD["宛名番号"]), (2026, MOVER["宛名番号"])):
        found, problems = read(csv_of(CHILD, MOVER), year=year)
        assert found is not None
        assert [each.number for each in found.entries] == [number]
        assert any("取り込む年度ではない" in each.told for each in problems.notes())


def test_without_days_a_file_speaks_of_next_april() -> None:
    plain = {**CHILD, "入学年月日": "", "異動事由": "", "学年": ""}
    found, problems = read(csv_of(plain))
    assert problems.listed() == ()
    assert found is not None
    assert [(each.on, each.grade) for each in found.entries] == [(date(2027, 4, 1), "P1")]


def test_the_day_of_the_ceremony_is_the_first_of_april() -> None:
    found, problems = read(csv_of({**CHILD, "入学年月日": "2027/4/7"}))
    assert found is not None
    assert found.entries[0].on == date(2027, 4, 1)
    assert any("4月1日としました" in each.told for each in problems.notes())


@pytest.mark.parametrize("grade", ["", "1"])
def test_a_day_in_april_without_a_reason_is_a_first_graders_ceremony(grade: str) -> None:
    found, problems = read(csv_of({**CHILD, "異動事由": "", "学年": grade, "入学年月日": "2027/4/7"}))
    assert problems.listed() == ()
    assert found is not None
    assert [(each.on, each.arrives) for each in found.entries] == [(date(2027, 4, 1), False)]
    assert any("4月1日としました" in each.told for each in problems.notes())


def test_a_day_in_april_without_a_reason_is_asked_about_for_other_grades() -> None:
    (problem,) = wrong(csv_of({**MOVER, "異動事由": "", "入学年月日": "2027/4/7"}))
    assert (problem.column, problem.value) == ("入学年月日", "2027/4/7")
    assert "異動事由" in problem.remedy
    found, _ = read(csv_of({**MOVER, "異動事由": "", "入学年月日": "2027/5/7"}))
    assert found is not None
    assert found.entries[0].arrives


def test_first_graders_of_a_junior_high_need_no_grade() -> None:
    older = {**CHILD, "学年": "", "入学予定校": "つむぎ中", "生年月日": "2014/5/6"}
    found, problems = read(csv_of(older))
    assert problems.listed() == ()
    assert found is not None
    assert (found.entries[0].grade, found.entries[0].school) == ("J1", JUNIOR)


@pytest.mark.parametrize(
    ("cell", "value", "word"),
    [
        ("宛名番号", "1.23E+10", "表計算ソフト"),
        ("宛名番号", "", "空"),
        ("氏名", "紬野花", "空白がありません"),
        ("フリガナ", "ツムギノハナ", "空白がありません"),
        ("フリガナ", "紬野 花", "よみ"),
        ("生年月日", "令和2年13月1日", "日付"),
        ("生年月日", "2021/4/2", "生年月日ではありません"),
        ("生年月日", "", "空"),
        ("性別", "3", "性別"),
        ("入学予定校", "みなみ小", "学校がありません"),
        ("入学予定校", "小学校", "2 校"),
        ("入学予定校", "", "空"),
        ("学年", "7", "学年"),
        ("異動事由", "ふしぎ", "決まっていません"),
        ("入学年月日", "2027/6/1", "4月1日"),
        ("支援措置", "要確認", "支援措置"),
        ("保護者氏名", "紬野", "空白がありません"),
        ("保護者宛名番号", "0012345", "児童生徒の番号"),
    ],
)
def test_each_wrong_cell_is_named_with_line_column_value_and_remedy(cell: str, value: str, word: str) -> None:
    fine = {**CHILD, "宛名番号": "1", "保護者宛名番号": "2"}
    (problem,) = wrong(csv_of(fine, {**CHILD, cell: value}))
    assert (problem.line, problem.column, problem.value) == (3, cell, value)
    assert word in problem.rule
    assert problem.remedy


def test_everything_wrong_is_told_in_one_run() -> None:
    bad = {**CHILD, "氏名": "紬野花", "生年月日": "x", "性別": "?", "入学予定校": "どこか"}
    found = wrong(csv_of(bad, {**bad, "宛名番号": "9"}))
    assert [(each.line, each.column) for each in found] == [
        (line, column) for line in (2, 3) for column in sorted(("氏名", "生年月日", "性別", "入学予定校"))
    ]


def test_a_number_twice_is_told_with_both_lines() -> None:
    (problem,) = wrong(csv_of(CHILD, CHILD))
    assert (problem.line, problem.column) == (3, "宛名番号")
    assert "2 行" in problem.rule


def test_born_on_the_first_of_april_is_of_the_older_ones() -> None:
    found, _ = read(csv_of({**CHILD, "生年月日": "2021/4/1"}))
    assert found is not None
    assert found.entries[0].birth_date == date(2021, 4, 1)
    assert len(wrong(csv_of({**CHILD, "生年月日": "2021/4/2"}))) == 1


@pytest.mark.parametrize("on", ["R18.4.1", "2036/4/1", "2029/4/7"])
def test_a_year_that_nobody_writes_down_yet_is_a_slip(on: str) -> None:
    (problem,) = wrong(csv_of({**CHILD, "入学年月日": on}))
    assert (problem.line, problem.column, problem.value) == (2, "入学年月日", on)
    assert "年度の日付です" in problem.rule
    found, _ = read(csv_of({**CHILD, "入学年月日": "2028/4/1", "生年月日": "2021/5/6"}))
    assert found is not None
    assert found.year == 2028


def test_the_school_decides_what_a_reason_of_the_school_means() -> None:
    """区域外就学: a child who comes to the board's school is read, one who goes to another board's is passed over."""
    found, _ = read(csv_of({**CHILD, "異動事由": "区域外就学"}))
    assert found is not None
    assert [(each.school, each.arrives) for each in found.entries] == [(EAST, False)]
    elsewhere = {**CHILD, "宛名番号": "2", "異動事由": "区域外就学", "入学予定校": "隣市立西小"}
    found, problems = read(csv_of(CHILD, elsewhere))
    assert found is not None
    assert [each.number for each in found.entries] == ["0012345"]
    assert any("市の学校ではない" in each.told for each in problems.notes())


def test_who_begins_at_no_school_of_the_board_is_passed_over_and_told() -> None:
    rows = [
        {**CHILD, "宛名番号": str(n), "異動事由": why} for n, why in enumerate(("転出", "私立", "新入学"), 1)
    ]
    rows.append({**CHILD, "宛名番号": "4", "入学予定校": "私立つばめ小"})
    told = mapped(schools={"私立つばめ小": None}, reasons={})
    found, problems = read(csv_of(*rows), told)
    assert problems.listed() == ()
    assert found is not None
    assert [each.number for each in found.entries] == ["3"]
    assert {each.told for each in problems.notes()} == {
        "読みとばしました: 入学・転入ではない（転出）",
        "読みとばしました: 入学・転入ではない（私立）",
        "読みとばしました: 市の学校ではない（私立つばめ小）",
    }


def test_a_boards_own_words_for_schools_and_reasons_are_remembered() -> None:
    row = {**CHILD, "入学予定校": "００１", "異動事由": "Ａ１"}
    told = mapped(schools={"001": str(WEST)}, reasons={"A1": "enters"})
    found, problems = read(csv_of(row), told)
    assert problems.listed() == ()
    assert found is not None
    assert found.entries[0].school == WEST


def test_a_column_that_is_gone_is_told_and_rows_are_not_read() -> None:
    head = tuple(each for each in HEAD if each != "生年月日")
    (problem,) = wrong(csv_of(CHILD, head=head), mapped())
    assert (problem.line, problem.column) == (1, "生年月日")


@pytest.mark.parametrize(
    "content", [b"", b"\r\n", '宛名番号,氏名\r\n"a'.encode(), b"\xff\xfe\x00a", b"PK\x03\x04\x00"]
)
def test_what_is_no_table_is_told(content: bytes) -> None:
    assert wrong(content)


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_no_bytes_break_the_reading(content: bytes) -> None:
    found, problems = read(csv_of(CHILD) + content)
    assert found is None or len(found.entries) >= 1 or len(problems) > 0


@given(st.lists(st.text(max_size=8), min_size=len(HEAD), max_size=len(HEAD)))
def test_no_cells_break_a_row(values: list[str]) -> None:
    row = {each: value.replace(",", "").replace('"', "") for each, value in zip(HEAD, values, strict=True)}
    read(csv_of(row))


def test_headings_tell_what_they_are() -> None:
    found = suggested(HEAD)
    assert {ITEMS[item].word: heading for item, heading in found.items()}["支援措置"] == "支援措置"
    assert "世帯番号" not in found.values()
    assert set(found) == set(ITEMS) - {
        "family",
        "given",
        "kana_family",
        "kana_given",
        "common_name",
        "common_kana",
    }
    assert (
        suggested(["児童生徒氏名（漢字）", "ｶﾅ", "生年月日", "生年月日（和暦）"])["birth_date"] == "生年月日"
    )
    assert suggested(["氏名", "氏名"]) == {}


@given(st.lists(st.sampled_from([*HEAD, "備考", "個人番号", "氏", "名", ""]), max_size=20))
def test_no_column_is_suggested_twice(headings: list[str]) -> None:
    found = suggested(headings)
    assert len(set(found.values())) == len(found)
    assert set(found.values()) <= set(headings)
    assert "個人番号" not in found.values()


def test_a_mapping_says_what_it_lacks() -> None:
    assert lacks(mapped()) == []
    whole = dict(mapped().columns)
    cases: list[tuple[dict[Item, str], str]] = [
        ({key: value for key, value in whole.items() if key != "number"}, "number"),
        ({key: value for key, value in whole.items() if key != "kana"}, "kana"),
        ({**whole, "family": "氏"}, "name"),
        ({key: value for key, value in whole.items() if key != "guardian_name"}, "guardian_kana"),
        ({**whole, "number": "個人番号"}, "number"),
        ({**whole, "sex": "性別", "grade": "性別"}, "grade"),
        ({**whole, "common_name": "通称"}, "common_kana"),
    ]
    for columns, item in cases:
        assert item in {each.item for each in lacks(Mapping(columns=columns))}, item
