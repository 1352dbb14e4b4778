"""`tsumugi parked`: what waits, listed, looked into, taken in again, thrown away. The operator's hands and eyes.

Looking into a record shows all that is in it, about a child or not, taking it in changes what others see of that child,
and throwing away ends it: each leaves its row in the access log, as on the page
(services/dashboard/operations/parked.py).
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.deployment import Deployment
from deploy.local import admin
from deploy.local.here import here
from shared.access.log import Seen, log_change
from shared.access.principal import command_line
from shared.database import Units
from shared.dates import TOKYO
from shared.events import parked
from shared.events.records import Record

Service = Annotated[str, typer.Argument(help="サービス（registry、identity、dashboard）")]
Copied = Annotated[str, typer.Argument(help="写しの名前（画面「配信の状態」が示す roster など）")]
Publisher = Annotated[str, typer.Argument(help="もとの記録を出したサービス")]
Key = Annotated[str, typer.Argument(help="待っている記録の鍵（`tsumugi parked list` が示すもの）")]

_BOARDS = text(
    "select distinct board_id from feed.parked where copy = :copy and publisher = :publisher and key = :key"
)


async def look_into(units: Units, copy: str, publisher: str, key: str) -> list[tuple[Record, str]]:
    """The waiting records of a key, whole, each with its reason; that they were seen is durable when they are returned.

    ``units`` works as the feed role.
    """
    async with units.maintain() as session:
        found = await parked.inspect(session, copy, publisher, key)
        boards = await _boards(session, copy, publisher, key)
        await _note(units, session, "ReadParked", key, boards, [record for record, _ in found])
    return found


async def take_in(
    instance: Deployment, units: Units, service: str, copy: str, publisher: str, key: str
) -> str | None:
    """Take a key's waiting records in and note it in the same transaction. Returns why they still wait, or None."""
    note = await _noting(units, "RetryParked", copy, publisher, key)
    return await admin.retry(instance, units, service, copy, publisher, key, also=note)


async def throw_away(units: Units, copy: str, publisher: str, key: str, *, reason: str, by: str) -> int:
    """Discard a key's waiting records and note it in the same transaction. Returns how many they were."""
    note = await _noting(units, "DiscardParked", copy, publisher, key)
    return await parked.discard(units, copy, publisher, key, reason=reason, by=by, also=note)


async def _noting(units: Units, action: str, copy: str, publisher: str, key: str) -> parked.Also:
    """What writes down that ``action`` was done to what waits of a key now."""
    async with units.maintain() as session:
        found = await parked.inspect(session, copy, publisher, key)
        boards = await _boards(session, copy, publisher, key)

    async def note(session: AsyncSession) -> None:
        await _note(units, session, action, key, boards, [record for record, _ in found])

    return note


async def _boards(session: AsyncSession, copy: str, publisher: str, key: str) -> list[UUID]:
    rows = await session.execute(_BOARDS, {"copy": copy, "publisher": publisher, "key": key})
    return [UUID(str(board)) for board in rows.scalars()]


async def _note(
    units: Units,
    session: AsyncSession,
    action: str,
    key: str,
    boards: Sequence[UUID],
    records: Sequence[Record],
) -> None:
    """One row for each board whose records they are: each reads its own log. None where nothing waited."""
    now = units.clock.now()
    for board in boards:
        seen = Seen(action, "parked", _number(key), parked.strictest(records))
        await log_change(session, command_line(board, now), seen, now)


def _number(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None


def add_commands(app: typer.Typer, console: Console) -> None:
    """Add ``parked`` with ``list``, ``inspect``, ``retry`` and ``discard``."""
    parked_app = typer.Typer(no_args_is_help=True, help="取り込めずに待っている記録")
    app.add_typer(parked_app, name="parked")

    @parked_app.command("list")
    def parked_list() -> None:
        """待っている記録を、古い順に示します。"""
        table = Table("サービス", "写し", "もと", "鍵", "件", "はじめから", "わけ", box=None)
        for service, item in asyncio.run(admin.all_waiting(here())):
            since = f"{item.since.astimezone(TOKYO):%Y-%m-%d %H:%M:%S}"
            table.add_row(service, item.copy, item.publisher, item.key, str(item.count), since, item.reason)
        console.print(table)

    @parked_app.command("inspect")
    def parked_inspect(service: Service, copy: Copied, publisher: Publisher, key: Key) -> None:
        """ひとつの鍵で待っている記録を、順に示します。見たことはアクセスの記録に残ります。"""

        async def look() -> list[tuple[Record, str]]:
            async with admin.feed_units(here(), service) as units:
                return await look_into(units, copy, publisher, key)

        for record, reason in asyncio.run(look()):
            line = {"reason": reason, "record": json.loads(record.to_json())}
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")

    @parked_app.command("retry")
    def parked_retry(service: Service, copy: Copied, publisher: Publisher, key: Key) -> None:
        """もう一度取り込みます。まだ取り込めなければ、わけを示して終了コード 1。したことはアクセスの記録に残ります。"""

        async def again() -> str | None:
            instance = here()
            async with admin.feed_units(instance, service) as units:
                return await take_in(instance, units, service, copy, publisher, key)

        still = asyncio.run(again())
        if still:
            console.print(f"まだ取り込めません: {still}")
            raise typer.Exit(1)
        console.print("取り込みました。")

    @parked_app.command("discard")
    def parked_discard(
        service: Service,
        copy: Copied,
        publisher: Publisher,
        key: Key,
        reason: Annotated[str, typer.Option(help="捨てるわけ（残ります）")],
        by: Annotated[str, typer.Option(help="だれが捨てるか（残ります）")],
    ) -> None:
        """捨てます。だれが、なぜ捨てたかは残り、アクセスの記録にも残ります。"""

        async def throw() -> int:
            async with admin.feed_units(here(), service) as units:
                return await throw_away(units, copy, publisher, key, reason=reason, by=by)

        console.print(f"{asyncio.run(throw())} 件を捨てました。")
