"""``tsumugi rollover …`` as a person at a terminal of 80 columns meets it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest
from rich.cells import cell_len
from rich.console import Console

from services.registry.cli import add_commands
from services.registry.oneroster.tests.packages import small_package
from services.registry.rollover.previewing import Preview
from services.registry.rollover.rules import City, Consequences, Year
from services.registry.rollover.store import School
from services.registry.rollover_commands import show_preview
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


def test_only_who_must_go_somewhere_is_told_as_going_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    """Who finishes 中3 has nowhere to go here, nor has whose 進む学校 is said."""
    junior, primary = (School(uuid4(), kind, kind) for kind in ("junior_high", "elementary"))
    done, goes = Consequences(became=Counter(graduating=4)), Consequences(became=Counter(advancing=3))
    year = Year(2027)

    def told(*schools: tuple[School, Consequences], as_json: bool = False) -> str:
        planned = Preview(year, schools, City({}), "")
        show_preview(planned, Console(width=80), as_json=as_json)
        return capsys.readouterr().out

    said = told((junior, done), (primary, goes))
    assert "進学先" not in said
    assert "卒業4" in said
    lost = Consequences(became=Counter(graduating=2, advancing=1), nowhere=2)
    said = told((junior, done), (primary, lost)).replace("\n", "")
    assert "進学先の分からない卒業生が 2 人" in said
    assert "進学先なし2" in said
    assert json.loads(told((primary, lost), as_json=True))["total"]["nowhere"] == 2


def test_no_count_loses_a_digit_where_a_line_ends(capsys: pytest.CaptureFixture[str]) -> None:
    """A line of just the column's width, in letters of two cells each."""
    became = Counter(promoted=706, advancing=48, graduating=149, new=101)
    each = Consequences(became=became, pupils=855, nowhere=45, without_class=855, exchange=26)
    planned = Preview(Year(2027), ((School(uuid4(), "elementary", "第一小"), each),), City({}), "")
    show_preview(planned, Console(width=80), as_json=False)
    said = capsys.readouterr().out
    for words in (
        "進級706",
        "市内へ進学48",
        "卒業149",
        "新しく入る101",
        "進学先なし45",
        "学級なし855",
        "交流26",
    ):
        assert words in said


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
