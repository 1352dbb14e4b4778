"""The roll's tables. A class's save is two reads and three writes, whatever the number of pupils."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Record
from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.beside import Beside
from services.registry.attendance.rules import Change, Fact, Member, NoticeSeen, SchoolDay
from services.registry.attendance.symbols import Symbol
from services.registry.room import ASKING, DUTIES, proof
from shared.access.principal import HeldDuty
from shared.access.step_up import StepUp
from shared.contracts.registry import Source, closes, grade_is_off
from shared.database import Moved, Statement, Work
from shared.database.units import new_rows
from shared.dates import school_year
from shared.ids import class_day_id, class_month_id, pupil_day_id

_FACTS = TypeAdapter(dict[Source, Fact])
_SYMBOLS = TypeAdapter(list[Symbol])
_SEEN = TypeAdapter(tuple[NoticeSeen, ...])
_BESIDE = TypeAdapter(Beside | None)


@dataclass(frozen=True)
class Named:
    """A person's name as schools use it (通称 where there is one)."""

    family: str
    given: str
    family_kana: str | None
    given_kana: str | None


@dataclass(frozen=True)
class Taken:
    """A roll that was taken."""

    at: datetime
    by: UUID
    name: Named
    members: int


@dataclass(frozen=True)
class ClassDay:
    """A class on a date, and what must be known to decide about its roll."""

    board: UUID
    class_id: UUID
    school: UUID
    name: str
    on: date
    calendar: SchoolDay
    symbols: dict[str, Symbol]
    taken: Taken | None
    closing: int | None
    """Revision of the class's month while it is closed; None of an open one."""
    asker: Named
    step_up: StepUp
    duties: tuple[HeldDuty, ...]
    """Duties of the asking person that hold today."""


_CLASS_DAY = Statement(
    f"""
select c.school_id, c.name, c.grade,
       cal.id is not null as known, coalesce(:on = any (cal.school_days), false) as school_day,
       cal.closures, cal.marks,
       (select s.value from setting s where s.board_id = :board and s.name = 'attendance_symbols' and s.since <= :on
        order by s.since desc limit 1) as symbols,
       {ASKING},
       (select m.revision from class_month m where m.board_id = :board and m.id = cast(:month as uuid)
        and m.state <> 'returned') as closing,
       d.taken_at, d.taken_by, d.members,
       coalesce(t.common_family, t.legal_family) as taker_family,
       coalesce(t.common_given, t.legal_given) as taker_given, t.kana_family as taker_family_kana,
       t.kana_given as taker_given_kana,
       coalesce(a.common_family, a.legal_family) as asker_family,
       coalesce(a.common_given, a.legal_given) as asker_given, a.kana_family as asker_family_kana,
       a.kana_given as asker_given_kana
from organisation c
left join calendar cal on cal.board_id = :board and cal.school_id = c.school_id and cal.school_year = :year
left join class_day d on d.board_id = :board and d.class_id = c.id and d.day = :on
left join person t on t.board_id = :board and t.id = d.taken_by
left join person a on a.board_id = :board and a.id = cast(:person as uuid)
where c.board_id = :board and c.id = :class_id and c.kind = 'class'
"""  # noqa: S608 (constants)
)

# A card that was merged into another is on the list as that other; of a day that both have the own one counts, as in
# the dashboard's copies. From each member by the index: there are nearly no aliases, the planner would guess at many.
_MEMBERS = """
with listed as (
    select coalesce(c.merged_into, m.subject_id) as pupil, m.number, bool_and(m.kind = 'exchange') as exchange,
           bool_or(exists (
               select from protection_period p where p.board_id = :board
               and p.subject_id in (m.subject_id, c.merged_into) and p.voided_at is null
               and p.valid @> cast(:today as date) and cast(:person as uuid) = any (p.confidential_from))) as hidden
    from membership_period m
    left join lateral (select merged_into from person where board_id = :board and id = m.subject_id offset 0) c on true
    where m.board_id = :board and m.class_id = :class_id and m.voided_at is null and m.valid @> cast(:on as date)
    group by 1, m.number
), cards as (
    select pupil, pupil as id from listed
    union select l.pupil, a.id from listed l
    cross join lateral (select id from person where board_id = :board and merged_into = l.pupil offset 0) a
), locked as (
    select d.pupil_id, d.revision, d.status, d.facts, d.considered, d.beside from pupil_day d
    where d.board_id = :board and d.day = :on and d.pupil_id in (select id from cards)
    order by d.id {lock}
), said as (
    select distinct on (c.pupil) c.pupil, k.* from locked k join cards c on c.id = k.pupil_id
    order by c.pupil, (k.pupil_id = c.pupil) desc, k.pupil_id
)
select l.pupil, l.number, l.exchange, l.hidden, k.pupil_id as kept_under, k.revision, k.status, k.facts,
       k.considered, k.beside, case when k.facts ? 'notice' then (
           select json_object_agg(n.id, n.revision) from announced n join cards c on c.id = n.pupil_id
           where c.pupil = l.pupil and n.board_id = :board and n.since <= :on and n.until > :on) end as notices
from listed l left join said k on k.pupil = l.pupil
order by l.exchange, l.number nulls last, l.pupil
"""
_MEMBERS_READ = Statement(_MEMBERS.format(lock=""))
_MEMBERS_LOCK = Statement(_MEMBERS.format(lock="for update"))

