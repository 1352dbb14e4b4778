"""``tsumugi export …``: the roster as a OneRoster package."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, time
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.text import Text

from services.registry.exports.exporting import DeltaNotPossible, Exported, NothingToExport, export
from services.registry.exports.rules import Frame, out_of_time, stamp
from services.registry.exports.writing import Busy, work_on
from services.registry.oneroster.packing import NotWritable, Profile, refuse_existing
from services.registry.roster import store as roster
from services.registry.roster.external_ids import boards
from shared.access.principal import command_line
from shared.database import Scope, Units
from shared.dates import TOKYO

OpenUnits = Callable[[], AbstractAsyncContextManager[Units]]
"""Opens registry's rows as its app role, for one command."""


class _Stop(Exception):
    """The command ends here; the message is for the operator, in Japanese."""


def add_export_commands(app: typer.Typer, open_units: OpenUnits, console: Console) -> None:
    """Add ``export`` to the command line."""
    exports = typer.Typer(no_args_is_help=True, help="名簿の書き出し")
    app.add_typer(exports, name="export")
    _add_work(exports, open_units)

    @exports.callback()
    def _group() -> None:
        """名簿を、ほかのシステムが読める形に書き出します。"""

    @exports.command("oneroster")
    def export_oneroster(
        path: Annotated[Path, typer.Argument(help="書き出すフォルダー、または .zip のファイル")],
        profile: Annotated[
            Profile,
            typer.Option(help="1.2_JP（2026年のプロファイル）か 1.2（それより前の日本のプロファイル）"),
        ] = "1.2_JP",
        since: Annotated[
            str | None,
            typer.Option(help="この時より後に変わったところだけ（前の書き出しが示した時刻か、2026-11-20）"),
        ] = None,
        school: Annotated[str | None, typer.Option(help="ひとつの学校だけ（名前、学校コード、番号）")] = None,
        as_of: Annotated[
            datetime | None,
            typer.Option("--as-of", formats=["%Y-%m-%d"], help="この日の年度の名簿を（既定: きょう）"),
        ] = None,
        for_others: Annotated[
            bool,
            typer.Option(
                "--for-others", help="ほかのシステムに渡す（companion.json と、権利のない保護者を除く）"
            ),
        ] = False,
        protected: Annotated[
            bool, typer.Option("--protected", help="支援措置の対象の児童生徒も入れる（既定: 除く）")
        ] = False,
        board: Annotated[
            str | None, typer.Option(help="設置者の番号（ひとつしかなければ要りません）")
        ] = None,
        overwrite: Annotated[
            bool, typer.Option("--overwrite", help="もうある書き出しを置きかえる（既定: 書き出さない）")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="結果をひとつの JSON で")] = False,
    ) -> None:
        """名簿を OneRoster の CSV に書き出します。紬にもう一度取り込むと「変わったものはない」になります。"""

        async def run() -> Exported:
            if not overwrite:
                refuse_existing(path)
            told_since = None if since is None else instant(since)
            for name, words in out_of_time(as_of.date() if as_of else None, told_since).items():
                raise _Stop(f"--{name.replace('_', '-')}: {words}")
            async with open_units() as units:
                chosen = await _board(units, board)
                now = units.clock.now()
                frame = Frame.on(
                    chosen,
                    as_of.date() if as_of else units.clock.today(),
                    now,
                    since=told_since,
                    companion=not for_others,
                    protected=protected,
                    school=None if school is None else await _school(units, chosen, school),
                    profile=profile,
                )
                return await export(units, frame, path, command_line(chosen, now))

        try:
            done = asyncio.run(run())
        except (DeltaNotPossible, NothingToExport, NotWritable, _Stop) as error:
            if as_json:
                _write_json({"outcome": "stopped", "message": str(error)})
            else:
                console.print(Text(str(error), "red"), soft_wrap=True)
            raise typer.Exit(1) from None
        if as_json:
            told = {"path": str(path), "instant": stamp(done.instant), "rows": dict(done.rows)}
            _write_json({"outcome": "exported", **told, "protected": done.protected})
        else:
            _show(done, path, console)


def _add_work(exports: typer.Typer, open_units: OpenUnits) -> None:
    @exports.command("work", hidden=True)
    def work(
        board: Annotated[UUID, typer.Argument(help="教育委員会の番号")],
        id: Annotated[UUID, typer.Argument(help="書き出しの番号")],
    ) -> None:
        """サービスが呼ぶ、画面で頼まれた名簿を書き出す過程。進みを一行ずつの JSON で言います。"""

        def tell(people: int) -> None:
            _write_json({"read": people})
            sys.stdout.flush()

        async def run() -> None:
            async with open_units() as units:
                await work_on(units, board, id, tell)

        try:
            asyncio.run(run())
        except Busy:
            _write_json({"busy": True})
            raise typer.Exit(1) from None


def instant(text: str) -> datetime:
    """An instant with its offset, or a business date's beginning."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _Stop(
            f"--since「{text}」は読めません。2026-11-20 か 2026-11-20T08:30:00.000Z の形で書いてください。"
        ) from None
    if len(text) == len("2026-11-20"):
        return datetime.combine(found.date(), time(), TOKYO)
    if found.tzinfo is None:
        raise _Stop("--since の時刻には、時差（Z や +09:00）も書いてください。")
    return found


async def _board(units: Units, wanted: str | None) -> UUID:
    found = [each for each in await boards(units) if wanted in (None, str(each))]
    if len(found) != 1:
        raise _Stop("まだ名簿がありません。" if not found else "--board で設置者をひとつ選んでください。")
    return found[0]


async def _school(units: Units, board: UUID, wanted: str) -> UUID:
    async with units.read(Scope(board)) as session:
        rows = (await roster.organisations(session, board)).values()
    schools = [row for row in rows if row.school_id == row.id]
    found = [row for row in schools if wanted in (row.name, row.short_name, row.code, str(row.id))]
    if len(found) != 1:
        listed = "、".join(sorted(row.short_name for row in schools))
        raise _Stop(
            f"「{wanted}」という学校は{'いくつもあります' if found else 'ありません'}。あるもの: {listed}"
        )
    return found[0].id


def _show(done: Exported, path: Path, console: Console) -> None:
    rows = "、".join(f"{name} {count}" for name, count in done.rows.items() if count)
    console.print(Text(f"{path} に書き出しました（{rows or '変わったものはありません'}）。"), soft_wrap=True)
    frame = done.frame
    if done.protected and frame.protected:
        console.print(f"支援措置の対象の児童生徒 {done.protected} 人を含みます。扱いに気をつけてください。")
    elif done.protected:
        console.print(
            f"支援措置の対象の児童生徒 {done.protected} 人は入っていません"
            + (
                "。"
                if not frame.companion
                else "（紬に取り込み直すための書き出しには --protected が要ります）。"
            ),
            soft_wrap=True,
        )
    console.print(f"次に、変わったところだけを書き出すには: --since {stamp(done.instant)}", soft_wrap=True)


def _write_json(told: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
