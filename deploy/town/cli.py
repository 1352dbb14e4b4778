"""`tsumugi town`: writes a generated municipality as a package to import, and gives an imported one a past."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer.core import TyperGroup

from deploy.local.state import LocalError
from deploy.town import city
from deploy.town.gakureibo import written
from deploy.town.generate import PUPILS, SEED, Order, write_package
from deploy.town.history import Filled, History, NotATown
from deploy.town.holidays import school_days
from services.registry.oneroster.packing import NotWritable, refuse_existing
from services.registry.roster.external_ids import boards
from shared.database import Moved, Units
from shared.dates import in_words, latest_school_day, school_year

_LOOK_AGAIN_SECONDS = 0.5
_FAR = 2_000
"""Records."""

OpenUnits = Callable[[], AbstractAsyncContextManager[Units]]
"""Opens registry's rows as its app role, for one command."""

_FIRST_YEAR, _LAST_YEAR = 2000, 2097
"""The equinoxes of ``holidays`` are those of the years 1980 to 2099."""


class _Town(TyperGroup):
    """``tsumugi town PATH`` is ``tsumugi town write PATH``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["write", *args]
        return super().parse_args(ctx, args)


def add_commands(
    app: typer.Typer,
    today: Callable[[], date],
    open_units: OpenUnits,
    behind: Callable[[], Awaitable[int]],
    console: Console,
) -> None:
    """Add ``town`` to the command line. ``behind``: by how many records the slowest reader of registry is behind."""
    towns = typer.Typer(cls=_Town, help="つくりものの自治体")
    app.add_typer(towns, name="town")

    @towns.callback()
    def _group() -> None:
        """つくりものの自治体。`tsumugi town PATH` で、名簿を書き出します。"""

    @towns.command()
    def write(
        path: Annotated[Path, typer.Argument(help="書き出すフォルダー、または .zip のファイル")],
        seed: Annotated[int, typer.Option(help="同じ数からは同じ自治体ができます")] = SEED,
        pupils: Annotated[
            int | None,
            typer.Option(
                min=city.SMALLEST,
                help="子どもの数。幼稚園から特別支援学校まである市になります（250000 まで。"
                f"既定: `make up` が見せる {PUPILS} 人の町）",
            ),
        ] = None,
        on: Annotated[
            datetime | None,
            typer.Option(
                "--date",
                formats=["%Y-%m-%d"],
                help="この日までに起きたことを書きます（既定: れんしゅうの日付）",
            ),
        ] = None,
        since: Annotated[
            datetime | None,
            typer.Option(
                "--delta", formats=["%Y-%m-%d"], help="この日の名簿のあとに変わったことだけを書きます（差分）"
            ),
        ] = None,
        april: Annotated[
            bool,
            typer.Option(
                "--next-year", help="つぎの4月の学級を書きます（今年度の名簿とならべて取り込めます）"
            ),
        ] = False,
        overwrite: Annotated[
            bool, typer.Option("--overwrite", help="もうある書き出しを置きかえる（既定: 書き出さない）")
        ] = False,
    ) -> None:
        """名簿（OneRoster 1.2_JP と companion.json）を書き出します。すべて作りものです。"""
        day = on.date() if on else today()
        order = Order(
            seed=seed,
            school_year=school_year(day),
            on=day,
            pupils=pupils or PUPILS,
            of_a_city=pupils is not None,
            since=since.date() if since else None,
            april=april,
        )
        _refuse(order)
        try:
            if not overwrite:
                refuse_existing(path)
            with _progress(console, "書いています", order.pupils, "人") as advance:
                write_package(path, order, advance)
        except NotWritable as error:
            raise LocalError(str(error)) from error
        words = f"{path} に書き出しました。{_of_no_school_day(order)}{_what_next(path, order)}"
        console.print(words, soft_wrap=True, markup=False)

    @towns.command("gakureibo")
    def write_gakureibo(
        path: Annotated[Path, typer.Argument(help="書き出す CSV のファイル（すでにあれば書き出さない）")],
        seed: Annotated[int, typer.Option(help="同じ数からは同じ自治体ができます")] = SEED,
        pupils: Annotated[
            int | None, typer.Option(min=city.SMALLEST, help="子どもの数（既定: `make up` が見せる町）")
        ] = None,
        on: Annotated[
            datetime | None,
            typer.Option("--date", formats=["%Y-%m-%d"], help="この日の学齢簿（既定: れんしゅうの日付）"),
        ] = None,
        sheet: Annotated[
            bool,
            typer.Option("--sheet", help="表計算ソフトの書き方で（既定: 就学事務システムの書き方）"),
        ] = False,
    ) -> None:
        """つぎの4月に小学校に入学する子の学齢簿（CSV）を書き出します。すべて作りものです。"""
        day = on.date() if on else today()
        order = Order(
            seed=seed,
            school_year=school_year(day),
            on=day,
            pupils=pupils or PUPILS,
            of_a_city=pupils is not None,
        )
        _refuse(order)
        try:
            with path.open("xb") as file:
                file.write(written(order, "sheet" if sheet else "system"))
        except OSError as error:
            raise LocalError(
                f"{path} に書き出せません（{error.strerror}）。ほかの場所にしてください。"
            ) from error
        console.print(
            f"{path} に書き出しました。`tsumugi import gakureibo-mapping {path} --save 学齢簿`、"
            f"`tsumugi import gakureibo {path} --mapping 学齢簿` で取り込めます。",
            soft_wrap=True,
            markup=False,
        )

    @towns.command()
    def history(
        days: Annotated[
            int, typer.Option(min=1, help="きょうより前の授業日をいくつ（年度のはじめまで）")
        ] = 60,
        seed: Annotated[int, typer.Option(help="同じ数からは同じ日々ができます")] = SEED,
    ) -> None:
        """つくりものの町に、過ぎた日々の出欠をつくります。途中でやめても、もう一度行えばつづきから。"""

        async def run() -> Filled:
            async with open_units() as units:
                found = await boards(units)
                if len(found) != 1:
                    raise LocalError(
                        "まだ名簿がありません。"
                        if not found
                        else "教育委員会が二つ以上あるので、つくれません。"
                    )
                past = History(units, found[0], seed=seed, yields=lambda: _until_not_far(behind))
                with _progress(console, "出欠をつくっています", await past.plan(days), "学級") as advance:
                    return await past.run(advance)

        try:
            done = asyncio.run(run())
        except NotATown as error:
            raise LocalError(str(error)) from error
        except Moved as error:
            raise LocalError(
                "ほかの処理が同時に変えています。少し待って、もう一度実行してください。"
            ) from error
        console.print(_told(done), soft_wrap=True)


async def _until_not_far(behind: Callable[[], Awaitable[int]]) -> None:
    """Returns when who reads registry's log is not far behind (decisions.md §3 "Bulk yields")."""
    while await behind() > _FAR:  # noqa: ASYNC110 - others' progress gives no event
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)


