"""A process that is killed with -9 in the middle: what is resumed equals what was never stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import asdict
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from deploy.town.generate import Order, package
from services.registry.imports.tests.folding import Fold, fold_of, told
from services.registry.imports.tests.test_runs import begun, runs_of
from services.registry.oneroster.importing import import_package
from services.registry.oneroster.tests.packages import Files
from shared.database import Units, make_engine
from shared.dates import FixedClock
from tests.support.databases import Database, Databases, Template


@cache
def city() -> Files:
    """A city of several schools; nobody changes it."""
    return package(Order(seed=5, school_year=2026, on=date(2026, 11, 20), pupils=1_200, of_a_city=True))


def command(database: Database, clock: FixedClock, *words: str) -> list[str]:
    """The command line on a test's database."""
    module = "services.registry.imports.tests.process"
    login = json.dumps(asdict(database.app) | {"password": database.app.password})
    return [sys.executable, "-m", module, login, clock.instant.isoformat(), *words]


def ran(words: list[str]) -> str:
    """What a command says that succeeds."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def kill_after(lines: int, words: list[str]) -> int:
    """Kill a working process when it has told so many parts; returns how many it told."""
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as process:
        assert process.stdout is not None
        told_ = 0
        for line in process.stdout:
            told_ += "part" in json.loads(line)
            if told_ == lines:
                break
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    return told_


@pytest.mark.slow
async def test_killed_again_and_again_and_resumed_equals_one_run(
    units: Units,
    registry_database: Database,
    clock: FixedClock,
    databases: Databases,
    registry_template: Template,
) -> None:
    run = await begun(units, city())
    assert run.parts >= 6
    work = command(registry_database, clock, "import", "work", "1")
    for lines in (1, 2, 1):
        kill_after(lines, work)
        (seen,) = await runs_of(units, run.board)
        assert seen.state == "applying"
    assert "を終えました" in ran(command(registry_database, clock, "import", "resume", "1"))
    (seen,) = await runs_of(units, run.board)
    assert (seen.state, seen.parts_done) == ("done", seen.parts)
    async with databases.copy(registry_template) as other:
        engine = make_engine(other.app, pool_size=2)
        whole = await import_package(Units(engine, clock), city())
        one = await told(Units(engine, clock), whole.board, other)
        await engine.dispose()
    assert await told(units, run.board, registry_database) == one
    assert seen.events == whole.events
    assert (await import_package(units, city())).nothing


@pytest.mark.slow
async def test_a_revert_that_is_killed_goes_on_and_leaves_nothing(
    units: Units, registry_database: Database, clock: FixedClock
) -> None:
    done = await import_package(units, city())
    before: Fold = await fold_of(registry_database)
    kill_after(2, command(registry_database, clock, "import", "work", "1", "--revert-by", "x"))
    (seen,) = await runs_of(units, done.board)
    assert seen.state == "reverting"
    assert 0 < len(await fold_of(registry_database)) < len(before)
    ran(command(registry_database, clock, "import", "resume", "1"))
    assert await fold_of(registry_database) == {}


@pytest.mark.slow
async def test_the_command_applies_in_a_process_of_its_own_and_says_how_to_go_on(
    units: Units, registry_database: Database, clock: FixedClock, tmp_path: Path
) -> None:
    for name, content in city().items():
        (tmp_path / name).write_bytes(content)
    report = json.loads(
        ran(command(registry_database, clock, "import", "oneroster", str(tmp_path), "--json"))
    )
    assert (report["outcome"], report["run"]) == ("imported", 1)
    assert report["events"] == len(await fold_of(registry_database))
