"""``tsumugi rollover …`` as a person at a terminal of 80 columns meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from services.registry.cli import add_commands
from services.registry.oneroster.tests.packages import small_package
from shared.dates import FixedClock
from tests.support.command_lines import Run, command_line, opener
from tests.support.databases import Database


@pytest.fixture
def run(registry_database: Database, clock: FixedClock, tmp_path: Path) -> Run:
    """Runs a command line over the small package; returns exit status and what it said."""
    open_units = opener(registry_database, clock)
    made = command_line(lambda app, console: add_commands(app, open_units, console), width=80)
    for name, content in small_package().items():
        (tmp_path / name).write_bytes(content)
    assert made("import", "oneroster", str(tmp_path))[0] == 0
    return made


def test_the_preview_is_readable_at_80_columns(run: Run) -> None:
    numbers = json.loads(run("rollover", "preview", "--json")[1])
    status, said = run("rollover", "preview")
    assert (status, len(numbers["schools"]) > 1) == (0, True)
    table = [line for line in said.splitlines() if not line.endswith("。")]
    assert [line for line in table if cell_len(line) > 80] == []
    for each in (*numbers["schools"], {"school": "計", **numbers["total"]}):
        (line,) = (line for line in table if line.startswith(each["school"]))
        assert f" {each['pupils']} " in line, "a name and its number are on one line"
        if each["promoted"]:
            assert f"進級{each['promoted']}" in line
        if each["without_class"]:
            assert f"学級なし{each['without_class']}" in line


@pytest.mark.parametrize("command", ["preview", "propose", "apply"])
@pytest.mark.parametrize("year", ["1900", "2025", "2028"])
def test_a_year_that_cannot_be_is_refused_with_those_that_can(run: Run, command: str, year: str) -> None:
    status, said = run("rollover", command, "--year", year)
    assert status == 1
    said = said.replace("\n", "")
    assert "2027（来年度）か 2026（今年度。見るだけ）" in said
    assert year in said
    assert run("rollover", "preview", "--year", "2027")[0] == 0


def test_a_run_is_told_in_the_schools_own_time(run: Run, clock: FixedClock) -> None:
    assert run("rollover", "apply")[0] == 0
    assert f"{clock.now():%Y-%m-%d} 08:30" in run("rollover", "runs")[1]
