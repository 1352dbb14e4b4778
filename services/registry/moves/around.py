"""What is known around a move: where pupils are, their brothers and sisters, the schools they may go to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.store import Named
from services.registry.moves.rules import Known, Recorded, Target
from services.registry.moves.store import PROTECTED
from services.registry.people.search import Wanted
from services.registry.roster import store as roster
from services.registry.roster.grades import SCHOOL_KINDS, taught
from services.registry.roster.rows import OrganisationRow
from shared.dates import school_year

_RECORDED = text(
    "select day, school_id, class_id from pupil_day where board_id = :board and pupil_id = :pupil and day >= :since"
    " and status <> 'unrecorded'"
    " union select day, school_id, class_id from pupil_lessons"
    " where board_id = :board and pupil_id = :pupil and day >= :since"
)


async def known(session: AsyncSession, board: UUID, pupil: UUID, since: date) -> Known:
    """What is known of a pupil; recorded days from ``since`` on."""
    days = await session.execute(_RECORDED, {"board": board, "pupil": pupil, "since": since})
    return Known(
        pupil,
        await roster.standing(session, board, roster.ENROLMENT, [pupil]),
        await roster.standing(session, board, roster.MEMBERSHIP, [pupil]),
        [Recorded(row.day, row.school_id, row.class_id) for row in days],
    )


_CLASSES = text(
    "select id from organisation where board_id = :board and school_id = :school and kind = 'class'"
    " and school_year = :year and (until is null or until > :on)"
)
_SEATS = text(
    "select class_id, number from membership_period where board_id = :board and class_id = any(:classes)"
    " and voided_at is null and number is not null and kind = 'home' and valid && daterange(:on, null)"
    " and subject_id <> :pupil"
)


async def target(session: AsyncSession, board: UUID, school: UUID, on: date, pupil: UUID) -> Target | None:
    """A school as it will be on a day; None when there is no such school. ``pupil``: whose own seat is none."""
    row = (await roster.organisations(session, board, [school])).get(school)
    if row is None or row.kind not in SCHOOL_KINDS:
        return None
    values = {"board": board, "school": school, "year": school_year(on), "on": on}
    ids = list(await session.scalars(_CLASSES, values))
    classes = await roster.organisations(session, board, ids)
    seats = await session.execute(_SEATS, {"board": board, "classes": ids, "on": on, "pupil": pupil})
    return Target(row, classes, frozenset((seat.class_id, seat.number) for seat in seats))


_SCHOOLS = text(
    "select id from organisation where board_id = :board and kind = any(:kinds) and (until is null or until > :on)"
)


async def every_school(session: AsyncSession, board: UUID, on: date) -> list[OrganisationRow]:
    """The board's schools of a day, by kind and name."""
    ids = list(await session.scalars(_SCHOOLS, {"board": board, "kinds": list(SCHOOL_KINDS), "on": on}))
    rows = (await roster.organisations(session, board, ids)).values()
    return sorted(rows, key=lambda row: (row.kind, row.name))


async def schools(session: AsyncSession, board: UUID, on: date, grade: str) -> list[OrganisationRow]:
    """Schools that have a grade, by name."""
    return [row for row in await every_school(session, board, on) if taught(row.kind, grade)]


_SIBLINGS = text(
    f"""
with mine as (
    select guardian_id from guardianship_period where board_id = :board and subject_id = :pupil
    and voided_at is null and valid @> cast(:on as date)
)
select distinct m.pupil_id, e.school_id, e.grade, k.protected, k.kept_from
from (select distinct g.subject_id as pupil_id from guardianship_period g join mine using (guardian_id)
      where g.board_id = :board and g.voided_at is null and g.valid @> cast(:on as date)
      and g.subject_id <> :pupil) m
join enrolment_period e on e.board_id = :board and e.subject_id = m.pupil_id and e.voided_at is null
     and e.valid @> cast(:on as date)
{PROTECTED}
"""  # noqa: S608
)


@dataclass(frozen=True, slots=True)
class Sibling:
    """A pupil with a guardian in common."""

    pupil: UUID
    school: UUID
    grade: str
    protected: bool
    confidential_from: tuple[UUID, ...]


