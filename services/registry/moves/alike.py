"""Who of the board may be one who arrives, and who among them may be told of.

A protected child who left and comes back is told of only to those who may read its card. To everybody else nothing is
said; but the new card has the same mark from its first moment, so that the child is nowhere unprotected until a named
officer has looked at both cards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.matching import marks
from services.registry.moves.asker import Asker
from services.registry.moves.store import PROTECTED
from services.registry.people import rights
from services.registry.people.store import children
from services.registry.roster import published
from services.registry.roster import store as roster
from services.registry.roster.rows import Added, Held, ProtectionIs
from services.registry.roster.snapshot import Period
from shared.database import Work


@dataclass(frozen=True, slots=True)
class Alike:
    """A pupil of the board, now or before, as far as it concerns one who arrives."""

    id: UUID
    name: str
    birth_date: date | None
    protected: bool
    told: bool
    """Whether the asker may be told of them."""
    school_id: UUID | None
    school: str
    """Where they are or were last, or will be first; empty when every 在籍 of theirs was taken back."""
    class_name: str
    """Of today; empty where there is none."""
    since: date | None
    """None: no 在籍 of theirs stands, their 転入 was taken back."""
    until: date | None
    """The day from which they are there no more."""


# Whole names, never parts of one: a question about one child must not answer with others of that birthday.
_SAME = """
select id from person p where p.board_id = :board and p.withdrawn_at is null and p.merged_into is null
and p.birth_date = :born and array[cast(:legal as text), cast(:kana as text)] && string_to_array(p.search, chr(10))
and exists (select from enrolment_period e where e.board_id = :board and e.subject_id = p.id)
"""
# Who was at one of the board's schools before: staff and guardians are people, too, and never arrive.
_ONE = (
    "select id from person p where p.board_id = :board and p.withdrawn_at is null and p.merged_into is null"
    " and p.id = :pupil"
    " and exists (select from enrolment_period e where e.board_id = :board and e.subject_id = p.id)"
)


def _read(which: str) -> Any:
    return text(
        f"""
select p.id, coalesce(p.common_family, p.legal_family) || ' ' || coalesce(p.common_given, p.legal_given) as name,
       p.birth_date, k.protected, at.school_id, coalesce(at.school, '') as school,
       coalesce(home.name, '') as class_name, at.since, at.until
from (select f.id as pupil_id from ({which}) f) m join person p on p.board_id = :board and p.id = m.pupil_id
left join lateral (
    select s.id as school_id, s.short_name as school, lower(e.valid) as since, upper(e.valid) as until
    from enrolment_period e
    join organisation s on s.board_id = :board and s.id = e.school_id
    where e.board_id = :board and e.subject_id = p.id and e.voided_at is null
    order by e.valid @> cast(:today as date) desc, e.valid desc limit 1
) at on true
left join lateral (
    select c.name from membership_period h join organisation c on c.board_id = :board and c.id = h.class_id
    where h.board_id = :board and h.subject_id = p.id and h.voided_at is null and h.kind = 'home'
      and h.valid @> cast(:today as date) limit 1
) home on true
{PROTECTED}
order by p.sort_key, p.id
"""  # noqa: S608
    )


_SAME_READ, _ONE_READ = _read(_SAME), _read(_ONE)


async def same(session: AsyncSession, asker: Asker, legal: str, kana: str, born: date) -> list[Alike]:
    """Pupils with the same birth date whose name or reading, as search shadows, is one of these; protected ones too."""
    values = {"legal": legal, "kana": kana, "born": born}
    return await _alike(session, asker, _SAME_READ, values)


async def one(session: AsyncSession, asker: Asker, pupil: UUID) -> Alike | None:
    """One person; None when there is none whom the asker may be told of."""
    found = await _alike(session, asker, _ONE_READ, {"pupil": pupil})
    return next((each for each in found if each.told), None)


async def _alike(
    session: AsyncSession, asker: Asker, statement: Any, values: dict[str, object]
) -> list[Alike]:
    today = asker.room.clock.today()
    values |= {"board": asker.board, "today": today}
    rows: list[Row[Any]] = list(await session.execute(statement, values))
    where = await children(session, asker.board, [row.id for row in rows if row.protected], today)
    reads = rights.Asker(asker.room, asker.holder, asker.offices, today)
    return [
        Alike(
            row.id,
            row.name,
            row.birth_date,
            bool(row.protected),
            not row.protected or "ReadCard" in reads.of(row.id, rights.where_child(where.get(row.id))),
            row.school_id,
            row.school,
            row.class_name,
            row.since,
            row.until,
        )
        for row in rows
    ]


async def mark_of(work: Work, asker: Asker, pupil: UUID, found: Sequence[marks.Alike]) -> ProtectionIs | None:
    """The mark for a new card that may be one of those protected whom the asker is not told of.

    To whom a child is kept from it is as if nobody were known: any difference would tell them that the child is here.
    """
    others = {id_ for one, other, _ in found for id_ in (one, other)} - {pupil}
    known = await marks.kept_from(work.session, asker.board, others, asker.room.clock.today())
    hidden = {
        id_: kept_from
        for id_, kept_from in known.items()
        if asker.person not in kept_from and await one(work.session, asker, id_) is None
    }
    inherited = marks.inherited(found, {pupil}, hidden)
    return ProtectionIs(tuple(sorted(inherited[pupil]))) if pupil in inherited else None


async def protect(work: Work, pupil: UUID, mark: ProtectionIs, since: date) -> None:
    """Give a new card its mark, without an end: a named officer ends it."""
    held = Held(pupil, Period(since, None), mark)
    await roster.add(work, roster.PROTECTION, [Added(held, None)])
    work.publish(published.guardianship_changed(pupil, [], [held]), key=pupil, subject=pupil)
