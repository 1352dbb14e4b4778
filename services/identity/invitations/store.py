"""Guardians and their codes: tables and queries. Only hashes of codes are here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.invitations.rules import SETTING, Standing, State, days_of, state
from shared.database import Work


@dataclass(frozen=True)
class Family:
    """A guardian of a child of the school, with the code that is open, if any."""

    guardian: UUID
    guardian_name: tuple[str, str]
    guardian_kana: str
    relation: str
    pupil: UUID
    pupil_name: tuple[str, str]
    class_id: UUID | None
    number: int | None
    code: UUID | None
    last_day: date | None
    issued_at: datetime | None
    issued_by: tuple[str, str] | None
    signed_in_at: datetime | None

    def state(self, today: date) -> State:
        """What the office reads."""
        return state(signed_in=self.signed_in_at is not None, open_until=self.last_day, today=today)


# Of children in 在籍 today, the guardians whose tie holds and gives something today, unless the child is kept from
# them; children who are kept from whoever asks are left out with their families. The account says that the hat is worn.
_FAMILIES = text(
    """
with here as (
    select e.pupil_id, m.class_id, m.number
    from copy.place e
    left join copy.place m on m.pupil_id = e.pupil_id and m.class_id is not null and m.school_id = e.school_id
        and m.since <= :today and (m.until is null or m.until > :today)
    where e.board_id = :board and e.school_id = :school and e.class_id is null
      and e.since <= :today and (e.until is null or e.until > :today)
), kept as (
    select f.pupil_id, k.person::uuid as person
    from here join copy.family_set f using (pupil_id)
    cross join lateral jsonb_to_recordset(f.protections) as mark(since date, until date, confidential_from jsonb)
    cross join lateral jsonb_array_elements_text(mark.confidential_from) as k(person)
    where mark.since <= :today and (mark.until is null or mark.until > :today)
)
select distinct on (grade, class_name, here.class_id, here.number, here.pupil_id, g.guardian_id)
    coalesce(o.grade, '') as grade, coalesce(o.name, '') as class_name,
    g.guardian_id, g.relation, here.pupil_id, here.class_id, here.number,
    gp.family as g_family, gp.given as g_given, coalesce(gp.kana, '') as g_kana,
    pp.family as p_family, pp.given as p_given,
    i.id as code, i.last_day, i.issued_at, ip.family as i_family, ip.given as i_given,
    greatest(
        (select max(u.used_at) from invitation u where u.board_id = :board and u.guardian = g.guardian_id),
        (select max(s.auth_time) from issuer_session s where s.account = a.id and s.kind = 'guardian')
    ) as signed_in_at
from here
join copy.guardian g on g.pupil_id = here.pupil_id and g.acts
    and g.since <= :today and (g.until is null or g.until > :today)
join account a on a.board_id = :board and a.person = g.guardian_id and 'guardian' = any (a.kinds)
left join copy.organisation o on o.id = here.class_id
left join copy.person gp on gp.id = g.guardian_id
left join copy.person pp on pp.id = here.pupil_id
left join invitation i on i.board_id = :board and i.guardian = g.guardian_id
    and i.used_at is null and i.ended_at is null
left join copy.person ip on ip.id = i.issued_by
where not exists (select from kept k where k.pupil_id = here.pupil_id and k.person in (g.guardian_id, :viewer))
  and (cast(:guardians as uuid[]) is null or g.guardian_id = any (cast(:guardians as uuid[])))
  and (:everywhere or here.class_id is not distinct from cast(:class as uuid))
