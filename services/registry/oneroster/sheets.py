"""The list of what is wrong with a package as a spreadsheet, to send back to whoever wrote it.

What stands in its cells comes from a file of unknown origin. Every cell is written as text and marked as text, so that
none is ever a formula: not when it is opened, and not when somebody edits it or saves the sheet as CSV and opens that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from services.registry.oneroster.problems import Note, Problem

PROBLEMS = "直すところ"
NOTES = "読み替えたところ"
SUFFIX = ".xlsx"

_OF_PROBLEMS = (("ファイル", 22), ("行", 8), ("列", 28), ("値", 30), ("誤り", 50), ("直し方", 50))
_OF_NOTES = (
    ("ファイル", 22),
    ("はじめの行", 12),
    ("列", 28),
    ("したこと", 44),
    ("書かれていた値", 30),
    ("読んだ値", 30),
    ("か所", 8),
)


def write_problems(path: Path, problems: Iterable[Problem], notes: Iterable[Note]) -> None:
    """Write the spreadsheet; what stood at ``path`` is replaced when the new one is whole."""
    draft = path.with_name(f".{path.name}.new")
    book = xlsxwriter.Workbook(
        str(draft),
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    try:
        _sheet(book, PROBLEMS, _OF_PROBLEMS, (_cells(each) for each in problems))
        _sheet(book, NOTES, _OF_NOTES, (_cells(each) for each in notes))
    finally:
        book.close()
    draft.replace(path)


def _cells(row: Problem | Note) -> list[str]:
    return ["" if value is None else str(value) for value in row]


def _sheet(book: Any, title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[str]]) -> None:
    head = book.add_format({"bold": True, "bottom": 1, "quote_prefix": True})
    body = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@", "quote_prefix": True})
    sheet = book.add_worksheet(title)
    sheet.freeze_panes(1, 0)
    for place, (name, width) in enumerate(columns):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, name, head)
    last = 0
    for last, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            sheet.write_string(last, place, value, body)
    sheet.autofilter(0, 0, last, len(columns) - 1)
