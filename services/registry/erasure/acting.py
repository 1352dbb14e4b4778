"""Erasing within one unit of work: the rows go, that it was done is kept, and whoever reads our events is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.registry.erasure import store
from services.registry.erasure.rules import Ground, Holdings
from services.registry.people import store as people
from services.registry.people.rules import standing
from services.registry.roster import published
from shared.contracts.registry import (
    ContactChanged,
    DutyChanged,
    EnrolmentChanged,
    GuardianshipChanged,
    PersonChanged,
    PersonErased,
)
from shared.database import Work


async def erase(
    work: Work,
    person: UUID,
    cards: Sequence[UUID],
    ground: Ground,
    document: str | None,
    counts: Holdings,
    by: UUID,
    at: datetime,
    number: int | None = None,
) -> int:
    """Erase a person with all cards that turned out to be theirs; returns the erasure's number, ``number`` if free.

    Whether it may be is decided before. The roster must be locked.
    """
    children = await store.children_of(work.session, work.scope.board, cards)
    await store.erase(work, cards)
    number = await store.note(work, person, cards, ground, document, counts, by, at, number)
    await _announce(work, cards, children)
    return number


async def _announce(work: Work, cards: Sequence[UUID], children: Sequence[UUID]) -> None:
    """Every state about the person ends; a child's guardians are told whole without the one who is gone."""
    for each in cards:
        for kind in (PersonChanged, EnrolmentChanged, GuardianshipChanged, ContactChanged, DutyChanged):
            work.tombstone(kind, key=each, subject=each)
        work.publish(PersonErased(person=each), key=each)
    for child in children:
        record = await people.record(work.session, work.scope.board, child)
        if record is None:
            continue
        guardians = [each.held for each in standing(record.guardians)]
        marks = [each.held for each in standing(record.protections)]
        work.publish(published.guardianship_changed(child, guardians, marks), key=child, subject=child)
