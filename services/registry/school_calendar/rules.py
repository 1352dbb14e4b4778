"""A school's year: which lines may change it, what it then is, and what follows from that. Pure.

授業日数 are counted per grade, as the 指導要録 needs them: a closure of the whole school or of a whole grade takes one
away; a closure of one class (学級閉鎖) does not, its children have 出席停止・忌引等 that day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.roster.rows import CalendarRow
from services.registry.school_calendar.cells import (
    KINDS,
    REASONS,
    Kind,
    plain,
    read_days,
    read_grades,
    read_kind,
)
from shared.contracts.registry import closes, grade_is_off
from shared.dates import in_words, school_year_bounds

LONGEST = 40
"""Characters of an event's or a term's words."""
MARKED: frozenset[Kind] = frozenset({"saturday_class", "holiday", "moved_holiday", "event", "grade_off"})
"""Kinds that leave a mark with their words in the calendar."""
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
    read = Read()
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
    if not read.lines and not read.wrong:
        read.wrong.append(Wrong("A1", "日付・種類・内容の列を入れてください。"))
    return read


def _line(at: int, cells: Sequence[str], school: School, wrong: list[Wrong]) -> Line | None:
    before, inside = len(wrong), False
    days = read_days(cells[0], school.school_year)
    begins, ends = school_year_bounds(school.school_year)
    if days is None:
        wrong.append(Wrong(f"A{at}", f"「{cells[0]}」は日付として読めません。5/9 のように書いてください。"))
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
    return Line(kind, *days, words, grades, class_id) if len(wrong) == before else None


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


@dataclass(frozen=True, slots=True)
class Plan:
    """A school's year as it is worked on."""

    days: frozenset[date]
    closures: tuple[dict[str, Any], ...]
    marks: tuple[dict[str, Any], ...]
    terms: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, row: CalendarRow | None) -> Plan:
        """The plan of a stored calendar; an empty one where there is none."""
        if row is None:
            return cls(frozenset(), (), (), ())
        return cls(frozenset(row.school_days), row.closures, row.marks, row.terms)

    def kept(self) -> dict[str, Any]:
        """The plan as JSON, to be taken back to."""
        days = [day.isoformat() for day in sorted(self.days)]
        return {"days": days, "closures": self.closures, "marks": self.marks, "terms": self.terms}

    @classmethod
    def again(cls, kept: Mapping[str, Any]) -> Plan:
        """A plan that was kept."""
        days = frozenset(date.fromisoformat(day) for day in kept["days"])
        return cls(days, tuple(kept["closures"]), tuple(kept["marks"]), tuple(kept["terms"]))

    def row(self, like: CalendarRow) -> CalendarRow:
        """The plan as a row of the same calendar."""
        return like._replace(
            school_days=tuple(sorted(self.days)),
            closures=tuple(sorted(self.closures, key=_order)),
            marks=tuple(sorted(self.marks, key=_order)),
            terms=tuple(sorted(self.terms, key=lambda each: str(each["since"]))),
        )


def _order(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        str(entry.get(name) or "") for name in ("on", "kind", "scope", "grade", "class_id", "grades")
    )


def changed_by(plan: Plan, lines: Iterable[Line]) -> Plan:
    """The year after these lines, one after another. The same lines again change nothing."""
    for line in lines:
        if line.kind == "term":
            plan = _with_term(plan, line)
        elif line.kind == "withdraw":
            plan = _without(plan, line)
        else:
            plan = _with_days(plan, line)
    return plan


def _with_term(plan: Plan, line: Line) -> Plan:
    term = {"name": line.words, "since": line.first.isoformat(), "until": _next(line.last).isoformat()}
    return replace(plan, terms=(*(each for each in plan.terms if each["name"] != line.words), term))


def _next(day: date) -> date:
    return day + timedelta(days=1)


