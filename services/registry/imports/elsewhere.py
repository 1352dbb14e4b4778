"""What an import that is one school's own would change of other schools: nothing, or it is refused. Pure.

A school's office brings its own roster. A child who is still enrolled elsewhere, a class or a member of staff of
another school, a department of the board: those are for both schools, or for the board.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

from services.registry.imports.rules import Frame, PartPlan, Side, here
from services.registry.roster.rows import OrganisationRow, place_of

_PLACED: tuple[Side, ...] = ("enrolment", "membership", "duty")


class Elsewhere(Exception):
    """The import would change other schools; ``places``: the name of each (empty: the board itself), how much of it."""

    def __init__(self, places: Mapping[str, int]) -> None:
        super().__init__(f"{len(places)} places")
        self.places = places


def elsewhere(
    frame: Frame, plan: PartPlan, organisations: Mapping[UUID, OrganisationRow]
) -> Counter[UUID | None]:
    """How many changes of a part concern which other school (None: the board, or people of no school)."""
    found: Counter[UUID | None] = Counter()
    if frame.school is None:
        return found
    if plan.school is None:
        found[None] += len(plan.people)
    elif plan.school != frame.school:
        found[plan.school] += plan.events()
    for row in plan.organisations:
        if row.school_id != frame.school:
            found[row.school_id] += 1
    for calendar in plan.calendars:
        if calendar.school_id != frame.school:
            found[calendar.school_id] += 1
    for side in _PLACED:
        _relations(frame, plan, side, found)
    schools: Counter[UUID | None] = Counter()
    for place, number in found.items():
        schools[_school(place, organisations)] += number
    return +schools


def _relations(frame: Frame, plan: PartPlan, side: Side, found: Counter[UUID | None]) -> None:
    """Relations it would add elsewhere, and those of elsewhere that cannot stand beside what it adds here."""
    change = plan.sides[side]
    for added in change.changes.added:
        if not here(frame, added.held.what):
            found[place_of(added.held.what)] += 1
    theirs = change.before() if change.changes else {}
    for added in change.changes.added:
        for held in theirs.get(added.held.subject, ()):
            rival = held.what.slot == added.held.what.slot and held.valid.overlaps(added.held.valid)
            if rival and not here(frame, held.what):
                found[place_of(held.what)] += 1


def _school(place: UUID | None, organisations: Mapping[UUID, OrganisationRow]) -> UUID | None:
    row = organisations.get(place) if place is not None else None
    return row.school_id if row is not None else place
