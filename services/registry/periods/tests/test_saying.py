"""``tsumugi lessons``: what a board says of its schools, and what it is told when it cannot be so."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.registry.cli import add_commands
from services.registry.oneroster.tests.packages import small_package
from services.registry.tests.test_cli import written
from shared.dates import FixedClock
from tests.support.command_lines import Run, command_line, opener
from tests.support.databases import Database


@pytest.fixture
def run(registry_database: Database, clock: FixedClock, tmp_path: Path) -> Run:
    """The command line of a board with a small roster."""
    open_units = opener(registry_database, clock)
    run_ = command_line(lambda app, console: add_commands(app, open_units, console))
    assert run_("import", "oneroster", written(tmp_path / "town", small_package()))[0] == 0
    return run_


def test_lessons_are_switched_on_changed_and_off(run: Run) -> None:
    assert run("lessons") == (0, "時限ごとの出欠をとる学校はありません。\n")
    assert run("lessons", "elementary", "--periods", "6") == (0, "elementary: 1日6時限\n")
    assert run("lessons", "elementary", "--periods", "5", "--grade", "P6") == (
        0,
        "elementary: 1日5時限、P6だけ\n",
    )
    assert run("lessons") == (0, "elementary: 1日5時限、P6だけ\n")
    assert run("lessons", "elementary", "--off") == (0, "時限ごとの出欠をとる学校はありません。\n")


def test_what_cannot_be_is_said_and_changes_nothing(run: Run) -> None:
    status, said = run("lessons", "junior_hihg", "--periods", "6")
    assert (status, "という種類の学校はありません。種類: elementary" in said) == (1, True)
    for wrong in (
        ["--periods", "11"],
        ["--periods", "2", "--start", "08:50"],
        [],
        ["--periods", "2", "--off"],
    ):
        assert run("lessons", "elementary", *wrong)[0] == 1
    assert run("lessons")[1] == "時限ごとの出欠をとる学校はありません。\n"
