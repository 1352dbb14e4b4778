"""The absence count: which groups a department is told of, and what is said of one. Pure.

By class; where a class of a grade has fewer than five children, the grade as a whole and none of its classes, or the
small one would follow by subtraction. A whole that is small itself is not told at all, nor one of which fewer than five
have lessons, because the rest is closed: what was told of it before then stays as it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.dashboard.feeds.rules import Kept, Next
from services.dashboard.overview.small import separable, tellable
from shared.contracts.dashboard import ABSENCE_COUNT, AbsenceCount
from shared.ids import natural_id

ABSENCES = ABSENCE_COUNT


@dataclass(frozen=True)
class ClassCount:
    """A class on a date, counted from its pupils' days."""

    id: UUID
    school: UUID
    grade: str | None
    meets: bool
    members: int
    absent: int
    suspended: int
    excused: int
    """登校を要しない日: the 校長 has said that these children need not come."""
    late: int
    unrecorded: int
    taken_at: datetime | None


@dataclass(frozen=True)
class Group:
    """What an item is about: a class, or a whole grade of a school."""

    id: UUID
    school: UUID
    grade: str | None
    """Of a whole grade; None of a class."""
    value: AbsenceCount


def grade_id(board: UUID, school: UUID, grade: str | None) -> UUID:
    """A grade's id as a group: the same however often it is computed."""
    return natural_id(board, "grade", school, grade or "none")


def whole_grade(grade: str | None) -> str:
    """What a grade is called as a group."""
    return f"{grade[1:]}年全体" if grade else "学年をまたぐ学級全体"


def groups(
    board: UUID, classes: Iterable[ClassCount], *, small_groups: bool, told: Collection[UUID]
) -> list[Group]:
    """The groups of a day. ``told``: those of which something was given already.

    As the day was begun to be told, so it goes on: a number given by class beside one given by grade tells the class
    that was left out.
    """
    grades: dict[tuple[UUID, str | None], list[ClassCount]] = defaultdict(list)
    for each in classes:
        if each.members:
            grades[each.school, each.grade].append(each)
    found: list[Group] = []
    for (school, grade), those in grades.items():
        whole = Group(grade_id(board, school, grade), school, grade, _sum(those))
        single = [Group(each.id, school, None, _sum([each])) for each in those]
        by_class = small_groups or separable(each.members for each in those)
        if whole.id in told:
            by_class = False
        elif any(each.id in told for each in single):
            by_class = True
        found += single if by_class else [whole]
    return [each for each in found if small_groups or _is_large(each.value)]


def _is_large(value: AbsenceCount) -> bool:
    """Absences are among those who have lessons: of few of these nothing is told, however many are on the list."""
    return tellable(value.members, value.members - value.off)


def _sum(classes: Collection[ClassCount]) -> AbsenceCount:
    meeting = [each for each in classes if each.meets]
    members = sum(each.members for each in classes)
    taken = [each.taken_at for each in meeting if each.taken_at is not None]
    return AbsenceCount(
        members=members,
        absent=sum(each.absent for each in meeting),
        suspended=sum(each.suspended for each in meeting),
        late=sum(each.late for each in meeting),
        unrecorded=sum(each.unrecorded for each in meeting),
        off=members - sum(each.members - each.excused for each in meeting),
        taken_at=max(taken) if taken and len(taken) == len(meeting) else None,
    )


def next_revision(group: Group, kept: Kept[AbsenceCount] | None) -> Next[AbsenceCount] | None:
    """What to give for a group now; None when the department has it already, or nobody of it had lessons."""
    if kept is None:
        return None if group.value.off == group.value.members else Next(1, group.value, None)
    return None if kept.value == group.value else Next(kept.revision + 1, group.value, None)
