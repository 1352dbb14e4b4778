"""What a person sees of an import on the command line, and what a program reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from unicodedata import category

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from services.registry.imports.found import preview_as_json
from services.registry.imports.importing import Planned
from services.registry.imports.store import Run
from services.registry.imports.words import Change
from services.registry.oneroster.problems import Note, Problem
from shared.dates import TOKYO

_SHOWN_PROBLEMS = 200
_SHOWN_CLASSES = 12
_SHOWN_SCHOOLS = 40
_SHOWN_NOTES = 20
_SCHOOL_COLUMNS = ("いまの人数", "取り込み後", "入る", "転入", "転出", "出る", "組がえ", "番号", "期間など")

KIND_WORDS: Mapping[str, str] = {
    "new": "新しい人",
    "card": "変わる人",
    "enrolled": "在籍する",
    "left": "在籍でなくなる",
    "moved": "学校を移る",
    "class": "学級を移る",
    "number": "出席番号",
    "dates": "在籍の期間など",
    "duty": "職務",
    "guardianship": "保護者",
    "protection": "保護の印",
    "contact": "連絡先",
    "organisation_new": "新しい組織",
    "organisation": "組織",
    "organisation_closed": "終わる組織",
    "kept": "手で直したまま残す",
    "overwritten": "手で直したものを上書き",
    "calendar": "学校暦",
}


def write_json(outcome: str, **more: Any) -> None:
    """One object: ``outcome`` says what happened, the rest depends on it (docs/import.md)."""
    sys.stdout.write(json.dumps({"outcome": outcome, **more}, ensure_ascii=False, indent=2) + "\n")


def told(rows: Iterable[Problem | Note]) -> list[dict[str, Any]]:
    """Problems or notes for programs."""
    return [each._asdict() for each in rows]


def changes(planned: Planned, details: Sequence[Change] | None) -> dict[str, Any]:
    """A preview for programs. ``details`` None: they were not asked for."""
    more = {} if details is None else {"details": [_change(each) for each in details]}
    return {"board": str(planned.frame.board), **preview_as_json(planned), **more}


def _change(change: Change) -> dict[str, Any]:
    return {name: value for name, value in change._asdict().items() if name != "person"}


def show_problems(problems: Sequence[Problem], total: int, console: Console) -> None:
    """One block a problem, its lines as long as they are: nothing of a remedy is cut off, and lines can be copied."""
    for each in problems[:_SHOWN_PROBLEMS]:
        place = ":".join(str(part) for part in (each.file, each.line, each.column) if part)
        block = Text.assemble((_visible(place), "bold"), f" 「{_visible(each.value)}」\n")
        block.append(f"  誤り: {_visible(each.rule)}\n  直し方: {_visible(each.remedy)}\n")
        console.print(block, soft_wrap=True)
    more = len(problems) - _SHOWN_PROBLEMS
    if more > 0:
        console.print(f"ほかに {more} 件（すべては --json か --problems で）", soft_wrap=True)
    console.print(f"取り込んでいません。誤りが {total} 件あります。", style="red", soft_wrap=True)


def show_notes(notes: Sequence[Note], console: Console) -> None:
    """What was read otherwise than it is written."""
    if not notes:
        return
    console.print("書かれているとおりではなく、次のように読みました:", soft_wrap=True)
    for each in notes[:_SHOWN_NOTES]:
        place = ":".join(str(part) for part in (each.file, each.line, each.column) if part)
        read = f"「{_visible(each.before)}」→「{_visible(each.after)}」" if each.after else ""
        times = f"（{each.times} か所）" if each.times > 1 else ""
        console.print(Text(f"  {_visible(place)} {each.told}{times} {read}".rstrip()), soft_wrap=True)
    if len(notes) > _SHOWN_NOTES:
        console.print(f"  ほかに {len(notes) - _SHOWN_NOTES} 種類（すべては --json か --problems で）")


def show_preview(planned: Planned, console: Console) -> None:
    """What would change, in numbers."""
    preview = planned.preview
    table = Table("", "新しい", "変わる", "終わる", box=None)
    for word, counts in preview.counts.items():
        table.add_row(word, *(str(each or "") for each in (counts.new, counts.changed, counts.ended)))
    console.print(table)
    if preview.schools:
        schools = Table("学校", *_SCHOOL_COLUMNS, box=None)
        for counts_ in planned.schools()[:_SHOWN_SCHOOLS]:
            name, before, after, *changes_ = counts_.values()
            cells = (str(before), str(after), *(str(each or "") for each in changes_))
            schools.add_row(escape(name), *cells)
        console.print(schools)
        if len(preview.schools) > _SHOWN_SCHOOLS:
            console.print(f"ほか {len(preview.schools) - _SHOWN_SCHOOLS} 校（すべては --json で）")
    if preview.resembling is not None and preview.resembling.children:
        many, lines = preview.resembling
        console.print(
            f"同じ子かもしれない子がいる新しい子 {many}（{lines}）: 取り込んだあと、名寄せでたずねます。",
            soft_wrap=True,
        )
    names = planned.class_names()
    if names:
        shown = "、".join(names[:_SHOWN_CLASSES])
        more = f" ほか {len(names) - _SHOWN_CLASSES}" if len(names) > _SHOWN_CLASSES else ""
        console.print(f"名簿が変わる学級 {len(names)}: {escape(shown)}{more}", soft_wrap=True)
    accounts = preview.accounts
    if any(accounts):
        console.print(
            f"アカウント: 新しく使える {accounts.opened}、使えなくなる {accounts.closed}、"
            f"役割が変わる {accounts.changed}",
            soft_wrap=True,
        )


def show_details(details: Iterable[Change], console: Console) -> None:
    """One line a change."""
    for each in details:
        where = f" {each.what}" if each.what else ""
        values = f": {each.before or '―'} → {each.after or '―'}" if each.before or each.after else ""
        who = f" {each.who}" if each.who else ""
        console.print(Text(_visible(f"{KIND_WORDS[each.kind]}{who}{where}{values}")), soft_wrap=True)


def show_losses(planned: Planned, console: Console) -> None:
    """Who so many would leave that it must be said again."""
    console.print("取り込んでいません。思いがけず多くがいなくなる取り込みです:", style="red", soft_wrap=True)
    for each in planned.preview.losses:
        words = [
            f"{planned.place(each.school) or '―'}: {each.pupils} 人のうち {each.leaving} 人が在籍でなくなります"
        ]
        if each.closes:
            words.append("学校がなくなります")
        if each.classes:
            words.append("なくなるか空になる学級: " + "、".join(planned.place(one) for one in each.classes))
        console.print(Text("  " + "。".join(words) + "。"), soft_wrap=True)
    console.print(
        "名簿がすべてそろっているか確かめてください。これで正しければ --confirm-losses を付けて、もう一度実行します。",
        soft_wrap=True,
    )


_STATES = {"done": "済み", "reverting": "取り消しの途中", "reverted": "取り消し済み"}


def state_in_words(run: Run, *, working: bool) -> str:
    """A run's state; one that nobody works on has stopped."""
    if run.state == "applying":
        return (
            f"取り込み中（{run.parts_done}/{run.parts}）"
            if working
            else (f"途中で止まっています（{run.parts_done}/{run.parts}）")
        )
    return _STATES[run.state]


