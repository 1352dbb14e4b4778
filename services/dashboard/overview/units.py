"""What is told only as a whole, and which sums it stands in: what is usual is counted over whole units. Pure.

A median over other children than the count beside it would tell of those by whom the two differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple


class Sum(NamedTuple):
    """A group of which something is usual."""

    kind: Literal["class", "grade", "school", "board"]
    school: str | None = None
    """Of a grade None: of all schools together."""
    grade: str | None = None
    class_id: str | None = None


BOARD = Sum("board")


@dataclass(frozen=True)
class Unit:
    """Classes of which nothing is told apart from each other, and what they are summed up in."""

    classes: frozenset[str]
    sums: tuple[Sum, ...]


def class_unit(class_id: str, school: str, grade: str | None) -> Unit:
    """A class that is told by itself, as its grade is then."""
    sums = grade_unit((), school, grade).sums
    return Unit(frozenset({class_id}), (Sum("class", class_id=class_id), *sums))


def grade_unit(classes: Iterable[str], school: str, grade: str | None) -> Unit:
    """A grade that is told as a whole."""
    sums = Sum("grade", school, grade), Sum("school", school), Sum("grade", None, grade), BOARD
    return Unit(frozenset(classes), sums)


def rest_unit(classes: Iterable[str], school: str) -> Unit:
    """What is told in its school's sum only."""
    return Unit(frozenset(classes), (Sum("school", school), BOARD))


def left_unit(classes: Iterable[str]) -> Unit:
    """What is told in the board's sum only."""
    return Unit(frozenset(classes), (BOARD,))
