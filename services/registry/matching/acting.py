"""Questions are raised, two cards become one, and are two again: each within one unit of work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from services.registry.matching import store
from services.registry.matching.marks import Alike
from services.registry.matching.merging import UNMERGED, Changes, Plan
from services.registry.matching.rules import reasons
from services.registry.matching.store import Merging, Question
from services.registry.roster import offices, published
from services.registry.roster import store as roster
from services.registry.roster.rows import Held, I, PersonRow
from services.registry.roster.store import PeriodTable
from services.registry.roster.taking_back import note_undone, take_back_periods
from shared.contracts.registry import PupilMerged
from shared.database import Work
from shared.ids import new_id


async def alike_beside(work: Work, cards: Collection[PersonRow]) -> list[Alike]:
    """Those of these new cards whose child may have another, with that one."""
    board = work.scope.board
    pairs = await store.beside(work.session, board, cards)
    if not pairs:
        return []
    known = await store.children(work.session, board, {id_ for pair in pairs for id_ in pair})
    return [(one, other, why) for one, other in pairs if (why := reasons(known[one], known[other]))]


async def askable(work: Work, alike: Sequence[Alike]) -> list[Alike]:
    """Those of these pairs of which both are pupils: what an import or a 転入 has found is asked about these alone."""
    if not alike:
        return []
    people = {id_ for one, other, _ in alike for id_ in (one, other)}
    known = await store.pupils(work.session, work.scope.board, people)
    return [each for each in alike if each[0] in known and each[1] in known]


async def ask_about(work: Work, alike: Sequence[Alike], note: str = "") -> int:
    """Ask about these pairs; returns how many events tell of it. ``note``: what whoever asks has to say."""
    await store.ask(work, alike, note)
    return offices.tell(work, work.scope.board) if alike else 0


async def merge(work: Work, plan: Plan, of: Question, by: UUID, note: str) -> Merging:
    """Make two cards one. The roster must be locked, and the plan must have nothing wrong."""
    assert not plan.wrong
    id_, gone, kept = new_id(), plan.gone.id, plan.kept.id
    await _write(work, roster.ENROLMENT, plan.enrolments, id_)
    await _write(work, roster.MEMBERSHIP, plan.memberships, id_)
    await _write(work, roster.GUARDIANSHIP, plan.guardians, id_)
    await _write(work, roster.PROTECTION, plan.protections, id_)
    await _write(work, roster.CONTACT, plan.contacts, id_)
    await store.note_merging(work, id_, of, gone, kept, by, note)
    await store.answer(work, of.id, "same", by, note)
    work.publish(published.person_changed(plan.gone.card._replace(merged_into=kept)), key=gone, subject=gone)
    await _tell_enrolments(work, plan.enrolments.subjects() | plan.memberships.subjects())
    await _tell_guardians(work, plan.guardians.subjects() | plan.protections.subjects())
    await _tell_contacts(work, plan.contacts.subjects())
    _tell(work, id_, gone, kept, revision=1)
    found = await store.merging(work.session, work.scope.board, id_)
    assert found is not None
    return found


async def unmerge(work: Work, of: Merging, by: UUID, note: str) -> None:
    """Make one card two again, each as it was; what was written since stays where it was written.

    The roster must be locked.
    """
    people = [of.gone, of.kept]
    touched: dict[str, set[UUID]] = {}
    for table in (
        roster.ENROLMENT,
        roster.MEMBERSHIP,
        roster.GUARDIANSHIP,
        roster.PROTECTION,
        roster.CONTACT,
    ):
        touched[table.name] = await take_back_periods(work, table, of.id, people, UNMERGED)
    await note_undone(work, of.id)
    await store.note_undone(work, of, by, note)
    await store.answer(work, of.question, "open", by, note)
    cards = await roster.people(work.session, work.scope.board, [of.gone])
    work.publish(published.person_changed(cards[of.gone]), key=of.gone, subject=of.gone)
    await _tell_enrolments(work, touched[roster.ENROLMENT.name] | touched[roster.MEMBERSHIP.name])
    await _tell_guardians(work, touched[roster.GUARDIANSHIP.name] | touched[roster.PROTECTION.name])
    await _tell_contacts(work, touched[roster.CONTACT.name])
    _tell(work, of.id, of.gone, of.kept, revision=2)


def _tell(work: Work, merging: UUID, gone: UUID, kept: UUID, *, revision: int) -> None:
    work.publish(
        PupilMerged(merging=merging, pupil=gone, into=kept, revision=revision, undone=revision > 1),
        key=gone,
        stream=merging,
        expected=revision - 1,
        subject=gone,
    )


async def _write(work: Work, table: PeriodTable[Any], changes: Changes, act: UUID) -> None:
    await roster.void(work, table, changes.voided, run=act)
    await roster.add(work, table, changes.added, run=act)


async def _tell_enrolments(work: Work, pupils: Iterable[UUID]) -> None:
    whose = sorted(pupils)
    enrolments = await _sets(work, roster.ENROLMENT, whose)
    memberships = await _sets(work, roster.MEMBERSHIP, whose)
    for pupil in whose:
        told = published.enrolment_changed(pupil, enrolments[pupil], memberships[pupil])
        work.publish(told, key=pupil, subject=pupil)


async def _tell_guardians(work: Work, pupils: Iterable[UUID]) -> None:
    whose = sorted(pupils)
    guardians = await _sets(work, roster.GUARDIANSHIP, whose)
    marks = await _sets(work, roster.PROTECTION, whose)
    for pupil in whose:
        told = published.guardianship_changed(pupil, guardians[pupil], marks[pupil])
        work.publish(told, key=pupil, subject=pupil)


async def _tell_contacts(work: Work, pupils: Iterable[UUID]) -> None:
    whose = sorted(pupils)
    contacts = await _sets(work, roster.CONTACT, whose)
    for pupil in whose:
        work.publish(published.contact_changed(pupil, contacts[pupil]), key=pupil, subject=pupil)


async def _sets(work: Work, table: PeriodTable[I], whose: list[UUID]) -> dict[UUID, list[Held[I]]]:
    found: dict[UUID, list[Held[I]]] = {each: [] for each in whose}
    standing = await roster.standing(work.session, work.scope.board, table, whose)
    for each in sorted(standing, key=lambda each: (each.held.valid.since, each.held.what.slot)):
        found[each.held.subject].append(each.held)
    return found
