"""The rules of 気がかりな欠席 on the command line: which hold, and whose they are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import date
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from sqlalchemy import text

from services.dashboard.alert_rules import store
from services.dashboard.alerts.rules import Rule, rules_of
from services.dashboard.roster.rules import ALERT_OFFICE
from shared.access.log import Seen, log_change
from shared.access.principal import command_line
from shared.database import Scope, Units
from shared.ids import time_ordered_id

Board = Annotated[UUID | None, typer.Option(help="設置者の番号（ひとつしかなければ要りません）")]
OpenUnits = Callable[[], AbstractAsyncContextManager[Units]]
"""Opens dashboard's rows as its app role, for one command."""
_DEPARTMENTS = text(
    "select code, name from copy.organisation where board_id = :board and code is not null and school_id is null"
    " and kind <> 'board' order by code"
)
_OFFICE = text(store.OFFICE_ON)


class NotSaid(Exception):
    """The setting cannot be so; the message says why, in Japanese."""


def add_commands(
    app: typer.Typer,
    open_units: OpenUnits,
    only_board: Callable[[], Awaitable[UUID]],
    today: Callable[[], date],
    console: Console,
) -> None:
    """Add ``alerts rules | office``."""
    alerts = typer.Typer(no_args_is_help=True, help="気がかりな欠席の決まり")
    app.add_typer(alerts, name="alerts")

    @alerts.command("rules")
    def rules(board: Board = None) -> None:
        """きょうの決まりと、これからの決まりを示します。決めるのは画面（市の設定）です。"""

        async def run() -> list[str]:
            async with open_units() as units:
                return await lines(units, board or await only_board(), today())

        console.print("\n".join(asyncio.run(run())), soft_wrap=True, markup=False)

    @alerts.command("office")
    def office(
        departments: Annotated[
            list[str] | None, typer.Argument(help="課のコード（なければ、いまの課）")
        ] = None,
        board: Board = None,
    ) -> None:
        """決まりを受け持つ課を示すか、きょうから変えます。"""

        async def run() -> list[str]:
            of = board or await only_board()
            async with open_units() as units:
                if departments:
                    await say_office(units, of, departments, today())
                return await office_of(units, of, today())

        try:
            console.print("・".join(asyncio.run(run())), soft_wrap=True, markup=False)
        except NotSaid as error:
            console.print(str(error), style="red", soft_wrap=True, markup=False)
            raise typer.Exit(1) from None


async def lines(units: Units, board: UUID, on: date) -> list[str]:
    """The rules that hold and those that will, in words."""
    async with units.read(Scope(board)) as session:
        versions = store.standing((await store.versions(session, board)).versions)
    begun = [each for each in versions if each.since <= on]
    holds = max(begun, key=lambda each: each.since, default=None)
    found = [f"いま（{holds.since}から）" if holds else "いま（もともとの決まり）"]
    found += [_line(rule) for rule in rules_of(holds.value if holds else None)]
    for each in sorted(versions, key=lambda each: each.since):
        if each.since > on:
            found += [f"{each.since}から", *(_line(rule) for rule in rules_of(each.value))]
    return found


def _line(rule: Rule) -> str:
    counts = "続けて" if rule.kind == "row" else "年度で"
    return f"  {rule.word}: {counts}{rule.days}日（病欠は{'数える' if rule.excused else '数えない'}）"


async def office_of(units: Units, board: UUID, on: date) -> list[str]:
    """Names of the departments that keep the rules; of a code that no department has, the code."""
    async with units.read(Scope(board)) as session:
        codes = await session.scalar(_OFFICE, {"board": board, "today": on}) or ALERT_OFFICE
        known = {row.code: row.name for row in await session.execute(_DEPARTMENTS, {"board": board})}
    return [known.get(code, f"{code}（その課はありません）") for code in codes]


async def say_office(units: Units, board: UUID, departments: list[str], on: date) -> None:
    """From today on these departments keep the rules. Raises :class:`NotSaid`."""
    async with units.work(Scope(board), actor="tsumugi-cli") as work:
        known = [row.code for row in await work.session.execute(_DEPARTMENTS, {"board": board})]
        if unknown := [code for code in departments if code not in known]:
            raise NotSaid(f"「{unknown[0]}」という課のコードはありません。課: {'・'.join(known)}")
        await store.lock(work.session, board)
        await store.say(
            work.session,
            id=time_ordered_id(work.at),
            board=board,
            name="office",
            since=on,
            value=list(dict.fromkeys(departments)),
            reason="コマンドで決めた",
            tried=None,
            by=None,
            at=work.at,
        )
        who = command_line(board, work.at)
        await log_change(work.session, who, Seen("SayAlertOffice", "board", board, "IV"), work.at)
