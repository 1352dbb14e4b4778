"""`tsumugi town`: writes a generated municipality as a package to import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.town.generate import SEED, write_town
from deploy.town.schools import SMALLEST_TOWN
from shared.dates import school_year


def add_commands(app: typer.Typer, today: Callable[[], date], console: Console) -> None:
    """Add ``town`` to the command line."""

    @app.command()
    def town(
        path: Annotated[Path, typer.Argument(help="書き出すフォルダー、または .zip のファイル")],
        seed: Annotated[int, typer.Option(help="同じ数からは同じ自治体ができます")] = SEED,
        pupils: Annotated[int, typer.Option(min=SMALLEST_TOWN, help="児童生徒の数")] = 900,
        on: Annotated[
            datetime | None,
            typer.Option("--date", formats=["%Y-%m-%d"], help="れんしゅうの日付（既定: 今日）"),
        ] = None,
    ) -> None:
        """例の自治体の名簿（OneRoster 1.2_JP と companion.json）を書き出します。すべて作りものです。"""
        day = on.date() if on else today()
        write_town(path, seed=seed, pupils=pupils, school_year=school_year(day), training_date=day)
        console.print(
            f"{path} に書き出しました。`tsumugi import oneroster {path}` で取り込めます。", soft_wrap=True
        )
