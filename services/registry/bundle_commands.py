"""``register work``: the process that writes a school's month of 出席簿 into one file."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated
from uuid import UUID

import typer

from services.registry.bundles.writing import Busy, work_on
from services.registry.import_flow import OpenUnits


def add_bundle_commands(app: typer.Typer, open_units: OpenUnits) -> None:
    """Add ``register work``, which the service calls."""
    registers = typer.Typer(no_args_is_help=True, hidden=True)
    app.add_typer(registers, name="register", help="出席簿")

    @registers.callback()
    def group() -> None:
        """出席簿"""

    @registers.command("work", hidden=True)
    def work(
        board: Annotated[UUID, typer.Argument(help="教育委員会の番号")],
        id: Annotated[UUID, typer.Argument(help="印刷の番号")],
    ) -> None:
        """サービスが呼ぶ、学校の出席簿をまとめて印刷する過程。進みを一行ずつの JSON で言います。"""

        def tell(read: int, of: int) -> None:
            sys.stdout.write(json.dumps({"read": read, "of": of}) + "\n")
            sys.stdout.flush()

        async def run() -> None:
            async with open_units() as units:
                await work_on(units, board, id, tell)

        try:
            asyncio.run(run())
        except Busy:
            sys.stdout.write('{"busy": true}\n')
            raise typer.Exit(1) from None
