"""The build's mechanism, on a front end of one script; the real one is built by `make test`."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from deploy.local import web
from deploy.local.state import LocalError

BUILD = """
const fs = require('fs')
fs.mkdirSync('dist', { recursive: true })
fs.appendFileSync('dist/runs', process.version + ' ')
"""


@pytest.fixture
def front_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "web"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "main.ts").write_text("1")
    (folder / "package.json").write_text(
        json.dumps({"name": "x", "version": "1.0.0", "scripts": {"build": "node build.cjs"}})
    )
    (folder / "build.cjs").write_text(BUILD)
    packages = {"": {"name": "x", "version": "1.0.0"}}
    lock = {"name": "x", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
    (folder / "package-lock.json").write_text(json.dumps(lock))
    (folder / "node_modules").mkdir()
    monkeypatch.setenv("TSUMUGI_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(web, "WEB", folder)
    for name, path in (("DIST", "dist"), ("MODULES", "node_modules"), ("LOCK", "package-lock.json")):
        monkeypatch.setattr(web, name, folder / path)
    for name in ("INSTALLED", "BUILT"):
        monkeypatch.setattr(web, name, folder / "node_modules" / getattr(web, name).name)
    return folder


def runs(folder: Path) -> list[str]:
    return (folder / "dist" / "runs").read_text().split()


def test_it_is_built_with_the_wheels_node_and_again_only_when_a_source_changes(front_end: Path) -> None:
    assert web.build() == front_end / "dist"
    assert web.build() == front_end / "dist"
    assert [version.split(".")[0] for version in runs(front_end)] == ["v24"]
    (front_end / "src" / "main.ts").write_text("2")
    web.build()
    assert len(runs(front_end)) == 2


def test_a_failing_build_shows_what_npm_said(front_end: Path) -> None:
    (front_end / "build.cjs").write_text("throw new Error('a colour outside the tokens')")
    with pytest.raises(LocalError, match="a colour outside the tokens"):
        web.build()
    (front_end / "build.cjs").write_text(BUILD)
    web.build()


def test_scripts_find_this_node_before_any_other(front_end: Path) -> None:
    found = subprocess.run(
        ["node", "--version"], env={"PATH": web.search_path()}, capture_output=True, text=True, check=True
    )
    assert found.stdout.startswith("v24.")
    assert web.search_path().endswith(os.environ["PATH"])


def test_what_tools_make_is_no_source(front_end: Path) -> None:
    before = web.fingerprint()
    (front_end / "node_modules" / "made").write_text("x")
    (front_end / "dist").mkdir()
    (front_end / "dist" / "made").write_text("x")
    assert web.fingerprint() == before
    (front_end / "src" / "new.ts").write_text("")
    assert web.fingerprint() != before
