"""Where pupils are before and after an import: who comes, goes, moves between schools and classes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple
from uuid import UUID

from services.registry.imports.rules import Frame, PartPlan
from services.registry.roster.rows import Held
from services.registry.roster.snapshot import Period

MoveKind = Literal["enrolled", "left", "moved", "class", "number", "dates"]


class Stay(NamedTuple):
    """A pupil's last 在籍 in the time an import speaks about."""

    school: UUID
    class_id: UUID | None
    number: int | None
    grade: str
    until: date | None


class Move(NamedTuple):
    """What becomes of one pupil."""

    pupil: UUID
    kind: MoveKind
    before: Stay | None
    after: Stay | None
    leaves: tuple[UUID, ...]
    """Schools at which 在籍 ends sooner than it would have."""
    classes: tuple[UUID, ...]
    """Classes of 在籍 that are left."""
    joins: tuple[UUID, ...]
    """Classes of 在籍 that are joined."""


def moves(frame: Frame, plan: PartPlan) -> Iterator[Move]:
    """Every pupil of a part whose 在籍 changes from the import's day on."""
    enrolled, member = plan.sides["enrolment"], plan.sides["membership"]
    if not (enrolled.changes or member.changes):
        return
    window = Period(frame.ends, frame.coverage.until)
    enrolments, memberships = enrolled.before(), member.before()
    for pupil, schools, classes in plan.together("enrolment", "membership"):
        was_at, was_in = enrolments.get(pupil, ()), memberships.get(pupil, ())
        before, after = _stay(was_at, was_in, window), _stay(schools, classes, window)
        one, other = _homes(was_in, window), _homes(classes, window)
        yield Move(
            pupil,
            _kind(before, after),
            before,
            after,
            _sooner(was_at, schools, window),
            tuple(one - other),
            tuple(other - one),
        )


def _stay(enrolments: Sequence[Held[Any]], memberships: Sequence[Held[Any]], window: Period) -> Stay | None:
    school = _last(enrolments, window)
    if school is None:
        return None
    home = _last((each for each in memberships if each.what.kind == "home"), window)
    here = home is not None and home.what.school_id == school.what.school_id
    return Stay(
        school.what.school_id,
        home.what.class_id if home is not None and here else None,
        home.what.number if home is not None and here else None,
        school.what.grade,
        school.valid.until,
    )


def _last(held: Iterable[Held[Any]], window: Period) -> Held[Any] | None:
    inside = [each for each in held if each.valid.overlaps(window)]
    return max(inside, key=lambda each: each.valid.since, default=None)


def _homes(memberships: Iterable[Held[Any]], window: Period) -> set[UUID]:
    return {
        each.what.class_id for each in memberships if each.what.kind == "home" and each.valid.overlaps(window)
    }


def _sooner(before: Iterable[Held[Any]], after: Iterable[Held[Any]], window: Period) -> tuple[UUID, ...]:
    one, other = _ends(before, window), _ends(after, window)
    return tuple(school for school, end in one.items() if school not in other or _earlier(other[school], end))


def _ends(held: Iterable[Held[Any]], window: Period) -> dict[UUID, date | None]:
    """The end of 在籍 at each school; None while unknown."""
    found: dict[UUID, date | None] = {}
    for each in held:
        if each.valid.overlaps(window):
            school, end = each.what.school_id, each.valid.until
            found[school] = end if school not in found or _earlier(found[school], end) else found[school]
    return found


def _earlier(one: date | None, other: date | None) -> bool:
    return one is not None and (other is None or one < other)


def _kind(before: Stay | None, after: Stay | None) -> MoveKind:
    if before is None or after is None:
        return "enrolled" if after is not None else "left" if before is not None else "dates"
    if before.school != after.school:
        return "moved"
    if _earlier(after.until, before.until):
        return "left"
    if before.class_id != after.class_id:
        return "class"
    return "number" if before.number != after.number else "dates"
