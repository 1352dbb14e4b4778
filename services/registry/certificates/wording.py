"""A board's forms as its people write them: what cannot be, and what has changed, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field

from services.registry.certificates.rules import FIELDS, NAMED, Form, Forms, Kind, Row

TITLES: Mapping[Kind, str] = {"enrolment": "在学証明書", "textbooks": "教科用図書給与証明書"}
ROW_FIELDS: Final = get_args(Row.model_fields["field"].annotation)
"""What a row of the upper table may show."""
_LONG, _LINES = 400, 8
_FILLED = ("番号", "在学中の文", "転出したあとの文", "注")
"""Parts in which braces are filled in."""


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RowIn(_Written):
    """A row of the upper table."""

    label: str = Field(max_length=_LONG)
    field: Literal["name", "birth_date", "sex", "grade", "left_on", "transferred_on", "to"]


class FormIn(_Written):
    """A form as it is written, before it is looked through."""

    title: str = Field(max_length=_LONG)
    number: str = Field(max_length=_LONG)
    rows: list[RowIn] = Field(max_length=12)
    body: list[str] = Field(max_length=_LINES)
    body_left: list[str] = Field(max_length=_LINES)
    columns: list[str] = Field(default=[], max_length=4)
    note: str = Field(default="", max_length=_LONG)
    seal: str = Field(default="", max_length=_LONG)
    size: float


class FormsIn(_Written):
    """Both forms as they are written."""

    enrolment: FormIn
    textbooks: FormIn


class Wrong(NamedTuple):
    """What cannot be, where (「在学証明書の題名」), and what to do about it."""

    where: str
    message: str


def wrong_in(form: FormIn, kind: Kind) -> list[Wrong]:
    """Everything in a form that cannot be printed so."""
    wrong = []
    for part, text, longest, needed in _parts(form):
        where = f"{TITLES[kind]}の{part}"
        if needed and not text.strip():
            wrong.append(Wrong(where, "書いてください。"))
        if len(text) > longest:
            wrong.append(Wrong(where, f"{longest}文字までにしてください。いまは{len(text)}文字です。"))
        if any(ord(character) < 32 or ord(character) == 127 for character in text):
            wrong.append(Wrong(where, "改行などの見えない文字は使えません。行を分けてください。"))
        wrong += [Wrong(where, words) for words in _braces(text, fills=part.startswith(_FILLED))]
    if not form.rows:
        wrong.append(Wrong(f"{TITLES[kind]}の表", "1行以上入れてください。"))
    if not 8 <= form.size <= 16:
        wrong.append(Wrong(f"{TITLES[kind]}の文字の大きさ", "8〜16ポイントにしてください。"))
    return wrong


def _parts(form: FormIn) -> Iterable[tuple[str, str, int, bool]]:
    """Each text of a form: where it stands, what it says, its longest, whether it must say something."""
    yield "題名", form.title, 30, True
    yield "番号", form.number, 40, False
    for at, row in enumerate(form.rows, 1):
        yield f"表の{at}行目の見出し", row.label, 20, True
    for word, lines in (("在学中の文", form.body), ("転出したあとの文", form.body_left)):
        if not lines:
            yield word, "", 200, True
        for at, line in enumerate(lines, 1):
            yield f"{word}の{at}行目", line, 200, True
    for at, column in enumerate(form.columns, 1):
        yield f"教科書の表の{at}列目の見出し", column, 20, True
    yield "注", form.note, 300, False
    yield "公印の枠", form.seal, 10, False


def _braces(text: str, *, fills: bool) -> Iterable[str]:
    if not fills:
        if set("{}") & set(text):
            yield "ここに差し込みは使えません。{ と } を消してください。"
        return
    for name in NAMED.findall(text):
        if name not in FIELDS:
            known = "・".join(f"{{{each}}}" for each in FIELDS)
            yield f"{{{name}}} という差し込みはありません。使えるのは {known} です。"
    if set("{}") & set(NAMED.sub("", text)):
        yield "{ と } は、差し込みにだけ使えます。対になっていないものを消してください。"


def made(form: FormIn) -> Form:
    """A form in which nothing is wrong."""
    return Form.model_validate(form.model_dump())


_PARTS = {
    "title": "題名",
    "number": "番号",
    "rows": "表",
    "body": "在学中の文",
    "body_left": "転出したあとの文",
    "columns": "教科書の表",
    "note": "注",
    "seal": "公印の枠",
    "size": "文字の大きさ",
}


def changes(before: Forms, after: Forms) -> list[str]:
    """What one version says otherwise than the one before."""
    told = []
    for kind, title in TITLES.items():
        old, new = getattr(before, kind), getattr(after, kind)
        told += [
            f"{title}の{word}: {_shown(getattr(old, name))} → {_shown(getattr(new, name))}"
            for name, word in _PARTS.items()
            if getattr(old, name) != getattr(new, name)
        ]
    return told or ["前と同じ"]


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}ポイント"
    if isinstance(value, list):
        return "「" + "／".join(each.label if isinstance(each, Row) else each for each in value) + "」"
    return f"「{value}」" if value else "なし"
