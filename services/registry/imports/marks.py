"""Marks of protection: those that stand whatever a source says, and those that new cards of a run inherit
(docs/decisions/0011, :mod:`services.registry.matching.marks`).

A run has no asker: nobody is excepted, and nothing that anybody is shown says which card it is. What a card inherits no
source has said, and so no source ends it, nor gives its guardians the rights that they have lost by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.imports import wire
from services.registry.imports.by_hand import Hand, without
from services.registry.imports.rules import Frame, PartPlan, Side, SideChange, Wants
from services.registry.matching import marks
from services.registry.matching import store as matching
from services.registry.matching.marks import Alike
from services.registry.matching.rules import Child, reasons
from services.registry.roster import store as roster
from services.registry.roster.rows import Added, Held, PersonRow, ProtectionIs, Standing, Voided
from services.registry.roster.rules import CORRECTED
from services.registry.roster.snapshot import Period
from shared.database import Work
from shared.dates import business_date

_SAY = text(
    "update protection_period set inherited = true where board_id = :board and run_id = :run and voided_at is null"
    " and subject_id = any(cast(:people as uuid[]))"
)
_GIVEN = text(
    "select distinct subject_id from protection_period where board_id = :board and inherited and voided_run_id is null"
)
_MADE = text(
    "select id from person where board_id = :board and made_by_run = :run and id = any(cast(:people as uuid[]))"
)
_WAITING = text(
    "select content from import_part where run_id = :run and board_id = :board and state = 'waiting'"
)


async def alike(work: Work, plan: PartPlan, run: UUID) -> list[Alike]:
    """New cards of a plan with others that may be the same child's.

    To be asked when cards and 在籍 of the part are written, and guardians and marks are not.
    """
    new = [card for card in plan.people if card.id not in plan.cards_before]
    pairs = await matching.beside(work.session, work.scope.board, new)
    if not pairs:
        return []
    known = await _children(work, plan, run, {id_ for pair in pairs for id_ in pair})
    return [(one, other, why) for one, other in pairs if (why := reasons(known[one], known[other]))]


async def inherit(work: Work, plan: PartPlan, run: UUID, found: Collection[Alike]) -> set[UUID]:
    """Add to a plan the marks that new cards of the run inherit; their guardians are tied to them without a right.

    New are those of the plan and those of earlier parts: which school comes first must not decide who is protected.
    """
    if not found:
        return set()
    board, today = work.scope.board, business_date(work.at)
    people = {id_ for one, other, _ in found for id_ in (one, other)}
    known = await marks.kept_from(work.session, board, people, today)
    new = {card.id for card in plan.people} - plan.cards_before.keys()
    made = await work.session.scalars(_MADE, {"board": board, "run": run, "people": sorted(people - new)})
    earlier = set(made) - known.keys()
    for each in plan.sides["protection"].changes.added:
        if each.held.subject in people:
            known.setdefault(each.held.subject, set()).update(each.held.what.confidential_from)
    inherited = marks.inherited(found, new | earlier, known)
    stays = [each.held for each in plan.sides["enrolment"].changes.added]
    if again := sorted(inherited.keys() & earlier):
        await _tie_anew(work, plan, run, again)
        stood = await roster.standing(work.session, board, roster.ENROLMENT, again)
        stays += [each.held for each in stood]
    for pupil in sorted(inherited):
        since = min([today, *(each.valid.since for each in stays if each.subject == pupil)])
        _mark(plan, pupil, inherited[pupil], since)
    return {*inherited}


async def _tie_anew(work: Work, plan: PartPlan, run: UUID, pupils: Sequence[UUID]) -> None:
    """Ties that an earlier part of the run has written are said anew, to be without a right."""
    side = plan.sides["guardianship"]
    stood = await roster.standing(work.session, work.scope.board, roster.GUARDIANSHIP, pupils)
    voided = [Voided(each.id, each.held.subject, CORRECTED) for each in stood]
    await roster.void(work, roster.GUARDIANSHIP, voided, run=run)
    side.standing.extend(stood)
    side.changes.voided += voided
    side.changes.added += [Added(each.held, each.id) for each in stood]


async def say(work: Work, run: UUID, pupils: Collection[UUID]) -> None:
    """Keep of the marks that a run has written that these are inherited."""
    if pupils:
        values = {"board": work.scope.board, "run": run, "people": sorted(pupils)}
        await work.session.execute(_SAY, values)


async def inheritors(session: AsyncSession, board: UUID) -> frozenset[UUID]:
    """Children to whom a run gave a mark that no source has said, also those whose mark has ended since."""
    return frozenset(await session.scalars(_GIVEN, {"board": board}))


def of_sources(
    sides: Mapping[Side, Wants[Any]], standing: Iterable[Standing[Any]], ours: Collection[UUID], on: date
) -> dict[Side, Wants[Any]]:
    """What is asked, without the marks of children who have inherited one.

    As long as theirs runs, no source ends or changes it, by silence or by another word. Where it ends or has not begun,
    a source's mark goes on beside it.
    """
    running: dict[UUID, list[Held[Any]]] = {}
    for each in standing:
        if each.held.subject in ours and (each.held.valid.until is None or each.held.valid.until > on):
            running.setdefault(each.held.subject, []).append(each.held)
    told = sides["protection"]
    named = {each.subject for each in told.held}
    beside: dict[UUID, list[Held[Any]]] = {}
    for mark in told.held:
        if mark.subject not in running or (mark.valid.until is not None and mark.valid.until <= on):
            continue
        valid = mark.valid._replace(since=max(mark.valid.since, on))
        more = valid.uncovered(each.valid for each in running[mark.subject])
        if more:
            beside.setdefault(mark.subject, []).extend(mark._replace(valid=each) for each in more)
    kept = {subject for subject in ours if subject in running or subject not in named}
    mine = without(told, kept)
    subjects = [*mine.subjects, *beside]
    held = [*mine.held, *(each for one, more in beside.items() for each in (*running[one], *more))]
    return {**sides, "protection": Wants(subjects, held)}


def after_those_that_stand(wants: Wants[Any], standing: Iterable[Standing[Any]], frame: Frame) -> Wants[Any]:
    """What is asked, and before a mark that a source tells from a later day what stands until that day.

    Whoever is protected today stays so, from the same people, until the source's own mark begins. A source ends a mark
    by telling its end, and what it tells of the past is as it says.
    """
    told: dict[UUID, list[Held[Any]]] = {}
    for mark in wants.held:
        told.setdefault(mark.subject, []).append(mark)
    asked = {**told}
    for _, held, _ in standing:
        mine = told.get(held.subject, [])
        ends = {mark.valid.until for mark in mine}
        for part in held.valid.uncovered(mark.valid for mark in mine):
            until = part.until
            if until is None or until <= frame.as_of or part.since in ends:
                continue
            if any(mark.valid.since >= until for mark in mine):
                asked[held.subject] = _with(asked[held.subject], held, part)
    return Wants(wants.subjects, [mark for marks_ in asked.values() for mark in marks_])


def _with(told: list[Held[Any]], stood: Held[Any], part: Period) -> list[Held[Any]]:
    """Marks of a child and a part of one that stands; one period where a source's mark only goes on from it."""
    for mark in told:
        if mark.valid.since == part.until and mark.what == stood.what and mark.valid.overlaps(stood.valid):
            longer = mark._replace(valid=Period(part.since, mark.valid.until))
            return [each for each in told if each is not mark] + [longer]
    return [*told, stood._replace(valid=part)]


