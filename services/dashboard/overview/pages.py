"""What an overview says of a school and of the board: everything to whoever knows the children by name, else what may
be told of groups. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.dashboard.overview.rules import GRADES, measured
from services.dashboard.overview.small import Told, may_tell, tell
from services.dashboard.overview.store import Levels
from services.dashboard.overview.units import (
    Sum,
    Unit,
    class_unit,
    grade_unit,
    left_unit,
    rest_unit,
)
from services.dashboard.school_day.rules import Calendar, total, totals, without_lessons

Class = Mapping[str, Any]
"""A class of a day: ``id``, ``grade``, its counts, ``reasons``, whether it ``meets``, and ``closed``: why it does not
though its school does."""


def _grade(each: Class) -> str | None:
    grade: str | None = each["grade"]
    return grade


def _members(each: Class) -> int:
    return int(each["members"])


def _meets(each: Class) -> bool:
    return bool(each["meets"])


@dataclass(frozen=True)
class School:
    """A school of a day as its reader may know it."""

    counted: list[Class]
    """The classes that its sums are of."""
    total: dict[str, int] | None
    """None: too few children for any number."""
    here: int
    grades: list[tuple[str | None, list[Class]]]
    single: list[Class]
    unsaid: list[Class]
    """Classes in no number of it."""
    known: list[Class]
    """Of the counted classes those whose rolls are confirmed, and whole: what is told only together is known
    together, or a rate over its first class would tell of that class."""


def of_school(classes: Iterable[Class], *, names: bool) -> School:
    """What ``classes`` of a school come to; ``names``: the reader knows these children by name."""
    there = [each for each in classes if each["members"]]
    told = _everything(there) if names else tell(there, _grade, _members, _meets)
    counted = [each for _, those in told.grades for each in those] + told.rest
    shown = names or not there or bool(counted)
    grades = sorted(told.grades, key=lambda grade: _place(grade[0]))
    total = summed(counted) if shown else None
    return School(counted, total, here(counted), grades, told.single, told.unsaid, _known(told))


def _known(told: Told[Class]) -> list[Class]:
    alone = {id(each) for each in told.single}
    together = [those for _, those in told.grades if not any(id(each) in alone for each in those)]
    return [
        each for those in (*([one] for one in told.single), *together, told.rest) for each in confirmed(those)
    ]


def confirmed(classes: Collection[Class]) -> list[Class]:
    """Of classes that are told together those that have lessons, once the rolls of all of them are taken."""
    meeting = [each for each in classes if _meets(each)]
    return meeting if all(each["taken_at"] is not None for each in meeting) else []


def rate(classes: Iterable[Class], known: Iterable[Class]) -> dict[str, int]:
    """The counts that a rate of these classes is of."""
    ids = {id(each) for each in known}
    return total([each for each in classes if id(each) in ids])


def _everything(classes: Sequence[Class]) -> Told[Class]:
    grades = list(dict.fromkeys(_grade(each) for each in classes))
    return Told(
        [(of, [each for each in classes if each["grade"] == of]) for of in grades], [*classes], [], []
    )


def _place(grade: str | None) -> int:
    return GRADES.index(grade) if grade in GRADES else len(GRADES)


def summed(classes: Collection[Class]) -> dict[str, int]:
    """The counts of classes together."""
    return totals(classes, [each for each in classes if _meets(each)])


def rolls(classes: Iterable[Class]) -> dict[str, int]:
    """How many of them have lessons, and whose roll was taken: how much of a rate is known."""
    meeting = [each for each in classes if _meets(each)]
    return {"classes": len(meeting), "classes_taken": sum(each["taken_at"] is not None for each in meeting)}


def here(classes: Iterable[Class]) -> int:
    """How many of them have lessons."""
    return sum(_members(each) for each in classes if _meets(each))


def grades_of(school: str, of: School, levels: Levels) -> list[dict[str, Any]]:
    """Its grades, measured."""
    return [
        {
            "grade": grade,
            **measured(
                summed(those), here(those), levels.get(Sum("grade", school, grade)), rate(those, of.known)
            ),
            **rolls(those),
        }
        for grade, those in of.grades
    ]


def class_level(each: Class, levels: Levels) -> dict[str, Any]:
    """What stands beside a class's counts."""
    counts = each if _meets(each) else summed([each])
    known = rate([each], confirmed([each]))
    told = measured(counts, here([each]), levels.get(Sum("class", class_id=str(each["id"]))), known)
    return {name: told[name] for name in ("here", "away", "rated", "usual", "stands_out")}


