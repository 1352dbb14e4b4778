"""What the README tells a newcomer to type, typed on a running deployment."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.local.state import ROOT
from shared.dates import TOKYO
from tests.support.product import Product, running
from tests.support.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.kafka]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A deployment of this file's own: what is typed here changes rolls. As `make up TRANSPORT=kafka` runs it."""
    with running(tmp_path_factory.mktemp("readme") / "state", "kafka") as product:
        yield product


@pytest.fixture
def here(product: Product, tmp_path: Path) -> Path:
    """A folder that looks like the clone to what is typed, and takes the files it writes."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / ".tsumugi").symlink_to(product.state)
    return tmp_path


def block(saying: str) -> str:
    """The one block of shell with ``saying``."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (found,) = (
        each for each in re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE) if saying in each
    )
    return str(found)


def typed(product: Product, here: Path, script: str) -> str:
    """What a shell prints; every command of the script must succeed, also those within others."""
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail; shopt -s inherit_errexit\n{script}"],
        cwd=here,
        env=product.environment(),
        capture_output=True,
        text=True,
        timeout=product.patience,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_api_as_a_script_uses_it(product: Product, here: Path) -> None:
    script = block("tsumugi token")
    assert "localhost" not in script, "a town on other ports is asked where it is"
    saved: dict[str, Any] = json.loads(typed(product, here, script))
    roll = json.loads((here / "roll.json").read_text())
    pupil = roll["members"][0]["pupil"]
    assert [(one["pupil"], one["code"], one["status"]) for one in saved["saved"]] == [(pupil, "late", "late")]
    assert saved["refused"] == []
    whole = re.search(
        r"`(curl -s \$REGISTRY/openapi\.json)`", (ROOT / "README.md").read_text(encoding="utf-8")
    )
    assert whole
    told = typed(product, here, f"REGISTRY=http://localhost:{product.port + 1}\n{whole[1]}")
    assert "/v1/classes" in json.loads(told)["paths"]


@contextmanager
def going(words: list[str], here: Path) -> Iterator[Path]:
    """A program that goes on until it is ended; the file of what it prints."""
    out, err = here / "out", here / "err"
    with out.open("wb") as printed, err.open("wb") as complaints:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        program = subprocess.Popen(words, cwd=here, env=environment, stdout=printed, stderr=complaints)
    try:
        yield out
    finally:
        program.terminate()
        program.wait(10)
    assert err.read_text(encoding="utf-8") == ""


async def test_the_departments_program_of_twenty_lines(product: Product, here: Path) -> None:
    (line,) = (line for line in block("lunch follow").splitlines() if "lunch_count.py" in line)
    words = [*line.partition("#")[0].split(), product.origin]
    with going(words, here) as out:
        said = await eventually(lambda: out.read_text(encoding="utf-8"), within=20)
    assert re.match(r"\S+ \S+ \d+食\n", said)


def test_status_is_that_of_a_running_town(product: Product) -> None:
    now = product.status()
    assert now["ready"]
    assert {(feed["service"], feed["copy"]) for feed in now["feeds"]} >= {("dashboard", "roster")}
    feeds = {one["name"]: one for one in now["reconcilers"] if one["service"] == "dashboard"}
    assert feeds.keys() == {"feed:lunch-count", "feed:absence-count"}
    for one in feeds.values():
        assert one["stopped_because"] is None
        looked_at = datetime.fromisoformat(one["looked_at"]).astimezone(TOKYO)
        assert looked_at.date().isoformat() == now["training_date"]
    shown = product.tsumugi("status")
    assert "dashboard/feed:lunch-count" in shown
    assert "dashboard/feed:lunch-count  dashboard" not in shown, "it has no position to show"
