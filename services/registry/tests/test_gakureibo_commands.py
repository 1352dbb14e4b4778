"""``tsumugi import gakureibo …`` as a person and as a program meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.registry.cli import add_commands
from services.registry.gakureibo.tests.files import CHILD, MOVER, csv_of
from services.registry.import_commands import Bulk
from services.registry.oneroster.tests.packages import small_package
from services.registry.oneroster.tests.test_sheets import sheets
from shared.dates import FixedClock
from tests.support.command_lines import Run, command_line, opener
from tests.support.databases import Database


@pytest.fixture
def run(registry_database: Database, clock: FixedClock, tmp_path: Path) -> Run:
    """Runs ``import …`` over an imported town."""
    open_units = opener(registry_database, clock)
    found = command_line(lambda app, console: add_commands(app, open_units, console, Bulk()), "import")
    package = tmp_path / "town"
    package.mkdir()
    for name, content in small_package().items():
        (package / name).write_bytes(content)
    assert found("oneroster", str(package))[0] == 0
    return found


def test_a_mapping_is_made_once_and_the_next_file_needs_none(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "新入学.csv"
    path.write_bytes(csv_of(CHILD, encoding="cp932"))
    status, said = run("gakureibo", str(path), "--mapping", "市")
    assert status == 1
    assert "まだ一つもありません" in said
    assert "gakureibo-mapping" in said
    status, said = run("gakureibo-mapping", str(path))
    assert "（読みません）" in said
    assert "9001-77" not in said
    assert "覚えていません" in said
    assert run("gakureibo-mapping", str(path), "--save", "市", "--set", "学年=")[0] == 0
    assert "1、" in run("gakureibo-mapping")[1]
    status, said = run("gakureibo", str(path), "--mapping", "市", "--dry-run", "--details")
    assert status == 0, said
    for words in (
        "新しい人 紬野 花",
        "在籍する 紬野 花",
        "小1（2027-04-01 から 2028-03-31 まで）",
        "これは予行です",
    ):
        assert words in said
    assert "取り込みました（取り込み 2" in run("gakureibo", str(path), "--mapping", "市", "--by", "学務課")[1]
    again = json.loads(run("gakureibo", str(path), "--mapping", "市", "--json")[1])
    assert again["outcome"] == "unchanged"
    other = tmp_path / "もう一度.csv"
    other.write_bytes(csv_of({**CHILD, "宛名番号": "0099999"}))
    _, said = run("gakureibo", str(other), "--mapping", "市", "--dry-run")
    assert "同じ子かもしれない子がいる新しい子 1（2行）" in said
    told = json.loads(run("gakureibo", str(other), "--mapping", "市", "--dry-run", "--json")[1])
    assert told["resembling"] == {"children": 1, "lines": "2行"}
    listed = json.loads(run("runs", "--json")[1])["runs"]
    assert [each["mapping"] for each in listed if each["run"] == 2] == ["市（1）"]
    status, said = run("revert", "2")
    assert status == 0, said


def test_everything_wrong_is_told_also_as_a_sheet(run: Run, tmp_path: Path) -> None:
    path, sheet = tmp_path / "異動.csv", tmp_path / "back.xlsx"
    path.write_bytes(csv_of(MOVER))
    assert run("gakureibo-mapping", str(path), "--save", "異動")[0] == 0
    path.write_bytes(csv_of({**MOVER, "氏名": "遠山", "異動事由": "ふしぎ"}))
    status, said = run("gakureibo", str(path), "--mapping", "異動", "--problems", str(sheet))
    assert status == 1
    assert "異動.csv:2:氏名" in said
    assert "異動.csv:2:異動事由" in said
    assert len(sheets(sheet)[0]) == 3  # the headings, and two problems


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--set", "氏名"), "= で分けて"),
        (("--set", "身長=氏名"), "項目はありません"),
        (("--set", "氏名=名まえ"), "見出しがありません"),
        (("--school", "101=みなみ小"), "学校がありません"),
        (("--reason", "A1=消す"), "4月に入学"),
        (("--set", "生年月日=", "--save", "x"), "「生年月日」の列を選んで"),
    ],
)
def test_a_mapping_that_cannot_be_is_told(
    run: Run, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_of(CHILD))
    status, said = run("gakureibo-mapping", str(path), *words)
    assert status == 1
    assert told in said


def test_words_of_a_board_are_set_and_kept(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_of({**CHILD, "入学予定校": "101", "異動事由": "A1"}))
    words = ("--school", "101=ひがし小", "--school", "900=", "--reason", "A1=4月に入学")
    assert run("gakureibo-mapping", str(path), "--save", "市", *words)[0] == 0
    assert run("gakureibo-mapping", str(path), "--save", "市", "--reason", "A2=転入")[0] == 0
    assert "市（2" in run("gakureibo-mapping")[1]
    found = json.loads(run("gakureibo", str(path), "--mapping", "市", "--dry-run", "--json")[1])
    assert [each["enrolled"] for each in found["schools"]] == [1]
