"""What people have changed by hand since a source last spoke, and whether the source has news about it. Pure.

A change by hand is newer than what the source said before it: while the source repeats that, the change stays. When the
source says something else than it did, it has news, and the news holds for that person; the preview tells of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.registry.imports.rules import TOGETHER, Frame, Side, Wants
from services.registry.roster.rows import PersonRow, Standing
from services.registry.roster.rules import diff_periods


@dataclass(frozen=True, slots=True)
class Hand:
    """One kind of relation: what people added, and what the source had said and people took back."""

    added: frozenset[UUID] = frozenset()
    """Ids of standing periods."""
    taken_back: tuple[Standing[Any], ...] = ()

    def subjects(self, standing: Iterable[Standing[Any]]) -> set[UUID]:
        """Everybody whose relations of this kind were changed by hand."""
        mine = {each.held.subject for each in standing if each.id in self.added}
        return mine | {each.held.subject for each in self.taken_back}


@dataclass(slots=True)
class Judged:
    """Whose changes by hand stay, and whose the source writes over, by kind of relation."""

    kept: dict[Side, set[UUID]] = field(default_factory=dict)
    overwritten: dict[Side, set[UUID]] = field(default_factory=dict)

    def people(self, which: Mapping[Side, set[UUID]]) -> set[UUID]:
        """Everybody, once."""
        return {person for people in which.values() for person in people}


def judge(
    frame: Frame,
    wants: Mapping[Side, Wants[Any]],
    standing: Mapping[Side, list[Standing[Any]]],
    hands: Mapping[Side, Hand],
) -> Judged:
    """Kinds that are published together are judged together: nobody is left half in one school and half in another."""
    found = Judged()
    for sides in {*TOGETHER.values()}:
        handed: set[UUID] = set()
        for side in sides:
            handed |= hands[side].subjects(standing[side])
        news: set[UUID] = set()
        if handed:
            for side in sides:
                news |= _news(frame, wants[side], standing[side], hands[side], handed)
        for side in sides:
            about = set(wants[side].subjects)
            found.kept[side] = (handed - news) & about
            found.overwritten[side] = handed & news & about
    return found


def _news(
    frame: Frame, wants: Wants[Any], standing: list[Standing[Any]], hand: Hand, handed: set[UUID]
) -> set[UUID]:
    """Those of ``handed`` of whom the source says something else than it has said before."""
    about = handed & set(wants.subjects)
    said = [each for each in standing if each.held.subject in about and each.id not in hand.added]
    said += [each for each in hand.taken_back if each.held.subject in about]
    asked = [each for each in wants.held if each.subject in about]
    return diff_periods(said, asked, frame.coverage, frame.as_of).subjects()


def without(wants: Wants[Any], kept: set[UUID]) -> Wants[Any]:
    """What is asked of the others."""
    if not kept:
        return wants
    return Wants(
        [each for each in wants.subjects if each not in kept],
        [each for each in wants.held if each.subject not in kept],
    )


_TOLD = tuple(
    PersonRow._fields.index(name)
    for name in PersonRow._fields
    if name not in ("id", "sort_key", "search", "merged_into")
)


def same_card(one: PersonRow, other: PersonRow) -> bool:
    """Whether two cards say the same, whatever follows from it."""
    return all(one[place] == other[place] for place in _TOLD)


def judge_cards(
    changed: list[PersonRow], said: Mapping[UUID, PersonRow]
) -> tuple[list[PersonRow], set[UUID], set[UUID]]:
    """``said``: of cards that were changed by hand, what the source had said last. Returns what is left to write."""
    kept = {row.id for row in changed if row.id in said and same_card(row, said[row.id])}
    over = {row.id for row in changed if row.id in said and row.id not in kept}
    return [row for row in changed if row.id not in kept], kept, over
