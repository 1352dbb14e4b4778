"""The board's three lists of attendance as its people write them: what cannot be, and what has changed, in words. Pure.

A code is what days are recorded with: it is never given to another mark, and what it counts as never changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple
from uuid import UUID

from services.registry.attendance import beside, kin, symbols
from services.registry.attendance.beside import DEFAULT_MARKS, KIND_WORDS, BesideMark, Kind
from services.registry.attendance.kin import DEFAULT_TABLE, MOST_DAYS, Kin, KinTable
from services.registry.attendance.symbols import DEFAULT_SYMBOLS, Category, Symbol

Which = Literal["symbols", "beside", "bereavement"]
SETTINGS: Mapping[Which, str] = {
    "symbols": symbols.SETTING,
    "beside": beside.SETTING,
    "bereavement": kin.SETTING,
}
NAMES: Mapping[Which, str] = {
    "symbols": "出欠の記号",
    "beside": "出席扱い・別室",
    "bereavement": "忌引の日数",
}
MOST: Mapping[Which, int] = {"symbols": 20, "beside": 9, "bereavement": 9}
"""Rows; marks beside a day are chosen with a digit."""
_LONG = 12

_Tint = Literal["none", "absent", "late", "apart"]


class _Counts(NamedTuple):
    word: str
    presence: Literal["present", "absent"]
    category: Category | None
    tint: _Tint
    late: bool = False
    early: bool = False


COUNTS: Mapping[str, _Counts] = {
    "present": _Counts("出席", "present", None, "none"),
    "late": _Counts("遅刻（出席に数える）", "present", None, "late", late=True),
    "early": _Counts("早退（出席に数える）", "present", None, "late", early=True),
    "late_early": _Counts("遅刻と早退（出席に数える）", "present", None, "late", late=True, early=True),
    "sick": _Counts("病気欠席", "absent", "sick", "absent"),
    "other": _Counts("事故欠席", "absent", "other", "absent"),
    "suspension": _Counts("出席停止", "absent", "suspension", "apart"),
    "bereavement": _Counts("忌引", "absent", "bereavement", "apart"),
    "not_required": _Counts("登校を要しない日", "absent", "not_required", "apart"),
}
"""What a symbol counts as (docs/register.md)."""
NEEDED = frozenset(
    {"present", "absent_sick", "absent_other", "late", "early_leave", "late_early", "bereavement"}
)
"""Codes that a family's notice writes (services/registry/announced), and 出席."""


class Row(NamedTuple):
    """A line of a list; ``code`` None: a new one."""

    code: str | None
    counts: str
    """Of symbols: one of :data:`COUNTS`; of marks beside a day: their kind; of kinship: ``kin``."""
    word: str
    glyph: str = ""
    key: str = ""
    days: int | None = None


class Told(NamedTuple):
    """A list as it is said."""

    rows: tuple[Row, ...]
    holidays: bool = False
    """Of 忌引: days without lessons count among days in a row."""


class Wrong(NamedTuple):
    """What cannot be, where (「3行目の打つキー」), and what to do about it."""

    where: str
    message: str


def read(which: Which, value: Any) -> Told:
    """A stored value as lines; None: what a board that has said nothing has."""
    if which == "symbols":
        found = DEFAULT_SYMBOLS if value is None else [Symbol.model_validate(each) for each in value]
        return Told(tuple(Row(s.code, _counts_as(s), s.word, s.glyph, s.key) for s in found))
    if which == "beside":
        marks = DEFAULT_MARKS if value is None else [BesideMark.model_validate(each) for each in value]
        return Told(tuple(Row(m.code, m.kind, m.word, m.glyph) for m in marks))
    table = DEFAULT_TABLE if value is None else KinTable.model_validate(value)
    return Told(tuple(Row(k.code, "kin", k.word, days=k.days) for k in table.kin), table.holidays)


def _counts_as(symbol: Symbol) -> str:
    said = (symbol.presence, symbol.category, symbol.late, symbol.early)
    found = (name for name, c in COUNTS.items() if (c.presence, c.category, c.late, c.early) == said)
    return next(found, "other" if symbol.presence == "absent" else "present")


def value(which: Which, told: Told, known: Iterable[Row], act: UUID) -> Any:
    """Lines without fault as they are stored; new ones get a code that no line ever had.

    ``act``: the command that says so.
    """
    used = {row.code for row in (*known, *told.rows)}
    rows = []
    for row in told.rows:
        code = row.code or _free(which, row, used, act)
        used.add(code)
        rows.append((code, row))
    if which == "symbols":
        return [_symbol(code, row).model_dump() for code, row in rows]
    if which == "beside":
        return [_mark(code, row).model_dump(exclude_none=True) for code, row in rows]
    kinds = tuple(Kin(code=code, word=row.word, days=row.days or 1) for code, row in rows)
    return KinTable(holidays=told.holidays, kin=kinds).model_dump(mode="json")


def _free(which: Which, row: Row, used: set[str | None], act: UUID) -> str:
    # Days of 忌引 are said of days before, too: a version that days were recorded with may have been replaced, and its
    # codes with it. A number would be given again, and those days would read as for another's death.
    kinship = f"{kin.PREFIX}own_{act.hex[-12:]}_"
    head = {"symbols": "own_", "beside": f"{row.counts}_own_", "bereavement": kinship}[which]
    return next(code for n in range(1, 1000) if (code := f"{head}{n}") not in used)


