"""``tsumugi import …`` as a person and as a program meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.registry import import_commands
from services.registry.cli import add_commands
from services.registry.import_commands import Bulk
from services.registry.imports import store
from services.registry.imports.applying import Applied, Progress, apply_run
from services.registry.oneroster import layout
from services.registry.oneroster.tests.packages import (
    Files,
    small_package,
    with_cell,
    with_companion,
    without_row,
)
from services.registry.oneroster.tests.test_sheets import sheets
from shared.database import Units
from shared.dates import FixedClock
from tests.support.command_lines import Run, command_line, opener
from tests.support.databases import Database


@pytest.fixture
def run(registry_database: Database, clock: FixedClock) -> Run:
    """Runs ``import …``; returns exit status and what it said."""
    open_units = opener(registry_database, clock)
    return command_line(lambda app, console: add_commands(app, open_units, console, Bulk()), "import")


def written(folder: Path, files: Files) -> str:
    """A package as a folder."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return str(folder)


def report(told: tuple[int, str]) -> Any:
    """The JSON a command wrote."""
    return json.loads(told[1])


def without_a_class() -> Files:
    files = without_row(small_package(), layout.CLASSES, 3)
    return with_companion(files, "/calendars/0/closures", [])


def test_the_preview_tells_each_change_with_its_old_and_its_new_value(run: Run, tmp_path: Path) -> None:
    run("oneroster", written(tmp_path / "a", small_package()))
    files = with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "7")
    files = with_cell(files, layout.USERS, 6, "familyName", "神山")
    files = with_companion(files, "/guardianships/2/rights/read", False)
    path = written(tmp_path / "b", files)
    _, said = run("oneroster", path, "--dry-run", "--details")
    for words in (
        "出席番号 神田 蓮".replace("神", "\ufa19") + ": 紬市立ひがし小学校 2年1組 1番",
        "→ 紬市立ひがし小学校 2年1組 7番",
        "変わる人 神山 誠 氏: 髙橋 → 神山",
        "保護者 髙橋 凛",
        "これは予行です",
    ):
        assert words in said
    found = report(run("oneroster", path, "--dry-run", "--details", "--json"))
    kinds = {each["kind"] for each in found["details"]}
    assert kinds == {"number", "card", "guardianship"}
    assert found["accounts"] == {"opened": 0, "closed": 0, "changed": 0}
    (school,) = (each for each in found["schools"] if each["changed_number"])
    assert (school["school"], school["pupils"]) == ("紬市立ひがし小学校", 2)
    assert "details" not in report(run("oneroster", path, "--dry-run", "--json"))


def test_what_leaves_in_numbers_needs_a_second_word(run: Run, tmp_path: Path) -> None:
    run("oneroster", written(tmp_path / "a", small_package()))
    path = written(tmp_path / "b", without_a_class())
    status, said = run("oneroster", path)
    assert status == 1
    assert "なくなるか空になる学級: 紬市立ひがし小学校 2年2組" in said
    assert "--confirm-losses" in said
    found = report(run("oneroster", path, "--json"))
    assert found["outcome"] == "losses"
    assert found["losses"][0]["classes"] == ["紬市立ひがし小学校 2年2組"]
    status, said = run("oneroster", path, "--confirm-losses")
    assert (status, "取り込みました（取り込み 2、" in said) == (0, True)


def test_the_sheet_to_send_back(run: Run, tmp_path: Path) -> None:
    files = with_cell(small_package(), layout.ROLES, 4, "beginDate", "2026/4/31")
    sheet = tmp_path / "problems.xlsx"
    status, said = run("oneroster", written(tmp_path / "a", files), "--problems", str(sheet))
    assert status == 1
    assert str(sheet) in said
    problems, notes = sheets(sheet)
    assert problems[1][:4] == ["roles.csv", "4", "beginDate", "2026/4/31"]
    assert len(notes) == 2
    status, _ = run(
        "oneroster", written(tmp_path / "a", small_package()), "--problems", str(sheet), "--dry-run"
    )
    assert status == 0
    assert len(sheets(sheet)[0]) == 1
    for wrong in (tmp_path / "problems.csv", tmp_path / "nowhere" / "problems.xlsx"):
        status, said = run("oneroster", written(tmp_path / "a", files), "--problems", str(wrong))
        assert (status, "いまあるフォルダーの .xlsx" in said) == (1, True)


