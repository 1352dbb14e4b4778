"""registry at work, with what looks at packages that come over the web."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import typer
from fastapi import FastAPI
from rich.console import Console
from typer.testing import CliRunner

from services.registry import service
from services.registry.cli import add_commands
from services.registry.import_commands import Bulk
from services.registry.imports.foreman import Foreman, Job
from services.registry.imports.tests.web import Web, school_town
from services.registry.oneroster.importing import import_package
from shared.database import Units
from shared.dates import FixedClock
from shared.service import ServiceSettings, Worker
from tests.support.at_work import settings_of
from tests.support.command_lines import opener
from tests.support.databases import Database
from tests.support.feeds import silent_feed
from tests.support.tokens import Authority


@pytest.fixture
async def web(
    units: Units,
    registry_database: Database,
    clock: FixedClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Web]:
    """The service over a small imported town, reached by signed-in people.

    What a process would be told is told to the same command line in a thread: starting Python for every package takes
    longer than all else. ``test_foreman.py`` has true processes.
    """
    commands = typer.Typer()
    add_commands(commands, opener(registry_database, clock), Console(quiet=True), Bulk())

    async def in_a_thread(self: Foreman, job: Job) -> tuple[int, Mapping[str, Any]]:
        ran = await asyncio.to_thread(CliRunner().invoke, commands, ["import", *job.words])
        said = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
        return ran.exit_code, said[-1] if said else {}

    monkeypatch.setattr(Foreman, "_in_its_own", in_a_thread)
    async with at_work(units, registry_database, clock, tmp_path) as found:
        yield found


@pytest.fixture
async def web_of_processes(
    units: Units, registry_database: Database, clock: FixedClock, tmp_path: Path
) -> AsyncIterator[Web]:
    """The same with processes of its own, as a deployment has them."""
    async with at_work(units, registry_database, clock, tmp_path) as found:
        yield found


@asynccontextmanager
async def at_work(units: Units, database: Database, clock: FixedClock, folder: Path) -> AsyncIterator[Web]:
    """The service, started as in production but for who signs the tokens."""
    town = await import_package(units, school_town())
    login = json.dumps(asdict(database.app) | {"password": database.app.password})
    module = "services.registry.imports.tests.process"
    worker = Worker([sys.executable, "-m", module, login, clock.instant.isoformat(), "import"])
    settings = settings_of("registry", database, folder, worker=worker)
    authority = Authority()
    web = Web(units, town.board, database, authority, lambda: make(settings, clock, authority))
    await web.start()
    yield web
    await web.stop()


def make(settings: ServiceSettings, clock: FixedClock, authority: Authority) -> FastAPI:
    """The service's application."""
    app = service.build(settings, clock, silent_feed)
    app.state.service.verifier = authority.verifier("registry")
    return app
