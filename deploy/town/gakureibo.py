"""The 学齢簿 of a generated town: next April's first graders, as a town hall's system or a spreadsheet writes them."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from hashlib import blake2b
from typing import Literal

from deploy.town.contacts import address
from deploy.town.generate import Order, next_aprils
from deploy.town.model import Person, Pupil, Town
from shared.sheets import CsvTable

Style = Literal["system", "sheet"]
_FIRST = "P1"
_DIGITS = 10
_SEX = {"male": ("1", "男"), "female": ("2", "女")}
_RELATIONS = {"father": "父", "mother": "母", "grandfather": "祖父", "grandmother": "祖母"}
_HOUSEHOLD = "9000"
"""Of a column that nobody needs, as every register has some."""

# What a municipal system writes: numbers with zeros, half-width kana, eras, codes; and what an office has made of it.
_SYSTEM = (
    *(
        "宛名番号",
        "氏名",
        "カナ氏名",
        "生年月日",
        "性別",
        "学校コード",
        "学年",
        "異動事由",
        "就学年月日",
        "支援措置区分",
    ),
    *("保護者宛名番号", "保護者氏名", "保護者カナ", "続柄", "現住所", "保護者住所", "世帯番号"),
)
_SHEET = (
    *(
        "整理番号",
        "児童氏名",
        "ふりがな",
        "生年月日",
        "性別",
        "入学予定校",
        "支援措置",
        "保護者名",
        "続柄",
        "住所",
        "保護者の住所",
        "備考",
    ),
)


def written(order: Order, style: Style) -> bytes:
    """The file. CP932 where the style is a system's and every name has its characters there, else UTF-8 with BOM."""
    row: Callable[[Town, Pupil, date], tuple[str, ...]] = _of_system if style == "system" else _of_sheet
    content = io.BytesIO()
    table = CsvTable(content, _SYSTEM if style == "system" else _SHEET)
    table.add(row(*each) for each in _first_graders(order))
    table.finish()
    text = content.getvalue().decode()
    if style == "system":
        try:
            return text.encode("cp932")
        except UnicodeEncodeError:
            pass
    return text.encode("utf-8-sig")


def _first_graders(order: Order) -> Iterator[tuple[Town, Pupil, date]]:
    for town in next_aprils(order):
        for pupil in town.pupils:
            if pupil.grade == _FIRST:
                yield town, pupil, date(town.school_year, 4, 1)


def _of_system(town: Town, pupil: Pupil, first: date) -> tuple[str, ...]:
    guardian, relation = _guardian(pupil)
    of_guardian = (
        ("", "", "") if guardian is None else (_number(guardian), _name(guardian), _half(_kana(guardian)))
    )
    return (
        *(
            _number(pupil.person),
            _name(pupil.person),
            _half(_kana(pupil.person)),
            _era(pupil.person.birth_date),
        ),
        *(_SEX.get(pupil.person.sex, ("", ""))[0], pupil.school.code, "1", "新入学", _era(first)),
        *("1" if pupil.protected_since else "0", *of_guardian, relation),
        *(*_lives(town, pupil, guardian), _HOUSEHOLD),
    )


def _of_sheet(town: Town, pupil: Pupil, first: date) -> tuple[str, ...]:
    guardian, relation = _guardian(pupil)
    born = pupil.person.birth_date
    lives, of_guardian = _lives(town, pupil, guardian)
    return (
        *(_number(pupil.person), _name(pupil.person), _kana(pupil.person)),
        *(
            "" if born is None else f"{born.year}/{born.month}/{born.day}",
            _SEX.get(pupil.person.sex, ("", ""))[1],
        ),
        *(pupil.school.short_name, "○" if pupil.protected_since else ""),
        *("" if guardian is None else _name(guardian), relation),
        *(lives, "同上" if of_guardian else "", ""),
    )


def _guardian(pupil: Pupil) -> tuple[Person | None, str]:
    for tie in pupil.ties:
        if tie.notify and tie.last is None:
            return tie.guardian, _RELATIONS.get(tie.relation, "")
    return None, ""


def _lives(town: Town, pupil: Pupil, guardian: Person | None) -> tuple[str, str]:
    """現住所 of child and guardian: a child lives with the guardian whom the register names."""
    lives = address(town, guardian or pupil.person)
    return lives, "" if guardian is None else lives


def _number(person: Person) -> str:
    """Somebody's 宛名番号: of one seed always the same."""
    whole = int.from_bytes(blake2b(person.sourced_id.encode(), digest_size=8).digest())
    return f"{whole % 10**_DIGITS:0{_DIGITS}d}"


def _name(person: Person) -> str:
    return f"{person.family.written}\u3000{person.given.written}"


def _kana(person: Person) -> str:
    return f"{person.family.kana} {person.given.kana}"


_HALF = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}
_MARKS = {"\u3099": "\uff9e", "\u309a": "\uff9f"}


def _half(kana: str) -> str:
    parts = unicodedata.normalize("NFD", kana)
    return "".join(_MARKS.get(each) or _HALF.get(each, each) for each in parts)


def _era(day: date | None) -> str:
    """Of the years after 2019 and before."""
    if day is None:
        return ""
    name, began = ("令和", 2018) if day >= date(2019, 5, 1) else ("平成", 1988)
    return f"{name}{day.year - began}年{day.month}月{day.day}日"
