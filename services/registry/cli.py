"""registry on the command line: imports, exports, rollovers, substitutes, the roster's office."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape

from services.registry.bundle_commands import add_bundle_commands
from services.registry.erasure_commands import add_erasure_commands
from services.registry.export_commands import add_export_commands
from services.registry.import_commands import Bulk, add_import_commands
from services.registry.import_flow import BUSY, OpenUnits
from services.registry.lesson_commands import add_lesson_commands
from services.registry.oneroster.importing import ACTOR
from services.registry.people.office import NotSaid, office_of, say_office
from services.registry.rollover_commands import add_rollover_commands
from services.registry.roster.external_ids import boards
from services.registry.roster.substitutes import (
    NoSubstitute,
    add_substitute,
    check_lessons,
    find_class,
    find_staff,
)
from shared.database import Moved, Units
from shared.dates import in_words, school_year


def add_commands(app: typer.Typer, open_units: OpenUnits, console: Console, bulk: Bulk | None = None) -> None:
    """Add ``import …``, ``export …``, ``rollover …``, ``erasure …``, ``lessons``, ``substitute``, ``roster-office``."""
    add_import_commands(app, open_units, console, bulk or Bulk())
    add_export_commands(app, open_units, console)
    add_bundle_commands(app, open_units)
    add_rollover_commands(app, open_units, console, bulk or Bulk())
    add_erasure_commands(app, open_units, console, (bulk or Bulk()).owing)
    add_lesson_commands(app, open_units, console, _the_board)

    @app.command()
    def substitute(
        school: Annotated[str, typer.Argument(help="学校（第一小）")],
        class_name: Annotated[str, typer.Argument(metavar="CLASS", help="学級（2年1組）")],
        staff: Annotated[str, typer.Argument(help="補欠に入る職員の氏名")],
        on: Annotated[
            datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="日付（既定: 今日）")
        ] = None,
    ) -> None:
        """その日だけ、学級の補欠に入れます。"""

        async def run() -> str:
            async with open_units() as units:
                day = on.date() if on else units.clock.today()
                board = await _the_board(units)
                class_id = await find_class(
                    units, board, school=school, name=class_name, year=school_year(day)
                )
                person = await find_staff(units, board, class_id=class_id, name=staff, on=day)
                await check_lessons(units, board, class_id=class_id, on=day)
                position = await add_substitute(
                    units, board, class_id=class_id, staff=person, on=day, actor=ACTOR
                )
            word = "補欠に入りました" if position is not None else "すでに補欠です"
            return f"{staff} は {in_words(day)} に {school} {class_name} の{word}。"

        try:
            console.print(escape(asyncio.run(run())), soft_wrap=True)
        except NoSubstitute as error:
            console.print(escape(str(error)), style="red", soft_wrap=True)
            raise typer.Exit(1) from None
        except Moved:
            console.print(BUSY, style="red", soft_wrap=True)
            raise typer.Exit(1) from None

    @app.command("roster-office")
    def roster_office(
        department: Annotated[
            list[str] | None, typer.Option(help="名簿を受け持つ課のコード（gakumu）。いくつでも")
        ] = None,
        protection: Annotated[
            list[str] | None,
            typer.Option(
                help="支援措置の印を付け外しする職員の氏名（同じ氏名があれば 氏名@学校）。いくつでも"
            ),
        ] = None,
        *,
        nobody: Annotated[bool, typer.Option("--nobody", help="支援措置の指名をなくします")] = False,
    ) -> None:
        """名簿を受け持つ課と、支援措置の指名を、見ます・決めます（きょうから）。"""

        async def run() -> tuple[list[str], list[str]]:
            async with open_units() as units:
                board, today = await _the_board(units), units.clock.today()
                named = [] if nobody else protection
                if department or named is not None:
                    await say_office(
                        units, board, departments=department, protection=named, today=today, actor=ACTOR
                    )
                return await office_of(units, board, today)

        try:
            departments, named = asyncio.run(run())
        except (NoSubstitute, NotSaid) as error:
            console.print(escape(str(error)), style="red", soft_wrap=True)
            raise typer.Exit(1) from None
        except Moved:
            console.print(BUSY, style="red", soft_wrap=True)
            raise typer.Exit(1) from None
        console.print(escape(f"名簿を受け持つ課: {'・'.join(departments) or 'なし'}"), soft_wrap=True)
        whom = "・".join(named) or "まだありません（その学校の事務と、名簿を受け持つ課がします）"
        console.print(escape(f"支援措置の指名: {whom}"), soft_wrap=True)


async def _the_board(units: Units) -> UUID:
    found = await boards(units)
    if len(found) != 1:
        raise NoSubstitute(
            "名簿がありません。" if not found else "教育委員会が二つ以上あります。画面から入れてください。"
        )
    return found[0]
