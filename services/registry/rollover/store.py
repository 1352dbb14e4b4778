"""The tables of rollovers: schools' plans, what is there for them to stand on, and whom a part is about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.rollover.plans import Plan
from services.registry.rollover.rules import City, Pupil, Year, roll
from services.registry.roster import store as roster
from services.registry.roster.grades import SCHOOL_KINDS
from shared.database import Work

NEXT_SCHOOLS = "next_schools"
"""Name of the board's dated setting: school → the school its graduates go to (通学区域)."""

_PLAN = text(
    "select revision, content from class_plan where board_id = :board and school_id = :school and school_year = :year"
)
_PLANS = text("select school_id, content from class_plan where board_id = :board and school_year = :year")
_PUT_PLAN = text(
    "insert into class_plan as p (board_id, school_id, school_year, revision, content, changed_at, changed_by)"
    " values (:board, :school, :year, :revision, cast(:content as jsonb), :at, :by)"
    " on conflict (school_id, school_year) do update set revision = excluded.revision,"
    " content = excluded.content, changed_at = excluded.changed_at, changed_by = excluded.changed_by"
    " where p.revision = excluded.revision - 1 returning revision"
)
_SETTING = text(
    "select value from setting where board_id = :board and name = :name and since <= :on order by since desc limit 1"
)
_SCHOOLS = text(
    "select id, kind, short_name from organisation where board_id = :board and kind = any(:kinds)"
    " and (until is null or until > :on) order by kind, name, id"
)


_PUT_NEXT = text(
    "insert into setting (board_id, name, since, value, recorded_at)"
    " values (:board, :name, :since, cast(:value as jsonb), :at)"
    " on conflict (board_id, name, since) do update set value = excluded.value"
)


async def put_next_schools(work: Work, told: Mapping[UUID, UUID], since: date) -> None:
    """Keep where graduates of each school go."""
    given = {"board": work.scope.board, "name": NEXT_SCHOOLS, "since": since, "at": work.at}
    await work.session.execute(_PUT_NEXT, {**given, "value": told_as(told)})


def told_as(onward: Mapping[UUID, UUID]) -> str:
    return orjson.dumps({str(before): str(after) for before, after in onward.items()}).decode()


def onward(told: Mapping[str, str]) -> dict[UUID, UUID]:
    return {UUID(before): UUID(after) for before, after in told.items()}


async def plan(session: AsyncSession, board: UUID, school: UUID, year: int) -> tuple[int, Plan]:
    """A school's plan and its revision; 0 and nothing while it has none."""
    row = (await session.execute(_PLAN, {"board": board, "school": school, "year": year})).first()
    return (0, Plan()) if row is None else (row.revision, Plan.model_validate(row.content))


_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(7488, hashtext(cast(:board as text) || :year))")
_SOON = text("set local lock_timeout = '3s'")
_PLANNED_ELSEWHERE = text(
    "select distinct (c ->> 'id')::uuid from class_plan p, jsonb_array_elements(p.content -> 'classes') c"
    " where p.board_id = :board and p.school_year = :year and p.school_id <> :school"
    " and (c ->> 'id')::uuid = any(cast(:ids as uuid[]))"
)


async def planned_elsewhere(work: Work, school: UUID, year: int, ids: Collection[UUID]) -> set[UUID]:
    """Of these ids of classes those that another school's plan has.

    Until the transaction ends no other plan of the year is kept: two schools side by side would not see each other's.
    Whoever waits for that longer than some seconds is told (:class:`shared.database.Busy`).
    """
    await work.session.execute(_SOON)
    await work.session.execute(_ONE_AT_A_TIME, {"board": str(work.scope.board), "year": str(year)})
    values = {"board": work.scope.board, "school": school, "year": year, "ids": sorted(ids)}
    return set(await work.session.scalars(_PLANNED_ELSEWHERE, values))


async def put_plan(work: Work, school: UUID, year: int, revision: int, content: Plan) -> bool:
    """Keep a plan; False when another was kept meanwhile."""
    values = {
        "board": work.scope.board,
        "school": school,
        "year": year,
        "revision": revision,
        "content": content.model_dump_json(),
        "at": work.at,
        "by": work.actor,
    }
    return (await work.session.execute(_PUT_PLAN, values)).first() is not None


@dataclass(frozen=True, slots=True)
class School:
    """A school that exists when the year begins."""

    id: UUID
    kind: str
    name: str


async def city(session: AsyncSession, board: UUID, year: Year) -> tuple[City, list[School]]:
    """What holds for all schools of a board, and the schools."""
    rows = await session.execute(_SCHOOLS, {"board": board, "kinds": list(SCHOOL_KINDS), "on": year.eve})
    schools = [School(row.id, row.kind, row.short_name) for row in rows]
    told = await session.scalar(_SETTING, {"board": board, "name": NEXT_SCHOOLS, "on": year.eve}) or {}
    plans = {
        row.school_id: Plan.model_validate(row.content)
        for row in await session.execute(_PLANS, {"board": board, "year": year.number})
    }
    return City({each.id: each.kind for each in schools}, onward(told), plans), schools