def show_runs(runs: Sequence[tuple[Run, bool]], console: Console) -> None:
    """All runs, with whether a process works on each: two lines each, of which nothing is cut off."""
    if not runs:
        console.print("まだ取り込みがありません。")
    for run, working in runs:
        counts = run.counts.get("counts", {})
        people, enrolled = counts.get("人", [0, 0, 0]), counts.get("在籍", [0, 0, 0])
        head = (
            f"{run.number:>4}  {run.started_at.astimezone(TOKYO):%Y-%m-%d %H:%M}  {run.started_by}"
            f"  {run.school_year}年度  {state_in_words(run, working=working)}"
        )
        body = (
            f"      人 新 {people[0]}・変 {people[1]}  在籍 新 {enrolled[0]}・変 {enrolled[1]}・終 {enrolled[2]}"
            f"  知らせた {run.events} 件  名簿 {run.digest[:12]}"
        )
        console.print(Text(f"{_visible(head)}\n{body}"), soft_wrap=True)


def run_as_json(run: Run, *, working: bool) -> dict[str, Any]:
    """A run for programs."""
    return {
        "run": run.number,
        "board": str(run.board),
        "state": "interrupted" if run.state == "applying" and not working else run.state,
        "school_year": run.school_year,
        "as_of": run.as_of.isoformat(),
        "digest": run.digest,
        "started_by": run.started_by,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "reverted_by": run.reverted_by,
        "reverted_at": run.reverted_at.isoformat() if run.reverted_at else None,
        "parts": run.parts,
        "parts_done": run.parts_done,
        "events": run.events,
        "confirmed_losses": run.confirmed_losses,
        **run.counts,
    }


def _visible(words: str) -> str:
    """With control characters written out: a cell must not steer the operator's terminal."""
    return "".join(ascii(one)[1:-1] if category(one).startswith("C") else one for one in words)