order by grade, class_name, here.class_id, here.number, here.pupil_id, g.guardian_id
"""
)


@dataclass(frozen=True)
class Among:
    """Which families of a school: of a class (None: of children without one), or everywhere."""

    school: UUID
    everywhere: bool = True
    class_id: UUID | None = None
    guardians: Collection[UUID] | None = None


async def families(
    session: AsyncSession, board: UUID, among: Among, viewer: UUID, today: date
) -> list[Family]:
    """The guardians of the school's children: by class and number, a guardian once for each child."""
    rows = await session.execute(
        _FAMILIES,
        {
            "board": board,
            "school": among.school,
            "everywhere": among.everywhere,
            "class": among.class_id,
            "guardians": None if among.guardians is None else sorted(among.guardians),
            "viewer": viewer,
            "today": today,
        },
    )
    return [_family(row) for row in rows]


def _name(family: str | None, given: str | None) -> tuple[str, str]:
    return family or "", given or ""


def _family(row: Any) -> Family:
    return Family(
        guardian=row.guardian_id,
        guardian_name=_name(row.g_family, row.g_given),
        guardian_kana=row.g_kana,
        relation=row.relation,
        pupil=row.pupil_id,
        pupil_name=_name(row.p_family, row.p_given),
        class_id=row.class_id,
        number=row.number,
        code=row.code,
        last_day=row.last_day,
        issued_at=row.issued_at,
        issued_by=None if row.code is None else _name(row.i_family, row.i_given),
        signed_in_at=row.signed_in_at,
    )


@dataclass(frozen=True)
class Unit:
    """A school or a class by name."""

    id: UUID
    name: str
    grade: str | None


async def units(session: AsyncSession, board: UUID, ids: Collection[UUID]) -> dict[UUID, Unit]:
    """Schools and classes by id, those that are known."""
    rows = await session.execute(
        text(
            "select id, name, grade from copy.organisation where board_id = :board and id = any (:ids)"
            " and name is not null"
        ),
        {"board": board, "ids": sorted(ids)},
    )
    return {row.id: Unit(row.id, row.name, row.grade) for row in rows}


async def days(session: AsyncSession, board: UUID, today: date) -> int:
    """How long a code of today holds."""
    value = await session.scalar(
        text(
            "select value from copy.setting where board_id = :board and name = :name and since <= :today"
            " order by since desc limit 1"
        ),
        {"board": board, "name": SETTING, "today": today},
    )
    return days_of(value)


_LINE_UP = text(
    "select pg_advisory_xact_lock(7471, place)"
    " from (select distinct hashtext(g::text) as place from unnest(cast(:guardians as uuid[])) as g order by 1) as p"
)


async def line_up(work: Work, guardians: Collection[UUID]) -> None:
    """Of two who give a guardian a code at once, one waits for the other: always in the same order."""
    await work.session.execute(_LINE_UP, {"guardians": sorted(guardians)})


async def replace_open(work: Work, guardians: Collection[UUID], by: UUID) -> None:
    """End every code of these guardians that nobody has used."""
    await work.session.execute(
        text(
            "update invitation set ended_at = :at, ended_by = :by, end_reason = 'replaced'"
            " where board_id = :board and guardian = any (:guardians) and used_at is null and ended_at is null"
        ),
        {"board": work.scope.board, "guardians": sorted(guardians), "at": work.at, "by": by},
    )


@dataclass(frozen=True)
class Fresh:
    """A code that is given out."""

    id: UUID
    guardian: UUID
    pupil: UUID
    hash: str


async def insert(work: Work, school: UUID, fresh: Sequence[Fresh], by: UUID, last_day: date) -> None:
    """Store codes of now."""
    await work.session.execute(
        text(
            "insert into invitation (id, board_id, school_id, guardian, pupil, hash, issued_at, issued_by, last_day)"
            " values (:id, :board, :school, :guardian, :pupil, :hash, :at, :by, :last_day)"
        ),
        [
            {
                "id": each.id,
                "board": work.scope.board,
                "school": school,
                "guardian": each.guardian,
                "pupil": each.pupil,
                "hash": each.hash,
                "at": work.at,
                "by": by,
                "last_day": last_day,
            }
            for each in fresh
        ],
    )


@dataclass(frozen=True)
class Invitation:
    """A code as it stands."""

    id: UUID
    school: UUID
    guardian: UUID
    pupil: UUID
    standing: Standing


