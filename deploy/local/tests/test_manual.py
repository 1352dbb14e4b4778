"""What the command line says of itself: Japanese, and whole at 80 columns."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.cells import cell_len
from typer.core import TyperGroup
from typer.testing import CliRunner

from deploy.local import backup
from deploy.local.backup import Restored
from deploy.local.cli import app
from deploy.local.manual import wrapped
from deploy.local.state import ROOT

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")


def commands(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group with the words that call it."""
    yield path, command
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from commands(inner, *path, name)


EVERY = dict(commands(typer.main.get_command(app)))


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words), env={"COLUMNS": "80"}, catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_help_is_whole_and_in_japanese_at_80_columns(path: tuple[str, ...]) -> None:
    command = EVERY[path]
    status, said, _ = run(*path, "--help")
    assert status == 0
    assert [line for line in said.splitlines() if cell_len(line) > 80] == []
    for english in ("Usage", "Options", "Commands", "Arguments", "Show this", "required", "default"):
        assert english not in said
    whole = re.sub(r"\s", "", said)
    inside = getattr(command, "commands", {}).values()
    told = [command.help, *(inner.help for inner in inside if not inner.hidden)]
    for param in command.params:
        assert param.help, f"{param.name} says nothing"
        told.append(param.help)
        assert param.opts[0] in said or (param.metavar or param.name.upper()) in said
    for text in told:
        assert JAPANESE.search(text)
        assert re.sub(r"\s", "", text) in whole


def test_when_a_backup_was_made_is_told_in_the_schools_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    done = Restored("2026-11-19T23:30:00+00:00", {"registry": 2})
    monkeypatch.setattr(backup, "restore", lambda *_: done)
    status, said, _ = run("restore", "kept.tsumugi")
    assert (status, "2026-11-20 08:30:00 の控えを戻しました" in said) == (0, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("frob", "frob というコマンドはありません。"),
        ("down later", "引数が多すぎます: later"),
        ("up --frob", "--frob という指定はありません。"),
        ("up --dat 2026-11-20", "--dat という指定はありません。近いもの: --date"),
        ("up --transport post", "--transport に使えない値です。log、kafka のどれかにしてください。"),
        ("up --date today", "--date に使えない値です。2026-11-20 の形で書いてください。"),
        ("up --date 2026-02-30", "--date に使えない値です。2026-02-30 という日はありません。"),
        ("town x --delta 2026-13-01", "--delta に使えない値です。2026-13-01 という日はありません。"),
        ("town x --pupils 5", "--pupils に使えない値です。300 以上の数にしてください。"),
        ("town x --pupils five", "--pupils に使えない値です。半角の数字で書いてください。"),
        ("town x --pupils １０００", "--pupils に使えない値です。半角の数字で書いてください。"),
        ("town", "PATH が足りません。"),
        ("token --as office", "--for が足りません。"),
        ("token --for", "--for に値が足りないか、余っています。"),
        ("purpose end 7 --reason x", "PURPOSE に使えない値です。番号（8桁-4桁-4桁-4桁-12桁）で"),
    ],
)
def test_a_mistyped_command_is_explained(words: str, said: str) -> None:
    status, out, told = run(*words.split())
    assert (status, out) == (2, "")
    assert told.startswith(said)


def test_a_group_alone_shows_its_help_once() -> None:
    status, said, told = run("parked")
    assert (status, told) == (2, "")
    assert said.count("使い方: ") == 1


def test_lines_break_between_any_two_characters_but_not_in_words_nor_before_a_full_stop() -> None:
    text = "出席 は vice_principal が、つけます。"
    for width in range(1, 60):
        lines = wrapped(text, width)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert not any(line[:1] in "、。" for line in lines)
        assert any("vice_principal" in line for line in lines)
    assert all(cell_len(line) <= 20 for line in wrapped(text, 20))
    assert len(wrapped(text, 60)) == 1


def test_what_stops_an_operator_is_said_in_japanese() -> None:
    """CONTRIBUTING "Which language": whoever runs a deployment reads Japanese."""
    silent = []
    for path in sorted((ROOT / "deploy").rglob("*.py")):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "LocalError":
                words = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
                computed = not any(isinstance(each, str) and each.strip() for each in words)
                if not computed and not JAPANESE.search("".join(map(str, words))):
                    silent.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert silent == []


def test_make_help_is_in_japanese_and_lists_every_target() -> None:
    said = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    phony = re.search(r"^\.PHONY: (.*)$", Path(ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert phony
    assert {line.split()[1] for line in said} == set(phony[1].split()) - {"house"}
    assert [line for line in said if not JAPANESE.search(line) or cell_len(line) > 90] == []
