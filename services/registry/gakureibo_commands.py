"""``tsumugi import gakureibo``: a board's 学齢簿, and which of its columns says what."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, cast
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.registry.gakureibo import store
from services.registry.gakureibo.importing import Brought, begin, prepare
from services.registry.gakureibo.mapping import ITEMS, Does, Item, Mapping, lacks, suggested
from services.registry.gakureibo.schools import Schools
from services.registry.gakureibo.sheet import Sheet, read_sheet
from services.registry.gakureibo.store import Saved
from services.registry.import_flow import Apply, OpenUnits, Stopped, Tell, Wanted, bring, told, user
from services.registry.imports.importing import Planned
from services.registry.imports.receiving import MAX_REGISTER_BYTES
from services.registry.imports.store import Run
from services.registry.oneroster.cells import Fault
from services.registry.oneroster.importing import ACTOR, Prepared
from services.registry.oneroster.problems import Problems
from services.registry.roster.acting import log_act
from services.registry.roster.external_ids import boards
from shared.access.log import Seen
from shared.database import Scope, Units

_FIRST_YEAR, _LAST_YEAR = 2000, 2097
_WORDS: dict[str, Does] = {"4月に入学": "enters", "転入": "arrives", "読みとばす": "nothing"}

The_file = Annotated[Path, typer.Argument(metavar="PATH", help="学齢簿の CSV（UTF-8、またはシフト JIS）")]


def add_gakureibo_commands(
    imports: typer.Typer, open_units: OpenUnits, console: Console, apply: Apply
) -> None:
    """Add ``gakureibo`` and ``gakureibo-mapping`` to ``import``."""

    @imports.command("gakureibo")
    def import_gakureibo(
        path: The_file,
        mapping: Annotated[str, typer.Option("--mapping", metavar="NAME", help="列の対応づけの名前")],
        year: Annotated[
            int | None,
            typer.Option(
                min=_FIRST_YEAR,
                max=_LAST_YEAR,
                help="取り込む年度（新入学はその4月1日から。既定: ファイルの日付の年度、なければ来年度）",
            ),
        ] = None,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="何が変わるかを示すだけで、変えません")
        ] = False,
        details: Annotated[
            bool, typer.Option("--details", help="変わることを、一つずつ（もとの値 → 新しい値）示します")
        ] = False,
        confirm_losses: Annotated[
            bool, typer.Option("--confirm-losses", help="思いがけず多くが入学しなくなっても、取り込みます")
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
        """学齢簿から、4月に入学する子と、転入する子を取り込みます。一つでも誤りがあれば何も変えません。"""
        wanted = Wanted(dry_run, details, confirm_losses, problems, by, as_json)

        async def brought(units: Units) -> tuple[UUID, Brought]:
            board = await _the_board(units)
            async with units.read(Scope(board)) as session:
                saved = await store.named(session, board, mapping)
                others = "・".join(each.name for each in await store.mappings(session, board))
            if saved is None:
                there = f"あるもの: {others}" if others else "まだ一つもありません"
                words = f"「{mapping}」という対応づけはありません（{there}）。"
                raise Stopped(words + f"つくるには: tsumugi import gakureibo-mapping {path} --save {mapping}")
            return board, Brought(path.name, _content(path), saved, year)

        async def prepared(units: Units, by: str, tell: Tell | None) -> Prepared:
            board, file = await brought(units)
            return await prepare(units, board, file, by=by, tell=tell)

        async def begun(units: Units, of: Prepared) -> tuple[Planned, Run]:
            board, file = await brought(units)
            return await begin(units, board, file, of, confirmed=confirm_losses)

        bring(open_units, console, wanted, prepared, begun, apply)

    @imports.command("gakureibo-mapping")
    def gakureibo_mapping(
        path: Annotated[Path | None, typer.Argument(metavar="[PATH]", help="学齢簿の CSV")] = None,
        items: Annotated[
            list[str] | None,
            typer.Option("--set", metavar="項目=見出し", help="例: --set 氏名=本人氏名（見出しなしで外す）"),
        ] = None,
        schools: Annotated[
            list[str] | None,
            typer.Option(
                "--school",
                metavar="書き方=学校",
                help="例: --school 101=第一小（右が空なら市外の学校）",
            ),
        ] = None,
        reasons: Annotated[
            list[str] | None,
            typer.Option("--reason", metavar="事由=どうするか", help=f"{'・'.join(_WORDS)} のどれか"),
        ] = None,
        save: Annotated[str | None, typer.Option("--save", metavar="NAME", help="この名前で覚えます")] = None,
        by: Annotated[str | None, typer.Option("--by", help="だれが（既定: この機械の利用者）")] = None,
    ) -> None:
        """学齢簿のどの列が何かの、対応づけを見ます・つくります・直します。PATH がなければ一覧。"""

        async def run() -> None:
            async with open_units() as units:
                board = await _the_board(units)
                async with units.read(Scope(board)) as session:
                    saved = await store.mappings(session, board)
                if path is None:
                    _list(saved, console)
                    return
                problems = Problems()
                sheet = read_sheet(path.name, _content(path), problems)
                if not sheet.headings:
                    raise Stopped(str(next(iter(problems.listed()), "読めません。")))
                known = next((each.content for each in saved if each.name == save), None)
                made = await _made(units, board, sheet, known, items or [], schools or [], reasons or [])
                _show(sheet, made, console)
                if save is None:
                    console.print("覚えていません。覚えるには --save NAME を付けてください。", soft_wrap=True)
                    return
                if wrong := lacks(made):
                    raise Stopped("覚えていません。\n" + "\n".join(f"  {each.words}" for each in wrong))
                async with units.work(Scope(board), actor=ACTOR) as work:
                    seen = await store.last_revision(work.session, board, save)
                    kept = await store.save(work, save, seen, made, by or user())
                    if kept is None:
                        raise Stopped("ほかの人が同時に同じ名で覚えました。もう一度実行してください。")
                    await log_act(work, Seen("SaveMapping", "gakureibo-mapping", kept[0], "IV"))
                console.print(f"「{save}」として覚えました。", soft_wrap=True)

        with told(console, as_json=False):
            asyncio.run(run())


async def _made(
    units: Units,
    board: UUID,
    sheet: Sheet,
    known: Mapping | None,
    items: list[str],
    schools: list[str],
    reasons: list[str],
) -> Mapping:
    """The mapping that was there, or what the headings say by themselves, with what was set."""
    columns = dict(known.columns) if known is not None else suggested(sheet.headings)
    of_word = {each.word: item for item, each in ITEMS.items()} | {item: item for item in ITEMS}
    for word, heading in map(_parted, items):
        item = of_word.get(cast("Item", word)) or next(
            (i for w, i in of_word.items() if word in w.split("・")), None
        )
        if item is None:
            raise Stopped(
                f"「{word}」という項目はありません。項目: {'、'.join(each.word for each in ITEMS.values())}"
            )
        if heading and heading not in sheet.headings:
            raise Stopped(f"「{heading}」という見出しがありません。見出し: {'、'.join(sheet.headings)}")
        columns.pop(item, None)
        if heading:
            columns[item] = heading
    async with units.read(Scope(board)) as session:
        _, there = await store.places(session, board, units.clock.today())
    finder = Schools(there.values(), Mapping(columns={}))
    told_schools: dict[str, UUID | None] = dict(known.schools) if known is not None else {}
    for word, school in map(_parted, schools):
        found = finder.find(school) if school else None
        if isinstance(found, Fault):
            names = "・".join(each.short_name for each in there.values())
            raise Stopped(f"{found.rule}。学校: {names}")
        told_schools[word] = None if found is None else found.id
    told_reasons: dict[str, Does] = dict(known.reasons) if known is not None else {}
    for word, does in map(_parted, reasons):
        if does not in _WORDS:
            raise Stopped(f"「{does}」ではなく、{'・'.join(_WORDS)} のどれかにしてください。")
        told_reasons[word] = _WORDS[does]
    return Mapping(columns=columns, schools=told_schools, reasons=told_reasons)


def _parted(said: str) -> tuple[str, str]:
    word, sign, what = said.partition("=")
    if not sign or not word:
        raise Stopped(f"「{said}」は「項目=見出し」のように、= で分けてください。")
    return word.strip(), what.strip()


def _show(sheet: Sheet, made: Mapping, console: Console) -> None:
    of = {heading: item for item, heading in made.columns.items()}
    table = Table("見出し", "項目", "例", box=None)
    for place, heading in enumerate(sheet.headings):
        item = of.get(heading)
        word = ITEMS[item].word if item is not None else "（読みません）"
        examples = "、".join(sheet.examples(place)) if item is not None else ""
        table.add_row(Text(heading), word, Text(examples))
    console.print(table)


def _list(saved: list[Saved], console: Console) -> None:
    if not saved:
        console.print(
            "まだ対応づけがありません。つくるには: tsumugi import gakureibo-mapping PATH --save NAME"
        )
    for each in saved:
        items = "、".join(f"{ITEMS[item].word}={heading}" for item, heading in each.content.columns.items())
        console.print(Text(f"{each.name}（{each.revision}、{each.saved_by}）\n  {items}"), soft_wrap=True)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_REGISTER_BYTES:
            raise Stopped(f"{path} は大きすぎます（{MAX_REGISTER_BYTES // 1_000_000} MB まで）。")
        return path.read_bytes()
    except OSError:
        raise Stopped(f"{path} を読めません。学齢簿の CSV のファイルを選んでください。") from None


async def _the_board(units: Units) -> UUID:
    found = await boards(units)
    if len(found) != 1:
        raise Stopped(
            "名簿がありません。先に、学校のある名簿を `tsumugi import oneroster` で取り込んでください。"
            if not found
            else "教育委員会が二つ以上あります。画面から取り込んでください。"
        )
    return found[0]
