"""How ``tsumugi import …`` goes, whatever is imported: read, shown or refused, begun, applied, told."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from services.registry import import_screen as screen
from services.registry.imports.applying import Busy
from services.registry.imports.importing import Planned, Unconfirmed, Unfinished
from services.registry.imports.preview import KEPT
from services.registry.imports.reverting import Depended, NotToRevert
from services.registry.imports.store import Run
from services.registry.imports.words import Change
from services.registry.oneroster.importing import Prepared, Refused, no_cycles
from services.registry.oneroster.packages import NotAPackageError
from services.registry.oneroster.sheets import SUFFIX, write_problems
from shared.database import Moved, Units

OpenUnits = Callable[[], AbstractAsyncContextManager[Units]]
"""Opens registry's rows as its app role, for one command."""
Tell = Callable[[Change], None]
Apply = Callable[..., dict[str, Any]]
"""Applies a run that has begun, showing how far it is."""

BUSY = "ほかの処理が同時に名簿を変えています。何も変えていません。少し待って、もう一度実行してください。"


class Stopped(Exception):
    """The command ends here; the message is for the operator, in Japanese."""


class Wanted(NamedTuple):
    """What the operator has asked for beside the file."""

    dry_run: bool
    details: bool
    confirm_losses: bool
    problems: Path | None
    by: str | None
    as_json: bool


def bring(
    open_units: OpenUnits,
    console: Console,
    wanted: Wanted,
    prepare: Callable[[Units, str, Tell | None], Awaitable[Prepared]],
    begin: Callable[[Units, Prepared], Awaitable[tuple[Planned, Run]]],
    apply: Apply,
) -> None:
    """Read what ``prepare`` reads, show what it would change, and unless it is a dry run begin and apply it."""
    listed: list[Change] | None = [] if wanted.details else None
    problems, as_json = wanted.problems, wanted.as_json

    async def run() -> tuple[Planned, Run | None]:
        async with open_units() as units:
            prepared = await prepare(units, wanted.by or user(), None if listed is None else listed.append)
            if problems is not None:
                write_problems(problems, (), prepared.notes)
            if not as_json:
                screen.show_notes(prepared.notes, console)
                if not wanted.dry_run:
                    _show_unfinished(prepared, console)
                _show(prepared.planned, listed, console)
            if wanted.dry_run:
                return prepared.planned, None
            return await begin(units, prepared)

    with told(console, as_json=as_json):
        if problems is not None and (problems.suffix != SUFFIX or not problems.parent.is_dir()):
            raise Stopped(f"--problems は、いまあるフォルダーの {SUFFIX} のファイルにしてください。")
        try:
            with no_cycles():
                planned, begun = asyncio.run(run())
        except Refused as error:
            _refuse(error, problems, console, as_json=as_json)
        except Unconfirmed as error:
            _ask_again(error.planned, listed, console, as_json=as_json)
        # One that was killed when every part was done has nothing left to write, and is still to be ended.
        applied = apply(begun, quiet=as_json) if begun is not None and begun.open else None
        if as_json:
            outcome = "dry-run" if begun is None else "imported" if applied else "unchanged"
            found = {**screen.changes(planned, listed), "position": None}
            number = {} if begun is None else {"run": begun.number}
            screen.write_json(outcome, **{**found, **number, **(applied or {})})
        elif begun is None:
            console.print("これは予行です。何も変えていません。")
        elif applied:
            console.print(
                f"取り込みました（取り込み {begun.number}、{applied['events']} 件を知らせました）。",
                soft_wrap=True,
            )


def user() -> str:
    """Who uses this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "―"


def _show_unfinished(prepared: Prepared, console: Console) -> None:
    """What follows is what is left of a run that was interrupted, when it is."""
    run = prepared.planned.unfinished
    if run is not None and run.state == "applying" and run.digest == prepared.origin.digest:
        console.print(
            f"途中で止まった取り込み {run.number} の続きです（{run.parts} のうち {run.parts_done} は済み）。"
            "残りは次のとおりです。",
            soft_wrap=True,
        )


def _show(planned: Planned, details: Sequence[Change] | None, console: Console) -> None:
    if planned.nothing:
        console.print("すべてこのとおりになっています。何も変えていません。", soft_wrap=True)
        if kept := planned.preview.counts.get(KEPT):
            console.print(f"{KEPT}: {kept.changed}（名簿より新しい訂正です）", soft_wrap=True)
        return
    if details is not None:
        screen.show_details(details, console)
    screen.show_preview(planned, console)


def _refuse(error: Refused, sheet: Path | None, console: Console, *, as_json: bool) -> NoReturn:
    if sheet is not None:
        write_problems(sheet, error.problems, error.notes)
    if as_json:
        found, notes = screen.told(error.problems), screen.told(error.notes)
        screen.write_json("refused", problems=found, total=error.total, notes=notes)
    else:
        screen.show_problems(error.problems, error.total, console)
        if sheet is not None:
            console.print(Text(f"一覧を {sheet} に書きました。"), soft_wrap=True)
    raise typer.Exit(1)


def _ask_again(
    planned: Planned, details: Sequence[Change] | None, console: Console, *, as_json: bool
) -> NoReturn:
    if as_json:
        screen.write_json("losses", **screen.changes(planned, details))
    else:
        screen.show_losses(planned, console)
    raise typer.Exit(1)


def refuse_depended(dependents: Sequence[tuple[str, int]]) -> NoReturn:
    """What depends on a run keeps it."""
    listed = "".join(f"\n  {what}: {number} 件" for what, number in dependents)
    raise Stopped(f"取り消せません。何も変えていません。頼っているものがあります:{listed}")


def reason(error: Exception) -> str:
    """Why a command stops, for the operator."""
    if isinstance(error, Busy):
        return f"取り込み {error.number} は、いまほかのところで進んでいます。"
    return BUSY if isinstance(error, Moved) else str(error)


@contextmanager
def told(console: Console, *, as_json: bool) -> Iterator[None]:
    """What stops a command is said in a sentence, with exit status 1."""
    try:
        yield
        return
    except Depended as error:
        try:
            refuse_depended([(each.what, each.number) for each in error.dependents])
        except Stopped as stop:
            words = str(stop)
    except Unfinished as error:
        number = error.run.number
        words = (
            f"取り込み {number} が途中です。続けるには: tsumugi import resume {number}"
            f"　取り消すには: tsumugi import revert {number}"
        )
    except (Busy, Moved, NotToRevert, NotAPackageError, Stopped) as error:
        words = reason(error)
    if as_json:
        screen.write_json("stopped", message=words)
    else:
        console.print(Text(words, "red"), soft_wrap=True)
    raise typer.Exit(1)
