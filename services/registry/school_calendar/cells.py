"""What stands in the cells of a pasted year's plan: days, kinds, whom it is about. Pure; nothing is guessed.

Codes and digits are normalised (NFKC); words of an event stay as they are written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple

Kind = Literal[
    "school_day",
    "saturday_class",
    "holiday",
    "moved_holiday",
    "event",
    "grade_off",
    "closure",
    "reopen",
    "withdraw",
    "term",
]

KINDS: Mapping[str, Kind] = {
    "授業日": "school_day",
    "土曜授業": "saturday_class",
    "休業日": "holiday",
    "振替休業": "moved_holiday",
    "行事": "event",
    "学年休業": "grade_off",
    "臨時休業": "closure",
    "臨時休業をやめる": "reopen",
    "取り消し": "withdraw",
    "学期": "term",
}
"""The words of the second column."""

OTHER_WORDS: Mapping[str, str] = {
    "登校日": "授業日",
    "休み": "休業日",
    "休日": "休業日",
    "長期休業": "休業日",
    "振替休業日": "振替休業",
    "振休": "振替休業",
    "学級閉鎖": "臨時休業",
    "学年閉鎖": "臨時休業",
    "休校": "臨時休業",
    "取消": "取り消し",
    "取消し": "取り消し",
    "取りやめ": "取り消し",
}
"""What schools also write; it means one of the kinds and no other."""

REASONS: Mapping[str, str] = {
    "インフルエンザ": "influenza",
    "新型コロナ": "covid",
    "感染性胃腸炎": "gastroenteritis",
    "ほかの感染症": "infection",
    "台風": "typhoon",
    "大雨": "rain",
    "大雪": "snow",
    "地震": "earthquake",
    "停電・断水": "utilities",
    "ほか": "other",
}
"""Why a school, grade or class is closed: the word of the third column, and the code that is published."""

GRADES: Mapping[str, str] = {f"{n}年": f"P{n}" for n in range(1, 7)} | {
    f"中{n}": f"J{n}" for n in range(1, 4)
}
"""Grades as an elementary school writes them; a junior high school's are 中1 or, there, 1年."""

_ERAS = {"R": 2018, "令和": 2018, "H": 1988, "平成": 1988}
_DAY = re.compile(
    r"(?:(?:([RH]|令和|平成)(元|\d{1,2})|(\d{4}))[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?", re.IGNORECASE
)
_WEEKDAY = re.compile(r"\([日月火水木金土](?:曜日?)?\)")
_RANGE = re.compile(r"[〜~～]|から")


class Days(NamedTuple):
    """From a day to a day, both included."""

    first: date
    last: date


def plain(cell: str) -> str:
    """A code's cell: full width, blanks and half-width kana aside."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", cell))


def read_days(cell: str, school_year: int) -> Days | None:
    """``5/9``, ``2026/5/9``, ``R8.5.9``, ``7月21日（火）〜8/31``; without a year, in the school year. None: no days."""
    parts = _parts(cell)
    if len(parts) > 2:
        return None
    days = [_day(part, school_year) for part in parts]
    first, last = days[0], days[-1]
    if first is None or last is None or last < first:
        return None
    return Days(first, last)


def why_no_days(cell: str, school_year: int) -> str:
    """What is wrong with a cell that names no days, and what to do: no such day, an end before its start."""
    parts = _parts(cell)
    named = [_numbers(part, school_year) for part in parts]
    for numbers, part in zip(named, parts, strict=True):
        if numbers is not None and _day(part, school_year) is None:
            year, month, day = numbers
            return f"{year}年{month}月{day}日という日はありません。日付を確かめてください。"
    if len(parts) == 2 and None not in named:
        return f"「{cell}」は、終わりの日が始まりの日より前です。日付を確かめてください。"
    return f"「{cell}」は日付として読めません。5/9 のように書いてください。"


def _parts(cell: str) -> list[str]:
    return _RANGE.split(_WEEKDAY.sub("", plain(cell)).removesuffix("まで"))


def _day(text: str, school_year: int) -> date | None:
    numbers = _numbers(text, school_year)
    try:
        return None if numbers is None else date(*numbers)
    except ValueError:
        return None


def _numbers(text: str, school_year: int) -> tuple[int, int, int] | None:
    """Year, month and day as they are written, whether or not there is such a day."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    era, of_era, full, month, day = found.groups()
    if full:
        year = int(full)
    elif era:
        year = _ERAS[era.upper()] + (1 if of_era == "元" else int(of_era))
    else:
        year = school_year + (int(month) < 4)
    return year, int(month), int(day)


def read_kind(cell: str) -> Kind | None:
    """The kind a cell names; None: none of them."""
    word = plain(cell)
    return KINDS.get(OTHER_WORDS.get(word, word))


def read_grades(cell: str, *, junior_high: bool) -> tuple[str, ...] | None:
    """``1年``, ``1・2年``, ``中3``, ``全校`` or nothing (every grade: an empty tuple). None: no grades."""
    word = plain(cell)
    if word in ("", "全校", "全学年"):
        return ()
    found = []
    for part in re.split(r"[・,、]", word):
        full = part if part.endswith("年") or part.startswith("中") else f"{part}年"
        if junior_high and re.fullmatch(r"[1-3]年", full):
            full = f"中{full[0]}"
        grade = GRADES.get(full)
        if grade is None:
            return None
        found.append(grade)
    return tuple(sorted(set(found)))