def keep_marks(side: SideChange[Any], wants: Wants[Any]) -> set[UUID]:
    """A protection ends by being ended, never by being forgotten: take such changes back.

    Returns of whom the source has no mark any more, who had one on the day from which it speaks or a later one.
    """
    changes = side.changes
    forgotten = changes.subjects() - {held.subject for held in wants.held}
    changes.ended -= sum(each.subject in forgotten for each in changes.voided)
    changes.voided = [each for each in changes.voided if each.subject not in forgotten]
    changes.added = [each for each in changes.added if each.held.subject not in forgotten]
    return forgotten


def masked(
    wants: Mapping[Side, Wants[Any]],
    standing: Mapping[Side, list[Standing[Any]]],
    hands: Mapping[Side, Hand],
    ours: Collection[UUID],
) -> tuple[Mapping[Side, Wants[Any]], Mapping[Side, list[Standing[Any]]], Mapping[Side, Hand]]:
    """All of it as sources say it: what guardians of these children may do is not theirs to say, and so no news."""
    if not ours:
        return wants, standing, hands
    asked, there, hand = wants["guardianship"], standing["guardianship"], hands["guardianship"]
    return (
        {**wants, "guardianship": Wants(asked.subjects, [_masked(each, ours) for each in asked.held])},
        {**standing, "guardianship": [each._replace(held=_masked(each.held, ours)) for each in there]},
        {
            **hands,
            "guardianship": replace(
                hand,
                taken_back=tuple(each._replace(held=_masked(each.held, ours)) for each in hand.taken_back),
            ),
        },
    )


