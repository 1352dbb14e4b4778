"""registry's part of the command line: imports and substitutes. The composition root mounts it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn
from unicodedata import category
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from services.registry.oneroster.importing import ACTOR, Refused, import_package
from services.registry.oneroster.packages import NotAPackageError, open_package
from services.registry.oneroster.problems import Problem
from services.registry.roster.imports import Imported
from services.registry.roster.store import boards
from services.registry.roster.substitutes import NoSubstitute, add_substitute, find_class, find_staff
from shared.database import Moved, Units
from shared.dates import in_words, school_year

OpenUnits = Callable[[], AbstractAsyncContextManager[Units]]
"""Opens registry's rows as its app role, for one command."""

_SHOWN_PROBLEMS = 200
_SHOWN_CLASSES = 12
_MOVED = "ほかの処理が同時に名簿を変えています。何も変えていません。少し待って、もう一度実行してください。"


def add_commands(app: typer.Typer, open_units: OpenUnits, console: Console) -> None:
    """Add ``import oneroster`` and ``substitute`` to the command line."""
    imports = typer.Typer(no_args_is_help=True, help="名簿の取り込み")
    app.add_typer(imports, name="import")

    @imports.callback()
    def _group() -> None:
        """名簿を取り込みます。"""

    @imports.command("oneroster")
    def import_oneroster(
        path: Annotated[
            Path, typer.Argument(help="OneRoster 1.2_JP のフォルダーか zip（companion.json とともに）")
        ],
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="何が変わるかを示すだけで、変えません")
        ] = False,
        as_json: Annotated[
            bool, typer.Option("--json", help="結果を、すべての誤りとともに、ひとつの JSON で")
        ] = False,
    ) -> None:
        """名簿を取り込みます。一つでも誤りがあれば何も変えず、誤りと直し方を示して終了コード 1。"""

        async def run() -> Imported:
            async with open_units() as units:
                return await import_package(units, open_package(path), dry_run=dry_run)

        try:
            done = asyncio.run(run())
        except NotAPackageError as error:
            _stop(str(error), console, as_json=as_json)
        except Refused as error:
            if as_json:
                _write_json("refused", problems=[each._asdict() for each in error.problems])
            else:
                _show_problems(error.problems, console)
            raise typer.Exit(1) from None
        except Moved:
            _stop(_MOVED, console, as_json=as_json)
        if as_json:
            _write_json(_outcome(done, dry_run=dry_run), **_changes(done))
        else:
            _show_changes(done, console, dry_run=dry_run)

    @app.command()
    def substitute(
        school: Annotated[str, typer.Argument(help="学校（第一小）")],
        class_name: Annotated[str, typer.Argument(metavar="CLASS", help="学級（2年1組）")],
        staff: Annotated[str, typer.Argument(help="補欠に入る職員の氏名")],
        on: Annotated[
            datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="日付（既定: 今日）")
        ] = None,
    ) -> None:
        """その日だけ、学級の補欠に入れます。"""

        async def run() -> str:
            async with open_units() as units:
                day = on.date() if on else units.clock.today()
                board = await _the_board(units)
                class_id = await find_class(
                    units, board, school=school, name=class_name, year=school_year(day)
                )
                person = await find_staff(units, board, class_id=class_id, name=staff, on=day)
                position = await add_substitute(
                    units, board, class_id=class_id, staff=person, on=day, actor=ACTOR
                )
            word = "補欠に入りました" if position is not None else "すでに補欠です"
            return f"{staff} は {in_words(day)} に {school} {class_name} の{word}。"

        try:
            console.print(escape(asyncio.run(run())), soft_wrap=True)
        except NoSubstitute as error:
            console.print(escape(str(error)), style="red", soft_wrap=True)
            raise typer.Exit(1) from None
        except Moved:
            console.print(_MOVED, style="red", soft_wrap=True)
            raise typer.Exit(1) from None


async def _the_board(units: Units) -> UUID:
    found = await boards(units)
    if len(found) != 1:
        raise NoSubstitute(
            "名簿がありません。" if not found else "教育委員会が二つ以上あります。画面から入れてください。"
        )
    return found[0]


def _stop(words: str, console: Console, *, as_json: bool) -> NoReturn:
    if as_json:
        _write_json("stopped", message=words)
    else:
        console.print(Text(words, "red"), soft_wrap=True)
    raise typer.Exit(1) from None


def _write_json(outcome: str, **more: Any) -> None:
    """One object: ``outcome`` is imported, unchanged, dry-run, refused (``problems``) or stopped (``message``)."""
    sys.stdout.write(json.dumps({"outcome": outcome, **more}, ensure_ascii=False, indent=2) + "\n")


def _outcome(done: Imported, *, dry_run: bool) -> str:
    return "dry-run" if dry_run else "unchanged" if done.nothing else "imported"


def _changes(done: Imported) -> Mapping[str, Any]:
    return {
        "board": str(done.board),
        "counts": {word: asdict(counts) for word, counts in done.counts.items()},
        "classes": done.classes,
        "events": done.events,
        "position": done.position,
    }


def _show_problems(problems: tuple[Problem, ...], console: Console) -> None:
    """One block a problem, its lines as long as they are: nothing of a remedy is cut off, and lines can be copied."""
    for each in problems[:_SHOWN_PROBLEMS]:
        place = ":".join(str(part) for part in (each.file, each.line, each.column) if part)
        block = Text.assemble((_visible(place), "bold"), f" 「{_visible(each.value)}」\n")
        block.append(f"  誤り: {_visible(each.rule)}\n  直し方: {_visible(each.remedy)}\n")
        console.print(block, soft_wrap=True)
    more = len(problems) - _SHOWN_PROBLEMS
    if more > 0:
        console.print(f"ほかに {more} 件（すべては --json で）", soft_wrap=True)
    console.print(f"取り込んでいません。誤りが {len(problems)} 件あります。", style="red", soft_wrap=True)


def _visible(told: str) -> str:
    """With control characters written out: a cell must not steer the operator's terminal."""
    return "".join(ascii(one)[1:-1] if category(one).startswith("C") else one for one in told)


def _show_changes(done: Imported, console: Console, *, dry_run: bool) -> None:
    if done.nothing:
        console.print("すべてこのとおりになっています。何も変えていません。", soft_wrap=True)
        return
    table = Table("", "新しい", "変わる", "終わる", box=None)
    for word, counts in done.counts.items():
        table.add_row(word, *(str(each or "") for each in (counts.new, counts.changed, counts.ended)))
    console.print(table)
    if done.classes:
        shown = "、".join(done.classes[:_SHOWN_CLASSES])
        more = f" ほか {len(done.classes) - _SHOWN_CLASSES}" if len(done.classes) > _SHOWN_CLASSES else ""
        console.print(f"名簿が変わる学級 {len(done.classes)}: {escape(shown)}{more}", soft_wrap=True)
    console.print(
        "これは予行です。何も変えていません。"
        if dry_run
        else f"取り込みました（{done.events} 件を知らせました）。"
    )
