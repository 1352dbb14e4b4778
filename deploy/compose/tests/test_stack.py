"""`make stack ENGINE=compose`, up to the engine."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from deploy.compose import stack
from deploy.local.state import ROOT


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    """What was given to the engine, and with which environment."""
    seen: list[tuple[list[str], dict[str, str]]] = []

    def take(command: list[str], *, env: dict[str, str], **_: Any) -> None:
        seen.append((command, env))

    monkeypatch.setattr(subprocess, "run", take)
    return seen


def told(words: list[str]) -> str:
    done = CliRunner().invoke(stack.app, words)
    assert done.exit_code == 0, done.output
    return done.output


def test_everything_is_started_and_the_town_imported_once(
    run: list[tuple[list[str], dict[str, str]]],
) -> None:
    output = told(["up", "--date", "2026-11-20"])
    (start, told_start), (town, told_town), *_ = run
    assert start == ["docker", "compose", "--profile", "full", "up", "--build", "--detach", "--wait"]
    # The same date for both: another one would start the services anew.
    assert told_start[stack.TRAINING_DATE] == told_town[stack.TRAINING_DATE] == "2026-11-20"
    assert town[4:-1] == ["run", "--rm", "--no-deps", "--entrypoint", "sh", "migrate", "-c"]
    asked, _, made = town[-1].partition(" || ")
    assert asked.startswith("tsumugi import runs --json")
    assert re.fullmatch(r"\{ tsumugi town write (\S+) && tsumugi import oneroster \1; \}", made)
    assert stack.ORIGIN in output


def test_a_city_and_the_small_profile(run: list[tuple[list[str], dict[str, str]]]) -> None:
    told(["up", "--date", "2026-11-20", "--pupils", "20000", "--profile", "small"])
    assert {command[3] for command, _ in run} == {"small"}
    assert "--pupils 20000 " in run[1][0][-1]


def test_data_stay_when_it_is_ended(run: list[tuple[list[str], dict[str, str]]]) -> None:
    told(["down"])
    assert [command for command, _ in run] == [["docker", "compose", "--profile", "full", "down"]]


def test_what_it_names_stands_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    file = yaml.safe_load(text)
    assert f'{stack.TRAINING_DATE}: "${{{stack.TRAINING_DATE}-}}"' in text
    assert "migrate" in file["services"]
    origin = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", file["x-settings"]["TSUMUGI_ORIGIN"])
    assert origin == stack.ORIGIN


def test_without_an_engine_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.argv", ["stack", "down"])
    with pytest.raises(SystemExit) as ended:
        stack.main()
    assert ended.value.code == 1
    assert "docker" in capsys.readouterr().err
