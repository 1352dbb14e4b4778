"""``tsumugi erasure``: the list of what was erased, and erasing it again after a backup was restored."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from services.registry.erasure import again
from services.registry.erasure.again import Again, NotErased
from services.registry.import_flow import BUSY, OpenUnits
from shared.database import Moved
from shared.dates import TOKYO


def add_erasure_commands(
    app: typer.Typer,
    open_units: OpenUnits,
    console: Console,
    owing: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> None:
    """Add ``erasure list`` and ``erasure again`` to the command line.

    ``owing``: entered around erasing again; the deployment's way to start nothing before it is done.
    """
    erasure = typer.Typer(no_args_is_help=True, help="記録の消去: 控えを戻したあとに、もう一度消すために")
    app.add_typer(erasure, name="erasure")

    @erasure.command("list")
    def write_list(
        path: Annotated[
            Path, typer.Argument(help="書き出すファイル（氏名は入りません。控えのそばに置きます）")
        ],
        since: Annotated[
            datetime | None,
            typer.Option(
                formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="これより後に消したもの（既定: 全部）"
            ),
        ] = None,
    ) -> None:
        """だれを消したかを、番号だけで書き出します。前に書いた同じ名のファイルは、新しい一覧に替えます。"""

        async def run() -> again.List:
            async with open_units() as units:
                return await again.listed(units, since.replace(tzinfo=TOKYO) if since else None)

        found = asyncio.run(run())
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(found.model_dump_json(indent=1) + "\n")
            draft.replace(path)
        except OSError as error:
            console.print(
                escape(f"{path} に書けません（{type(error).__name__}）。"), style="red", soft_wrap=True
            )
            raise typer.Exit(1) from None
        finally:
            draft.unlink(missing_ok=True)
        console.print(escape(f"消去の記録 {len(found.erasures)} 件を {path} に書きました。"), soft_wrap=True)

    @erasure.command("again")
    def erase_again(
        path: Annotated[Path, typer.Argument(help="`tsumugi erasure list` のファイル")],
        *,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="何人消えるかだけを言います")] = False,
    ) -> None:
        """控えを戻したあとに、控えより後に消した人を、もう一度消します。何度してもかまいません。"""

        async def run() -> Again:
            async with open_units() as units:
                return await again.erase_again(units, again.read(path), dry_run=dry_run)

        try:
            with nullcontext() if dry_run else owing():
                done = asyncio.run(run())
        except NotErased as error:
            console.print(escape(str(error)), style="red", soft_wrap=True)
            raise typer.Exit(1) from None
        except Moved:
            console.print(BUSY, style="red", soft_wrap=True)
            raise typer.Exit(1) from None
        console.print(escape(in_words(done, dry_run=dry_run)), soft_wrap=True)


def in_words(done: Again, *, dry_run: bool = False) -> str:
    """What was done, for the operator."""
    what = "もう一度消すことになります" if dry_run else "もう一度消しました"
    words = f"{done.erased} 人を{what}。{done.known} 人は、すでに消えています。"
    if done.renumbered:
        told = "、".join(f"{old} → {new}" for old, new in done.renumbered)
        become = "別の番号になります" if dry_run else "別の番号になりました"
        words += (
            f"消去番号 {len(done.renumbered)} 件は、この控えでほかの消去の番号なので、{become}（{told}）。"
            "紙に書いた番号を直してください。"
        )
    if not done.parted:
        return words
    parted = "ほかの子として残すことになります" if dry_run else "ほかの子として残しました"
    return (
        f"{words}控えの中で消す人のカードにまとめられていたカード {done.parted} 枚は、"
        f"消したときには別の子のものだったので、まとめる前に戻して{parted}。"
    )
