"""Grades and the schools that teach them (学校教育法 1, 29, 45, 49の2, 72). Pure."""

from __future__ import annotations

from collections.abc import Mapping

KINDERGARTEN = ("E1", "E2", "E3")
ELEMENTARY = ("P1", "P2", "P3", "P4", "P5", "P6")
JUNIOR_HIGH = ("J1", "J2", "J3")
GRADES = (*KINDERGARTEN, *ELEMENTARY, *JUNIOR_HIGH)

TAUGHT_AT: Mapping[str, tuple[str, ...]] = {
    "kindergarten": KINDERGARTEN,
    "elementary": ELEMENTARY,
    "junior_high": JUNIOR_HIGH,
    "compulsory": (*ELEMENTARY, *JUNIOR_HIGH),
    "special_needs_school": GRADES,
}
"""Kind of a school → its grades."""

SCHOOL_KINDS = tuple(TAUGHT_AT)

_STAGES = {"E": "年", "P": "小", "J": "中"}
_KINDERGARTEN_WORDS = {"E1": "年少", "E2": "年中", "E3": "年長"}


def grade_in_words(grade: str) -> str:
    """``小2``, ``中1``, ``年長``; a grade nobody knows as it is."""
    if grade in _KINDERGARTEN_WORDS:
        return _KINDERGARTEN_WORDS[grade]
    return f"{_STAGES[grade[0]]}{grade[1:]}" if grade in GRADES else grade


def next_grade(grade: str) -> str | None:
    """The grade a year later; None after the last."""
    place = GRADES.index(grade) + 1
    return GRADES[place] if place < len(GRADES) else None


def taught(kind: str, grade: str) -> bool:
    """Whether a kind of school has the grade."""
    return grade in TAUGHT_AT.get(kind, ())
