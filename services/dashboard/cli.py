"""dashboard on the command line: a department's side of a feed, and the end of somebody's sessions."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import UUID

import httpx
import orjson
import typer
from rich.console import Console

from services.dashboard.feeds.consumer import Consumer, Refused, department_token
from services.dashboard.feeds.rules import LUNCH
from services.dashboard.sessions.store import SignedIn, end_all_of, signed_in
from shared.access.principal import command_line
from shared.database import Units
from shared.dates import TOKYO, SystemClock, in_words


@dataclass(frozen=True)
class Deployment:
    """What the commands need to know of the deployment they work with."""

    origin: str
    issuer: str
    department: str
    """Client id of the department that receives the lunch count."""
    secret: Callable[[str], Path]
    """Where a department's secret is kept, by its client id, unless another file is named."""


def add_commands(app: typer.Typer, load: Callable[[], Deployment], console: Console) -> None:
    """Add ``lunch follow``. ``load`` is asked when a command runs."""
    lunch = typer.Typer(no_args_is_help=True, help="給食の数（lunch-count）を部署として受け取る")
    app.add_typer(lunch, name="lunch")

    @lunch.command()
    def follow(
        client: Annotated[str | None, typer.Option(help="部署の接続名 dept-…（既定: 給食の部署）")] = None,
        secret_file: Annotated[
            Path | None, typer.Option(help="部署の秘密のファイル（既定: れんしゅう用に保管したもの）")
        ] = None,
        after: Annotated[
            int | None, typer.Option(help="この番号より後から（0: はじめから。既定: 止めたところから）")
        ] = None,
        feed: Annotated[str, typer.Option(help="配信の名前")] = LUNCH,
    ) -> None:
        """届いたものを1行ずつ JSON で書き出し、受け取ったと伝え、止めたところから続けます（Ctrl+C で終わり）。

        端末では、日が変わるところに、何日の分かを書きます（ファイルやほかのプログラムへは JSON だけです）。
        """
        deployment = load()
        department = client or deployment.department
        file = secret_file or deployment.secret(department)
        if not file.is_file():
            raise _stopped(
                console,
                f"{department} の秘密が {file} にありません。"
                "`tsumugi purpose grant` で許可するか、--secret-file で示してください。",
            )
        secret = file.read_text(encoding="ascii").strip()
        try:
            asyncio.run(print_items(deployment, department, secret, feed, after))
        except Refused as refused:
            raise _stopped(console, str(refused)) from None
        except KeyboardInterrupt:
            return


OpenUnits = Callable[[], AbstractAsyncContextManager[Units]]
"""Opens dashboard's rows as its app role, for one command."""


def add_session_commands(
    app: typer.Typer, open_units: OpenUnits, only_board: Callable[[], Awaitable[UUID]], console: Console
) -> None:
    """Add ``session list | end``. ``only_board`` names the board where there is one, and raises where there is not."""
    session = typer.Typer(no_args_is_help=True, help="サインインしている人")
    app.add_typer(session, name="session")

    @session.callback()
    def _group() -> None:
        """サインインしている人"""

    @session.command("list")
    def session_list(
        board: Annotated[
            UUID | None, typer.Option(help="設置者の番号（ひとつしかなければ要りません）")
        ] = None,
    ) -> None:
        """いまサインインしている人と、その番号を、最後に使った順に示します（見たことは記録に残ります）。

        名前を示すのは職員だけです。保護者や児童生徒は番号だけで示します。
        """

        async def run() -> list[SignedIn]:
            at = SystemClock().now()
            by = command_line(board or await only_board(), at)
            async with open_units() as units:
                return await signed_in(units, by, at)

        lines = [_line(each) for each in asyncio.run(run())]
        console.print("\n".join(lines) or "サインインしている人はいません。", soft_wrap=True, markup=False)

    @session.command("end")
    def session_end(
        reason: Annotated[str, typer.Option(help="サインアウトさせるわけ（残ります）")],
        person: Annotated[
            UUID | None, typer.Option(help="人の番号（`tsumugi session list` に出ます）")
        ] = None,
        account: Annotated[str | None, typer.Option(help="アカウントの番号（同じ）")] = None,
        board: Annotated[
            UUID | None, typer.Option(help="設置者の番号（ひとつしかなければ要りません）")
        ] = None,
    ) -> None:
        """その人を、どの端末からもいますぐサインアウトさせます。開いている画面も止まります。

        次のサインインは止めません。アカウントは、名簿の職務や所属が終わると止まります。
        """
        whom = person or account
        if whom is None or (person and account):
            raise _stopped(console, "--person か --account のどちらかひとつで、だれかを示してください。")

        async def run() -> int:
            at = SystemClock().now()
            by = command_line(board or await only_board(), at)
            async with open_units() as units:
                return await end_all_of(units, by, whom, reason, at)

        ended = asyncio.run(run())
        console.print(
            f"{ended} か所でサインアウトさせました。" if ended else "サインインしているところはありません。"
        )


KINDS = {"staff": "職員", "guardian": "保護者", "pupil": "児童生徒"}


def _line(who: SignedIn) -> str:
    """One signed-in account on a line of its own."""
    name = f" {who.name}" if who.name else ""
    number = f"--person {who.person}" if who.person else f"--account {who.account}"
    times = f"{who.since.astimezone(TOKYO):%H:%M} から、最後は {who.seen_at.astimezone(TOKYO):%H:%M}"
    return f"{KINDS.get(who.kind, who.kind)}{name}  {times}、{who.places} か所  {number}"


async def print_items(
    deployment: Deployment, department: str, secret: str, feed: str, after: int | None
) -> None:
    """Write every item that comes to standard output, one JSON a line.

    On a terminal a line of words says of which day the ones below it are; programs read JSON alone.
    """
    told: str | None = None
    async with httpx.AsyncClient(base_url=deployment.origin) as http:

        async def token() -> str:
            return await department_token(http, deployment.issuer, department, secret)

        async for items in Consumer(http, feed, token).batches(after):
            for item in items:
                if item["on"] != told and sys.stdout.isatty():
                    told = str(item["on"])
                    sys.stdout.write(f"── {in_words(date.fromisoformat(told))}の分 ──\n")
                sys.stdout.write(orjson.dumps(item).decode() + "\n")
            # Confirmed when the next batch is asked for: what was not written out was not delivered.
            sys.stdout.flush()


def _stopped(console: Console, why: str) -> typer.Exit:
    console.print(why, style="red", soft_wrap=True, markup=False)
    return typer.Exit(1)
