"""A whole plan proposed: how many classes the law gives each grade, what they are called, who sits where. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol
from uuid import UUID

from services.registry.rollover.placing import Child, Wishes, propose
from services.registry.rollover.plans import (
    NAME_LENGTH,
    SPECIAL_LIMIT,
    Candidate,
    Order,
    Plan,
    PlannedClass,
    Seat,
    numbered,
)
from services.registry.roster.grades import GRADES
from shared.ids import natural_id

Twins = Literal["apart", "together", "free"]


_LIMITS = {"P": 35, "J": 40, "E": 30}
"""義務標準法 3: pupils of an ordinary class (小 35 since 2025, 中 40); kindergartens by 幼稚園設置基準."""
_LIMIT_OF_A_SPECIAL_SCHOOL = 6
"""義務標準法 3: of a class in the 小学部 or 中学部 of a 特別支援学校."""


def limit_of(grade: str, kind: str) -> int:
    """How many pupils an ordinary class of a school of this kind may have."""
    special = kind == "special_needs_school" and grade[0] in "PJ"
    return _LIMIT_OF_A_SPECIAL_SCHOOL if special else _LIMITS.get(grade[0], 35)


def class_name(grade: str, place: int, kind: str) -> str:
    """3年1組; at a 義務教育学校 中1 is 7年, at a 特別支援学校 中学部1年; kindergartens say 年長1組.

    No two grades of a school share a name.
    """
    words = {"E1": "年少", "E2": "年中", "E3": "年長"}
    number = int(grade[1:]) + (6 if kind == "compulsory" and grade[0] == "J" else 0)
    parts = {"P": "小学部", "J": "中学部"} if kind == "special_needs_school" else {}
    return f"{parts.get(grade[0], '')}{words.get(grade, f'{number}年')}{place}組"


def wishes_of(plan: Plan, twins: Sequence[frozenset[UUID]], rule: Twins) -> Wishes:
    """What the plan asks for, and what is asked of twins."""
    apart = [frozenset(each) for each in plan.apart]
    together = [frozenset(each) for each in plan.together]
    if rule == "apart":
        apart += twins
    if rule == "together":
        together += twins
    return Wishes(apart, together)


def proposed(
    plan: Plan,
    candidates: Mapping[UUID, Candidate],
    *,
    board: UUID,
    school: UUID,
    kind: str,
    year: int,
    seed: int,
    twins: Sequence[frozenset[UUID]] = (),
    twin_rule: Twins = "free",
    order: Order = "kana",
    grades: Sequence[str] = GRADES,
) -> Plan:
    """The plan with classes and seats for these grades; what it says of other grades stays, save the numbers of a
    class that they share with one of these.

    A grade that has classes keeps them; one that has none gets as many as the law gives (義務標準法 3). Children of a
    特別支援学級 go on in one of the same name, eight at most.
    """
    wishes = wishes_of(plan, twins, twin_rule)
    classes = list(plan.classes)
    seats = {p: s for p, s in plan.seats.items() if p in candidates and candidates[p].grade not in grades}

    def made(name: str, grade: str | None, *, special: bool) -> PlannedClass:
        found = next((each for each in classes if each.name == name), None)
        if found is None:
            id_ = natural_id(board, "planned-class", school, year, name)
            found = PlannedClass(id=id_, name=name, grade=grade, special_needs=special)
            classes.append(found)
        return found

    for grade in grades:
        here = [each for each in candidates.values() if each.grade == grade]
        special = [each for each in here if each.special_needs]
        ordinary = [each for each in here if not each.special_needs]
        if ordinary:
            rooms = [each for each in classes if each.grade == grade and not each.special_needs]
            if not rooms:
                count = -(-len(ordinary) // limit_of(grade, kind))
                taken = {each.name for each in classes}
                names = (class_name(grade, n, kind) for n in itertools.count(1))
                free = (name for name in names if name not in taken)
                rooms = [made(name, grade, special=False) for name in itertools.islice(free, count)]
            children = [Child(each.id, each.sex, each.before) for each in ordinary]
            found = propose(children, len(rooms), wishes, seed)
            seats |= {
                pupil: Seat(class_id=room.id)
                for room, members in zip(rooms, found, strict=True)
                for pupil in members
            }
        for each in sorted(special, key=lambda one: (one.before_name, one.sort_key, one.id)):
            seats[each.id] = Seat(class_id=_special_room(each, seats, made).id)
    whole = plan.model_copy(update={"classes": classes, "seats": seats})
    fresh = numbered(whole, candidates, order)
    changed = {seat.class_id for p, seat in seats.items() if candidates[p].grade in grades}
    kept = {p: s for p, s in seats.items() if candidates[p].grade not in grades and s.class_id not in changed}
    return whole.model_copy(update={"seats": {**fresh, **kept}})


class _Made(Protocol):
    def __call__(self, name: str, grade: str | None, *, special: bool) -> PlannedClass: ...


def _special_room(child: Candidate, seats: Mapping[UUID, Seat], made: _Made) -> PlannedClass:
    name = (child.before_name or "特別支援学級")[: NAME_LENGTH - 2]
    for place in range(1, 30):
        room = made(name if place == 1 else f"{name}{place}", None, special=True)
        if sum(seat.class_id == room.id for seat in seats.values()) < SPECIAL_LIMIT:
            return room
    raise ValueError("too many for one special class's name")