_OF = "select id, school_id, guardian, pupil, used_at, ended_at, last_day from invitation where board_id = :board"
_BY_ID = text(f"{_OF} and id = :id for update")
_BY_HASH = text(f"{_OF} and hash = :hash for update")


def _invitation(row: Any) -> Invitation | None:
    if row is None:
        return None
    standing = Standing(row.used_at is not None, row.ended_at is not None, row.last_day)
    return Invitation(row.id, row.school_id, row.guardian, row.pupil, standing)


async def lock(session: AsyncSession, board: UUID, id: UUID) -> Invitation | None:
    """A code by its id, held."""
    return _invitation((await session.execute(_BY_ID, {"board": board, "id": id})).one_or_none())


async def lock_by_hash(session: AsyncSession, board: UUID, hash: str) -> Invitation | None:
    """A code by what is stored of it, held: of two who come with it, one waits."""
    return _invitation((await session.execute(_BY_HASH, {"board": board, "hash": hash})).one_or_none())


async def withdraw(work: Work, id: UUID, by: UUID) -> None:
    """From the commit on nobody comes in with it."""
    await work.session.execute(
        text("update invitation set ended_at = :at, ended_by = :by, end_reason = 'withdrawn' where id = :id"),
        {"id": id, "at": work.at, "by": by},
    )


async def use(session: AsyncSession, id: UUID, now: datetime) -> None:
    """It has let its guardian in, and nobody else any more. ``now`` is real time."""
    await session.execute(text("update invitation set used_at = :at where id = :id"), {"id": id, "at": now})


async def board_of(session: AsyncSession, hash: str) -> UUID | None:
    """Whose code this is, of all boards; asked before any board is known."""
    found: UUID | None = await session.scalar(text("select board_of_code(:hash)"), {"hash": hash})
    return found


@dataclass(frozen=True)
class Holder:
    """Who comes in with a code."""

    account: UUID
    guardian: tuple[str, str]
    pupil: tuple[str, str]
    class_name: str
    school_name: str


_HOLDER = text(
    """
select a.id as account, gp.family as g_family, gp.given as g_given, pp.family as p_family, pp.given as p_given,
       coalesce(c.name, '') as class_name, coalesce(s.name, '') as school_name
from copy.guardian g
join account a on a.board_id = :board and a.person = g.guardian_id and 'guardian' = any (a.kinds)
left join copy.family_set f on f.pupil_id = g.pupil_id
left join copy.person gp on gp.id = g.guardian_id
left join copy.person pp on pp.id = g.pupil_id
left join lateral (
    select p.school_id, p.class_id from copy.place p where p.pupil_id = g.pupil_id
    and p.since <= :today and (p.until is null or p.until > :today) order by p.class_id nulls last limit 1
) as place on true
left join copy.organisation c on c.id = place.class_id
left join copy.organisation s on s.id = place.school_id
where g.board_id = :board and g.guardian_id = :guardian and g.pupil_id = :pupil and g.acts
  and g.since <= :today and (g.until is null or g.until > :today)
  and not exists (
    select from jsonb_to_recordset(f.protections) as mark(since date, until date, confidential_from jsonb)
    where mark.since <= :today and (mark.until is null or mark.until > :today)
      and mark.confidential_from ? cast(:guardian as text))
limit 1
"""
)


async def holder(session: AsyncSession, board: UUID, invitation: Invitation, today: date) -> Holder | None:
    """Whose code it is, as long as the tie it was given out for holds; None when it does not."""
    row = (
        await session.execute(
            _HOLDER,
            {
                "board": board,
                "guardian": invitation.guardian,
                "pupil": invitation.pupil,
                "today": today,
            },
        )
    ).one_or_none()
    if row is None:
        return None
    return Holder(
        row.account,
        _name(row.g_family, row.g_given),
        _name(row.p_family, row.p_given),
        row.class_name,
        row.school_name,
    )
