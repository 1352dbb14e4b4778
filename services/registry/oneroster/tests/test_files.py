"""How a package's files are read before anybody looks at what they say: manifest, columns, quotes, spellings."""

from __future__ import annotations

import pytest

from services.registry.oneroster import companion, layout
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
)

COMPANION = companion.FILE


def manifest(**changes: str) -> Files:
    """The small package with other manifest values."""
    files = small_package()
    rows = [[name, changes.get(name, value)] for name, value in rows_of(files, layout.MANIFEST)]
    return {**files, layout.MANIFEST: as_csv(rows)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("manifest.version", "2.0"),
        ("oneroster.version", "1.1"),
        ("oneroster.version", "1.2_jp"),
        ("file.users", "delta"),
        ("file.users", "full"),
        ("file.users", "absent"),
        ("file.demographics", "absent"),
        ("file.userProfiles", "bulk"),
    ],
)
def test_the_manifest_must_agree_with_the_files(name: str, value: str) -> None:
    found = cells(refusal(manifest(**{name: value})).problems)
    assert [(column, told) for file, _, column, told in found if file == layout.MANIFEST] == [(name, value)]


def test_gradebook_files_are_refused() -> None:
    files = small_package()
    files[layout.MANIFEST] += b"file.results,bulk\r\nfile.lineItems,absent\r\nfile.resluts,absent\r\n"
    files["results.csv"] = b"sourcedId\r\n"
    found = cells(refusal(files).problems)
    assert {(file, column, value) for file, _, column, value in found} == {
        (layout.MANIFEST, "file.results", "bulk"),
        (layout.MANIFEST, "file.resluts", "absent"),
        ("results.csv", "", ""),
    }


@pytest.mark.parametrize("version", layout.VERSIONS)
def test_versions_of_earlier_profiles_are_read(version: str) -> None:
    assert read_roster(manifest(**{"oneroster.version": version})).problems == ()


def test_old_spelling_bom_lf_and_order_of_columns_make_no_difference() -> None:
    plain = small_package()
    files = dict(plain)
    rows = rows_of(files, layout.ENROLLMENTS)
    rows[0] = [column.replace("jp.s", "jp.S").replace("jp.p", "jp.P") for column in rows[0]]
    turned = [list(reversed(row)) for row in rows]
    files[layout.ENROLLMENTS] = b"\xef\xbb\xbf" + as_csv(turned).replace(b"\r\n", b"\n")
    files[COMPANION] = b"\xef\xbb\xbf" + files[COMPANION]
    rows = rows_of(files, layout.USERS)
    files[layout.USERS] = as_csv(
        [[*rows[0], "resourceSourcedIds", "metadata.vendor.x"], *([*row, "r", "x"] for row in rows[1:])]
    )
    assert facts(read_roster(files)) == facts(read_roster(plain))
    wrong = refusal(with_cell({**files}, layout.ENROLLMENTS, 2, "metadata.jp.ShussekiNo", "x"))
    assert (layout.ENROLLMENTS, 2, "metadata.jp.ShussekiNo", "x") in cells(wrong.problems)


def test_a_misspelt_column_is_refused_and_the_right_one_named() -> None:
    files = small_package()
    files[layout.ROLES] = files[layout.ROLES].replace(b"beginDate", b"beginDte")
    (problem,) = refusal(files).problems
    assert (problem.line, problem.column) == (1, "beginDte")
    assert "beginDate" in problem.remedy


def test_a_missing_column_is_refused_without_a_flood() -> None:
    files = small_package()
    files[layout.USERS] = files[layout.USERS].replace(b"familyName,middleName", b"metadata.x,middleName", 1)
    assert cells(refusal(files).problems) == {(layout.USERS, 1, "familyName", "")}


def test_torn_quotes_and_rows_of_another_width_are_named() -> None:
    files = small_package()
    files[layout.DEMOGRAPHICS] += b'p1,"2018-06-01,male\r\n'
    (problem,) = refusal(files).problems
    assert (problem.file, problem.line) == (layout.DEMOGRAPHICS, 5)
    files[layout.DEMOGRAPHICS] = small_package()[layout.DEMOGRAPHICS] + b"\r\np1,2018-06-01\r\n"
    (problem,) = refusal(files).problems
    assert (problem.line, problem.value) == (6, "p1,2018-06-01")


def test_lines_are_counted_through_line_breaks_in_cells() -> None:
    files = with_cell(small_package(), layout.ORGS, 2, "name", "紬市\n教育委員会")
    files = with_cell(files, layout.ORGS, 3, "type", "?")
    found = cells(refusal(files).problems)
    assert (layout.ORGS, 2, "name", "紬市\n教育委員会") in found
    assert (layout.ORGS, 4, "type", "?") in found


def test_an_empty_file_has_no_header() -> None:
    (problem,) = refusal({**small_package(), layout.ROLES: b""}).problems
    assert (problem.file, problem.line, problem.rule) == (layout.ROLES, 1, "見出しの行がありません")


def test_broken_json_is_told_without_a_trace() -> None:
    (problem,) = refusal({**small_package(), COMPANION: b"{"}).problems
    assert (problem.file, problem.rule) == (COMPANION, "JSON として読めません")
