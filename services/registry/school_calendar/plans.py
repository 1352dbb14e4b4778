"""A school's year: what lines make of it, and what follows from that. Pure.

授業日数 are counted per grade, as the 指導要録 needs them: a closure of the whole school or of a whole grade takes one
away; a closure of one class (学級閉鎖) does not, its children have 出席停止・忌引等 that day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.roster.rows import CalendarRow
from services.registry.school_calendar.cells import REASONS, Kind
from services.registry.school_calendar.days import Day, Said
from services.registry.school_calendar.rules import ClassOf, Line, Wrong
from shared.contracts.registry import closes, grade_is_off

MARKED: frozenset[Kind] = frozenset({"saturday_class", "holiday", "moved_holiday", "event", "grade_off"})
"""Kinds that leave a mark with their words in the calendar."""


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
        str(entry.get(name) or "") for name in ("on", "kind", "scope", "grade", "class_id", "grades", "title")
    )


def shown(marks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Marks without what lies under them."""
    return [{name: mark[name] for name in ("on", "kind", "title", "grades")} for mark in marks]


def changed_by(plan: Plan, lines: Iterable[Line]) -> Plan:
    """The year after these lines, one after another. The same lines again change nothing."""
    days, lines = _Days(plan), list(lines)
    for line in lines:
        for day in line.days() if line.kind != "term" else ():
            _say(days, day.isoformat(), line)
    return replace(days.plan(), terms=_terms(plan.terms, lines))


def _terms(terms: Iterable[dict[str, Any]], lines: Iterable[Line]) -> tuple[dict[str, Any], ...]:
    found = list(terms)
    for line in lines:
        since = line.first.isoformat()
        if line.kind == "term":
            until = (line.last + timedelta(days=1)).isoformat()
            found = [each for each in found if each["name"] != line.words]
            found.append({"name": line.words, "since": since, "until": until})
        elif line.kind == "withdraw":
            found = [each for each in found if (each["name"], each["since"]) != (line.words, since)]
    return tuple(sorted(found, key=lambda each: str(each["since"])))


def overlapping(plan: Plan, lines: Iterable[Line]) -> list[Wrong]:
    """Terms that the lines would put on the days of another one, each at the later of the two lines."""
    lines = list(lines)
    said = {line.words: line.at for line in lines if line.kind == "term"}
    wrong = []
    for one, other in pairwise(_terms(plan.terms, lines)):
        if one["until"] > other["since"] and (one["name"] in said or other["name"] in said):
            late, early = sorted((one["name"], other["name"]), key=lambda name: -said.get(name, 0))
            words = f"「{late}」は「{early}」と日が重なります。どちらかの日付を直してください。"
            wrong.append(Wrong(f"A{said[late]}", words))
    return wrong


class _Days:
    """A year, day by day, while lines change it."""

    def __init__(self, plan: Plan) -> None:
        marks, met = _by_day(plan.marks), {day.isoformat() for day in plan.days}
        self.closures = _by_day(plan.closures)
        self._days = {on: Day.of(on in met, marks.get(on, ())) for on in {*met, *marks, *self.closures}}
        # A closure of the school is of a day on which it would have met; beside a holiday it says nothing.
        for on, day in self._days.items():
            if self.closed(on) and not day.shut:
                self._days[on] = replace(day, meets=True)

    def closed(self, on: str) -> bool:
        """Whether the whole school is closed at short notice."""
        return any(each["scope"] == "school" for each in self.closures.get(on, ()))

    def __getitem__(self, on: str) -> Day:
        return self._days.get(on, Day())

    def __setitem__(self, on: str, day: Day) -> None:
        self._days[on] = day
        if not day.meets and not day.shut:
            self.closures[on] = [each for each in self.closures[on] if each["scope"] != "school"]

    def plan(self) -> Plan:
        """The year they make, without terms."""
        met = [on for on, day in self._days.items() if day.meets and not self.closed(on)]
        closures = [each for of in self.closures.values() for each in of]
        marks = [mark for on, day in self._days.items() for mark in day.marks(on)]
        return Plan(
            frozenset(date.fromisoformat(on) for on in met),
            tuple(sorted(closures, key=_order)),
            tuple(sorted(marks, key=_order)),
            (),
        )


