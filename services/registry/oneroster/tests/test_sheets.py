"""The spreadsheet that goes back to the sender: everything in it, and nothing in it alive."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree

from services.registry.oneroster import layout
from services.registry.oneroster.problems import Problem, Problems
from services.registry.oneroster.rules import read_roster
from services.registry.oneroster.sheets import write_problems
from services.registry.oneroster.tests.packages import refusal, small_package, with_cell
from shared.sheets import restored

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheets(path: Path) -> list[list[list[str]]]:
    """The texts of each sheet, row by row; fails on any cell that is anything but text."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("xl/worksheets/sheet"))
        styles = ElementTree.fromstring(archive.read("xl/styles.xml"))  # noqa: S314 (our own file)
        roots = [ElementTree.fromstring(archive.read(name)) for name in names]  # noqa: S314
        assert not [name for name in archive.namelist() if "external" in name.lower()]
    formats = styles.find(f"{_MAIN}cellXfs")
    assert formats is not None
    found = []
    for root in roots:
        assert root.find(f".//{_MAIN}f") is None
        assert root.find(f".//{_MAIN}hyperlink") is None
        for cell in root.iter(f"{_MAIN}c"):
            assert cell.get("t") == "inlineStr"
            assert formats[int(cell.get("s", "0"))].get("quotePrefix") == "1"
        rows = [
            ["".join(text.text or "" for text in cell.iter(f"{_MAIN}t")) for cell in row.iter(f"{_MAIN}c")]
            for row in root.iter(f"{_MAIN}row")
        ]
        found.append(rows)
    return found


def test_every_problem_and_every_note_is_in_it(tmp_path: Path) -> None:
    files = with_cell(small_package(), layout.ROLES, 4, "beginDate", "2026/4/31")
    files = with_cell(files, layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "1.0")
    reading = refusal(files)
    path = tmp_path / "problems.xlsx"
    write_problems(path, reading.problems, reading.notes)
    problems, notes = sheets(path)
    assert problems[0] == ["ファイル", "行", "列", "値", "誤り", "直し方"]
    assert problems[1:] == [
        ["" if value is None else str(value) for value in each] for each in reading.problems
    ]
    assert [
        "enrollments.csv",
        "2",
        "metadata.jp.shussekiNo",
        "ふつうの数字にしました",
        "1.0",
        "1",
        "2",
    ] in notes
    assert [each.name for each in tmp_path.iterdir()] == ["problems.xlsx"]


def test_no_cell_is_a_formula_a_link_or_a_number(tmp_path: Path) -> None:
    hostile = [
        '=cmd|"/c calc"!A1',
        '=HYPERLINK("http://x")',
        "+1+1",
        "-1",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "{=1}",
        "http://example.org",
        "mailto:a@example.org",
        "internal:Sheet1!A1",
        "1e5",
        "TRUE",
        "<script>&\x00\x1b[2J",
        "_x0041_",
    ]
    problems = Problems()
    for value in hostile:
        problems.add(value, 1, value, value, value, value)
    path = tmp_path / "problems.xlsx"
    write_problems(path, problems.listed(), ())
    rows, _ = sheets(path)
    assert len(rows) == len(hostile) + 1
    found = {row[3] for row in rows[1:]}
    assert {restored(each) for each in found} >= {
        each for each in hostile if each.isprintable() and each[0] != "_"
    }
    # Also when somebody saves the sheet as CSV, which forgets that a cell is text.
    assert not [each for each in found if each.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_cell_as_long_as_a_file_does_not_break_it(tmp_path: Path) -> None:
    problems = Problems()
    problems.add("users.csv", 2, "x", "x" * 100_000, "「" + "x" * 100_000 + "」という値はありません", "直す")
    path = tmp_path / "problems.xlsx"
    write_problems(path, problems.listed(), ())
    assert len(sheets(path)[0][1][4]) < 400


def test_what_is_right_gives_an_empty_list(tmp_path: Path) -> None:
    path = tmp_path / "problems.xlsx"
    path.write_bytes(b"old")
    write_problems(path, read_roster(small_package()).problems, ())
    assert [len(sheet) for sheet in sheets(path)] == [1, 1]


def test_the_order_is_by_file_line_and_column() -> None:
    problems = Problems()
    for line, column in ((3, "a"), (2, "b"), (2, "a")):
        problems.add("users.csv", line, column, "", "r", "m")
    assert [(each.line, each.column) for each in problems.listed()] == [(2, "a"), (2, "b"), (3, "a")]
    assert isinstance(problems.listed()[0], Problem)