async def siblings(session: AsyncSession, board: UUID, pupil: UUID, on: date) -> list[Sibling]:
    """Pupils of the board's schools with a guardian in common, today."""
    values = {"board": board, "pupil": pupil, "on": on, "today": on}
    return [
        Sibling(
            row.pupil_id,
            row.school_id,
            row.grade,
            bool(row.protected),
            tuple(each for each in row.kept_from or () if each is not None),
        )
        for row in await session.execute(_SIBLINGS, values)
    ]


_FIND = text(
    """
select e.subject_id from enrolment_period e join person m on m.id = e.subject_id
left join membership_period h on h.board_id = :board and h.subject_id = e.subject_id and h.voided_at is null
     and h.kind = 'home' and h.valid @> cast(:on as date)
left join organisation c on c.board_id = :board and c.id = h.class_id
where e.board_id = :board and e.voided_at is null and e.valid @> cast(:on as date)
  and (cast(:school as uuid) is null or e.school_id = :school)
  and m.withdrawn_at is null and strpos(m.search, :words) > 0
  and (cast(:class_name as text) is null or c.name = :class_name)
  and (cast(:number as integer) is null or h.number = :number)
order by m.sort_key, m.id limit 50
"""
)


async def find_pupils(
    session: AsyncSession, board: UUID, school: UUID | None, what: Wanted, on: date
) -> list[UUID]:
    """Pupils of a school (None: of any) with these words, this class and this number, in the order of their kana."""
    if what.nothing:
        return []
    values = {"board": board, "school": school, "on": on, **what._asdict()}
    return list(await session.scalars(_FIND, values))


_MEMBERS = text(
    "select class_id, count(distinct subject_id) from membership_period where board_id = :board and kind = 'home'"
    " and class_id = any(:classes) and voided_at is null and valid @> cast(:on as date) group by class_id"
)


async def members(session: AsyncSession, board: UUID, classes: Sequence[UUID], on: date) -> dict[UUID, int]:
    """How many are in classes on a day."""
    rows = await session.execute(_MEMBERS, {"board": board, "classes": list(classes), "on": on})
    return {row[0]: row[1] for row in rows}


_PLACES = text(
    f"""
select m.pupil_id, e.school_id, s.short_name as school_name, e.grade, coalesce(c.name, '') as class_name, h.number,
       coalesce(p.common_family, p.legal_family) as family, coalesce(p.common_given, p.legal_given) as given,
       p.kana_family, p.kana_given, k.protected, k.kept_from
from unnest(cast(:pupils as uuid[])) with ordinality as m(pupil_id, place)
join person p on p.id = m.pupil_id and p.board_id = :board and p.withdrawn_at is null
join enrolment_period e on e.board_id = :board and e.subject_id = m.pupil_id and e.voided_at is null
     and e.valid @> cast(:on as date)
join organisation s on s.id = e.school_id
left join membership_period h on h.board_id = :board and h.subject_id = m.pupil_id and h.voided_at is null
     and h.kind = 'home' and h.valid @> cast(:on as date)
left join organisation c on c.id = h.class_id
{PROTECTED}
order by m.place
"""  # noqa: S608
)


@dataclass(frozen=True, slots=True)
class Here:
    """Where a pupil is on a day."""

    pupil: UUID
    school: UUID
    school_name: str
    grade: str
    class_name: str
    number: int | None
    name: Named
    protected: bool
    confidential_from: tuple[UUID, ...]


async def places(
    session: AsyncSession, board: UUID, pupils: Sequence[UUID], on: date, today: date
) -> list[Here]:
    """Where pupils are on a day, in their order; whoever is nowhere is left out.

    Protection is always that of ``today``: whoever may choose ``on`` must not choose whether a child is protected.
    """
    return [
        Here(
            row.pupil_id,
            row.school_id,
            row.school_name,
            row.grade,
            row.class_name,
            row.number,
            Named(row.family, row.given, row.kana_family, row.kana_given),
            bool(row.protected),
            tuple(each for each in row.kept_from or () if each is not None),
        )
        for row in await session.execute(
            _PLACES, {"board": board, "pupils": list(pupils), "on": on, "today": today}
        )
    ]