# A pupil belongs to the part of the school of the year's last day; who is at none then, to that of 1 April.
_HERE = text(
    """
select subject_id from enrolment_period where board_id = :board and school_id = :school and voided_at is null
   and valid @> cast(:eve as date)
union
select e.subject_id from enrolment_period e where e.board_id = :board and e.school_id = :school
   and e.voided_at is null and e.valid @> cast(:begins as date)
   and not exists (select from enrolment_period n where n.board_id = :board and n.subject_id = e.subject_id
                   and n.voided_at is null and n.valid @> cast(:eve as date))
order by 1
"""
)


async def pupil_ids(session: AsyncSession, board: UUID, school: UUID, year: Year) -> list[UUID]:
    """Those of a school's part."""
    values = {"board": board, "school": school, "eve": year.eve, "begins": year.begins}
    return list(await session.scalars(_HERE, values))


async def pupils(session: AsyncSession, board: UUID, school: UUID, year: Year) -> list[Pupil]:
    """Those of a school's part, with what stands of them."""
    return await with_periods(session, board, await pupil_ids(session, board, school, year))


async def with_periods(session: AsyncSession, board: UUID, ids: Sequence[UUID]) -> list[Pupil]:
    """People with their enrolments and classes."""
    enrolments: dict[UUID, list[Any]] = {}
    memberships: dict[UUID, list[Any]] = {}
    for enrolment in await roster.standing(session, board, roster.ENROLMENT, ids):
        enrolments.setdefault(enrolment.held.subject, []).append(enrolment)
    for membership in await roster.standing(session, board, roster.MEMBERSHIP, ids):
        memberships.setdefault(membership.held.subject, []).append(membership)
    guardianships: dict[UUID, list[Any]] = {}
    for tie in await roster.standing(session, board, roster.GUARDIANSHIP, ids):
        guardianships.setdefault(tie.held.subject, []).append(tie)
    return [
        Pupil(each, enrolments.get(each, ()), memberships.get(each, ()), guardianships.get(each, ()))
        for each in ids
    ]


_TWINS = text(
    """
select array_agg(distinct p.id order by p.id) as ids
from person p join guardianship_period g on g.board_id = :board and g.subject_id = p.id and g.voided_at is null
     and g.valid @> cast(:today as date)
where p.board_id = :board and p.id = any(:ids) and p.birth_date is not null
group by g.guardian_id, p.birth_date having count(distinct p.id) > 1
"""
)


async def twins(
    session: AsyncSession, board: UUID, ids: Sequence[UUID], today: date
) -> list[frozenset[UUID]]:
    """Children born on one day who have a guardian in common."""
    rows = await session.scalars(_TWINS, {"board": board, "ids": list(ids), "today": today})
    return sorted({frozenset(row) for row in rows}, key=lambda each: sorted(each))


_LACKING = text(
    """
select count(*) filter (where kind = 'principal') = 0 as no_head,
       count(*) filter (where kind = 'office') = 0 as no_office
from duty_period where board_id = :board and organisation_id = :school and voided_at is null
  and valid @> cast(:begins as date)
"""
)
_TAUGHT = text(
    "select count(distinct class_id) from duty_period where board_id = :board and class_id = any(:classes)"
    " and kind = 'homeroom' and voided_at is null and valid @> cast(:begins as date)"
)


async def lacking(
    session: AsyncSession, board: UUID, school: UUID, year: Year, city: City
) -> tuple[list[str], int]:
    """Duties that nobody has on 1 April, and planned classes without a teacher."""
    values = {"board": board, "school": school, "begins": year.begins}
    row = (await session.execute(_LACKING, values)).one()
    plan = city.plans.get(school)
    open_classes = [each.id for each in plan.classes if each.homeroom is None] if plan else []
    taught = await session.scalar(_TAUGHT, {**values, "classes": open_classes})
    missing = [word for word, none in (("校長", row.no_head), ("事務", row.no_office)) if none]
    return missing, len(open_classes) - int(taught or 0)


_ANYBODY = text(
    "select exists (select from enrolment_period where board_id = :board and school_id = :school)"
)


async def anybody_at(session: AsyncSession, board: UUID, school: UUID) -> bool:
    """Whether the transaction's schools show anybody enrolled at this one."""
    return bool(await session.scalar(_ANYBODY, {"board": board, "school": school}))


_ENTERING = text(
    "select distinct subject_id from enrolment_period where board_id = :board and voided_at is null"
    " and ((school_id = any(:schools) and valid @> cast(:eve as date))"
    " or (school_id = :school and valid @> cast(:begins as date)))"
)


async def concerned(session: AsyncSession, board: UUID, school: UUID, year: Year, city: City) -> list[Pupil]:
    """Those of a school's part, and everybody who may come from another's, in an order of their own."""
    feeding = [before for before, onward in city.next_schools.items() if onward == school]
    values = {"board": board, "school": school, "eve": year.eve, "begins": year.begins}
    ids = await session.scalars(_ENTERING, {**values, "schools": [school, *feeding]})
    return await with_periods(session, board, sorted(ids))


async def future(session: AsyncSession, board: UUID, school: UUID, year: Year, city: City) -> dict[UUID, str]:
    """Who will be at a school, with their grades of next year."""
    found = {}
    for pupil in await concerned(session, board, school, year, city):
        rolled = roll(pupil, year, city)
        if rolled.next_school == school:
            later = [each.held for each in rolled.enrolments.added] + [e.held for e in pupil.enrolments]
            at = next(
                held for held in later if held.valid.holds(year.begins) and held.what.school_id == school
            )
            found[pupil.id] = at.what.grade
    return found
