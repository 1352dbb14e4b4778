"""What the documents name is there: files, folders, pictures, commands, targets."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from deploy.local.cli import app
from deploy.local.state import ROOT, LocalError
from deploy.platform.deployed import Deployed

DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for pattern in (
        "README.md",
        "CONTRIBUTING.md",
        "docs/*.md",
        "docs/decisions/*.md",
        "docs/guide/*.md",
        "docs/runbooks/*.md",
        "services/*/README.md",
    )
    for path in ROOT.glob(pattern)
)
IN_A_PACKAGE = {"companion.json", "users.csv"}
"""Files that a roster's sender makes; docs/companion.md."""

_PATH = re.compile(r"[\w.-]+(/[\w.-]+)*/?")
_FILE = re.compile(r".*\.(py|md|toml|sql|json|csv|txt|cedar|cedarschema|ts|tsx|png)")
_BLOCK = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"(?:(?:^|[/(]|-- )tsumugi|\brun --rm migrate) ([a-z…][^)`|&]*)")
"""At a prompt, in a pod, and by Compose, where the image's own command is `tsumugi`."""
_MAKE = re.compile(r"\bmake (?:[A-Z]+=\S+ )*([a-z-]+)|\bmake$")


def tracked() -> list[str]:
    """Every file of the repository, also one that is to be added with the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    return [name for name in listed if name and (ROOT / name).exists()]


def quoted(text: str) -> list[str]:
    """What stands in back quotes, outside blocks."""
    return re.findall(r"`([^`\n]+)`", _BLOCK.sub("", text))


def paths(text: str) -> Iterator[str]:
    """What is meant as a path: back-quoted, linked to, or named at the head of a line of a map."""
    for token in quoted(text):
        token = token.partition("::")[0]
        if _PATH.fullmatch(token) and ("/" in token or _FILE.fullmatch(token)):
            yield token
    yield from (link for link in re.findall(r"\]\(([^)#:\s]+)[^)]*\)", text) if not link.startswith("http"))
    for block in _BLOCK.findall(text):
        for line in block.split("\n"):
            head = re.match(r"((?:[\w-]+/)+ +)+", line)
            yield from head[0].split() if head else ()


def is_there(token: str, document: str, files: list[str]) -> bool:
    if "/" not in token:  # a room or a kind of file: any of that name
        return token in IN_A_PACKAGE or any(f"/{name}".endswith(f"/{token}") for name in files)
    bases = ("", f"{Path(document).parent}/".removeprefix("./"))
    wanted = token.rstrip("/")
    return any(
        name == base + wanted or name.startswith(f"{base}{wanted}/") for base in bases for name in files
    )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_is_there(document: str) -> None:
    files = tracked()
    named = list(paths((ROOT / document).read_text(encoding="utf-8")))
    assert [token for token in named if not is_there(token, document, files)] == []


def test_paths_are_found_where_they_are_written() -> None:
    text = "`a/b.py` `x.py::test_y` ![p](docs/p.png) [l](https://x/y) `GET /v1` `x`\n```\nservices/a/  says b/c\n```"
    assert list(paths(text)) == ["a/b.py", "x.py", "docs/p.png", "services/a/"]
    assert not is_there("docs/nothing.md", "README.md", ["docs/events.md"])
    assert is_there("docs/", "README.md", ["docs/events.md"])
    assert is_there("a/b.py", "services/x/README.md", ["services/x/a/b.py"])
    assert not is_there("a/b.py", "README.md", ["services/x/a/b.py"])


def resolved(words: list[str]) -> bool:
    """Whether a command line begins with a command there is, and gives it options that it has."""
    command: Any = typer.main.get_command(app)
    for place, word in enumerate(words):
        if word == "--help":
            return True
        if not isinstance(command, TyperGroup):
            return _options(words[place:]) <= {
                option for each in command.params for option in (*each.opts, *each.secondary_opts)
            }
        if word not in command.commands:
            return word == "…" and bool(command.commands)
        command = command.commands[word]
    return True


def before_what_the_shell_takes(words: Sequence[str]) -> Sequence[str]:
    """Neither a comment nor a file to read from."""
    return words[: min((words.index(word) for word in ("#", "<") if word in words), default=len(words))]


def _options(words: list[str]) -> set[str]:
    said = before_what_the_shell_takes(words)
    return {word.partition("=")[0] for word in said if re.fullmatch(r"--?[a-z][\w=-]*", word)}


def commands(text: str) -> list[list[str]]:
    """Every `tsumugi …` in a document, in its blocks too."""
    said = [*quoted(text), *("\n".join(_BLOCK.findall(text)).split("\n"))]
    found = [_COMMAND.search(each) for each in said]
    return [match[1].split() for match in found if match]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_and_target_is_there(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert [words for words in commands(text) if not resolved(words)] == []
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert phony
    targets = {match[1] for each in quoted(text) if (match := _MAKE.match(each)) and match[1]}
    assert targets <= set(phony[1].split())


def test_a_command_that_is_not_there_is_noticed() -> None:
    text = (
        "`tsumugi import oneroster PATH`, `tsumugi purpose grant …`, `tsumugi frob`, `tsumugi import list`\n"
        "`tsumugi copy rebuild dashboard roster --swap`, `tsumugi copy rebuild dashboard roster --exchange`\n"
        "`docker compose run --rm migrate audit seal`, `docker compose run --rm migrate audit prove`\n"
        "```sh\n.venv/bin/tsumugi lunch fellow  # x\n"
        "kubectl exec -it deployment/operator -- tsumugi feed end-epoch\n```"
    )
    assert [words for words in commands(text) if not resolved(words)] == [
        ["frob"],
        ["import", "list"],
        ["copy", "rebuild", "dashboard", "roster", "--exchange"],
        ["audit", "prove"],
        ["lunch", "fellow", "#", "x"],
        ["feed", "end-epoch"],
    ]


class Reached(Exception):
    """A command has asked which deployment it was told of."""


ON_ONE_MACHINE = {"backup", "restore", "status", "up", "down", "reset", "relay"}


def named_for_operators() -> list[tuple[str, ...]]:
    """Every command, of those who run a deployment, that can be called: in pods and in containers, too."""
    documents = [ROOT / "docs" / "operations.md", *(ROOT / "docs" / "runbooks").glob("*.md")]
    named = {tuple(words) for file in documents for words in commands(file.read_text(encoding="utf-8"))}
    named |= {(name,) for name in ON_ONE_MACHINE}
    return sorted({whole for words in named if (whole := _callable(words))})


def _callable(words: tuple[str, ...]) -> tuple[str, ...] | None:
    """The words without a comment, and with something for each argument that they leave out; None for a group."""
    said = tuple(before_what_the_shell_takes(words))
    command: Any = typer.main.get_command(app)
    given = list(said)
    while given and isinstance(command, TyperGroup):
        command = command.commands[given.pop(0)]
    if isinstance(command, TyperGroup):
        return None
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    left_out = arguments[len([word for word in given if word[0] != "-"]) :]
    return said + tuple("registry" for each in left_out if each.required)


def test_what_operators_are_told_to_call_is_about_the_deployment_they_are_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a pod no command may make a deployment of its own, or ask one that is not there."""

    def reach() -> Deployed:
        raise Reached

    monkeypatch.setenv("TSUMUGI_EDITION", "platform")
    monkeypatch.setenv("TSUMUGI_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(Deployed, "here", reach)
    found = named_for_operators()
    assert {("feed", "begin-epoch", "registry"), ("feed", "accept-epoch"), ("realm", "apply")} <= set(found)
    for words in found:
        ended = CliRunner().invoke(app, words).exception
        if words[0] in ON_ONE_MACHINE:
            assert isinstance(ended, LocalError), words
            assert "1台の機械" in str(ended), words
        else:
            assert isinstance(ended, Reached), (words, ended)
    assert not (tmp_path / "state").exists()
