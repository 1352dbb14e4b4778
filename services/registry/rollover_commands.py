"""``tsumugi rollover …``: next year prepared, previewed, applied by school, gone on with, taken back."""

from __future__ import annotations

import asyncio
import csv
import getpass
import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn
from uuid import UUID

import httpx
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.registry.import_commands import Bulk
from services.registry.import_flow import BUSY, OpenUnits
from services.registry.imports.pace import Pace, readers_over_http
from services.registry.oneroster.importing import ACTOR
from services.registry.rollover import applying, run_store, store
from services.registry.rollover.applying import Busy, Progress, TooLate, Unfinished
from services.registry.rollover.planning import Refused, make_plans, school_named, take_seats
from services.registry.rollover.previewing import Preview
from services.registry.rollover.previewing import preview as previewed
from services.registry.rollover.proposing import Twins
from services.registry.rollover.rules import Consequences, Year
from services.registry.rollover.run_store import Run
from services.registry.rollover_work import add_work_commands
from services.registry.roster import settings
from services.registry.roster import store as roster
from services.registry.roster.acting import log_act
from services.registry.roster.external_ids import boards
from shared.access.log import Seen
from shared.database import Moved, Scope, Units
from shared.dates import TOKYO, school_year

AsJson = Annotated[bool, typer.Option("--json", help="結果を、ひとつの JSON で")]
YearOption = Annotated[int | None, typer.Option("--year", help="始まる年度（既定: 来年度）")]
Number = Annotated[int, typer.Argument(help="年度更新の番号")]
By = Annotated[str | None, typer.Option("--by", help="だれが（既定: この機械の利用者）")]
_TWINS: Mapping[str, Twins] = {"apart": "apart", "together": "together", "free": "free"}
_WORDS = (
    ("promoted", "進級"),
    ("repeating", "原級"),
    ("advancing", "市内へ進学"),
    ("graduating", "卒業"),
    ("prepared", "決まっている"),
    ("new", "新しく入る"),
)


class _Stop(Exception):
    """The command ends here; the message is for the operator, in Japanese."""


