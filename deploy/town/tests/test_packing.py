"""Writing a package: it appears whole or not at all, over an older one, and never over anything else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.local.cli import app
from deploy.local.state import LocalError
from deploy.town.generate import contents, write_package
from deploy.town.tests.reading import a_city, files_of
from services.registry.oneroster import packing
from services.registry.oneroster.packages import open_package
from services.registry.oneroster.packing import Content, Label, NotWritable


def said(*words: str) -> str:
    """What `tsumugi town` says; raises what `main` turns into a sentence."""
    done = CliRunner().invoke(app, ["town", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize(
    ("day", "last"),
    [
        ("2026-11-22", "11月20日（金）"),
        ("2026-11-23", "11月20日（金）"),
        ("2027-03-30", "3月24日（水）"),
        ("2026-11-20", ""),
    ],
)
def test_a_day_without_school_is_told(tmp_path: Path, day: str, last: str) -> None:
    told = said(str(tmp_path / "town"), "--pupils", "300", "--date", day)
    assert ("授業日ではない" in told) == bool(last)
    assert last in told


@pytest.mark.parametrize("name", ["city", "city.zip", "new/folder/city"])
def test_what_is_written_is_what_is_generated(tmp_path: Path, name: str) -> None:
    told: list[int] = []
    write_package(tmp_path / name, a_city(), told.append)
    assert open_package(tmp_path / name) == files_of(a_city())
    assert sum(told) == 300
    assert [each.name for each in (tmp_path / name).parent.iterdir()] == [Path(name).name]


def test_a_delta_over_a_bulk_package_leaves_nothing_of_it(tmp_path: Path) -> None:
    write_package(tmp_path, a_city())
    (tmp_path / "README.md").write_text("mine")
    delta = a_city(since=date(2026, 11, 13))
    write_package(tmp_path, delta)
    assert open_package(tmp_path) == files_of(delta)
    assert (tmp_path / "README.md").read_text() == "mine"


@pytest.mark.parametrize("name", ["city", "city.zip"])
def test_what_is_interrupted_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    def interrupted() -> Iterator[Content]:
        yield from contents(a_city(7))
        raise KeyboardInterrupt

    write_package(tmp_path / name, a_city())
    with pytest.raises(KeyboardInterrupt):
        packing.write(interrupted(), Label({}, ("x", "x")), tmp_path / name)
    assert open_package(tmp_path / name) == files_of(a_city())
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_no_place_for_a_package(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder.zip").mkdir()
    for name, words in (
        ("file", "ファイルです"),
        ("file/below", "書き出せません"),
        ("folder.zip", "フォルダーです"),
        (".", "ほかのファイルがあります"),
    ):
        with pytest.raises(NotWritable, match=words):
            write_package(tmp_path / name, a_city())
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["town", "town.zip"])
def test_a_package_that_is_there_is_replaced_only_when_asked_for(tmp_path: Path, name: str) -> None:
    path, words = tmp_path / name, ("--pupils", "300", "--date", "2026-11-20")
    said(str(path), *words, "--seed", "1")
    whole = dict(open_package(path))
    with pytest.raises(LocalError, match="--overwrite"):
        said(str(path), *words, "--seed", "2")
    assert dict(open_package(path)) == whole
    said(str(path), *words, "--seed", "2", "--overwrite")
    assert dict(open_package(path)) != whole


def test_the_command_writes_a_city_a_delta_and_next_april(tmp_path: Path) -> None:
    more = ("--pupils", "300", "--seed", "1")
    on = ("--date", "2026-11-20")
    assert "import oneroster" in said(str(tmp_path / "bulk"), *more, *on)
    assert open_package(tmp_path / "bulk") == files_of(a_city())
    assert "差分" in said(*more, str(tmp_path / "delta"), *on, "--delta", "2026-11-13")
    assert open_package(tmp_path / "delta") == files_of(a_city(since=date(2026, 11, 13)))
    said("write", str(tmp_path / "april"), *more, *on, "--next-year")
    assert open_package(tmp_path / "april") == files_of(a_city(april=True))


def test_what_comes_next_depends_on_whose_roster_it_is(tmp_path: Path) -> None:
    """Another seed is another board: beside the town that is shown. A city of its seed is what a start
    can begin with instead of it."""
    on = ("--date", "2026-11-20")
    same = said(str(tmp_path / "same"), *on)
    assert "で取り込めます" in same
    assert "教育委員会" not in same
    other = said(str(tmp_path / "other"), *on, "--seed", "7")
    assert "別の教育委員会" in other
    assert "make up PUPILS=" not in other
    city = said(str(tmp_path / "city"), *on, "--pupils", "300")
    assert "make up PUPILS=300" in city
    assert "町があるところには取り込めません" in city


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--pupils 250001", "300 から 250000 まで"),
        ("--date 1999-05-01", "2000年度から"),
        ("--date 2026-11-20 --delta 2026-11-20", "11月20日（金）より前の日"),
        ("--date 2026-11-20 --delta 2026-03-31", "2026年度の"),
        ("--date 2026-11-20 --delta 2026-11-13 --next-year", "どちらか一つ"),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(tmp_path: Path, words: str, told: str) -> None:
    with pytest.raises(LocalError, match=told):
        said(str(tmp_path / "city"), *words.split())
    assert list(tmp_path.iterdir()) == []
