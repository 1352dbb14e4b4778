"""在学証明書 and 教科用図書給与証明書: what is printed, from what is known and from the board's forms. Pure.

A form is data, dated and a board's own (標準様式 is a model only): title, rows, sentences, columns, number. What a form
may say of a child is the closed list of :data:`FIELDS`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from shared.dates import japanese_year

Kind = Literal["enrolment", "textbooks"]
FORMS = "certificate_forms"
"""Name of the board's dated setting; its value has the shape of :class:`Forms`."""
TEXTBOOKS = "textbooks"
"""Name of the board's dated setting: grade → the textbooks adopted for it (:class:`Book`)."""

FIELDS: Mapping[str, str] = {
    "name": "氏名",
    "birth_date": "生年月日",
    "sex": "性別",
    "grade": "学年",
    "school": "学校の名前",
    "head": "校長の氏名",
    "issued_on": "証明する日",
    "left_on": "最後に在籍した日",
    "transferred_on": "転学日",
    "to": "転学先の学校",
    "serial": "番号",
    "year": "年度（西暦）",
}
"""What a sentence or a number of a form may name in braces, and what it says of a child."""
_PLAIN = r"^[^\x00-\x1f\x7f]*$"
NAMED = re.compile(r"\{([^{}]*)\}")
_SEXES = {"male": "男", "female": "女"}


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Row(_Data):
    """A row of the upper table."""

    label: str = Field(min_length=1, max_length=20)
    field: Literal["name", "birth_date", "sex", "grade", "left_on", "transferred_on", "to"]


class Form(_Data):
    """One kind of certificate as a board prints it."""

    title: str = Field(min_length=1, max_length=30)
    number: str = Field(default="第{serial}号", max_length=40)
    rows: list[Row]
    body: list[str]
    """Sentences while the pupil is at the school."""
    body_left: list[str]
    """Sentences once the last day is over."""
    columns: list[str] = Field(default_factory=list, max_length=4)
    """Heads of what is said of a book, in the order of :class:`Book`."""
    note: str = Field(default="", max_length=300)
    seal: str = Field(default="公印", max_length=10)
    """Word in the seal's box; empty: no box."""
    size: float = Field(default=11.0, ge=8, le=16)
    """Of the letters, in points."""

    @field_validator("number", "note")
    @classmethod
    def _known(cls, text: str) -> str:
        return _checked(text)

    @field_validator("body", "body_left")
    @classmethod
    def _all_known(cls, lines: list[str]) -> list[str]:
        return [_checked(line) for line in lines]


def _checked(text: str) -> str:
    unknown = set(NAMED.findall(text)) - set(FIELDS)
    if unknown:
        raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
    return text


class Forms(_Data):
    """The board's forms."""

    enrolment: Form
    textbooks: Form


class Book(_Data):
    """A textbook: 種目, 発行者, 記号・番号, 書名."""

    subject: str = Field(min_length=1, max_length=30, pattern=_PLAIN)
    publisher: str = Field(max_length=30, pattern=_PLAIN)
    code: str = Field(max_length=30, pattern=_PLAIN)
    title: str = Field(min_length=1, max_length=80, pattern=_PLAIN)


BOOKS = TypeAdapter(dict[str, list[Book]])
"""The value of :data:`TEXTBOOKS`."""
_BASICS = [
    Row(label="氏名", field="name"),
    Row(label="生年月日", field="birth_date"),
    Row(label="学年", field="grade"),
]
DEFAULT_FORMS = Forms(
    enrolment=Form(
        title="在学証明書",
        rows=_BASICS,
        body=["上記の者は、本校に在学していることを証明する。"],
        body_left=["上記の者は、{left_on}まで本校に在学していたことを証明する。"],
        note="転学先の学校（{to}）に提出してください。",
    ),
    textbooks=Form(
        title="教科用図書給与証明書",
        rows=[*_BASICS, Row(label="転学先", field="to")],
        body=["上記の者に、下記の教科用図書を給与していることを証明する。"],
        body_left=["上記の者に、下記の教科用図書を給与したことを証明する。"],
        columns=["種目", "発行者", "記号・番号", "書名"],
        note="転学先の学校（{to}）に提出してください。",
    ),
)
"""What a board has until it says something else."""


class Facts(NamedTuple):
    """What is known when a certificate is issued."""

    family: str
    given: str
    kana: str
    birth_date: date | None
    sex: str
    grade: str
    """In the school's words: 第2学年."""
    school: str
    head: str
    """The head's name; empty when nobody has that duty."""
    left_on: date | None
    transferred_on: date | None
    to: str
    year: int
    books: Sequence[Book]


def era_day(on: date) -> str:
    """令和8年11月21日; before 昭和 the year as it is."""
    return f"{japanese_year(on)}年{on.month}月{on.day}日"


def grade_of_school(grade: str) -> str:
    """第2学年; kindergartens say 年長."""
    words = {"E1": "年少", "E2": "年中", "E3": "年長"}
    return words.get(grade, f"第{grade[1:]}学年")


def sheet(
    form: Form, facts: Facts, *, serial: int | None, issued_on: date, sample: str = ""
) -> dict[str, object]:
    """Everything that is printed, as the template reads it. ``serial`` None: not issued, only looked at."""
    number = "―" if serial is None else str(serial)
    values = {**_values(facts), "issued_on": era_day(issued_on), "serial": number}
    left = facts.left_on is not None and issued_on > facts.left_on
    return {
        "title": form.title,
        "number": _filled(form.number, values),
        "rows": [
            {
                "label": row.label,
                "value": values[row.field],
                "kana": facts.kana if row.field == "name" else "",
            }
            for row in form.rows
        ],
        "body": [_filled(line, values) for line in (form.body_left if left else form.body)],
        "columns": form.columns,
        "widths": [2, 2, 2, 4][: len(form.columns)],
        "books": [
            [book.subject, book.publisher, book.code, book.title][: len(form.columns)] for book in facts.books
        ]
        if form.columns
        else [],
        "date": era_day(issued_on),
        "issued": [issued_on.year, issued_on.month, issued_on.day],
        "school": facts.school,
        "school_line": facts.school,
        "head_line": f"校長　{facts.head}",
        "seal": form.seal,
        "note": _filled(form.note, values) if facts.to else "",
        "size": form.size,
        "sample": sample,
    }


def _values(facts: Facts) -> Mapping[str, str]:
    return {
        "name": f"{facts.family}　{facts.given}",
        "birth_date": era_day(facts.birth_date) if facts.birth_date else "",
        "sex": _SEXES.get(facts.sex, ""),
        "grade": facts.grade,
        "school": facts.school,
        "head": facts.head,
        "left_on": era_day(facts.left_on) if facts.left_on else "",
        "transferred_on": era_day(facts.transferred_on) if facts.transferred_on else "",
        "to": facts.to,
        "year": str(facts.year),
    }


def _filled(text: str, values: Mapping[str, str]) -> str:
    return NAMED.sub(lambda found: values[found[1]], text)