_SAVE = Statement(
    """
with standing as (
    select exists (select from class_day where board_id = :board and class_id = :class_id and day = :on) as taken,
           (select revision from class_month where board_id = :board and id = cast(:month as uuid)
            and state <> 'returned') as closing
), given as (
    select g.* from standing, json_to_recordset(cast(:rows as json)) as g(
        id uuid, pupil_id uuid, revision integer, status text, facts jsonb, considered jsonb, fact_revision integer,
        code text, corrects integer, reason text, reason_text text, held_before text, held_after text)
    where standing.taken = :taken and standing.closing is not distinct from cast(:closing as integer)
), days as (
    insert into pupil_day as d (id, board_id, school_id, class_id, pupil_id, day, revision, status, facts, considered)
    select id, :board, :school, :class_id, pupil_id, :on, revision, status, facts, considered from given order by id
    on conflict (id) do update set revision = excluded.revision, status = excluded.status, facts = excluded.facts,
        considered = excluded.considered, class_id = excluded.class_id, school_id = excluded.school_id
)
insert into attendance_fact (pupil_day_id, board_id, school_id, source, revision, code, recorded_by, recorded_at,
                             claimed_at, corrects, reason, reason_text, class_month_id, closing_revision, held_before,
                             held_after)
select id, :board, :school, :source, fact_revision, code, :by, :at, cast(:claimed_at as timestamptz), corrects,
       reason, reason_text, case when cast(:closing as integer) is not null then cast(:month as uuid) end,
       cast(:closing as integer), held_before, held_after
from given
returning pupil_day_id
"""
)

_TAKE = Statement(
    "insert into class_day (id, board_id, school_id, class_id, day, revision, members, taken_at, taken_by)"
    " values (:id, :board, :school, :class_id, :on, 1, :members, :at, :by) on conflict (id) do nothing"
)

_NAMES = Statement(
    "select id, coalesce(common_family, legal_family) as family, coalesce(common_given, legal_given) as given,"
    " kana_family as family_kana, kana_given as given_kana from person"
    " where board_id = :board and id = any(cast(:ids as uuid[]))"
)


async def class_day(
    session: AsyncSession, board: UUID, class_id: UUID, on: date, *, person: UUID | None, today: date
) -> ClassDay | None:
    """The class on a date with the duties of ``person``; None when there is no such class in the board.

    Read with all schools in scope: whose duties are asked for is not known before.
    """
    row = await _CLASS_DAY.first(
        session,
        {
            "board": board,
            "class_id": class_id,
            "on": on,
            "person": person,
            "today": today,
            "year": school_year(on),
            "month": class_month_id(board, class_id, on),
        },
    )
    if row is None:
        return None
    taken = None
    if row["taken_at"] is not None:
        taken = Taken(row["taken_at"], row["taken_by"], _named(row, "taker_"), row["members"])
    closure = _closure(row["closures"], on, class_id, row["grade"])
    off = grade_is_off(row["marks"] or [], on.isoformat(), row["grade"])
    return ClassDay(
        board=board,
        class_id=class_id,
        school=row["school_id"],
        name=row["name"],
        on=on,
        calendar=SchoolDay(row["known"], row["school_day"] and not off, closure),
        symbols={symbol.code: symbol for symbol in _SYMBOLS.validate_python(row["symbols"] or [])},
        taken=taken,
        closing=row["closing"],
        step_up=proof(row["step_up"]),
        asker=_named(row, "asker_"),
        duties=DUTIES.validate_python(row["duties"]),
    )


def _named(row: Record, prefix: str = "") -> Named:
    """A name out of a row; empty where the person is not known."""
    return Named(
        row[f"{prefix}family"] or "",
        row[f"{prefix}given"] or "",
        row[f"{prefix}family_kana"],
        row[f"{prefix}given_kana"],
    )


def _closure(
    closures: list[dict[str, Any]] | None, on: date, class_id: UUID, grade: str | None
) -> str | None:
    for closure in closures or []:
        if closure["on"] == on.isoformat() and closes(closure, str(class_id), grade):
            return str(closure["reason"])
    return None


@dataclass(frozen=True)
class Listed:
    """A class's list of a date, as one person may see it."""

    members: list[Member]
    hidden: int
    """Pupils of 在籍 who are kept from that person; they count, and somebody else takes them."""

    @property
    def at_home(self) -> int:
        """Pupils of 在籍."""
        return self.hidden + sum(not member.exchange for member in self.members)


