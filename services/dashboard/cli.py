"""dashboard on the command line: a department's side of a feed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx
import orjson
import typer
from rich.console import Console

from services.dashboard.feeds.consumer import Consumer, Refused, department_token
from services.dashboard.feeds.rules import LUNCH


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
        """届いたものを1行ずつ JSON で書き出し、受け取ったと伝え、止めたところから続けます（Ctrl+C で終わり）。"""
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


async def print_items(
    deployment: Deployment, department: str, secret: str, feed: str, after: int | None
) -> None:
    """Write every item that comes to standard output, one JSON a line."""
    async with httpx.AsyncClient(base_url=deployment.origin) as http:

        async def token() -> str:
            return await department_token(http, deployment.issuer, department, secret)

        async for items in Consumer(http, feed, token).batches(after):
            for item in items:
                sys.stdout.write(orjson.dumps(item).decode() + "\n")
            # Confirmed when the next batch is asked for: what was not written out was not delivered.
            sys.stdout.flush()


def _stopped(console: Console, why: str) -> typer.Exit:
    console.print(why, style="red", soft_wrap=True, markup=False)
    return typer.Exit(1)