def outstanding(school: Mapping[str, Any], of: School, levels: Levels) -> list[dict[str, Any]]:
    """Groups of a school of which far more are away than usual: classes, and grades that are told as a whole only."""
    found: list[dict[str, Any]] = []
    for each in of.single:
        level = class_level(each, levels)
        found.append({"class": {"id": each["id"], "name": each["name"]}, "grade": each["grade"], **level})
    alone = {id(each) for each in of.single}
    for grade, those in of.grades:
        if not any(id(each) in alone for each in those):
            usual = levels.get(Sum("grade", str(school["id"]), grade))
            told = measured(summed(those), here(those), usual, rate(those, of.known))
            found.append(
                {
                    "class": None,
                    "grade": grade,
                    **{name: told[name] for name in ("here", "away", "rated", "usual", "stands_out")},
                }
            )
    out = [{"school": school, **each} for each in found if each.pop("stands_out")]
    return sorted(out, key=lambda each: -float(each["away"]) / each["here"])


@dataclass(frozen=True)
class Meeting:
    """A school with its classes and its calendar of the day."""

    school: Mapping[str, Any]
    calendar: Calendar
    of: School


def closed_of(calendar: Calendar, each: Mapping[str, Any]) -> Class:
    """A class with whether it has lessons, and why not where its school has."""
    closed = without_lessons(calendar, str(each["id"]), each["grade"])
    return {**each, "closed": closed, "meets": calendar.meets() and closed is None}


def city_of(schools: Sequence[Meeting]) -> list[Class]:
    """The classes that the board's own sums are of: those of every school's, and what is left where it is enough."""
    return [each for one in schools for each in one.of.counted] + _left(schools)


def city_known(schools: Sequence[Meeting]) -> list[Class]:
    """Of these the confirmed ones."""
    return [each for one in schools for each in one.of.known] + confirmed(_left(schools))


def _left(schools: Sequence[Meeting]) -> list[Class]:
    left = [each for one in schools for each in one.of.unsaid]
    return left if may_tell(left, _members, _meets) else []


def city_grades(schools: Sequence[Meeting], levels: Levels) -> list[dict[str, Any]]:
    """The grades of all schools together; of grades that are told in their school alone."""
    sums: dict[str | None, list[Class]] = {}
    known = city_known(schools)
    for one in schools:
        if one.calendar.meets():
            for grade, those in one.of.grades:
                sums.setdefault(grade, []).extend(those)
    return [
        {
            "grade": grade,
            **measured(
                summed(sums[grade]),
                here(sums[grade]),
                levels.get(Sum("grade", None, grade)),
                rate(sums[grade], known),
            ),
            **rolls(sums[grade]),
        }
        for grade in sorted(sums, key=_place)
    ]


def units_of(schools: Sequence[Meeting]) -> tuple[Unit, ...]:
    """What is told of these schools, so that what is usual is told of the same."""
    found: list[Unit] = []
    for one in schools:
        school, alone = str(one.school["id"]), _ids(one.of.single)
        graded: set[str] = set()
        for grade, those in one.of.grades:
            ids = _ids(those)
            graded |= ids
            if ids <= alone:
                found += [class_unit(each, school, grade) for each in sorted(ids)]
            else:
                found.append(grade_unit(ids, school, grade))
        if rest := _ids(one.of.counted) - graded:
            found.append(rest_unit(rest, school))
    if left := _ids(_left(schools)):
        found.append(left_unit(left))
    return tuple(found)


def _ids(classes: Iterable[Class]) -> set[str]:
    return {str(each["id"]) for each in classes}