def _with_days(plan: Plan, line: Line) -> Plan:
    days, closures, marks = set(plan.days), list(plan.closures), list(plan.marks)
    for day in line.days():
        on = day.isoformat()
        match line.kind:
            case "school_day" | "saturday_class":
                days.add(day)
                closures = [each for each in closures if not (each["on"] == on and each["scope"] == "school")]
                marks = [m for m in marks if m["on"] != on or _beside(line, m)]
            case "holiday" | "moved_holiday" if not line.grades:
                days.discard(day)
                closures = [each for each in closures if each["on"] != on]
                marks = [m for m in marks if m["on"] != on or m["kind"] == "event"]
            case "closure" if day in plan.days:
                if not line.grades and line.class_id is None:
                    days.discard(day)
                new = [each for each in _closures(line, on) if _same(each, closures) is None]
                closures += new
            case "reopen":
                whole = not line.grades and line.class_id is None
                if whole and any(each["on"] == on and each["scope"] == "school" for each in closures):
                    days.add(day)
                closures = [each for each in closures if not (each["on"] == on and _reopens(line, each))]
        if line.kind in MARKED and (line.words or line.kind != "holiday"):
            mark = {"on": on, "kind": line.kind, "title": line.words or None, "grades": list(line.grades)}
            if mark not in marks:
                marks.append(mark)
    return replace(plan, days=frozenset(days), closures=tuple(closures), marks=tuple(marks))


def _beside(line: Line, mark: Mapping[str, Any]) -> bool:
    """Whether what a day is called stays when lessons are put on it."""
    if mark["kind"] == "saturday_class":
        # One grade's lessons on a Saturday beside another's: each says its own words.
        return bool(line.kind == "saturday_class" and line.grades and mark["grades"])
    return mark["kind"] in ("event", "grade_off") or bool(mark["grades"])


def _without(plan: Plan, line: Line) -> Plan:
    """What was said of these days, with these words and grades where the line has any, was not said."""
    days, marks = set(plan.days), list(plan.marks)
    for day in line.days():
        on = day.isoformat()
        gone = [mark for mark in marks if mark["on"] == on and _is_meant(line, mark)]
        marks = [mark for mark in marks if mark not in gone]
        if any(mark["kind"] == "saturday_class" for mark in gone) and not any(
            mark["on"] == on and mark["kind"] == "saturday_class" for mark in marks
        ):
            days.discard(day)
        holidays = [m for m in gone if m["kind"] in ("holiday", "moved_holiday") and not m["grades"]]
        if holidays and day.weekday() < SATURDAY:
            days.add(day)
    terms = [
        term
        for term in plan.terms
        if not (term["name"] == line.words and term["since"] == line.first.isoformat())
    ]
    return replace(plan, days=frozenset(days), marks=tuple(marks), terms=tuple(terms))


def _is_meant(line: Line, mark: Mapping[str, Any]) -> bool:
    return line.words in ("", mark["title"]) and (not line.grades or set(line.grades) == set(mark["grades"]))


def _closures(line: Line, on: str) -> list[dict[str, Any]]:
    entry = {"on": on, "scope": "school", "grade": None, "class_id": None, "reason": REASONS[line.words]}
    if line.class_id is not None:
        return [{**entry, "scope": "class", "class_id": str(line.class_id)}]
    return [{**entry, "scope": "grade", "grade": grade} for grade in line.grades] or [entry]


def _same(entry: Mapping[str, Any], among: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    names = ("on", "scope", "grade", "class_id")
    return next((each for each in among if all(each[name] == entry[name] for name in names)), None)


def _reopens(line: Line, entry: Mapping[str, Any]) -> bool:
    if line.class_id is not None:
        return bool(entry["class_id"] == str(line.class_id))
    return entry["grade"] in line.grades if line.grades else True


def meets(plan: Plan, day: date, class_id: str, grade: str | None) -> bool:
    """Whether a class has lessons on a day."""
    on = day.isoformat()
    return (
        day in plan.days
        and not any(each["on"] == on and closes(each, class_id, grade) for each in plan.closures)
        and not grade_is_off(plan.marks, on, grade)
    )


def days_of_grades(plan: Plan, grades: Iterable[str]) -> dict[str, int]:
    """授業日数 of each grade: a class's own closure takes none away."""
    return {grade: sum(meets(plan, day, "", grade) for day in plan.days) for grade in grades}


class DayChange(NamedTuple):
    """A day on which a class has lessons and had none, or the other way round."""

    on: date
    class_id: UUID
    meets: bool


def class_changes(before: Plan, after: Plan, classes: Collection[ClassOf]) -> list[DayChange]:
    """Every class-day that changes."""
    touched = before.days ^ after.days
    told = [*before.closures, *before.marks], [*after.closures, *after.marks]
    for one, other in (told, told[::-1]):
        touched |= {date.fromisoformat(each["on"]) for each in one if each not in other}
    return [
        DayChange(day, of.id, now)
        for day in sorted(touched)
        for of in classes
        if (now := meets(after, day, str(of.id), of.grade)) != meets(before, day, str(of.id), of.grade)
    ]
