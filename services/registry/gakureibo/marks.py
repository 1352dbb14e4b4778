"""A new card that may be a protected child's has that child's mark from its first moment (docs/decisions/0011).

A run has no asker: nobody is excepted, and nothing that anybody is shown says which card it is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy import text

from services.registry.imports.rules import PartPlan
from services.registry.matching import store as matching
from services.registry.matching.rules import Child, reasons
from services.registry.roster import store as roster
from services.registry.roster.rows import Added, GuardianshipIs, Held, ProtectionIs
from services.registry.roster.snapshot import Period
from shared.database import Work
from shared.dates import business_date

_MARKED = text(
    "select subject_id, confidential_from from protection_period where board_id = :board and voided_at is null"
    " and subject_id = any(cast(:people as uuid[])) and coalesce(upper(valid), 'infinity') > cast(:today as date)"
)


async def inherit(work: Work, plan: PartPlan) -> None:
    """Add to a plan the marks that its new cards inherit; their guardians are tied to them without a right.

    To be asked when cards and 在籍 of the part are written, and guardians and marks are not.
    """
    new = [card for card in plan.people if card.id not in plan.cards_before]
    pairs = await matching.beside(work.session, work.scope.board, new)
    if not pairs:
        return
    known = await _children(work, plan, {id_ for pair in pairs for id_ in pair})
    alike = [pair for pair in pairs if reasons(known[pair[0]], known[pair[1]])]
    marks = await _marks(work, plan, {id_ for pair in alike for id_ in pair})
    kept_from: dict[UUID, set[UUID]] = {}
    fresh = {card.id for card in new}
    for one, other in alike:
        for mine, theirs in ((one, other), (other, one)):
            if mine in fresh and theirs in marks:
                kept_from.setdefault(mine, set()).update(marks[theirs])
    for pupil in sorted(kept_from):
        _mark(plan, pupil, kept_from[pupil], business_date(work.at))


def _mark(plan: PartPlan, pupil: UUID, kept_from: Collection[UUID], today: date) -> None:
    changes = plan.sides["protection"].changes
    own = [each.held for each in changes.added if each.held.subject == pupil]
    stays = [
        each.held.valid.since for each in plan.sides["enrolment"].changes.added if each.held.subject == pupil
    ]
    since = min([today, *stays, *(each.valid.since for each in own)])
    everybody = set(kept_from).union(*(each.what.confidential_from for each in own))
    held = Held(pupil, Period(since, None), ProtectionIs(tuple(sorted(everybody))))
    changes.added = [each for each in changes.added if each.held.subject != pupil] + [Added(held, None)]
    ties = plan.sides["guardianship"].changes
    ties.added = [
        each._replace(held=each.held._replace(what=without_rights(each.held.what)))
        if each.held.subject == pupil
        else each
        for each in ties.added
    ]


def without_rights(tie: GuardianshipIs) -> GuardianshipIs:
    """A guardian of a protected child may be the one it is kept from: rights are given by a named officer's hand."""
    return tie._replace(may_notify=False, may_read=False, may_contact=False)


async def _children(work: Work, plan: PartPlan, ids: Collection[UUID]) -> dict[UUID, Child]:
    """What of these cards is compared; of new ones with the guardians that the plan ties to them."""
    board = work.scope.board
    known = await matching.children(work.session, board, ids)
    ties = [each.held for each in plan.sides["guardianship"].changes.added if each.held.subject in known]
    guardians = await roster.people(work.session, board, {each.what.guardian_id for each in ties})
    for pupil, _, what in ties:
        card = guardians[what.guardian_id]
        names = known[pupil].guardians | {(card.legal_family, card.legal_given)}
        known[pupil] = replace(known[pupil], guardians=names)
    return known


async def _marks(work: Work, plan: PartPlan, ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """Whom those of these cards are kept from that have a mark now or later, or are given one by the plan."""
    found: dict[UUID, set[UUID]] = {}
    values = {"board": work.scope.board, "people": sorted(ids), "today": business_date(work.at)}
    for row in await work.session.execute(_MARKED, values):
        found.setdefault(row.subject_id, set()).update(row.confidential_from)
    for each in plan.sides["protection"].changes.added:
        if each.held.subject in ids:
            found.setdefault(each.held.subject, set()).update(each.held.what.confidential_from)
    return found