def test_runs_are_listed_resumed_and_reverted(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "まだ取り込みがありません" in run("runs")[1]
    run("oneroster", written(tmp_path / "a", small_package()), "--by", "高橋")
    status, said = run("runs")
    assert status == 0
    assert "高橋" in said
    assert "済み" in said
    (first,) = report(run("runs", "--json"))["runs"]
    assert (first["run"], first["state"], first["events"], first["accounts"]) == (1, "done", 26, [7, 0, 0])
    status, said = run("resume", "1")
    assert (status, "終わっています（済み）" in said) == (1, True)

    class Died(Exception):
        pass

    async def dies(*_: object, **__: object) -> None:
        raise Died

    changed = with_cell(small_package(), layout.ENROLLMENTS, 2, "metadata.jp.shussekiNo", "7")
    with monkeypatch.context() as patch:
        patch.setattr(import_commands, "apply_run", dies)
        with pytest.raises(Died):
            run("oneroster", written(tmp_path / "b", changed))
    assert report(run("runs", "--json"))["runs"][1]["state"] == "interrupted"
    assert "途中で止まっています（0/1）" in run("runs")[1]
    status, said = run("oneroster", written(tmp_path / "a", small_package()))
    assert (status, "tsumugi import resume 2" in said) == (1, True)
    status, said = run("resume", "2")
    assert (status, said.strip()) == (0, "取り込み 2 を終えました（1 件を知らせました）。")

    status, said = run("revert", "1")
    assert status == 1
    assert "あとの取り込み 2: 1 件" in said
    status, said = run("revert", "2", "--dry-run")
    assert (status, "取り消せます（人 1、" in said) == (0, True)
    assert report(run("revert", "2", "--json"))["events"] == 1
    assert "取り消し済み" in run("runs")[1]
    assert "すでに取り消されています" in run("revert", "2")[1]
    assert "取り込み 9 はありません" in run("revert", "9")[1]
    back = report(run("revert", "1", "--json", "--by", "だれか"))
    assert (back["outcome"], back["people"], back["organisations"]) == ("reverted", 7, 8)
    assert report(run("runs", "--json"))["runs"][0]["reverted_by"] == "だれか"


@pytest.mark.parametrize("after", [1, 2, 3])
def test_the_same_command_tells_what_is_left_and_ends_the_run(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Killed after so many of three parts, the last time before it could say that it was done."""
    path = written(tmp_path / "a", small_package())

    class Died(Exception):
        pass

    async def dies(units: Units, begun: store.Run, *, actor: str, **_: Any) -> Applied:
        def stop(progress: Progress) -> None:
            if progress.done == after:
                raise Died

        return await apply_run(units, begun, actor=actor, tell=stop)

    with monkeypatch.context() as patch:
        patch.setattr(import_commands, "apply_run", dies)
        with pytest.raises(Died):
            run("oneroster", path)
    (before,) = report(run("runs", "--json"))["runs"]
    assert before["state"] == "interrupted"
    left = report(run("oneroster", path, "--dry-run", "--json"))
    # Whom the parts done have brought is not counted again; of what is above schools nobody is.
    assert left["counts"].get("人", {"new": 0})["new"] in ({7}, {*range(1, 7)}, {0})[after - 1]
    assert left["events"] + before["events"] == 26
    status, said = run("oneroster", path)
    assert (status, f"3 のうち {after} は済み" in said) == (0, True)
    (done,) = report(run("runs", "--json"))["runs"]
    assert (done["state"], done["events"]) == ("done", 26)
    other = with_cell(small_package(), layout.USERS, 6, "familyName", "神山")
    status, said = run("oneroster", written(tmp_path / "b", other))
    assert (status, "続きです" in said) == (0, False)


def test_notes_are_told_to_people_and_programs(run: Run, tmp_path: Path) -> None:
    files = with_cell(small_package(), layout.ROLES, 4, "beginDate", "2026/4/1")
    _, said = run("oneroster", written(tmp_path / "a", files), "--dry-run")
    assert "roles.csv:4:beginDate 日付を YYYY-MM-DD にしました 「2026/4/1」→「2026-04-01」" in said
    wrong = with_cell(files, layout.ROLES, 5, "role", "x")
    found = report(run("oneroster", written(tmp_path / "a", wrong), "--json"))
    assert {(each["file"], each["before"], each["after"]) for each in found["notes"]} >= {
        ("roles.csv", "2026/4/1", "2026-04-01")
    }
