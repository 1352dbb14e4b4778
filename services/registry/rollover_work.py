"""``tsumugi rollover look|work``: the processes that the service starts for 年度更新 in the web."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer

from services.registry.import_commands import Bulk
from services.registry.import_flow import BUSY, OpenUnits
from services.registry.imports.pace import Behind, Pace, readers_over_http
from services.registry.oneroster.importing import ACTOR
from services.registry.rollover import applying, run_store, store
from services.registry.rollover.applying import Busy, Progress, TooLate
from services.registry.rollover.looking import work_on
from services.registry.rollover.run_store import Run
from services.registry.roster.external_ids import boards
from shared.database import Moved, Scope, Units


def add_work_commands(rollover: typer.Typer, open_units: OpenUnits, bulk: Bulk) -> None:
    """Add ``rollover look`` and ``rollover work`` to the command line."""

    @rollover.command("look", hidden=True)
    def look(
        board: Annotated[UUID, typer.Argument(help="教育委員会の番号")],
        id: Annotated[UUID, typer.Argument(help="確かめる見通しの番号")],
    ) -> None:
        """サービスが呼ぶ、年度更新の見通しを確かめる過程。進みを一行ずつの JSON で言います。"""

        async def run() -> None:
            async with open_units() as units:
                await work_on(
                    units,
                    board,
                    id,
                    lambda done, parts, school: _say(read=done, parts=parts, school=school),
                )

        _to_the_end(run())

    @rollover.command("work", hidden=True)
    def work(
        number: Annotated[int, typer.Argument(help="年度更新の番号")],
    ) -> None:
        """サービスが呼ぶ、年度更新を適用する過程。進みを一行ずつの JSON で言います。"""

        async def run() -> None:
            async with open_units() as units, httpx.AsyncClient() as client:
                found, names = await _run(units, number)

                def waiting(slow: Sequence[Behind]) -> None:
                    _say(waiting=[{"reader": each.name, "records": each.records} for each in slow])

                def tell(progress: Progress) -> None:
                    school = names.get(progress.school, "") if progress.school else ""
                    _say(part=progress.done, parts=progress.parts, school=school)

                if found.wish == "revert" or found.state == "reverting":
                    by = found.wished_by or found.reverted_by or ACTOR
                    await applying.revert_run(units, found, actor=ACTOR, by=by, tell=tell)
                else:
                    pace = Pace(readers_over_http(units, bulk.others(), client), waiting)
                    await applying.apply_run(units, found, actor=ACTOR, pause=pace, tell=tell)

        _to_the_end(run())


def _say(**words: Any) -> None:
    sys.stdout.write(json.dumps(words, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _to_the_end(act: Any) -> None:
    """Run it; what stops it is said as the last line, with exit status 1."""
    try:
        asyncio.run(act)
    except Busy:
        _say(busy=True)
        raise typer.Exit(1) from None
    except TooLate as error:
        _say(stopped=str(error))
        raise typer.Exit(1) from None
    except Moved:
        _say(stopped=BUSY)
        raise typer.Exit(1) from None


async def _run(units: Units, number: int) -> tuple[Run, dict[UUID, str]]:
    for board in await boards(units):
        async with units.read(Scope(board)) as session:
            found = await run_store.run(session, board, number)
            if found is not None:
                _, schools = await store.city(session, board, found.year)
                return found, {each.id: each.name for each in schools}
    raise TooLate(f"年度更新 {number} はありません。")