def _masked(tie: Held[Any], ours: Collection[UUID]) -> Held[Any]:
    return tie._replace(what=marks.without_rights(tie.what)) if tie.subject in ours else tie


def with_rights_that_stand(
    wants: Wants[Any], standing: Iterable[Standing[Any]], ours: Collection[UUID]
) -> Wants[Any]:
    """Guardians of these children keep the rights that they have here; who is new has none: an officer gives them."""
    if not ours:
        return wants
    there = {(each.held.subject, each.held.what.guardian_id): each.held.what for each in standing}

    def mine(each: Held[Any]) -> Held[Any]:
        if each.subject not in ours:
            return each
        now = there.get((each.subject, each.what.guardian_id))
        if now is None:
            return each._replace(what=marks.without_rights(each.what))
        rights = {name: getattr(now, name) for name in ("may_notify", "may_read", "may_contact")}
        return each._replace(what=each.what._replace(**rights))

    return Wants(wants.subjects, [mine(each) for each in wants.held])


def _mark(plan: PartPlan, pupil: UUID, kept_from: Collection[UUID], since: date) -> None:
    changes = plan.sides["protection"].changes
    own = [each.held for each in changes.added if each.held.subject == pupil]
    since = min([since, *(each.valid.since for each in own)])
    everybody = set(kept_from).union(*(each.what.confidential_from for each in own))
    held = Held(pupil, Period(since, None), ProtectionIs(tuple(sorted(everybody))))
    changes.added = [each for each in changes.added if each.held.subject != pupil] + [Added(held, None)]
    ties = plan.sides["guardianship"].changes
    ties.added = [
        each._replace(held=each.held._replace(what=marks.without_rights(each.held.what)))
        if each.held.subject == pupil
        else each
        for each in ties.added
    ]


async def _children(work: Work, plan: PartPlan, run: UUID, ids: Collection[UUID]) -> dict[UUID, Child]:
    """What of these cards is compared; of new ones with the guardians that the plan ties to them."""
    board = work.scope.board
    known = await matching.children(work.session, board, ids)
    ties = [each.held for each in plan.sides["guardianship"].changes.added if each.held.subject in known]
    wanted = {each.what.guardian_id for each in ties}
    cards = await roster.people(work.session, board, wanted)
    if missing := wanted - cards.keys():
        cards |= await _still_to_come(work, run, missing)
    for pupil, _, what in ties:
        card = cards[what.guardian_id]
        names = known[pupil].guardians | {(card.legal_family, card.legal_given)}
        known[pupil] = replace(known[pupil], guardians=names)
    return known


async def _still_to_come(work: Work, run: UUID, people: Collection[UUID]) -> dict[UUID, PersonRow]:
    """Cards that later parts of the run bring: a guardian who teaches at another school comes with that school."""
    contents = await work.session.stream_scalars(_WAITING, {"run": run, "board": work.scope.board})
    found: dict[UUID, PersonRow] = {}
    async for content in contents:
        found |= {card.id: card for card in wire.unpacked(content).people if card.id in people}
        if len(found) == len(people):
            await contents.close()
            break
    return found
