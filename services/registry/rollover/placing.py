"""A balanced proposal of classes: sizes, sexes and last year's classes spread evenly, wishes kept. Pure, by seed.

Hard: who must be together is in one class; sizes differ by one, or by what a group forces. Wishes "apart" weigh more
than any balance; one that cannot be kept (more children than classes) is told, not hidden.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple
from uuid import UUID

_APART, _SIZE, _SEX, _BEFORE = 10_000, 400, 20, 3
"""Weights of the cost: a wish broken, and squared distances from the even share."""
_ROUNDS = 10
"""Tries a child at bettering the proposal: more made no difference on grades of 30 to 240."""


class Child(NamedTuple):
    """Who is to be placed, and what is evened out."""

    id: UUID
    sex: str
    before: UUID | None
    """The class of this year."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Sets of children that go into different classes, or into the same one."""

    apart: Sequence[frozenset[UUID]] = ()
    together: Sequence[frozenset[UUID]] = ()


@dataclass(slots=True)
class _Room:
    size: int = 0
    sexes: Counter[str] = field(default_factory=Counter)
    before: Counter[UUID | None] = field(default_factory=Counter)
    members: set[UUID] = field(default_factory=set)

    def add(self, group: Iterable[Child], sign: int = 1) -> None:
        for child in group:
            self.size += sign
            self.sexes[child.sex] += sign
            self.before[child.before] += sign
            if sign > 0:
                self.members.add(child.id)
            else:
                self.members.discard(child.id)


class _Sharing:
    """Children shared among rooms, and what that costs."""

    def __init__(self, children: Sequence[Child], rooms: int, wishes: Wishes) -> None:
        self.rooms = [_Room() for _ in range(rooms)]
        self.share = len(children) / rooms
        self.sexes = {sex: n / rooms for sex, n in Counter(each.sex for each in children).items()}
        self.before = {of: n / rooms for of, n in Counter(each.before for each in children).items()}
        self.foes: dict[UUID, set[UUID]] = {}
        for group in wishes.apart:
            for each in group:
                self.foes.setdefault(each, set()).update(group - {each})

    def cost(self, room: _Room) -> float:
        found = _SIZE * (room.size - self.share) ** 2
        found += _SEX * sum((room.sexes[sex] - share) ** 2 for sex, share in self.sexes.items())
        found += _BEFORE * sum((room.before[of] - share) ** 2 for of, share in self.before.items())
        foes = sum(len(self.foes[each] & room.members) for each in room.members if each in self.foes)
        return found + _APART * foes

    def change(self, room: _Room, out: Sequence[Child], into: Sequence[Child]) -> float:
        """How much dearer a room gets."""
        before = self.cost(room)
        room.add(out, -1)
        room.add(into)
        after = self.cost(room)
        room.add(into, -1)
        room.add(out)
        return after - before


def propose(children: Sequence[Child], rooms: int, wishes: Wishes, seed: int) -> list[list[UUID]]:
    """Children by room; the same arguments give the same answer, in whatever order the children come."""
    if rooms < 1:
        raise ValueError("no room")
    children = sorted(children, key=lambda each: each.id)
    random = Random(seed)  # noqa: S311 (classes, not secrets)
    groups = _groups(children, wishes.together)
    random.shuffle(groups)
    groups.sort(key=lambda group: (-len(group), group[0].sex))
    sharing = _Sharing(children, rooms, wishes)
    at: list[int] = []
    for group in groups:
        order = list(range(rooms))
        random.shuffle(order)
        best = min(order, key=lambda place: _filling(sharing, place, group))
        sharing.rooms[best].add(group)
        at.append(best)
    _better(sharing, groups, at, random)
    found: list[list[UUID]] = [[] for _ in range(rooms)]
    for group, place in zip(groups, at, strict=True):
        found[place] += [each.id for each in group]
    return found


def _groups(children: Sequence[Child], together: Iterable[Collection[UUID]]) -> list[list[Child]]:
    """Children who stay together, joined over all wishes; each of the others alone."""
    of = {each.id: {each.id} for each in children}
    for wish in together:
        joined = set().union(*(of[each] for each in wish if each in of))
        for each in joined:
            of[each] = joined
    by_id = {each.id: each for each in children}
    return [
        [by_id[member] for member in sorted(of[each.id])] for each in children if each.id == min(of[each.id])
    ]


def _filling(sharing: _Sharing, place: int, group: Sequence[Child]) -> float:
    """While rooms fill, the emptier one is the better one, then the one whose mixture gains."""
    room = sharing.rooms[place]
    foes = sum(len(sharing.foes.get(each.id, set()) & room.members) for each in group)
    sexes = sum(room.sexes[each.sex] for each in group)
    before = sum(room.before[each.before] for each in group)
    return _APART * foes + _SIZE * room.size + _SEX * sexes + _BEFORE * before


def _better(sharing: _Sharing, groups: Sequence[Sequence[Child]], at: list[int], random: Random) -> None:
    """Swap groups of two rooms, or move one, whenever that is cheaper."""
    rooms = sharing.rooms
    if len(rooms) == 1:
        return
    for _ in range(_ROUNDS * len(groups)):
        one, other = random.randrange(len(groups)), random.randrange(len(groups))
        here, there = at[one], at[other]
        if here == there:
            continue
        moved = groups[other] if len(groups[one]) == len(groups[other]) else []
        gain = sharing.change(rooms[here], groups[one], moved)
        gain += sharing.change(rooms[there], moved, groups[one])
        if gain < -1e-9:
            rooms[here].add(groups[one], -1)
            rooms[there].add(groups[one])
            at[one] = there
            if moved:
                rooms[there].add(moved, -1)
                rooms[here].add(moved)
                at[other] = here


def broken(seats: Mapping[UUID, UUID], wishes: Wishes) -> tuple[list[frozenset[UUID]], list[frozenset[UUID]]]:
    """Wishes that seats (child → class) do not keep: apart: who shares a class; together: the whole wish."""
    close = []
    for group in wishes.apart:
        shared: dict[UUID, set[UUID]] = {}
        for each in group:
            if each in seats:
                shared.setdefault(seats[each], set()).add(each)
        close += [frozenset(each) for each in shared.values() if len(each) > 1]
    parted = [group for group in wishes.together if len({seats[each] for each in group if each in seats}) > 1]
    return close, parted
