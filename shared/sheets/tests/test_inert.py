"""Nothing that leaves is alive, and nothing of it is lost."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sheets import CsvTable, inert, restored

SIGNS = "=+-@＝＋－＠"
HOSTILE = st.text(st.sampled_from([*SIGNS, *"'\",; \t\r\na高", "\ufeff", "\u3000"]), max_size=12)
TEXT = st.text(st.characters(exclude_categories=["Cs"])) | HOSTILE


def _pieces(cell: str) -> list[str]:
    """What a spreadsheet with any list separator may make cells of."""
    return re.split("[;,\t\r\n]", cell)


@given(TEXT)
def test_every_text_comes_back(text: str) -> None:
    assert restored(inert(text)) == text


@given(TEXT)
def test_no_cell_and_no_piece_of_one_begins_with_a_sign(text: str) -> None:
    cell = inert(text)
    assert not cell.startswith((*SIGNS, "\t", "\r", "\n"))
    for piece in _pieces(cell):
        bare = piece.strip().strip('"\ufeff\u200b').strip()
        assert not bare.startswith(tuple(SIGNS)), (cell, piece)


@pytest.mark.parametrize(
    "text", ["", "山田", "O'Brien", "髙橋 ｶﾅ", "2026-04-01", "{LDAP:x}", "'引用'", "ｱ-1", "a,b", "'"]
)
def test_what_is_harmless_is_not_touched(text: str) -> None:
    assert inert(text) == text


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=5))
def test_a_file_reads_back_cell_by_cell(rows: list[list[str]]) -> None:
    target = io.BytesIO()
    table = CsvTable(target, ["a", "b", "c"])
    table.add(rows)
    table.finish()
    read = list(csv.reader(io.StringIO(target.getvalue().decode(), newline="")))
    assert read[0] == ["a", "b", "c"]
    assert [[restored(cell) for cell in row] for row in read[1:]] == rows
