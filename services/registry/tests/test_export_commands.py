"""``tsumugi export …`` as a person and as a program meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.registry.cli import add_commands
from services.registry.oneroster.packages import open_package
from services.registry.oneroster.tests.packages import small_package
from shared.dates import FixedClock
from tests.support.command_lines import Run, command_line, opener
from tests.support.databases import Database


@pytest.fixture
def run(registry_database: Database, clock: FixedClock) -> Run:
    """Runs a command line; returns exit status and what it said."""
    open_units = opener(registry_database, clock)
    return command_line(lambda app, console: add_commands(app, open_units, console))


@pytest.fixture
def roster(run: Run, tmp_path: Path) -> None:
    """The small package, imported."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, content in small_package().items():
        (folder / name).write_bytes(content)
    assert run("import", "oneroster", str(folder))[0] == 0


@pytest.mark.usefixtures("roster")
def test_out_and_in_again_by_command(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "out.zip"
    status, said = run("export", "oneroster", str(path), "--protected")
    assert status == 0
    for words in (
        "users.csv 7",
        "支援措置の対象の児童生徒 1 人を含みます",
        "--since 2026-11-19T23:30:00.000Z",
    ):
        assert words in said
    assert path.stat().st_mode & 0o777 == 0o600
    status, said = run("import", "oneroster", str(path), "--dry-run")
    # Of a class of several grades nothing but that is kept.
    assert (status, "これは予行です" in said or "すべてこのとおり" in said) == (0, True)


@pytest.mark.usefixtures("roster")
@pytest.mark.parametrize("name", ["out.zip", "out"])
def test_what_is_there_is_replaced_only_when_asked_for(run: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert run("export", "oneroster", str(path))[0] == 0
    whole = dict(open_package(path))
    status, said = run("export", "oneroster", str(path), "--for-others")
    assert (status, dict(open_package(path)) == whole) == (1, True)
    assert "もう書き出したものがあります" in said
    assert "--overwrite" in said
    assert run("export", "oneroster", str(path), "--for-others", "--overwrite")[0] == 0
    assert "companion.json" not in open_package(path)


@pytest.mark.usefixtures("roster")
def test_what_is_left_out_is_told(run: Run, tmp_path: Path) -> None:
    _, said = run("export", "oneroster", str(tmp_path / "x"))
    assert "1 人は入っていません（紬に取り込み直すための書き出しには --protected が要ります）" in said
    _, said = run("export", "oneroster", str(tmp_path / "y"), "--for-others", "--json")
    found = json.loads(said)
    assert (found["outcome"], found["protected"]) == ("exported", 1)
    assert "companion.json" not in open_package(tmp_path / "y")
    later = run(
        "export", "oneroster", str(tmp_path / "z"), "--since", found["instant"], "--school", "ひがし小"
    )
    assert later[0] == 1
    assert "紬市立ひがし小学校" in later[1]
    status, said = run(
        *("export", "oneroster", str(tmp_path / "z"), "--since", "2026-11-20T09:00:00+09:00"),
        *("--school", "紬市立ひがし小学校"),
    )
    assert status == 0


@pytest.mark.usefixtures("roster")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--since", "昨日"), "2026-11-20T08:30:00.000Z"),
        (("--since", "2026-11-20T08:30:00"), "時差"),
        (("--as-of", "2031-05-01"), "2031年度の学級がありません"),
        (("--as-of", "9999-12-31"), "--as-of: 1948年から"),
        (("--as-of", "0001-01-01"), "--as-of: 1948年から"),
        (("--since", "0001-01-01"), "--since: 1948年から"),
        (("--since", "9999-12-31T23:59:59-09:00"), "--since: 1948年から"),
        (("--board", "x"), "まだ名簿がありません"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    words: tuple[str, ...], told: str, run: Run, tmp_path: Path
) -> None:
    status, said = run("export", "oneroster", str(tmp_path / "x"), *words)
    assert (status, told in said) == (1, True), said
    assert not (tmp_path / "x").exists()
    assert (
        json.loads(run("export", "oneroster", str(tmp_path / "x"), *words, "--json")[1])["outcome"]
        == "stopped"
    )
