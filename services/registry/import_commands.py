"""``tsumugi import …``: preview, import, list, resume and revert runs.

A package is read and previewed here; what it asks for is then applied by a process of its own, which can be killed and
goes on where it stopped. The web starts the same process.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer
from rich.console import Console

from services.registry import import_screen as screen
from services.registry.gakureibo_commands import add_gakureibo_commands
from services.registry.import_flow import (
    OpenUnits,
    Stopped,
    Tell,
    Wanted,
    bring,
    reason,
    refuse_depended,
    told,
    user,
)
from services.registry.import_progress import Shown
from services.registry.import_upload import add_upload_command
from services.registry.imports import store
from services.registry.imports.applying import Busy, apply_run, at_work
from services.registry.imports.importing import Planned
from services.registry.imports.pace import Behind, Pace, readers_over_http
from services.registry.imports.reverting import Depended, NotToRevert, check_revert, revert_run
from services.registry.imports.store import Run
from services.registry.oneroster.importing import ACTOR, Prepared, begin, no_cycles, prepare
from services.registry.oneroster.packages import open_package
from services.registry.roster import store as roster
from services.registry.roster.external_ids import boards
from shared.database import Moved, Scope, Units

Number = Annotated[int, typer.Argument(metavar="N", help="取り込みの番号（`tsumugi import runs`）")]
AsJson = Annotated[bool, typer.Option("--json", help="結果をひとつの JSON で")]


@dataclass(frozen=True)
class Bulk:
    """How a deployment applies runs."""

    worker: Callable[[int], Sequence[str]] | None = None
    """The command line of a process that runs ``import work N``; None: in this process."""
    others: Callable[[], Mapping[str, str]] = field(default=dict)
    """Base URLs of the services whose copies read registry's log."""
    owing: Callable[[], AbstractContextManager[None]] = nullcontext
    """Entered around ``erasure again``: what a restored deployment owes before it is started."""


def add_import_commands(app: typer.Typer, open_units: OpenUnits, console: Console, bulk: Bulk) -> None:
    """Add ``import`` to the command line."""
    imports = typer.Typer(no_args_is_help=True, help="名簿の取り込み")
    app.add_typer(imports, name="import")
    working = _Working(open_units, console, bulk)

    @imports.callback()
    def _group() -> None:
        """名簿を取り込み、取り込みの一覧を見、続け、取り消します。"""

    @imports.command("oneroster")
    def import_oneroster(
        path: Annotated[
            Path, typer.Argument(help="OneRoster（1.2_JP・1.2）のフォルダーか zip（companion.json とともに）")
        ],
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="何が変わるかを示すだけで、変えません")
        ] = False,
        details: Annotated[
            bool, typer.Option("--details", help="変わることを、一つずつ（もとの値 → 新しい値）示します")
        ] = False,
        confirm_losses: Annotated[
            bool, typer.Option("--confirm-losses", help="思いがけず多くがいなくなっても、取り込みます")
        ] = False,
        problems: Annotated[
            Path | None,
            typer.Option("--problems", help="誤りと読み替えの一覧を、送り返せる表（.xlsx）に書きます"),
        ] = None,
        by: Annotated[str | None, typer.Option("--by", help="だれが（既定: この機械の利用者）")] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help="結果を、すべての誤りとともに、ひとつの JSON で")
        ] = False,
    ) -> None:
        """名簿を取り込みます。一つでも誤りがあれば何も変えず、誤りと直し方を示して終了コード 1。"""
        wanted = Wanted(dry_run, details, confirm_losses, problems, by, as_json)

        async def prepared(units: Units, by: str, tell: Tell | None) -> Prepared:
            return await prepare(units, open_package(path), by=by, tell=tell)

        async def begun(units: Units, of: Prepared) -> tuple[Planned, Run]:
            return await begin(units, of, confirmed=confirm_losses)

        bring(open_units, console, wanted, prepared, begun, working.apply)

    @imports.command("runs")
    def list_runs(as_json: AsJson = False) -> None:
        """取り込みの一覧: 番号、いつ、だれが、状態、変わった数。"""
        with told(console, as_json=as_json):
            found = asyncio.run(_runs(open_units))
            if as_json:
                screen.write_json("runs", runs=[screen.run_as_json(run, working=busy) for run, busy in found])
            else:
                screen.show_runs(found, console)

    @imports.command("resume")
    def resume(number: Number, as_json: AsJson = False) -> None:
        """途中で止まった取り込みか取り消しを、止まったところから続けます。"""
        with told(console, as_json=as_json):
            run = asyncio.run(_run(open_units, number))
            if run.state in ("done", "reverted"):
                raise Stopped(
                    f"取り込み {number} は終わっています（{screen.state_in_words(run, working=False)}）。"
                )
            applied = working.apply(run, quiet=as_json)
            if as_json:
                screen.write_json("resumed", run=number, **applied)
            else:
                words = f"取り込み {number} を終えました（{applied['events']} 件を知らせました）。"
                console.print(words, soft_wrap=True)

    @imports.command("revert")
    def revert(
        number: Number,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="取り消せるかどうかを示すだけで、変えません")
        ] = False,
        by: Annotated[str | None, typer.Option("--by", help="だれが（既定: この機械の利用者）")] = None,
        as_json: AsJson = False,
    ) -> None:
        """取り込みを取り消し、前のとおりに戻します。あとの何かが頼っていれば、それを示して終了コード 1。"""

        async def check() -> tuple[Run, dict[str, Any]]:
            run = await _run(open_units, number)
            async with open_units() as units:
                would = await check_revert(units, run)
            return run, {"people": would.people, "organisations": would.organisations}

        with told(console, as_json=as_json):
            run, would = asyncio.run(check())
            if dry_run:
                applied = {}
            else:
                applied = working.apply(run, quiet=as_json, revert_by=by or user())
            if as_json:
                screen.write_json("dry-run" if dry_run else "reverted", run=number, **{**would, **applied})
            elif dry_run:
                words = f"取り消せます（人 {would['people']}、学校・学級・部署 {would['organisations']}）。"
                console.print(words + "何も変えていません。", soft_wrap=True)
            else:
                words = f"取り込み {number} を取り消しました（{applied['events']} 件を知らせました）。"
                console.print(words, soft_wrap=True)

    add_gakureibo_commands(imports, open_units, console, working.apply)
    add_upload_command(imports, open_units)

    @imports.command("work")
    def work(
        number: Number, revert_by: Annotated[str | None, typer.Option(help="取り消すとき、だれが")] = None
    ) -> None:
        """ほかのコマンドが呼ぶ、取り込みを適用する過程。進みを一行ずつの JSON で言います。"""

        def say(**words: Any) -> None:
            sys.stdout.write(json.dumps(words, ensure_ascii=False) + "\n")
            sys.stdout.flush()

        try:
            with no_cycles():
                say(**asyncio.run(working.work(number, say, revert_by)))
        except Depended as error:
            say(depended=[each._asdict() for each in error.dependents])
            raise typer.Exit(1) from None
        except Busy as error:
            say(busy=True, stopped=reason(error))
            raise typer.Exit(1) from None
        except (Moved, NotToRevert, Stopped) as error:
            say(stopped=reason(error))
            raise typer.Exit(1) from None