def _symbol(code: str, row: Row) -> Symbol:
    as_ = COUNTS[row.counts]
    return Symbol(
        code=code,
        key=row.key,
        glyph=row.glyph,
        word=row.word,
        presence=as_.presence,
        category=as_.category,
        late=as_.late,
        early=as_.early,
        tint=as_.tint,
    )


def _mark(code: str, row: Row) -> BesideMark:
    kind: Kind = "credited" if row.counts == "credited" else "elsewhere"
    return BesideMark(code=code, kind=kind, glyph=row.glyph, word=row.word)


def wrong_in(which: Which, rows: Sequence[Row], known: Iterable[Row]) -> list[Wrong]:
    """Everything that cannot be, by line and field. ``known``: every line that any version ever had."""
    before = {row.code: row for row in known}
    found = [Wrong("全体", "1行以上にしてください。")] if not rows else []
    if len(rows) > MOST[which]:
        found.append(Wrong("全体", f"{MOST[which]}行までです。"))
    for n, row in enumerate(rows, 1):
        earlier = rows[: n - 1]
        found += [Wrong(f"{n}行目の{field}", why) for field, why in _wrong(which, row, earlier, before)]
    if which == "symbols":
        here = {row.code for row in rows}
        gone = [row.word for row in read("symbols", None).rows if row.code in NEEDED - here]
        if gone:
            found.append(
                Wrong("全体", f"「{'」「'.join(gone)}」は消せません。家庭からの連絡が、この印で入ります。")
            )
    return found


def _wrong(
    which: Which, row: Row, earlier: Sequence[Row], before: Mapping[str | None, Row]
) -> Iterable[tuple[str, str]]:
    if row.code is not None and row.code not in before:
        yield "行", "この行は、いまの一覧にありません。読み直してください。"
        return
    if row.code is not None and any(row.code == other.code for other in earlier):
        yield "行", "同じ行が二つあります。一つにしてください。"
    if not row.word.strip():
        yield "言葉", "書いてください。"
    elif len(row.word) > _LONG or not row.word.isprintable():
        yield "言葉", f"{_LONG}文字までで書いてください。"
    elif any(row.word == other.word for other in earlier):
        yield "言葉", f"「{row.word}」が二つあります。"
    kinds: Iterable[str] = {"symbols": COUNTS, "beside": ("credited", "elsewhere"), "bereavement": ("kin",)}[
        which
    ]
    known = before.get(row.code) if row.code else None
    if row.counts not in kinds:
        yield "数え方", "一覧から選んでください。"
    elif known is not None and known.counts != row.counts:
        yield "数え方", "いまの印の数え方は変えられません。新しい行を加えて、この行を消してください。"
    if which != "bereavement":
        yield from _wrong_glyph(which, row, earlier)
    elif row.days is None or not 1 <= row.days <= MOST_DAYS:
        yield "日数", f"1から{MOST_DAYS}までの数を書いてください。"
    if which == "symbols":
        yield from _wrong_key(row, earlier)


def _wrong_glyph(which: Which, row: Row, earlier: Sequence[Row]) -> Iterable[tuple[str, str]]:
    longest = 2 if which == "symbols" else 1
    if not row.glyph:
        if which == "beside" or row.counts != "present":
            yield "印", "書いてください。出席簿のますに入る字です。"
    elif len(row.glyph) > longest or not row.glyph.isprintable() or row.glyph.isspace():
        yield "印", f"{longest}文字までで書いてください。"
    elif which == "symbols" and any(row.glyph == other.glyph for other in earlier):
        yield "印", f"「{row.glyph}」が二つあります。"


def _wrong_key(row: Row, earlier: Sequence[Row]) -> Iterable[tuple[str, str]]:
    if row.key == " ":
        if row.counts != "present":
            yield "打つキー", "スペースは出席のキーです。A〜Zから選んでください。"
    elif not re.fullmatch("[A-Z]", row.key):
        yield "打つキー", "A〜Zのどれか1文字にしてください。数字は出席番号に使います。"
    if any(row.key == other.key for other in earlier):
        yield "打つキー", "同じキーが二つあります。"


def changes(which: Which, before: Told, after: Told) -> list[str]:
    """What a version says otherwise than the one before."""
    old = {row.code: row for row in before.rows}
    new = {row.code: row for row in after.rows}
    told = [f"加えた：{_words(which, row)}" for code, row in new.items() if code not in old]
    told += [f"なくした：{_words(which, row)}" for code, row in old.items() if code not in new]
    told += [
        f"変えた：{_words(which, old[code])}→{_words(which, row)}"
        for code, row in new.items()
        if code in old and old[code] != row
    ]
    if before.holidays != after.holidays:
        told.append("続く忌引に、休みの日も数える" if after.holidays else "続く忌引は、授業日だけを数える")
    if not told and list(old) != list(new):
        told.append("並びを変えた")
    return told or ["前と同じ"]


def _words(which: Which, row: Row) -> str:
    if which == "bereavement":
        return f"{row.word} {row.days}日"
    if which == "beside":
        return f"{row.word}（{KIND_WORDS['credited' if row.counts == 'credited' else 'elsewhere']}、印 {row.glyph}）"
    key = "スペース" if row.key == " " else row.key
    return f"{row.word}（{COUNTS[row.counts].word}、印 {row.glyph or 'なし'}、キー {key}）"
