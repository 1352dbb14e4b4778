"""Numbers that may be told to whoever may not know who they are about: no group under five, none by subtraction. Pure.

The rule of the feed ``absence-count`` and of the board's pages is this one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

SMALL = 5
"""Groups with fewer members are not shown unless the purpose says why they must be."""


def enough(members: int) -> bool:
    """Whether a group of so many children may be told at all."""
    return members >= SMALL


def tellable(members: int, here: int) -> bool:
    """Whether a sum over so many children tells of no small group: absences are among the ``here`` with lessons."""
    return enough(members) and (here == 0 or enough(here))


def separable(sizes: Iterable[int]) -> bool:
    """Whether the parts of a whole may be told one by one; of a small one the number would follow from the others'."""
    return all(enough(size) for size in sizes if size)


T = TypeVar("T")


@dataclass(frozen=True)
class Told(Generic[T]):
    """What of a school's classes may be told. Every class stands in ``grades``, in ``rest`` or in ``unsaid``."""

    grades: list[tuple[str | None, list[T]]]
    """Grades told as a whole, with their classes."""
    single: list[T]
    """Of those the classes that are told by themselves, too."""
    rest: list[T]
    """Classes of grades too small to be told: they are counted in the school's sum, being many enough together."""
    unsaid: list[T]
    """The same where they are not: in none of the school's numbers."""


def tell(
    classes: Iterable[T],
    grade: Callable[[T], str | None],
    members: Callable[[T], int],
    meets: Callable[[T], bool],
) -> Told[T]:
    """What may be told of a school: grades of at least five, class by class where no class of the grade is small.

    Both counts must be large enough: everybody of 在籍, and those whose class has lessons, whom absences are among.
    """
    by_grade: dict[str | None, list[T]] = defaultdict(list)
    for each in classes:
        by_grade[grade(each)].append(each)
    grades: list[tuple[str | None, list[T]]] = []
    single: list[T] = []
    others: list[T] = []
    for of, those in by_grade.items():
        if not may_tell(those, members, meets):
            others += those
            continue
        grades.append((of, those))
        if separable(members(each) for each in those):
            single += those
    counted = may_tell(others, members, meets)
    return Told(grades, single, others if counted else [], [] if counted else others)


def may_tell(group: Collection[T], members: Callable[[T], int], meets: Callable[[T], bool]) -> bool:
    """Whether a sum over these classes tells of no small group."""
    here = sum(members(each) for each in group if meets(each))
    return tellable(sum(members(each) for each in group), here)


def atoms(told: Sequence[Collection[int]]) -> list[int]:
    """Sizes of the groups that follow from told ones by adding and subtracting, where no two of them only overlap."""
    signs: dict[int, set[int]] = defaultdict(set)
    for n, group in enumerate(told):
        for child in group:
            signs[child].add(n)
    sizes: dict[frozenset[int], int] = defaultdict(int)
    for sign in signs.values():
        sizes[frozenset(sign)] += 1
    return list(sizes.values())
