"""Writing what was decided about a person by hand, and reading what the decision needs beside the card."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.people.changes import Plan
from services.registry.people.rules import Act, Record, standing
from services.registry.roster import published, store
from services.registry.roster.rows import PersonRow, Standing
from services.registry.roster.rules import after
from shared.database import Statement, Work

_CLASSES = Statement(
    "select o.id, o.name, o.school_id, o.school_year,"
    " (select string_agg(coalesce(p.common_family, p.legal_family) || ' ' || coalesce(p.common_given, p.legal_given),"
    "                    '・' order by p.sort_key)"
    "  from duty_period d join person p on p.board_id = d.board_id and p.id = d.subject_id"
    "  where d.board_id = :board and d.class_id = o.id and d.kind = 'homeroom' and d.voided_at is null"
    "  and d.valid @> cast(:today as date)) as homeroom"
    " from organisation o where o.board_id = :board and o.kind = 'class' and o.id = any(cast(:ids as uuid[]))"
)
_NUMBERS = Statement(
    "select distinct number from membership_period where board_id = :board and class_id = :class_id"
    " and kind = 'home' and voided_at is null and number is not null and subject_id <> :person"
    " and coalesce(upper(valid), 'infinity') > cast(:since as date)"
)
_RECORDED = Statement(
    "select count(*) as days from ("
    "select day from pupil_day where board_id = :board and pupil_id = :person and day >= :since"
    " and status <> 'unrecorded'"
    " union select day from pupil_lessons where board_id = :board and pupil_id = :person and day >= :since) recorded"
)
_ELSEWHERE = Statement(
    "select exists (select from guardianship_period where board_id = :board and guardian_id = :guardian"
    " and voided_at is null and subject_id <> :person and (may_notify or may_read)"
    " and coalesce(upper(valid), 'infinity') > cast(:today as date)) as elsewhere"
)


async def classes(
    session: AsyncSession, board: UUID, ids: Collection[UUID], today: date
) -> dict[UUID, dict[str, Any]]:
    """Classes with their homeroom teachers of today."""
    values = {"board": board, "ids": sorted(ids), "today": today}
    return {row["id"]: dict(row) for row in await _CLASSES.all(session, values)}


async def taken_numbers(
    session: AsyncSession, board: UUID, class_id: UUID, since: date, *, but_of: UUID
) -> frozenset[int]:
    """出席番号 that others have in a class on some day from ``since`` on."""
    values = {"board": board, "class_id": class_id, "since": since, "person": but_of}
    return frozenset(row["number"] for row in await _NUMBERS.all(session, values))


async def recorded_days(session: AsyncSession, board: UUID, pupil: UUID, since: date) -> int:
    """Days from ``since`` on of which somebody has recorded the pupil's attendance, of the day or of a lesson."""
    row = await _RECORDED.first(session, {"board": board, "person": pupil, "since": since})
    return int(row["days"]) if row else 0


async def guardian_elsewhere(
    session: AsyncSession, board: UUID, guardian: UUID, today: date, *, but_of: UUID
) -> bool:
    """Whether a guardian has rights for another child."""
    values = {"board": board, "guardian": guardian, "today": today, "person": but_of}
    row = await _ELSEWHERE.first(session, values)
    return bool(row and row["elsewhere"])


_MARK = text(
    "update person set act = :act, recorded_by = :by, recorded_at = :at, holds_from = cast(:since as date),"
    " reason = cast(:reason as text), run_id = null, legal_family = :legal_family, legal_given = :legal_given,"
    " common_family = :common_family, common_given = :common_given, kana_family = :kana_family,"
    " kana_given = :kana_given, legal_kana_family = :legal_kana_family, legal_kana_given = :legal_kana_given,"
    " sort_key = :sort_key, search = :search, birth_date = cast(:birth_date as date), sex = :sex"
    " where board_id = :board and id = :id"
)


async def put_card(
    work: Work, card: PersonRow, act: Act, *, since: date | None = None, reason: str | None = None
) -> None:
    """Write a card that somebody changed by hand, and tell of it."""
    values = {**card._asdict(), "act": act, "since": since, "reason": reason}
    values |= {"board": work.scope.board, "by": work.actor, "at": work.at}
    await work.session.execute(_MARK, {k: v for k, v in values.items() if k != "merged_into"})
    work.publish(published.person_changed(card), key=card.id, subject=card.id)


async def new_card(work: Work, card: PersonRow) -> None:
    """Write the card of somebody who is new here."""
    await store.put_people(work, [card])
    await put_card(work, card, "entry")


async def write(work: Work, record: Record, plan: Plan, act: Act) -> None:
    """Void, add, write, and publish the whole sets of the person."""
    if plan.card is not None:
        await put_card(work, plan.card, act, since=plan.since, reason=plan.reason)
    await store.void(work, store.MEMBERSHIP, plan.members.voided)
    await store.void(work, store.GUARDIANSHIP, plan.guardians.voided)
    await store.void(work, store.PROTECTION, plan.protections.voided)
    await store.void(work, store.CONTACT, plan.contacts.voided)
    await store.add(work, store.MEMBERSHIP, plan.members.added)
    await store.add(work, store.GUARDIANSHIP, plan.guardians.added)
    await store.add(work, store.PROTECTION, plan.protections.added)
    await store.add(work, store.CONTACT, plan.contacts.added)
    id_ = record.id
    if plan.members:
        enrolled = [each.held for each in standing(record.enrolments)]
        members = after([Standing(each.id, each.held) for each in standing(record.memberships)], plan.members)
        work.publish(published.enrolment_changed(id_, enrolled, members[id_]), key=id_, subject=id_)
    if plan.contacts:
        reached = after([Standing(each.id, each.held) for each in standing(record.contacts)], plan.contacts)
        work.publish(published.contact_changed(id_, reached[id_]), key=id_, subject=id_)
    if plan.guardians or plan.protections:
        guardians = [each.held for each in standing(record.guardians)]
        marks = [each.held for each in standing(record.protections)]
        if plan.guardians:
            stood = [Standing(each.id, each.held) for each in standing(record.guardians)]
            guardians = after(stood, plan.guardians)[id_]
        if plan.protections:
            marked = [Standing(each.id, each.held) for each in standing(record.protections)]
            marks = after(marked, plan.protections)[id_]
        work.publish(published.guardianship_changed(id_, guardians, marks), key=id_, subject=id_)