@dataclass(frozen=True)
class _Working:
    """Applies runs, in a process of their own where the deployment has one."""

    open_units: OpenUnits
    console: Console
    bulk: Bulk

    def apply(self, run: Run, *, quiet: bool, revert_by: str | None = None) -> dict[str, Any]:
        """Apply or take back a run, showing how far it is. Returns its events and the last one's position."""
        with Shown(self.console, quiet=quiet) as shown:
            if revert_by is None and run.state == "applying":
                shown.begin(run.parts_done, run.parts)
            if self.bulk.worker is None:
                return asyncio.run(self.work(run.number, shown.say, revert_by))
            return self._in_its_own(run, shown, revert_by)

    def _in_its_own(self, run: Run, shown: Shown, revert_by: str | None) -> dict[str, Any]:
        assert self.bulk.worker is not None
        more = [] if revert_by is None else ["--revert-by", revert_by]
        last: dict[str, Any] = {}
        with subprocess.Popen(
            [*self.bulk.worker(run.number), *more], stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    last = json.loads(line)
                    shown.say(**last)
            except KeyboardInterrupt:  # the terminal has told the process too
                last = {"stopped": "中断しました。終わった学校までは取り込まれています。"}
        if "depended" in last:
            refuse_depended([(each["what"], each["number"]) for each in last["depended"]])
        if process.returncode != 0 or "events" not in last or "part" in last or "stopped" in last:
            reason = last.get("stopped", "取り込みの過程が途中で終わりました。")
            raise Stopped(f"{reason}\n続けるには: tsumugi import resume {run.number}")
        return last

    async def work(self, number: int, say: Callable[..., None], revert_by: str | None) -> dict[str, Any]:
        """The process itself."""
        run = await _run(self.open_units, number)
        async with self.open_units() as units, httpx.AsyncClient() as client:

            def waiting(slow: Sequence[Behind]) -> None:
                say(waiting=[{"reader": each.name, "records": each.records} for each in slow])

            pace = Pace(readers_over_http(units, self.bulk.others(), client), waiting)
            names = await _names(units, run.board)

            def tell(progress: Any) -> None:
                school = names.get(progress.school, "") if progress.school else ""
                say(part=progress.done, parts=progress.parts, school=school, events=progress.events)

            if revert_by is not None or run.state == "reverting":
                by = revert_by or run.reverted_by or user()
                back = await revert_run(units, run, actor=ACTOR, by=by, pause=pace, tell=tell)
                return {"events": back.events, "position": back.position}
            done = await apply_run(units, run, actor=ACTOR, pause=pace, tell=tell)
            return {"events": done.events, "position": done.position}


async def _names(units: Units, board: UUID) -> dict[UUID, str]:
    async with units.read(Scope(board)) as session:
        return {row.id: row.short_name for row in (await roster.organisations(session, board)).values()}


async def _run(open_units: OpenUnits, number: int) -> Run:
    async with open_units() as units:
        for board in await boards(units):
            async with units.read(Scope(board)) as session:
                found = await store.run(session, board, number)
            if found is not None:
                return found
    raise Stopped(f"取り込み {number} はありません。`tsumugi import runs` で一覧を見られます。")


async def _runs(open_units: OpenUnits) -> list[tuple[Run, bool]]:
    found: list[tuple[Run, bool]] = []
    async with open_units() as units:
        for board in await boards(units):
            async with units.read(Scope(board)) as session:
                found += [(run, await at_work(session, run)) for run in await store.runs(session, board)]
    return sorted(found, key=lambda each: each[0].number)