async def members(
    session: AsyncSession, of: ClassDay, *, person: UUID | None, today: date, lock: bool
) -> Listed:
    """The class's list of that date; with ``lock`` the days that exist are locked in one order for everybody.

    A child whose protection names ``person`` is not on it (decisions.md §4 "A protected child").
    """
    rows = await (_MEMBERS_LOCK if lock else _MEMBERS_READ).all(
        session,
        {"board": of.board, "class_id": of.class_id, "on": of.on, "person": person, "today": today},
    )
    shown = [
        Member(
            pupil=row["pupil"],
            number=row["number"],
            exchange=row["exchange"],
            revision=row["revision"] or 0,
            status=row["status"] or "unrecorded",
            facts=_FACTS.validate_python(row["facts"]) if row["facts"] else {},
            kept_under=row["kept_under"],
            notices={UUID(notice): revision for notice, revision in (row["notices"] or {}).items()},
            considered=_SEEN.validate_python(row["considered"] or []),
            beside=_BESIDE.validate_python(row["beside"]),
        )
        for row in rows
        if not row["hidden"]
    ]
    return Listed(shown, sum(row["hidden"] and not row["exchange"] for row in rows))


async def save(work: Work, of: ClassDay, changes: Sequence[Change]) -> None:
    """Write the days and their new facts.

    Raises :class:`Moved` when the roll was taken, or the month closed, since ``of`` was read: the rows are locked only
    now, and what was an entry a moment ago is a correction, which needs its reason. Raises it too when another command
    of the same source has written a first fact meanwhile: a row that does not exist yet cannot be locked.
    """
    first = changes[0].fact
    values = {
        "taken": of.taken is not None,
        "closing": of.closing,
        "month": class_month_id(of.board, of.class_id, of.on),
        "board": of.board,
        "school": of.school,
        "class_id": of.class_id,
        "on": of.on,
        "source": first.source,
        "by": first.by,
        "at": first.at,
        "claimed_at": first.claimed_at,
        "rows": orjson.dumps([_row(of, change) for change in changes], default=str).decode(),
    }
    with new_rows():
        written = await _SAVE.all(work.session, values)
    if len(written) < len(changes):
        raise Moved


def _row(of: ClassDay, change: Change) -> dict[str, Any]:
    return {
        "id": pupil_day_id(of.board, change.member.day_of, of.on),
        "pupil_id": change.member.day_of,
        "revision": change.revision,
        "status": change.derived.status,
        "facts": change.facts,
        "considered": change.considered,
        "fact_revision": change.fact.revision,
        "code": change.fact.code,
        "corrects": change.fact.corrects,
        "reason": change.fact.reason,
        "reason_text": change.reason_text,
        "held_before": None if of.closing is None else change.held,
        "held_after": None if of.closing is None else change.derived.code,
    }


async def take(work: Work, of: ClassDay, taken: Taken) -> None:
    """Write that the roll was taken."""
    await _TAKE.all(
        work.session,
        {
            "id": class_day_id(of.board, of.class_id, of.on),
            "board": of.board,
            "school": of.school,
            "class_id": of.class_id,
            "on": of.on,
            "members": taken.members,
            "at": taken.at,
            "by": taken.by,
        },
    )


async def names(session: AsyncSession, board: UUID, people: Sequence[UUID]) -> dict[UUID, Named]:
    """Names of people, for a list."""
    rows = await _NAMES.all(session, {"board": board, "ids": list(people)})
    return {row["id"]: _named(row) for row in rows}


_STEP_UP = text(
    "select value from setting where board_id = :board and name = 'step_up' and since <= :today"
    " order by since desc limit 1"
)


async def step_up_setting(session: AsyncSession, board: UUID, today: date) -> StepUp:
    """What the board has said about proving anew who one is; on until it has said anything."""
    value = await session.scalar(_STEP_UP, {"board": board, "today": today})
    return proof(value)


_READABLE = text(
    """
select c.id, c.name, c.school_id, s.name as school_name
from organisation c join organisation s on s.id = c.school_id
where c.board_id = :board and c.kind = 'class' and c.school_year = :year
  and c.school_id = any (cast(:schools as uuid[]))
order by s.name, c.grade, c.name, c.id
"""
)


async def readable_classes(
    session: AsyncSession, board: UUID, schools: Sequence[UUID], on: date
) -> list[tuple[UUID, str, UUID, str]]:
    """Classes whose roll a staff member may read: the list form of the policy ``ReadRoll`` (policy.cedar)."""
    rows = await session.execute(
        _READABLE, {"board": board, "schools": list(schools), "year": school_year(on)}
    )
    return [(row.id, row.name, row.school_id, row.school_name) for row in rows]
