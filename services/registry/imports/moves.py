"""Where pupils are before and after an import: who comes, goes, moves between schools and classes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from services.registry.imports.rules import Frame, PartPlan
from services.registry.roster.rows import EnrolmentIs, Held, MembershipIs
from services.registry.roster.snapshot import Period

MoveKind = Literal["enrolled", "left", "moved", "class", "number", "dates"]
_DAY = timedelta(days=1)


class Stay(NamedTuple):
    """Where a pupil is from one day to another."""

    school: UUID
    class_id: UUID | None
    number: int | None
    grade: str
    """Empty when it is told of a class, which has one."""
    valid: Period
    exchange: bool = False
    """In a class of 交流, beside that of 在籍."""


class Move(NamedTuple):
    """What becomes of one pupil."""

    pupil: UUID
    kind: MoveKind
    before: Stay | None
    """Under whose school it is counted: the last stay in the time the import speaks about, or that of its day."""
    after: Stay | None
    was: tuple[Stay, ...]
    """What is told as the old value; of ``dates`` and of moves on the import's day all that becomes other."""
    becomes: tuple[Stay, ...]
    here: UUID | None
    """The school of 在籍 on the import's day, as it stands."""
    then: UUID | None
    """The same after the import."""
    leaves: tuple[UUID, ...]
    """Schools at which 在籍 ends sooner than it would have, or no longer is on the import's day."""
    classes: tuple[UUID, ...]
    """Classes of 在籍 that are left."""
    joins: tuple[UUID, ...]
    """Classes of 在籍 that are joined."""


def moves(frame: Frame, plan: PartPlan) -> Iterator[Move]:
    """Every pupil of a part whose 在籍 changes from the import's day on."""
    enrolled, member = plan.sides["enrolment"], plan.sides["membership"]
    if not (enrolled.changes or member.changes):
        return
    window = frame.coverage if frame.past else Period(frame.ends, frame.coverage.until)
    enrolments, memberships = enrolled.before(), member.before()
    for pupil, schools, classes in plan.together("enrolment", "membership"):
        was_at, was_in = enrolments.get(pupil, ()), memberships.get(pupil, ())
        before, after = _stay(was_at, was_in, window), _stay(schools, classes, window)
        today, then = _on(was_at, was_in, window.since), _on(schools, classes, window.since)
        here, there = today and today.school, then and then.school
        was: tuple[Stay, ...] = (before,) if before else ()
        becomes: tuple[Stay, ...] = (after,) if after else ()
        kind = _kind(before, after)
        if kind == "dates":
            # The last stay is where it was: what changes lies before it, maybe on the import's own day.
            was, becomes = _others(was_at, was_in, schools, classes)
            if here != there:
                kind, before, after = _kind(today, then), today, then
        one, other = _homes(was_in, window), _homes(classes, window)
        yield Move(
            pupil,
            kind,
            before,
            after,
            was,
            becomes,
            here,
            there,
            _sooner(was_at, schools, window, here if here != there else None),
            tuple(one - other),
            tuple(other - one),
        )


def _on(enrolments: Iterable[Held[Any]], memberships: Sequence[Held[Any]], day: date) -> Stay | None:
    return _stay([each for each in enrolments if each.valid.holds(day)], memberships, Period(day, day + _DAY))


def _others(
    was_at: Sequence[Held[Any]],
    was_in: Sequence[Held[Any]],
    schools: Sequence[Held[Any]],
    classes: Sequence[Held[Any]],
) -> tuple[tuple[Stay, ...], tuple[Stay, ...]]:
    """Every stay that is on one side only, in order."""
    one, other = {*was_at, *was_in}, {*schools, *classes}
    return _told(one - other), _told(other - one)


def _told(held: Iterable[Held[Any]]) -> tuple[Stay, ...]:
    """A school beside its class of the same days says nothing of its own."""
    classes = [
        Stay(is_.school_id, is_.class_id, is_.number, "", valid, is_.kind != "home")
        for _, valid, is_ in held
        if isinstance(is_, MembershipIs)
    ]
    said = {(each.school, each.valid) for each in classes if not each.exchange}
    schools = [
        Stay(is_.school_id, None, None, is_.grade, valid)
        for _, valid, is_ in held
        if isinstance(is_, EnrolmentIs) and (is_.school_id, valid) not in said
    ]
    return tuple(sorted([*schools, *classes], key=lambda each: (each.valid.since, each.exchange, str(each))))


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
        school.valid,
    )


def _last(held: Iterable[Held[Any]], window: Period) -> Held[Any] | None:
    inside = [each for each in held if each.valid.overlaps(window)]
    return max(inside, key=lambda each: each.valid.since, default=None)


def _homes(memberships: Iterable[Held[Any]], window: Period) -> set[UUID]:
    return {
        each.what.class_id for each in memberships if each.what.kind == "home" and each.valid.overlaps(window)
    }


def _sooner(
    before: Iterable[Held[Any]], after: Iterable[Held[Any]], window: Period, left: UUID | None
) -> tuple[UUID, ...]:
    one, other = _ends(before, window), _ends(after, window)
    return tuple(
        school
        for school, end in one.items()
        if school == left or school not in other or _earlier(other[school], end)
    )


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
    if _earlier(after.valid.until, before.valid.until):
        return "left"
    if before.class_id != after.class_id:
        return "class"
    return "number" if before.number != after.number else "dates"
