"""``tsumugi import upload``: the process that the service starts to look at a package that came over the web."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated
from uuid import UUID

import typer

from services.registry.imports.applying import Busy
from services.registry.oneroster.importing import no_cycles
from services.registry.oneroster.uploaded import work_on
from shared.database import Units


def add_upload_command(
    imports: typer.Typer, open_units: Callable[[], AbstractAsyncContextManager[Units]]
) -> None:
    """Add ``import upload`` to the command line."""

    @imports.command("upload", hidden=True)
    def upload(
        board: Annotated[UUID, typer.Argument(help="教育委員会の番号")],
        id: Annotated[UUID, typer.Argument(help="届いた名簿の番号")],
    ) -> None:
        """サービスが呼ぶ、画面から届いた名簿を確かめる過程。"""

        async def run() -> None:
            async with open_units() as units:
                await work_on(units, board, id)

        try:
            with no_cycles():
                asyncio.run(run())
        except Busy:
            sys.stdout.write(json.dumps({"busy": True}) + "\n")
            raise typer.Exit(1) from None