def add_rollover_commands(app: typer.Typer, open_units: OpenUnits, console: Console, bulk: Bulk) -> None:
    """Add ``rollover`` to the command line."""
    rollover = typer.Typer(no_args_is_help=True, help="年度更新")
    app.add_typer(rollover, name="rollover")
    add_work_commands(rollover, open_units, bulk)

    @rollover.callback()
    def _group() -> None:
        """来年度の学級を用意し、年度更新を前もって適用し、取り消します。当日は何もしません。"""

    @rollover.command("preview")
    def preview(year: YearOption = None, as_json: AsJson = False) -> None:
        """年度更新をしたらどうなるかを、学校ごとに示します。何も変えません。"""

        async def run() -> Preview:
            async with open_units() as units:
                return await previewed(units, await _board(units), _year(units, year))

        show_preview(_told(console, run()), console, as_json=as_json)

    @rollover.command("propose")
    def propose(
        school: Annotated[
            str | None, typer.Argument(help="学校（第一小）。なければ、案のない学校すべて")
        ] = None,
        seed: Annotated[int, typer.Option(help="同じ数なら、同じ案になります")] = 1,
        twins: Annotated[
            str, typer.Option(help="ふたご: apart（分ける）・together（同じ学級）・free")
        ] = "free",
        year: YearOption = None,
    ) -> None:
        """来年度の学級の案をつくります（人数・性別・いまの学級が、かたよらないように）。"""

        async def run() -> list[str]:
            rule = _TWINS.get(twins)
            if rule is None:
                raise _Stop("--twins は apart・together・free のどれかにしてください。")
            async with open_units() as units:
                return await make_plans(units, await _board(units), _year(units, year), school, seed, rule)

        made = _told(console, run())
        words = (
            f"{len(made)} 校の学級の案をつくりました。" if made else "どの学校にも、もう学級の案があります。"
        )
        console.print(words, soft_wrap=True)

    @rollover.command("seats")
    def seats(
        school: Annotated[str, typer.Argument(help="学校（第一小）")],
        file: Annotated[
            Path, typer.Argument(help="「氏名・学級・番号」の CSV（UTF-8）", exists=True, dir_okay=False)
        ],
        year: YearOption = None,
    ) -> None:
        """来年度の学級と番号を、ファイルから入れます。一つでも読めない行があれば何も変えません。"""

        try:
            rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
        except UnicodeDecodeError:
            _fail(console, f"{file} を UTF-8 として読めません。UTF-8 の CSV で保存し直してください。")

        async def run() -> int:
            async with open_units() as units:
                return await take_seats(units, await _board(units), _year(units, year), school, rows)

        console.print(f"{_told(console, run())} 人の学級を入れました。", soft_wrap=True)

    @rollover.command("onward")
    def onward(
        school: Annotated[str, typer.Argument(help="学校（第一小）")],
        next_school: Annotated[str, typer.Argument(help="卒業生の多くが進む学校（和光中）")],
    ) -> None:
        """学校の卒業生が進む学校を決めます（通学区域）。一人ひとりの進学先が取り込まれていれば、そちらが先です。"""

        async def run() -> None:
            async with open_units() as units:
                board, year = await _board(units), _year(units, None)
                async with units.work(Scope(board), actor=ACTOR) as work:
                    await roster.lock_roster(work)
                    city, schools = await store.city(work.session, board, year)
                    told = {
                        **city.next_schools,
                        school_named(schools, school).id: school_named(schools, next_school).id,
                    }
                    await store.put_next_schools(work, told, units.clock.today())
                    await settings.publish(work)
                    await log_act(work, Seen("SayNextSchool", "board", board, "IV"))

        _told(console, run())
        console.print(escape(f"{school} の卒業生は {next_school} に進みます。"), soft_wrap=True)

    @rollover.command("apply")
    def apply(year: YearOption = None, by: By = None, as_json: AsJson = False) -> None:
        """年度更新を、前もって適用します。4月1日になると、そのとおりになります。"""

        async def run() -> tuple[Run, int]:
            async with open_units() as units, httpx.AsyncClient() as client:
                board = await _board(units)
                planned = await previewed(units, board, _year(units, year))
                if not as_json:
                    show_preview(planned, console, as_json=False)
                begun = await applying.begin(units, planned, board, actor=ACTOR, by=by or getpass.getuser())
                pace = Pace(readers_over_http(units, bulk.others(), client))
                events, _ = await applying.apply_run(
                    units, begun, actor=ACTOR, pause=pace, tell=None if as_json else _progress(console)
                )
                return begun, events

        run_, events = _told(console, run())
        _end(
            console,
            f"年度更新 {run_.number} を適用しました（{events} 件を知らせました）。",
            as_json,
            run_,
            events,
        )

    @rollover.command("runs")
    def list_runs(as_json: AsJson = False) -> None:
        """年度更新の一覧: 番号、年度、いつ、だれが、状態。"""

        async def run() -> list[Run]:
            async with open_units() as units:
                board = await _board(units)
                async with units.read(Scope(board)) as session:
                    return await run_store.runs(session, board)

        found = _told(console, run())
        if as_json:
            _json(
                runs=[
                    {"run": r.number, "year": r.year.number, "state": r.state, "by": r.started_by}
                    for r in found
                ]
            )
            return
        table = Table("番号", "年度", "始めた日時", "だれが", "状態", "学校", box=None)
        words = {"applying": "途中", "done": "済み", "reverting": "取り消し中", "reverted": "取り消し済み"}
        for each in found:
            at = f"{each.started_at.astimezone(TOKYO):%Y-%m-%d %H:%M}"
            parts = f"{each.parts_done}/{each.parts}"
            table.add_row(
                str(each.number), str(each.year.number), at, escape(each.started_by), words[each.state], parts
            )
        console.print(table if found else "年度更新は、まだありません。")

    @rollover.command("resume")
    def resume(number: Number, as_json: AsJson = False) -> None:
        """途中で止まった年度更新か取り消しを、続けます。"""

        async def run() -> tuple[Run, int]:
            async with open_units() as units, httpx.AsyncClient() as client:
                found = await _run(units, number)
                if found.state == "reverting":
                    by = found.reverted_by or getpass.getuser()
                    return found, await applying.revert_run(units, found, actor=ACTOR, by=by)
                if found.state != "applying":
                    raise _Stop(f"年度更新 {number} は終わっています。")
                pace = Pace(readers_over_http(units, bulk.others(), client))
                return found, (await applying.apply_run(units, found, actor=ACTOR, pause=pace))[0]

        run_, events = _told(console, run())
        _end(console, f"年度更新 {number} を終えました（{events} 件を知らせました）。", as_json, run_, events)

    @rollover.command("revert")
    def revert(number: Number, by: By = None, as_json: AsJson = False) -> None:
        """年度更新を取り消し、前のとおりに戻します。4月1日からは取り消せません。"""

        async def run() -> tuple[Run, int]:
            async with open_units() as units:
                found = await _run(units, number)
                who = by or getpass.getuser()
                return found, await applying.revert_run(units, found, actor=ACTOR, by=who)

        run_, events = _told(console, run())
        _end(
            console,
            f"年度更新 {number} を取り消しました（{events} 件を知らせました）。",
            as_json,
            run_,
            events,
        )


