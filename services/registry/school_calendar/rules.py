"""Which lines may change a school's year, and every cell that cannot be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from services.registry.school_calendar.cells import (
    KINDS,
    REASONS,
    Kind,
    plain,
    read_days,
    read_grades,
    read_kind,
    why_no_days,
)
from shared.dates import in_words, school_year_bounds

LONGEST = 40
"""Characters of an event's or a term's words."""
MAX_DAYS = 4_000
"""Days of all lines of one paste together: a whole year's plan has some 600."""
OF_THE_SCHOOL: frozenset[Kind] = frozenset({"school_day", "holiday", "term"})
"""Kinds that are never of single grades."""
OF_ONE_SCHOOL: frozenset[Kind] = frozenset({"closure", "reopen"})
"""Kinds that no template of a board has: they come at short notice."""
SATURDAY = 5


class Wrong(NamedTuple):
    """A cell that cannot be, and what to do about it."""

    cell: str
    """As a spreadsheet names it: column and line of the paste."""
    message: str

    @property
    def where(self) -> str:
        """The cell in words: 「2行目の日付」."""
        return f"{self.cell[1:]}行目の{_COLUMNS[self.cell[0]]}"


_COLUMNS = {"A": "日付", "B": "種類", "C": "内容", "D": "対象"}


class ClassOf(NamedTuple):
    """A class, as far as its days must know it."""

    id: UUID
    name: str
    grade: str | None


@dataclass(frozen=True, slots=True)
class School:
    """Of whom the lines speak."""

    school_year: int
    grades: tuple[str, ...]
    classes: tuple[ClassOf, ...]

    @property
    def junior_high(self) -> bool:
        """Whether 1年 is 中1 here."""
        return bool(self.grades) and all(grade.startswith("J") for grade in self.grades)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plan, as it was understood."""

    kind: Kind
    first: date
    last: date
    words: str = ""
    grades: tuple[str, ...] = ()
    class_id: UUID | None = None
    at: int = field(default=0, compare=False)
    """Which line of the paste it was, from 1."""

    def days(self) -> list[date]:
        """Every day of it; 授業日 from a day to another are those from Monday to Friday."""
        every = [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]
        if self.kind == "school_day" and len(every) > 1:
            return [day for day in every if day.weekday() < SATURDAY]
        return every


@dataclass(slots=True)
class Read:
    """The lines of a paste, or every cell that cannot be."""

    lines: list[Line] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


def read_lines(rows: Sequence[Sequence[str]], school: School, *, template: bool = False) -> Read:
    """Lines of date, kind, words, whom (the last two may be missing); a head line and empty lines are passed over.

    In a ``template`` of the board no line names a class, and nothing is closed at short notice.
    """
    read, days = Read(), 0
    for at, row in enumerate(rows, 1):
        cells = [*row, "", "", "", ""][:4]
        if all(not cell.strip() for cell in row) or (at == 1 and plain(cells[0]) in ("日付", "月日", "日")):
            continue
        line = _line(at, cells, school, read.wrong)
        if line is None:
            continue
        if template and line.kind in OF_ONE_SCHOOL:
            read.wrong.append(Wrong(f"B{at}", "臨時休業は学校の年間予定に入れてください。"))
        else:
            read.lines.append(line)
        days += (line.last - line.first).days + 1
        if days > MAX_DAYS:
            words = f"ここまでで{days:,}日分になります。{MAX_DAYS:,}日分までに分けて入れてください。"
            read.wrong.append(Wrong(f"A{at}", words))
            break
    if not read.lines and not read.wrong:
        read.wrong.append(Wrong("A1", "日付・種類・内容の列を入れてください。"))
    return read


def _line(at: int, cells: Sequence[str], school: School, wrong: list[Wrong]) -> Line | None:
    before, inside = len(wrong), False
    days = read_days(cells[0], school.school_year)
    begins, ends = school_year_bounds(school.school_year)
    if days is None:
        wrong.append(Wrong(f"A{at}", why_no_days(cells[0], school.school_year)))
    elif not (inside := begins <= days.first and days.last < ends):
        wrong.append(Wrong(f"A{at}", f"{school.school_year}年度の外の日です。日付を確かめてください。"))
    kind = read_kind(cells[1])
    if kind is None:
        wrong.append(
            Wrong(f"B{at}", f"「{cells[1]}」という種類はありません。{'・'.join(KINDS)}から選んでください。")
        )
    if days is None or kind is None:
        return None
    words = cells[2].strip()
    if len(words) > LONGEST:
        wrong.append(Wrong(f"C{at}", f"内容は{LONGEST}文字までにしてください。"))
    if any(ord(character) < 32 for character in words):
        wrong.append(Wrong(f"C{at}", "改行などの見えない文字は使えません。取り除いてください。"))
    if kind in ("event", "term") and not words:
        wrong.append(Wrong(f"C{at}", "名前がありません。内容の列に入れてください。"))
    if kind == "term" and days.first == days.last:
        wrong.append(
            Wrong(f"A{at}", "学期は、はじめの日から終わりの日までを 4/7〜7/20 のように書いてください。")
        )
    if kind == "closure" and words not in REASONS:
        wrong.append(
            Wrong(f"C{at}", f"「{words}」はわけの一覧にありません。{'・'.join(REASONS)}から選んでください。")
        )
    # Of days inside the year only: from the year 1 to 9999 there are four million.
    if (
        inside
        and kind == "saturday_class"
        and any(
            (days.first + timedelta(days=n)).weekday() != SATURDAY
            for n in range((days.last - days.first).days + 1)
        )
    ):
        wrong.append(
            Wrong(
                f"A{at}",
                f"{in_words(days.first)}は土曜日ではありません。授業日にするか、日付を直してください。",
            )
        )
    grades, class_id = _whom(at, cells[3], kind, school, wrong)
    return Line(kind, *days, words, grades, class_id, at) if len(wrong) == before else None


def _whom(
    at: int, cell: str, kind: Kind, school: School, wrong: list[Wrong]
) -> tuple[tuple[str, ...], UUID | None]:
    of = next((each for each in school.classes if plain(each.name) == plain(cell)), None)
    if of is not None:
        if kind not in ("closure", "reopen"):
            wrong.append(Wrong(f"D{at}", "学級を指定できるのは臨時休業だけです。学年か全校にしてください。"))
        return (), of.id
    grades = read_grades(cell, junior_high=school.junior_high)
    if grades is None or not set(grades) <= set(school.grades):
        wrong.append(Wrong(f"D{at}", f"「{cell}」という学年や学級は、この学校にありません。"))
        return (), None
    if kind == "grade_off" and not grades:
        wrong.append(Wrong(f"D{at}", "どの学年が休みかを入れてください。"))
    if kind in OF_THE_SCHOOL and grades:
        wrong.append(Wrong(f"D{at}", "学校全体のことです。学年ごとの休みは「学年休業」にしてください。"))
    return grades, None
