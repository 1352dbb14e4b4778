"""A service's command line, run in this process as a person at a terminal meets it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import typer
from rich.console import Console
from typer.testing import CliRunner

from shared.database import Units, make_engine
from shared.dates import Clock
from tests.support.databases import Database

Run = Callable[..., tuple[int, str]]
"""Words → exit status and all that was said."""
OpenUnits = Callable[[], AbstractAsyncContextManager[Units]]


def opener(database: Database, clock: Clock) -> OpenUnits:
    """Rows as the app role sees them, over connections of the command's own."""

    @asynccontextmanager
    async def open_units() -> AsyncIterator[Units]:
        engine = make_engine(database.app, pool_size=3)
        try:
            yield Units(engine, clock)
        finally:
            await engine.dispose()

    return open_units


def command_line(add: Callable[[typer.Typer, Console], None], *first: str, width: int = 200) -> Run:
    """What ``add`` adds, in a window so wide; ``first`` stands before the words of every run."""
    said = io.StringIO()
    app = typer.Typer()
    add(app, Console(file=said, width=width, highlight=False))

    def run(*words: str) -> tuple[int, str]:
        said.seek(0)
        said.truncate()
        result = CliRunner().invoke(app, [*first, *words], catch_exceptions=False)
        return result.exit_code, said.getvalue() + result.stdout

    return run
