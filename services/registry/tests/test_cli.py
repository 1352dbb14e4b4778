"""The command line of registry: what a person sees, and the exit status."""

from __future__ import annotations

import io
import json
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from services.registry.cli import add_commands
from services.registry.oneroster import layout
from services.registry.oneroster.tests.packages import Files, small_package, with_cell
from shared.database import Moved, Units
from shared.dates import FixedClock
from tests.support.command_lines import Run, command_line, opener
from tests.support.databases import Database


@pytest.fixture
def run(registry_database: Database, clock: FixedClock) -> Run:
    """Runs a command line in a narrow window; returns exit status and what it said."""
    open_units = opener(registry_database, clock)
    return command_line(lambda app, console: add_commands(app, open_units, console), width=40)


def written(folder: Path, files: Files) -> str:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return str(folder)


def test_import_tells_what_becomes_new_and_which_classes(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "town", small_package())
    status, said = run("import", "oneroster", path, "--dry-run")
    assert status == 0
    assert "これは予行です" in said
    assert run("import", "oneroster", path, "--dry-run") == (status, said)
    status, said = run("import", "oneroster", path)
    assert status == 0
    assert "にし小 1年1組" in said
    assert "取り込みました（取り込み 1、26 件を知らせました）" in said
    status, said = run("import", "oneroster", path)
    assert status == 0
    assert said.rstrip().endswith("すべてこのとおりになっています。何も変えていません。")


def test_a_refused_package_is_a_block_for_each_problem_and_status_1(run: Run, tmp_path: Path) -> None:
    wrong = with_cell(small_package(), layout.USERS, 2, "familyName", "[bold]ｶﾝﾀﾞ\x1b[2J")
    wrong = with_cell(wrong, layout.ROLES, 3, "beginDate", "2026/4/31")
    path = written(tmp_path / "town", wrong)
    status, told = run("import", "oneroster", path, "--json")
    report = json.loads(told)
    assert (status, report["outcome"]) == (1, "refused")
    assert {(each["file"], each["line"], each["column"]) for each in report["problems"]} == {
        ("users.csv", 2, "familyName"),
        ("roles.csv", 3, "beginDate"),
    }
    status, said = run("import", "oneroster", path)
    assert status == 1
    assert said == "".join(
        f"{each['file']}:{each['line']}:{each['column']} 「{each['value']}」\n"
        f"  誤り: {each['rule']}\n  直し方: {each['remedy']}\n\n".replace("\x1b", r"\x1b")
        for each in report["problems"]
    ) + (f"取り込んでいません。誤りが {len(report['problems'])} 件あります。\n")
    assert "すべて" not in run("import", "oneroster", written(tmp_path / "town", small_package()))[1]


def test_many_problems_are_cut_for_people_and_whole_for_programs(run: Run, tmp_path: Path) -> None:
    wrong = small_package()
    header, *_ = wrong[layout.USERS].decode().splitlines()
    first = ",".join("x" for _ in header.split(","))
    wrong[layout.USERS] = "\r\n".join([header, *[first] * 300, ""]).encode()
    path = written(tmp_path / "town", wrong)
    problems = json.loads(run("import", "oneroster", path, "--json")[1])["problems"]
    assert len(problems) > 300
    assert (
        f"ほかに {len(problems) - 200} 件（すべては --json か --problems で）"
        in run("import", "oneroster", path)[1]
    )


def test_a_program_learns_what_an_import_did(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "town", small_package())
    for words, outcome, events in (
        (["--dry-run"], "dry-run", 26),
        ([], "imported", 26),
        ([], "unchanged", 0),
    ):
        status, told = run("import", "oneroster", path, "--json", *words)
        report = json.loads(told)
        assert (status, report["outcome"], report["events"]) == (0, outcome, events)
        assert (report["position"] is None) == (outcome != "imported")
    status, told = run("import", "oneroster", str(tmp_path / "nowhere"), "--json")
    assert (status, json.loads(told)["outcome"]) == (1, "stopped")


def test_a_package_that_changes_nothing_is_in_nobodys_way(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path / "town", small_package())
    for _ in range(2):
        assert run("import", "oneroster", path)[0] == 0
    other = with_cell(small_package(), layout.USERS, 2, "givenName", "別名")
    status, told = run("import", "oneroster", written(tmp_path / "other", other), "--json")
    assert (status, json.loads(told)["outcome"]) == (0, "imported")


def test_what_is_no_package_is_said_in_a_sentence(run: Run, tmp_path: Path) -> None:
    for path, word in (
        (tmp_path / "nowhere", "がありません"),
        (tmp_path, "manifest.csv がありません"),
        (tmp_path / "broken.zip", "zip ファイルとして開けません"),
    ):
        if path.suffix:
            path.write_bytes(b"PK\x03\x04 not a zip")
        status, said = run("import", "oneroster", str(path))
        assert status == 1
        assert word in said.replace("\n", "")


def test_a_substitute_for_a_day_by_names(run: Run, tmp_path: Path) -> None:
    run("import", "oneroster", written(tmp_path / "town", small_package()))
    words = ("substitute", "紬市立ひがし小学校", "2年2組", "原田 学", "--date", "2026-04-07")
    assert (
        run(*words)[1].strip() == "原田 学 は 4月7日（火） に 紬市立ひがし小学校 2年2組 の補欠に入りました。"
    )
    assert "すでに補欠です" in run(*words)[1]
    status, said = run("substitute", "紬市立ひがし小学校", "2年2組", "だれか")
    assert status == 1
    assert "原田 学" in said
    status, said = run("substitute", "どこか小", "2年2組", "原田 学")
    assert (status, "学校: にし小・紬市立ひがし小学校" in said) == (1, True)
    status, said = run("substitute", "紬市立ひがし小学校", "9年9組", "原田 学")
    assert (status, "「9年9組」という学級はありません。2026年度の学級: " in said) == (1, True)
    assert "にし小" not in said
    status, said = run(*words[:-1], "2026-04-08")
    assert (status, "4月8日（水）は、2年2組の授業がない日です" in said) == (1, True), "学級閉鎖"


def test_a_substitute_before_any_roster_is_refused(run: Run) -> None:
    assert run("substitute", "第一小", "2年1組", "原田 学") == (1, "名簿がありません。\n")


@pytest.mark.parametrize("words", [("import", "oneroster"), ("substitute", "第一小", "2年1組", "原田 学")])
def test_who_meets_others_again_and_again_is_told_in_a_sentence(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    class Busy(AbstractAsyncContextManager[Units]):
        async def __aenter__(self) -> Units:
            raise Moved

        async def __aexit__(self, *_: object) -> None:
            pass

    said = io.StringIO()
    app = typer.Typer()
    add_commands(app, Busy, Console(file=said, width=200, highlight=False))
    if words[0] == "import":
        words = (*words, written(tmp_path / "town", small_package()))
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 1
    assert "もう一度実行してください" in said.getvalue()
