"""The command line on a test's database: ``python -m services.registry.imports.tests.process LOGIN INSTANT …``."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import typer
from rich.console import Console

from services.registry.cli import add_commands
from services.registry.import_commands import Bulk
from shared.database import Login, Units, make_engine
from shared.dates import FixedClock


def main() -> None:
    """Run the command line."""
    login, instant, *words = sys.argv[1:]

    @asynccontextmanager
    async def open_units() -> AsyncIterator[Units]:
        engine = make_engine(Login(**json.loads(login)), pool_size=2)
        try:
            yield Units(engine, FixedClock(datetime.fromisoformat(instant)))
        finally:
            await engine.dispose()

    def worker(number: int) -> list[str]:
        return [sys.executable, "-m", __spec__.name, login, instant, "import", "work", str(number)]

    app = typer.Typer()
    add_commands(app, open_units, Console(width=200, highlight=False), Bulk(worker))
    app(words)


if __name__ == "__main__":
    main()