def _told(done: Filled) -> str:
    closed = f"学級閉鎖は、のべ {done.closed} 日。" if done.closed else ""
    if not done.rolls:
        return closed or "すべてあります。何もつくっていません。"
    return f"{done.days} 日の、{done.rolls} 学級の出欠（のべ {done.pupil_days} 人）をつくりました。{closed}"


def _refuse(order: Order) -> None:
    if order.pupils > city.LARGEST:
        raise LocalError(f"--pupils は {city.SMALLEST} から {city.LARGEST} までの数にしてください。")
    if not _FIRST_YEAR <= order.school_year <= _LAST_YEAR:
        raise LocalError(f"--date は {_FIRST_YEAR}年度から {_LAST_YEAR}年度までの日にしてください。")
    if order.since is None:
        return
    if order.april:
        raise LocalError("--delta と --next-year は、どちらか一つにしてください。")
    if not order.since < order.on or school_year(order.since) != order.school_year:
        raise LocalError(
            f"--delta は、{order.school_year}年度の、{in_words(order.on)}より前の日にしてください。"
        )


def _of_no_school_day(order: Order) -> str:
    """What a package of a Sunday or of the holidays is; nothing of one of a school day."""
    years = (order.school_year - 1, order.school_year)
    days = [day for year in years for day in school_days(year)]
    last = latest_school_day(order.on, days)
    if last is None or last == order.on:
        return ""
    closed, since = in_words(order.on), in_words(last)
    return f"{closed}は授業日ではないので、{since}の授業のあと、その日までに起きたことが入った名簿です。"


def _what_next(path: Path, order: Order) -> str:
    if order.since is not None:
        words = f"{in_words(order.since)}の名簿からの差分です。"
        # The small town stands still until the day that is asked about, so that it looks the same on every day.
        once = "そのあとの差分は続きません（続けるなら --pupils で市をつくってください）。"
        return words if order.of_a_city else words + once
    words = f"`tsumugi import oneroster {path}` で取り込めます。"
    if order.seed != SEED:
        return (
            f"{words}`make up` の町とは別の教育委員会なので、取りかわらずに、ならびます"
            "（教育委員会が一つのときだけのコマンドは、使えなくなります）。"
        )
    if order.of_a_city:
        return (
            f"{words}同じ種と人数の市に取り込む名簿です。市から始めるには `make up PUPILS={order.pupils}`。"
            "`make up` の町とは同じ教育委員会なので、町があるところには取り込めません"
            "（町の、支援措置の対象の子が、在籍でなくなってしまうため）。"
        )
    return words


@contextmanager
def _progress(console: Console, doing: str, total: int, of: str) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere."""
    columns = (
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(of),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        yield lambda size: bar.advance(task, size)
