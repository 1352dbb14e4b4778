"""The list of what is wrong with a package as a spreadsheet, to send back to whoever wrote it.

What stands in its cells comes from a file of unknown origin; ``shared.sheets`` keeps it from being alive.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from services.registry.oneroster.problems import Note, Problem
from shared.sheets import Workbook

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
    with Workbook(path) as book:
        book.sheet(PROBLEMS, _OF_PROBLEMS, problems)
        book.sheet(NOTES, _OF_NOTES, notes)