def _by_day(entries: Iterable[dict[str, Any]]) -> defaultdict[str, list[dict[str, Any]]]:
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in entries:
        found[each["on"]].append(each)
    return found


def _say(days: _Days, on: str, line: Line) -> None:
    match line.kind:
        case "school_day":
            days[on] = days[on].with_lessons()
        case "holiday" if not line.words:
            days.closures[on] = []
            days[on] = days[on].without_lessons()
        case "closure":
            # Nobody comes on the other days anyway.
            if days[on].meets and not days.closed(on):
                days.closures[on] += [
                    each
                    for each in _closures(line, on)
                    if not any(_same(each, of) for of in days.closures[on])
                ]
        case "reopen":
            days.closures[on] = [each for each in days.closures[on] if not _reopens(line, each)]
        case "withdraw":
            days[on] = days[on].without(_meant(line))
        case kind:
            assert kind in MARKED
            days[on] = days[on].called(Said(kind, line.words or None, line.grades))


def _meant(line: Line) -> Callable[[Said], bool]:
    """What was said of these days, with these words and grades where the line has any, was not said."""
    return lambda said: (
        line.words in ("", said.title) and (not line.grades or set(line.grades) == set(said.grades))
    )


def _closures(line: Line, on: str) -> list[dict[str, Any]]:
    entry = {"on": on, "scope": "school", "grade": None, "class_id": None, "reason": REASONS[line.words]}
    if line.class_id is not None:
        return [{**entry, "scope": "class", "class_id": str(line.class_id)}]
    return [{**entry, "scope": "grade", "grade": grade} for grade in line.grades] or [entry]


def _same(entry: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(entry[name] == other[name] for name in ("on", "scope", "grade", "class_id"))


def _reopens(line: Line, entry: Mapping[str, Any]) -> bool:
    """As it was closed: a class with influenza stays closed when the school opens after a typhoon."""
    if line.class_id is not None:
        return bool(entry["class_id"] == str(line.class_id))
    return entry["grade"] in line.grades if line.grades else bool(entry["scope"] == "school")


class Lessons:
    """Which class has lessons on which day of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._closures, self._marks = _by_day(plan.closures), _by_day(plan.marks)

    def told(self, day: date) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
        """Closures and marks of a day."""
        on = day.isoformat()
        return self._closures.get(on, ()), self._marks.get(on, ())

    def meets(self, day: date, class_id: str, grade: str | None) -> bool:
        """Whether a class has lessons on a day."""
        if day not in self._plan.days:
            return False
        closures, marks = self.told(day)
        return not any(closes(each, class_id, grade) for each in closures) and not grade_is_off(
            marks, day.isoformat(), grade
        )


def days_of_grades(plan: Plan, grades: Iterable[str]) -> dict[str, int]:
    """授業日数 of each grade: a class's own closure takes none away."""
    lessons = Lessons(plan)
    return {grade: sum(lessons.meets(day, "", grade) for day in plan.days) for grade in grades}


class DayChange(NamedTuple):
    """A day on which a class has lessons and had none, or the other way round."""

    on: date
    class_id: UUID
    meets: bool
    counted: bool
    """The day is a 授業日 of the class's grade afterwards: with a 学級閉鎖 it stays one."""


def class_changes(before: Plan, after: Plan, classes: Collection[ClassOf]) -> list[DayChange]:
    """Every class-day that changes."""
    was, now = Lessons(before), Lessons(after)
    told = {
        date.fromisoformat(each["on"]) for plan in (before, after) for each in (*plan.closures, *plan.marks)
    }
    touched = (before.days ^ after.days) | {day for day in told if was.told(day) != now.told(day)}
    return [
        DayChange(day, of.id, meets, meets or now.meets(day, "", of.grade))
        for day in sorted(touched)
        for of in classes
        if (meets := now.meets(day, str(of.id), of.grade)) != was.meets(day, str(of.id), of.grade)
    ]
