"""時限ごとの出欠 on the command line: which schools have it, how many lessons a day."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from services.registry.import_flow import BUSY, OpenUnits
from services.registry.oneroster.importing import ACTOR
from services.registry.people.office import NotSaid
from services.registry.periods.saying import said, say
from services.registry.periods.setting import MOST, Lessons, Periods
from services.registry.roster.substitutes import NoSubstitute
from shared.database import Moved, Units


def add_lesson_commands(
    app: typer.Typer, open_units: OpenUnits, console: Console, the_board: Callable[[Units], Awaitable[UUID]]
) -> None:
    """Add ``lessons``."""

    @app.command()
    def lessons(
        kind: Annotated[str | None, typer.Argument(help="学校の種類（junior_high）")] = None,
        periods: Annotated[int | None, typer.Option(help=f"1日の時限の数（1〜{MOST}）")] = None,
        start: Annotated[
            list[str] | None, typer.Option(help="時限が始まる時刻（08:50）。時限の数だけ、順に")
        ] = None,
        grade: Annotated[
            list[str] | None, typer.Option(help="この学年だけでとる（J1）。いくつでも。既定: すべての学年")
        ] = None,
        *,
        off: Annotated[bool, typer.Option("--off", help="とらないことにします")] = False,
    ) -> None:
        """時限ごとの出欠をとる学校を、見ます・決めます（きょうから）。"""

        async def run() -> Periods:
            async with open_units() as units:
                board, today = await the_board(units), units.clock.today()
                if kind is not None:
                    await say(units, board, kind, wanted, today=today, actor=ACTOR)
                return await said(units, board, today)

        if kind is not None and (periods is None) != off:
            console.print("--periods で時限の数を決めるか、--off でとらないことにしてください。", style="red")
            raise typer.Exit(1)
        try:
            wanted = (
                None
                if periods is None
                else Lessons(periods=periods, starts=tuple(start or ()), grades=tuple(grade or ()))
            )
            found = asyncio.run(run())
        except ValidationError:
            words = f"時限の数は1から{MOST}まで、時刻は 08:50 のように、時限の数だけ早い順に書いてください。"
            console.print(words, style="red", soft_wrap=True)
            raise typer.Exit(1) from None
        except (NoSubstitute, NotSaid) as error:
            console.print(escape(str(error)), style="red", soft_wrap=True)
            raise typer.Exit(1) from None
        except Moved:
            console.print(BUSY, style="red", soft_wrap=True)
            raise typer.Exit(1) from None
        for each, of in sorted(found.kinds.items()):
            only = f"、{'・'.join(of.grades)}だけ" if of.grades else ""
            console.print(escape(f"{each}: 1日{of.periods}時限{only}"), soft_wrap=True)
        if not found.kinds:
            console.print("時限ごとの出欠をとる学校はありません。")
