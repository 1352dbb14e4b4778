"""The table of what arrives names tests that exist, and every row has one or says what it waits for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROWS = [
    line
    for line in (ROOT / "docs" / "what-arrives.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| arrives")
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_a_row_names_tests_that_exist_or_what_it_waits_for(row: str) -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", row)
    assert named or "not yet: needs" in row
    for path, name in named:
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{name}"


def test_all_rows_of_the_decision_are_there() -> None:
    assert len(ROWS) == 15