def _end(console: Console, words: str, as_json: bool, run: Run, events: int) -> None:
    if as_json:
        _json(run=run.number, year=run.year.number, events=events)
    else:
        console.print(words, soft_wrap=True)


def _progress(console: Console) -> Any:
    def tell(progress: Progress) -> None:
        console.print(f"{progress.done}/{progress.parts} 校", end="\r" if console.is_terminal else "\n")

    return tell


def _year(units: Units, given: int | None) -> Year:
    now = school_year(units.clock.today())
    if given is not None and given not in (now, now + 1):
        raise _Stop(
            f"--year は {now + 1}（来年度）か {now}（今年度。見るだけ）にしてください。入力: {given}。"
            "いまの名簿から見通せるのは、つぎの4月1日に始まる年度までです。"
        )
    return Year(now + 1 if given is None else given)


async def _board(units: Units) -> UUID:
    found = await boards(units)
    if len(found) != 1:
        raise _Stop(
            "名簿がありません。" if not found else "教育委員会が二つ以上あります。画面からしてください。"
        )
    return found[0]


async def _run(units: Units, number: int) -> Run:
    board = await _board(units)
    async with units.read(Scope(board)) as session:
        for each in await run_store.runs(session, board):
            if each.number == number:
                return each
    raise _Stop(f"年度更新 {number} はありません。`tsumugi rollover runs` で一覧を見られます。")


def show_preview(planned: Preview, console: Console, *, as_json: bool) -> None:
    if as_json:
        _json(
            year=planned.year.number,
            schools=[{"school": school.name, **_numbers(each)} for school, each in planned.schools],
            total=_numbers(planned.total()),
        )
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("学校", no_wrap=True)
    table.add_column("来年度", justify="right", no_wrap=True)
    for heading in ("その子たち", "まだのもの"):
        table.add_column(
            heading, overflow="fold"
        )  # else wide letters lose a count's last digit at a line's end
    total = planned.total()
    for name, each in [*((school.name, each) for school, each in planned.schools), ("計", total)]:
        became = [(word, each.became[kind]) for kind, word in _WORDS]
        open_ = [
            ("進学先なし", each.nowhere),
            ("学級なし", each.without_class),
            ("担任なし", each.without_teacher),
            ("交流", each.exchange),
        ]
        table.add_row(escape(name), str(each.pupils), _counted(became), _counted(open_))
    console.print(table)
    if total.without_class:
        console.print(
            f"学級の決まっていない子が {total.without_class} 人います。`tsumugi rollover propose` で案をつくれます。",
            soft_wrap=True,
        )
    for duty, schools in sorted(total.lacking.items()):
        console.print(
            f"4月1日に{duty}のいない学校が {schools} 校あります。人事異動を取り込むか、職務を入れてください。",
            soft_wrap=True,
        )
    if total.nowhere:
        console.print(
            f"進学先の分からない卒業生が {total.nowhere} 人います。市外や私立でなければ、"
            "学齢簿か来年度の名簿を取り込むか、"
            "`tsumugi rollover onward` で、その学校の卒業生が進む学校を決めてください。",
            soft_wrap=True,
        )


def _counted(words: Sequence[tuple[str, int]]) -> str:
    """「進級280  卒業55」: only what there is; a line ends between two of them and never within one."""
    return "  ".join(f"{word}{count}" for word, count in words if count)


def _numbers(each: Consequences) -> Mapping[str, Any]:
    return {
        **{kind: each.became[kind] for kind, _ in _WORDS},
        "pupils": each.pupils,
        "nowhere": each.nowhere,
        "without_class": each.without_class,
        "exchange": each.exchange,
        "changed": each.changed,
        "without_teacher": each.without_teacher,
        "lacking": dict(each.lacking),
    }


def _json(**words: Any) -> None:
    sys.stdout.write(json.dumps(words, ensure_ascii=False) + "\n")


def _told(console: Console, act: Any) -> Any:
    try:
        return asyncio.run(act)
    except Unfinished as error:
        number = error.run.number
        _fail(
            console,
            f"年度更新 {number} が途中です。続けるには: tsumugi rollover resume {number}"
            f"　取り消すには: tsumugi rollover revert {number}",
        )
    except Busy:
        _fail(console, "その年度更新は、いまほかのところで進んでいます。")
    except Moved:
        _fail(console, BUSY)
    except (TooLate, _Stop, Refused, settings.TooLarge) as error:
        _fail(console, str(error))


def _fail(console: Console, words: str) -> NoReturn:
    console.print(escape(words), style="red", soft_wrap=True)
    raise typer.Exit(1) from None
