"""Whom a plan of classes is about, as far as the one who makes it may know them by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.rollover.plans import Candidate
from services.registry.rollover.rules import Year

# A protected child is shown to staff of its schools and to who is named (people/policy.cedar ``ReadCard``). Next year's
# school is none of them before the child is enrolled there: until then it counts the child and has no name.
_CARDS = text(
    """
select p.id, coalesce(p.common_family, p.legal_family) as family, coalesce(p.common_given, p.legal_given) as given,
       coalesce(p.kana_family, '') || coalesce(p.kana_given, '') as kana, p.sort_key, p.sex, p.birth_date,
       h.class_id, h.number, c.name as class_name, coalesce(c.special_needs, false) as special_needs,
       e.school_id, s.short_name as school_name,
       not cast(:named as boolean) and exists (
           select from protection_period k where k.board_id = :board and k.subject_id = p.id and k.voided_at is null
           and k.valid @> cast(:today as date)
       ) and not exists (
           select from enrolment_period w where w.board_id = :board and w.subject_id = p.id and w.voided_at is null
           and coalesce(upper(w.valid), 'infinity') > cast(:today as date)
           and w.school_id = any (cast(:schools as uuid[]))
       ) as unnamed
from unnest(cast(:ids as uuid[])) as chosen(id) join person p on p.id = chosen.id and p.board_id = :board
left join enrolment_period e on e.board_id = :board and e.subject_id = p.id and e.voided_at is null
     and e.valid @> cast(:eve as date)
left join organisation s on s.id = e.school_id
left join membership_period h on h.board_id = :board and h.subject_id = p.id and h.voided_at is null
     and h.kind = 'home' and h.valid @> cast(:eve as date)
left join organisation c on c.id = h.class_id
where not exists (select from protection_period k where k.board_id = :board and k.subject_id = p.id
                  and k.voided_at is null and k.valid @> cast(:today as date)
                  and cast(:person as uuid) = any (k.confidential_from))
"""
)


_KEPT_FROM = text(
    "select distinct subject_id from protection_period where board_id = :board and voided_at is null"
    " and valid @> cast(:today as date) and cast(:person as uuid) = any(confidential_from)"
)


async def kept_from(session: AsyncSession, board: UUID, person: UUID | None, today: date) -> frozenset[UUID]:
    """Children of whom somebody must not know: no list, and no number beside a list, has them."""
    values = {"board": board, "person": person, "today": today}
    return frozenset(await session.scalars(_KEPT_FROM, values))


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at a plan."""

    person: UUID | None
    schools: frozenset[UUID]
    """Where they have a duty today."""
    named: bool
    """For protected children, of whatever school; the command line is."""


COMMAND_LINE = Reader(None, frozenset(), named=True)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Those who will be at a school."""

    known: Mapping[UUID, Candidate]
    unnamed: Mapping[str, int]
    """Grade of next year → protected children who come from elsewhere; only their number may be known."""


async def candidates(
    session: AsyncSession,
    board: UUID,
    grades: Mapping[UUID, str],
    school: UUID,
    year: Year,
    *,
    reader: Reader,
    today: date,
) -> Candidates:
    """Those who will be at a school (id → grade), without whom ``reader`` may not know of at all."""
    values = {
        "ids": list(grades),
        "board": board,
        "eve": year.eve,
        "today": today,
        "person": reader.person,
        "schools": sorted(reader.schools),
        "named": reader.named,
    }
    rows = (await session.execute(_CARDS, values)).all()
    known = {
        row.id: Candidate(
            row.id,
            row.family,
            row.given,
            row.kana,
            row.sort_key,
            row.sex,
            grades[row.id],
            row.class_id,
            row.class_name or "",
            row.number,
            row.special_needs,
            "" if row.school_id == school else (row.school_name or "市外・新入学"),
            row.birth_date.isoformat() if row.birth_date else "9999",
        )
        for row in rows
        if not row.unnamed
    }
    return Candidates(known, Counter(grades[row.id] for row in rows if row.unnamed))
