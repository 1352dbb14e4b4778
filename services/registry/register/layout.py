"""A sheet of the 出席簿 as rows and columns, the same for paper and spreadsheet. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.registry.attendance.beside import KIND_WORDS, BesideMark
from services.registry.attendance.symbols import Symbol
from services.registry.former.rules import SOURCES, Said, Sums, together
from services.registry.register import rules
from services.registry.register.noting import short
from services.registry.register.rules import Cell, Child, Counts, Day, Line, Sheet
from shared.dates import WEEKDAYS, in_words, japanese_school_year, japanese_year

SEALS = ("校長", "教頭", "担任")
_ABSENT_BY_MONTH = "月の欄は欠席日数です。"
_DRAFT = "未入力の日は、出席にも欠席にも数えていません。入れてから、もう一度印刷してください。"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the sheet; widths are in mm on A4."""

    head: str
    width: float
    under: str = ""
    shade: bool = False
    """Days without lessons."""
    left: bool = False
    bold: bool = False
    count: bool = False
    """Numbers to look down along: units under units, and 0 steps back."""
    edge: bool = False
    """Begins something else: a strong line before it."""


Row = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet, ready to be written anywhere."""

    title: str
    place: str
    """School and class."""
    keeper: str
    """The homeroom teachers."""
    told: str
    """授業日数, and until when they are counted."""
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    foot: tuple[Row, ...]
    """Sums; their first cell is empty, the second has their words."""
    legend: str
    notes: tuple[str, ...]
    made: str
    """When it was printed."""
    seals: tuple[str, ...] = ()
    """検印欄: whose seals it bears when it is put away."""


@dataclass(frozen=True, slots=True)
class Of:
    """What a sheet says beside its days."""

    school: str
    class_name: str
    homerooms: Sequence[str]
    names: Mapping[UUID, str]
    notes: Sequence[str]
    through: date | None
    on: date
    closing: Sequence[str] = ()
    """Who closed and checked the month, and what has changed since."""


_SUMS: tuple[tuple[str, Callable[[Counts], int]], ...] = (
    ("授業\n日数", lambda c: c.days),
    ("出停・\n忌引等", lambda c: c.apart),
    ("出席す\nべき日", lambda c: c.due),
    ("病気\n欠席", lambda c: c.sick),
    ("事故\n欠席", lambda c: c.other),
    ("欠席\n日数", lambda c: c.absent),
    ("出席\n日数", lambda c: c.present),
    ("遅刻", lambda c: c.late),
    ("早退", lambda c: c.early),
)
_STRONG = frozenset({"欠席\n日数", "出席\n日数"})
_UNRECORDED: tuple[str, Callable[[Counts], int]] = ("未入力", lambda c: c.unrecorded)
_CREDITED: tuple[str, Callable[[Counts], int]] = ("出席\n扱い", lambda c: c.credited)
"""Told beside the sums, and in none of them."""

_OF_DAYS: tuple[tuple[str, Callable[[Counts], int]], ...] = (
    ("在籍", lambda c: c.days),
    ("出席", lambda c: c.present),
    ("欠席", lambda c: c.absent),
    ("出停・忌引等", lambda c: c.apart),
    ("遅刻", lambda c: c.late),
    ("早退", lambda c: c.early),
)


def _sums(totals: Counts) -> tuple[tuple[str, Callable[[Counts], int]], ...]:
    more = [(_CREDITED, totals.credited), (_UNRECORDED, totals.unrecorded)]
    return (*_SUMS, *(column for column, n in more if n))


def _columns(middle: Iterable[Column], totals: Counts) -> tuple[Column, ...]:
    sums = [Column(head, 7.2, bold=head in _STRONG) for head, _ in _sums(totals)]
    return (
        Column("番号", 7.0),
        Column("氏名", 32.0, left=True),
        *middle,
        *sums,
        Column("備考", 0, left=True),
    )


def _row(line: Line, of: Of, middle: Iterable[str | int], totals: Counts) -> Row:
    number: str | int = "" if line.child.number is None else line.child.number
    sums = [of_counts(line.counts) for _, of_counts in _sums(totals)]
    return (number, of.names.get(line.child.pupil, ""), *middle, *sums, "　".join(line.notes))


def month(sheet: Sheet, of: Of, symbols: Sequence[Symbol]) -> Table:
    """A class's month."""
    totals, days = sheet.totals, sheet.days
    first = days[0].on
    middle = [
        Column(str(day.on.day), 4.7, WEEKDAYS[day.on.weekday()], shade=day.kind == "off") for day in days
    ]
    rows = tuple(_row(line, of, map(rules.glyph, line.cells), totals) for line in sheet.lines)
    sums = [of_counts(totals) for _, of_counts in _sums(totals)]
    by_day = sheet.of_days()
    foot: list[Row] = []
    for word, of_counts in _OF_DAYS:
        each = (_of_day(day, of_counts(n)) for day, n in zip(days, by_day, strict=True))
        foot.append(("", word, *each, *[""] * len(sums), ""))
    foot.append(("", "学級の計", *[""] * len(days), *sums, ""))
    return Table(
        title=f"出席簿　{japanese_year(first)}年{first.month}月",
        columns=_columns(middle, totals),
        rows=rows,
        foot=tuple(foot),
        legend=legend(symbols, stood(sheet)),
        notes=(
            *of.closing,
            *of.notes,
            *clashes(sheet, of.names),
            *misfits(sheet, of.names),
            *([_DRAFT] if totals.unrecorded else []),
        ),
        seals=SEALS,
        **_head(of, sheet.lessons),
    )


def _of_day(day: Day, n: int) -> str | int:
    return n if day.kind in ("lesson", "closed") else ""


