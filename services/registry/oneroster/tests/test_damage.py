"""What spreadsheets and exporters do to a roster: mended and told where it can mean one thing, else refused by cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.oneroster import companion, layout
from services.registry.oneroster.problems import KEPT_OF_A_COLUMN
from services.registry.oneroster.records import UnreadableError, records
from services.registry.oneroster.rules import read_roster
from services.registry.oneroster.tests.packages import (
    Files,
    as_csv,
    cells,
    facts,
    refusal,
    rows_of,
    small_package,
    with_cell,
    with_companion,
    with_row,
)


def told(files: Files) -> set[tuple[str, int | None, str, str, str]]:
    """The notes of a package that is read: file, line, column, before, after."""
    reading = read_roster(files)
    assert reading.problems == ()
    return {(each.file, each.line, each.column, each.before, each.after) for each in reading.notes}


UNTOUCHED = told(small_package())


@pytest.mark.parametrize(
    ("file", "line", "column", "written", "meant"),
    [
        (layout.ROLES, 4, "beginDate", "2026/4/1", "2026-04-01"),
        (layout.ROLES, 4, "beginDate", "2026/04/01", "2026-04-01"),
        (layout.ROLES, 4, "beginDate", "2026-4-1", "2026-04-01"),
        (layout.ROLES, 4, "beginDate", "2026.4.1", "2026-04-01"),
        (layout.ROLES, 4, "beginDate", "2026/4/1 0:00", "2026-04-01"),
        (layout.ROLES, 4, "beginDate", "2026年4月1日", "2026-04-01"),
        (layout.ROLES, 4, "beginDate", "20260401", "2026-04-01"),
        (layout.ROLES, 4, "beginDate", " ２０２６-０４-０１ ", "2026-04-01"),
        (layout.DEMOGRAPHICS, 2, "birthDate", "2018/6/1", "2018-06-01"),
        (layout.ACADEMIC_SESSIONS, 2, "schoolYear", "2026.0", "2026"),
        (layout.ACADEMIC_SESSIONS, 2, "title", "２０２６年度 ", "2026年度"),
        (layout.ORGS, 3, "identifier", " Ｂ199200000012", "B199200000012"),
        (layout.ORGS, 3, "parentSourcedId", "board ", "board"),
        (layout.ORGS, 3, "name", "紬市立ひがし小学校　", "紬市立ひがし小学校"),
        (layout.CLASSES, 2, "grades", "Ｐ２", "P2"),
        (layout.CLASSES, 2, "metadata.jp.specialNeeds", "FALSE", "false"),
        (layout.USERS, 2, "enabledUser", "TRUE", "true"),
        (layout.USERS, 2, "sourcedId", "p1\u00a0", "p1"),
        (layout.USERS, 2, "metadata.jp.kanaFamilyName", "ｶﾝﾀﾞ", "カンダ"),
        (layout.USERS, 2, "metadata.jp.kanaGivenName", "レン ", "レン"),
        (layout.USERS, 2, "metadata.jp.homeClass", "k21 ", "k21"),
        (layout.ROLES, 2, "role", "student ", "student"),
        (layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "1.0", "1"),
        (layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "０１", "1"),
        (layout.ENROLLMENTS, 2, "userSourcedId", "p1 ", "p1"),
        (layout.DEMOGRAPHICS, 2, "sex", "male ", "male"),
    ],
)
def test_what_can_mean_one_thing_only_is_read_so_and_told(
    file: str, line: int, column: str, written: str, meant: str
) -> None:
    damaged = with_cell(small_package(), file, line, column, written)
    assert told(damaged) - UNTOUCHED == {(file, line, column, written, meant)}
    whole = with_cell(small_package(), file, line, column, meant)
    assert facts(read_roster(damaged)) == facts(read_roster(whole))


@pytest.mark.parametrize(
    ("file", "line", "column", "value", "word"),
    [
        (layout.ROLES, 4, "beginDate", "46113", "2026-04-01"),  # the remedy says which day a serial number is
        (layout.ROLES, 4, "beginDate", "4/1/2026", "YYYY-MM-DD"),
        (layout.ROLES, 4, "beginDate", "26/4/1", "YYYY-MM-DD"),
        (layout.ROLES, 4, "beginDate", "2026/4/31", "YYYY-MM-DD"),
        (layout.ROLES, 4, "beginDate", "2026/4-1", "YYYY-MM-DD"),
        (layout.ROLES, 4, "beginDate", "R8.4.1", "元号"),
        (layout.ROLES, 4, "beginDate", "2026/4/1 9:00", "YYYY-MM-DD"),
        (layout.DEMOGRAPHICS, 2, "birthDate", "2018-02-29", "YYYY-MM-DD"),
        (layout.DEMOGRAPHICS, 2, "birthDate", "1900-01-00", "YYYY-MM-DD"),
        (layout.DEMOGRAPHICS, 2, "birthDate", "1899-12-30", "生年月日"),
        (layout.DEMOGRAPHICS, 2, "birthDate", "2019-04-02", "生年月日"),  # a day too young for 小2
        (layout.DEMOGRAPHICS, 2, "birthDate", "2026-11-01", "生年月日"),
        (layout.USERS, 2, "familyName", "神?", "失われた字"),
        (layout.USERS, 2, "familyName", "〓田", "失われた字"),
        (layout.USERS, 2, "familyName", "\ue000田", "外字"),
        (layout.USERS, 2, "familyName", "#NAME?", "表計算ソフトのエラー"),
        (layout.USERS, 2, "familyName", " 神田", "前後の空白"),
        (layout.USERS, 2, "givenName", "ﾚﾝ", "半角カナ"),
        (layout.USERS, 2, "sourcedId", "1.23457E+12", "表計算ソフト"),
        (layout.USERS, 2, "sourcedId", "1.0", "表計算ソフト"),
        (layout.USERS, 2, "sourcedId", "#REF!", "表計算ソフトのエラー"),
        (layout.ORGS, 3, "name", "########", "表計算ソフトのエラー"),
        (layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "1.5", "整数"),
        (layout.CLASSES, 2, "metadata.jp.specialNeeds", "○", "true か false"),
    ],
)
def test_what_could_mean_anything_else_is_refused(
    file: str, line: int, column: str, value: str, word: str
) -> None:
    found = refusal(with_cell(small_package(), file, line, column, value)).problems
    mine = [each for each in found if (each.file, each.line, each.column) == (file, line, column)]
    assert {each.value for each in mine} == {value}
    assert any(word in each.rule + each.remedy for each in mine)


def test_names_are_never_mended() -> None:
    """Composed and compatibility characters, variants, blanks inside: code point for code point."""
    for name in ("\ufa19", "か\u3099", "葛\U000e0100", "\U00020bb7", "ア\u30fbア", "A\u00a0B", "Ａ"):
        reading = read_roster(with_cell(small_package(), layout.USERS, 2, "familyName", name))
        assert reading.snapshot is not None
        person = next(each for each in reading.snapshot.people if each.key.sourced_id == "p1")
        assert person.legal_family == name


def test_a_note_is_told_once_a_column_and_counted() -> None:
    files = small_package()
    for line in (2, 3, 4):
        files = with_cell(files, layout.ROLES, line, "beginDate", "2026/4/1")
    (note,) = (each for each in read_roster(files).notes if each.file == layout.ROLES)
    assert (note.line, note.before, note.after, note.times) == (2, "2026/4/1", "2026-04-01", 3)


def test_a_lost_zero_of_the_boards_code_is_put_back() -> None:
    files = with_cell(small_package(), layout.ORGS, 2, "identifier", "11000")
    assert (layout.ORGS, 2, "identifier", "11000", "011000") in told(files)
    reading = read_roster(files)
    assert reading.snapshot is not None
    assert "011000" in {each.code for each in reading.snapshot.organisations}


def test_a_lost_zero_of_an_id_is_refused_and_the_right_one_named() -> None:
    files = small_package()
    for name in (layout.USERS, layout.ROLES, layout.ENROLLMENTS, layout.DEMOGRAPHICS, companion.FILE):
        files[name] = files[name].replace(b"p3", b"0073")
    assert read_roster(files).problems == ()
    files[layout.ENROLLMENTS] = files[layout.ENROLLMENTS].replace(b"0073", b"73")
    (problem,) = (each for each in refusal(files).problems if each.file == layout.ENROLLMENTS)
    assert (problem.line, problem.column, problem.value) == (4, "userSourcedId", "73")
    assert "0073" in problem.remedy


def cp932(content: bytes) -> bytes:
    """As a spreadsheet of a Japanese office saves it."""
    return content.decode().encode("cp932")


def test_cp932_is_read_and_told() -> None:
    files = small_package()
    for name in (layout.ORGS, layout.USERS, layout.CLASSES):
        files[name] = cp932(files[name])
    reading = read_roster(files)
    assert facts(reading) == facts(read_roster(small_package()))
    said = {each.file for each in reading.notes if "CP932" in each.told}
    assert said == {layout.ORGS, layout.USERS, layout.CLASSES}


def test_a_byte_that_is_no_cp932_is_named_by_line_and_column() -> None:
    files = small_package()
    broken = cp932(files[layout.USERS]).replace("髙橋".encode("cp932"), b"\xfb\xfc\x8b\x0b", 1)
    files[layout.USERS] = broken.replace("原田".encode("cp932"), b"\xa0\x93\x63", 1)
    found = [each for each in refusal(files).problems if each.file == layout.USERS]
    assert [(each.line, each.column) for each in found] == [(4, "familyName"), (7, "familyName")]
    assert [each.value for each in found] == ["髙〔8b〕", "〔a0〕"]


def test_damaged_utf_8_is_never_read_as_cp932() -> None:
    """A name cut in the middle of a character: every such byte is named, and no name becomes another."""
    files = small_package()
    files[layout.USERS] = files[layout.USERS].replace("誠".encode(), b"\xe8\xaa", 1)
    (problem,) = (each for each in refusal(files).problems if each.file == layout.USERS)
    assert (problem.line, problem.column) == (6, "givenName")
    assert problem.rule == "UTF-8 として読めない文字があります"
    files[layout.USERS] = b"\xef\xbb\xbf" + cp932(small_package()[layout.USERS])
    found = [each for each in refusal(files).problems if each.file == layout.USERS]
    assert all(each.rule == "UTF-8 として読めない文字があります" for each in found)


def test_a_byte_that_does_not_decode_is_named_in_a_line_that_is_no_csv_either() -> None:
    for odd in (b"\r", b"\0", b"x" * 140_000):
        files = small_package()
        files[layout.USERS] = files[layout.USERS].replace("誠".encode(), odd + b"\x80", 1)
        found = [each for each in refusal(files).problems if each.file == layout.USERS]
        assert (6, "givenName") in [(each.line, each.column) for each in found]


def test_a_file_that_could_be_either_is_not_guessed() -> None:
    files = with_cell(small_package(), layout.DEMOGRAPHICS, 2, "sex", "\u00e9")
    (problem,) = (each for each in refusal(files).problems if each.file == layout.DEMOGRAPHICS)
    assert "どちらか決められません" in problem.rule
    files[layout.DEMOGRAPHICS] = b"\xef\xbb\xbf" + files[layout.DEMOGRAPHICS]
    assert (layout.DEMOGRAPHICS, 2, "sex", "\u00e9") in cells(refusal(files).problems)


def test_utf_16_is_said_to_be_no_csv() -> None:
    for encoding in ("utf-16", "utf-16-le"):
        files = small_package()
        files[layout.USERS] = files[layout.USERS].decode().encode(encoding)
        (problem,) = (each for each in refusal(files).problems if each.file == layout.USERS)
        assert "UTF-16" in problem.rule


def test_merged_lines_are_told() -> None:
    files = small_package()
    lines = files[layout.ENROLLMENTS].split(b"\r\n")
    for joint in (b"", b","):
        merged = [*lines[:2], lines[2] + joint + lines[3], *lines[4:]]
        wrong = refusal({**files, layout.ENROLLMENTS: b"\r\n".join(merged)})
        (problem,) = (each for each in wrong.problems if each.line == 3)
        assert "2 行がつながっています" in problem.rule


def test_a_line_break_in_a_cell_is_told() -> None:
    files = with_cell(small_package(), layout.DEMOGRAPHICS, 2, "sex", "male\r\np2,2018-07-07,male")
    found = [each for each in refusal(files).problems if each.file == layout.DEMOGRAPHICS]
    assert {(each.line, each.column) for each in found} == {(2, "sex")}
    assert any("セルの中に改行" in each.rule for each in found)


def test_what_a_spreadsheet_adds_around_the_table_is_passed_over() -> None:
    files = small_package()
    rows = rows_of(files, layout.ROLES)
    padded = [[*row, "", ""] for row in rows] + [[""] * (len(rows[0]) + 2)] * 2
    files[layout.ROLES] = as_csv(padded)
    assert told(files) - UNTOUCHED == {(layout.ROLES, 10, "", "", "")}
    assert facts(read_roster(files)) == facts(read_roster(small_package()))
    padded[3][-1] = "x"
    files[layout.ROLES] = as_csv(padded)
    assert (layout.ROLES, 4) in {(each.file, each.line) for each in refusal(files).problems}


def test_headings_with_blanks_and_either_spelling() -> None:
    files = small_package()
    files[layout.USERS] = files[layout.USERS].replace(
        b"metadata.jp.kanaGivenName", b" metadata.jp.KanaGivenName "
    )
    assert facts(read_roster(files)) == facts(read_roster(small_package()))
    twice = small_package()
    twice[layout.ENROLLMENTS] = twice[layout.ENROLLMENTS].replace(
        b"metadata.jp.publicFlg", b"metadata.jp.ShussekiNo"
    )
    assert any("同じ列が 2 つ" in each.rule for each in refusal(twice).problems)


def test_other_vendors_columns_are_told_as_not_read() -> None:
    files = small_package()
    files[layout.ORGS] = files[layout.ORGS].replace(b"sourcedId,", b"metadata.x.y,sourcedId,", 1)
    rows = files[layout.ORGS].split(b"\r\n")
    files[layout.ORGS] = b"\r\n".join([rows[0], *(b"z," + row for row in rows[1:] if row), b""])
    assert (layout.ORGS, 1, "metadata.x.y", "metadata.x.y", "") in told(files)


def test_a_class_without_a_school_and_a_guardian_without_a_child() -> None:
    files = with_cell(small_package(), layout.CLASSES, 3, "schoolSourcedId", "")
    files = with_companion(files, "/guardianships/2/guardian", "g1")
    files = with_companion(files, "/guardianships/3/guardian", "g1")
    files = with_companion(files, "/protections", [])
    found = cells(refusal(files).problems)
    assert (layout.CLASSES, 3, "schoolSourcedId", "") in found
    assert (layout.USERS, 6, "sourcedId", "g2") in found


def test_a_column_that_is_wrong_throughout_hides_nothing_else() -> None:
    files = small_package()
    user: dict[str, Any] = {"enabledUser": "maybe", "username": "x", "givenName": "新", "familyName": "森"}
    rows = rows_of(files, layout.USERS)
    more = [[{**user, "sourcedId": f"x{n}"}.get(column, "") for column in rows[0]] for n in range(1_500)]
    files[layout.USERS] = as_csv([*rows, *more])
    files = with_cell(files, layout.ORGS, 3, "identifier", "x")
    reading = refusal(files)
    wrong = [each for each in reading.problems if each.column == "enabledUser"]
    assert len(wrong) == KEPT_OF_A_COLUMN + 1
    assert "ほかにも 500 件" in "".join(each.rule for each in wrong)
    assert (layout.ORGS, 3, "identifier", "x") in cells(reading.problems)
    assert reading.total >= 1_500


def test_a_row_twice_names_the_second_line() -> None:
    files = with_row(small_package(), layout.DEMOGRAPHICS, sourcedId="p1", birthDate="2018-06-01", sex="male")
    assert (layout.DEMOGRAPHICS, 5, "sourcedId", "p1") in cells(refusal(files).problems)


def with_line(files: Files, name: str, line: int, change: Callable[[bytes], bytes]) -> Files:
    """The package with one line of a file written otherwise."""
    lines = files[name].split(b"\n")
    lines[line - 1] = change(lines[line - 1])
    return {**files, name: b"\n".join(lines)}


def test_broken_quotes_are_told_wherever_they_are_with_all_else_that_is_wrong() -> None:
    """Also where a quote that is never closed swallows the rest of the file."""
    files = with_cell(small_package(), layout.USERS, 6, "enabledUser", "perhaps")
    files = with_cell(files, layout.ROLES, 6, "beginDate", "2026/4/31")
    for name, line in ((layout.USERS, 2), (layout.USERS, 4), (layout.ROLES, 3), (layout.ENROLLMENTS, 3)):
        files = with_line(files, name, line, lambda found: b'"' + found.replace(b",", b'"x,', 1))
    for name, line in ((layout.ROLES, 5), (layout.CLASSES, 3)):
        files = with_line(files, name, line, lambda found: b'"' + found)
    found = {(each.file, each.line, each.column) for each in read_roster(files).problems}
    assert found == {
        (layout.USERS, 2, ""),
        (layout.USERS, 4, ""),
        (layout.USERS, 6, "enabledUser"),
        (layout.ROLES, 3, ""),
        (layout.ROLES, 5, ""),
        (layout.ROLES, 6, "beginDate"),
        (layout.ENROLLMENTS, 3, ""),
        (layout.CLASSES, 3, ""),
    }


def test_a_file_of_quotes_alone_is_told_soon_and_within_bounds() -> None:
    files = small_package()
    header = files[layout.USERS].split(b"\n", 1)[0]
    files[layout.USERS] = header + b"\n" + b'"a"b\n' * 5_000
    told = [each for each in read_roster(files).problems if each.file == layout.USERS]
    assert 100 < len(told) < 1_000


@given(st.lists(st.lists(st.text('a",\n ', max_size=4), min_size=2, max_size=3), max_size=8))
def test_records_are_those_of_the_csv_module_as_far_as_nothing_is_damaged(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    content = out.getvalue()
    lines = io.StringIO(content, newline="\n")
    expected = [each for each in csv.reader(io.StringIO(content, newline="\n"), strict=True) if each]
    assert [values for _, values, _ in records(lines, lambda _: None, shielded=False)] == expected


@given(st.text('a",\n', max_size=60))
def test_whatever_is_damaged_every_line_is_told_or_read(content: str) -> None:
    told: list[int] = []
    read: list[int] = []
    lines = content.split("\n")
    try:
        for line, _, _ in records(
            io.StringIO("h,h\n" + content, newline="\n"),
            lambda error: told.append(error.told[0]),
            shielded=False,
        ):
            read.append(line)
    except UnreadableError:
        return
    assert told == sorted(set(told))
    assert set(told).isdisjoint(read)
    assert all(line <= len(lines) + 1 for line in told)
