"""What a process would be told is told to the same command line in a thread.

Starting Python for every piece of work takes longer than all else; ``imports/tests/test_foreman.py`` and
``rollover/tests/test_web.py`` have true processes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from services.registry.bulk.foreman import Foreman, Job
from services.registry.cli import add_commands
from services.registry.import_commands import Bulk
from shared.dates import FixedClock
from tests.support.command_lines import opener
from tests.support.databases import Database


def work_in_threads(monkeypatch: pytest.MonkeyPatch, database: Database, clock: FixedClock) -> None:
    """Foremen start threads, until the end of the test."""
    commands = typer.Typer()
    add_commands(commands, opener(database, clock), Console(quiet=True), Bulk())

    one = asyncio.Lock()  # a command line writes where all of this process writes

    async def in_a_thread(self: Foreman, job: Job) -> tuple[int, Mapping[str, Any]]:
        async with one:
            ran = await asyncio.to_thread(CliRunner().invoke, commands, list(job.words))
        said = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
        return ran.exit_code, said[-1] if said else {}

    monkeypatch.setattr(Foreman, "_in_its_own", in_a_thread)