def year(sheet: Sheet, of: Of, school_year: int, former: Mapping[UUID, Said]) -> Table:
    """A class's year: the days absent of each month, and the sums; of who came during it, those of both schools."""
    totals, slices = sheet.totals, rules.by_month(sheet.days)
    months = [sheet.days[each][0].on for each in slices]
    middle = [Column(f"{day.month}月", 8.5) for day in months]
    lessons = [rules.lessons(sheet.days[each]) for each in slices]

    def absent(lines: Sequence[Line]) -> list[str | int]:
        """Of each month; blank, as on screen, where there are no lessons, or none yet."""
        counted = [sum(rules.counts(line.cells[each]).absent for line in lines) for each in slices]
        return [n if held else "" for n, held in zip(counted, lessons, strict=True)]

    rows = tuple(
        row
        for line in sheet.lines
        for row in (
            _row(line, of, absent([line]), totals),
            *_before(line, former.get(line.child.pupil), len(months), totals),
        )
    )
    sums = [of_counts(totals) for _, of_counts in _sums(totals)]
    foot: tuple[Row, ...] = (
        ("", "計", *absent(sheet.lines), *sums, ""),
        ("", "授業日数", *(n or "" for n in lessons), sheet.lessons, *[""] * (len(sums) - 1), ""),
    )
    return Table(
        title=f"出席簿　{japanese_school_year(school_year)}年度",
        columns=_columns(middle, totals),
        rows=rows,
        foot=foot,
        legend=_ABSENT_BY_MONTH,
        notes=(
            *of.notes,
            *clashes(sheet, of.names),
            *misfits(sheet, of.names),
            *([_DRAFT] if totals.unrecorded else []),
        ),
        seals=SEALS,
        **_head(of, sheet.lessons),
    )


def for_training(table: Table) -> Table:
    """The same, saying everywhere that it is no record of anybody."""
    return replace(table, title=f"【れんしゅう】{table.title}")


_OF_BOTH: Mapping[str, str] = {
    "授業\n日数": "days",
    "出停・\n忌引等": "apart",
    "出席す\nべき日": "due",
    "欠席\n日数": "absent",
    "出席\n日数": "present",
    "遅刻": "late",
    "早退": "early",
}
"""Columns that the former school's paper has, too."""


def _before(line: Line, said: Said | None, months: int, totals: Counts) -> list[Row]:
    """Under a child's line the former school's days, and both schools' together."""
    if said is None:
        return []

    def row(words: str, sums: Sums, note: str) -> Row:
        shown = sums._asdict()
        return (
            "",
            words,
            *[""] * months,
            *(shown[_OF_BOTH[head]] if head in _OF_BOTH else "" for head, _ in _sums(totals)),
            note,
        )

    paper = f"{said.school}（{short(said.told_on)} {SOURCES[said.source]}）"
    both = together(line.child, said, line.counts)
    if both is None:
        return [row("　前の学校", said.sums, f"{paper}。学級がえの前後の日数は、もう一つの学級にあります")]
    return [row("　前の学校", said.sums, paper), row("　合わせて", both, "")]


def _head(of: Of, lessons: int) -> dict[str, str]:
    return {
        "place": f"{of.school}　{of.class_name}",
        "keeper": f"担任　{'・'.join(of.homerooms)}" if of.homerooms else "",
        "told": f"授業日数 {lessons}日（{in_words(of.through)}まで）"
        if of.through
        else "まだ始まっていません",
        "made": f"{in_words(of.on)}に印刷",
    }


def stood(sheet: Sheet) -> list[BesideMark]:
    """The marks that have a sign on any of its days, each once."""
    found = {
        cell.beside.mark.code: cell.beside.mark
        for line in sheet.lines
        for cell in line.cells
        if cell.beside and cell.beside.mark.glyph
    }
    return list(found.values())


def legend(symbols: Iterable[Symbol], beside: Iterable[BesideMark] = ()) -> str:
    """What the signs on the sheet mean, the board's own first."""
    board = [f"{symbol.glyph or rules.SHOWN_PRESENT} {symbol.word}" for symbol in symbols]
    signs: dict[str, list[str]] = {}
    for mark in beside:
        signs.setdefault(f"{mark.glyph} {KIND_WORDS[mark.kind]}", []).append(mark.word)
    told = [f"{sign}（{'、'.join(words)}。印だけの日は出席）" for sign, words in signs.items()]
    return "　".join([*board, *told, "閉 学級閉鎖", "未 未入力", "― 在籍していない日"])


def clashes(sheet: Sheet, names: Mapping[UUID, str]) -> list[str]:
    """Days of which two people say different things, until somebody resolves them."""
    return _named("記録が食い違う日", sheet, names, lambda cell: cell.contradiction is not None)


def misfits(sheet: Sheet, names: Mapping[UUID, str]) -> list[str]:
    """Days that have become what 出席扱い or 別室 cannot stand beside: not counted, until somebody settles it."""
    words = "出席扱い・別室の印が出欠と合わず、数えていない日"
    return _named(words, sheet, names, lambda cell: cell.beside is not None and not cell.beside.fits)


def _named(words: str, sheet: Sheet, names: Mapping[UUID, str], which: Callable[[Cell], bool]) -> list[str]:
    """Such days by child; by name who has no 出席番号."""

    def who(child: Child) -> str:
        return names.get(child.pupil, "番号なし") if child.number is None else f"{child.number}番"

    found = [
        f"{who(line.child)} {short(day.on)}"
        for line in sheet.lines
        for cell, day in zip(line.cells, sheet.days, strict=True)
        if which(cell)
    ]
    return [f"{words}：{'、'.join(found[:20])}{' ほか' if len(found) > 20 else ''}"] if found else []
