"""Rolls of lessons: what is kept, read and written; a save is as many statements whatever the number of children."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.store import ClassDay
from services.registry.periods.rules import Change, Mark, Told
from services.registry.periods.setting import OFF, SETTING, Lessons, Periods, Subject
from shared.database import Moved, Statement, Work
from shared.database.units import new_rows
from shared.ids import class_month_id, lesson_id, pupil_lessons_id

_MARKS = TypeAdapter(dict[int, Mark])

_PLAN = Statement(
    """
select s.kind, s.name as school_name, c.grade,
       (select t.value from setting t where t.board_id = :board and t.name = :name and t.since <= :on
        order by t.since desc limit 1) as value
from organisation c join organisation s on s.board_id = :board and s.id = c.school_id
where c.board_id = :board and c.id = :class_id
"""
)

_ROLLS = Statement(
    "select period, revision, subject, members, taken_at, taken_by from lesson_roll"
    " where board_id = :board and class_id = :class_id and day = :on order by period"
)

# Of a day that a card and one merged into it both have, the own one counts: as on the roll (attendance/store.py).
_TOLD = """
with cards as (
    select id as pupil, id from unnest(cast(:pupils as uuid[])) as k(id)
    union select a.merged_into, a.id from person a
    where a.board_id = :board and a.merged_into = any(cast(:pupils as uuid[]))
), found as (
    select d.id, d.pupil_id, d.revision, d.marks from pupil_lessons d
    where d.board_id = :board and d.day = :on and d.pupil_id in (select id from cards) order by d.id {lock}
)
select distinct on (c.pupil) c.pupil, f.pupil_id, f.revision, f.marks,
       array(select s.seen from lesson_settled s where s.pupil_lessons_id = f.id) as settled
from found f join cards c on c.id = f.pupil_id
order by c.pupil, (f.pupil_id = c.pupil) desc, f.pupil_id
"""
_TOLD_READ = Statement(_TOLD.format(lock=""))
_TOLD_LOCK = Statement(_TOLD.format(lock="for update"))

# The month is compared here, where the days are written: who closes it meanwhile is not passed by.
_SAVE = Statement(
    """
with standing as (
    select (select revision from class_month where board_id = :board and id = cast(:month as uuid)
            and state <> 'returned') as closing
), given as (
    select g.* from standing, json_to_recordset(cast(:rows as json)) as g(
        id uuid, pupil_id uuid, revision integer, marks jsonb, mark_revision integer, code text, reason text,
        reason_text text, held_before text)
    where standing.closing is not distinct from cast(:closing as integer)
), days as (
    insert into pupil_lessons as d (id, board_id, school_id, class_id, pupil_id, day, revision, marks)
    select id, :board, :school, :class_id, pupil_id, :on, revision, marks from given order by id
    on conflict (id) do update set revision = excluded.revision, marks = excluded.marks,
        class_id = excluded.class_id, school_id = excluded.school_id
    where d.revision = excluded.revision - 1
    returning d.id
)
insert into lesson_mark (pupil_lessons_id, period, revision, board_id, school_id, code, recorded_by, recorded_at,
                         reason, reason_text, class_month_id, closing_revision, held_before)
select g.id, :period, g.mark_revision, :board, :school, g.code, :by, :at, g.reason, g.reason_text,
       case when cast(:closing as integer) is not null then cast(:month as uuid) end, cast(:closing as integer),
       g.held_before
from given g join days using (id)
returning pupil_lessons_id
"""
)

_TAKE = Statement(
    "insert into lesson_roll (id, board_id, school_id, class_id, day, period, revision, subject, members, taken_at,"
    " taken_by) values (:id, :board, :school, :class_id, :on, :period, 1, :subject, :members, :at, :by)"
    " on conflict (id) do nothing returning id"
)
_SUBJECT = Statement(
    "update lesson_roll set subject = :subject, revision = revision + 1 where board_id = :board and id = :id"
    " and revision = :seen returning id"
)
_SETTLE = Statement(
    "insert into lesson_settled (pupil_lessons_id, seen, board_id, school_id, recorded_by, recorded_at)"
    " select d.id, :seen, :board, :school, :by, :at from pupil_lessons d where d.board_id = :board and d.id = :id"
    " on conflict do nothing returning seen"
)


@dataclass(frozen=True)
class Plan:
    """How a class's day is divided; ``lessons`` None: no lesson's roll is taken there."""

    school_name: str
    lessons: Lessons | None
    subjects: dict[str, Subject]
    stands_out: int


@dataclass(frozen=True)
class LessonRoll:
    """The roll of a lesson that was taken."""

    period: int
    revision: int
    subject: str | None
    members: int
    at: datetime
    by: UUID


async def plan(session: AsyncSession, board: UUID, class_id: UUID, on: date) -> Plan:
    """What the board's setting says of a class on a day."""
    row = await _PLAN.first(session, {"board": board, "class_id": class_id, "name": SETTING, "on": on})
    if row is None:
        return Plan("", None, {}, OFF.stands_out)
    said = OFF if row["value"] is None else Periods.model_validate(row["value"])
    subjects = {subject.code: subject for subject in said.subjects}
    return Plan(row["school_name"], said.of(row["kind"], row["grade"]), subjects, said.stands_out)


async def rolls(session: AsyncSession, of: ClassDay) -> dict[int, LessonRoll]:
    """The lessons of a class's day whose roll was taken."""
    rows = await _ROLLS.all(session, {"board": of.board, "class_id": of.class_id, "on": of.on})
    return {
        row["period"]: LessonRoll(
            row["period"], row["revision"], row["subject"], row["members"], row["taken_at"], row["taken_by"]
        )
        for row in rows
    }


async def told(
    session: AsyncSession, of: ClassDay, pupils: Collection[UUID], *, lock: bool
) -> dict[UUID, Told]:
    """What was said of each child's lessons of the day; with ``lock`` the rows are held, in one order for everybody."""
    rows = await (_TOLD_LOCK if lock else _TOLD_READ).all(
        session, {"board": of.board, "on": of.on, "pupils": sorted(pupils)}
    )
    return {
        row["pupil"]: Told(
            row["pupil_id"],
            row["revision"],
            _MARKS.validate_python(row["marks"]),
            frozenset(row["settled"]),
        )
        for row in rows
    }


async def save(work: Work, of: ClassDay, period: int, changes: Sequence[Change]) -> None:
    """Write marks of a lesson.

    Raises :class:`Moved` when the month was closed or sent back since ``of`` was read, or another command has written a
    child's lessons meanwhile: a row that does not exist yet cannot be held.
    """
    first = changes[0].mark
    values = {
        "board": of.board,
        "school": of.school,
        "class_id": of.class_id,
        "on": of.on,
        "period": period,
        "month": class_month_id(of.board, of.class_id, of.on),
        "closing": of.closing,
        "by": first.by,
        "at": first.at,
        "rows": orjson.dumps(
            [_row(of, change) for change in changes], default=str, option=orjson.OPT_NON_STR_KEYS
        ).decode(),
    }
    with new_rows():
        written = await _SAVE.all(work.session, values)
    if len(written) < len(changes):
        raise Moved


def _row(of: ClassDay, change: Change) -> dict[str, Any]:
    return {
        "id": pupil_lessons_id(of.board, change.after.card, of.on),
        "pupil_id": change.after.card,
        "revision": change.after.revision,
        "marks": change.after.marks,
        "mark_revision": change.mark.revision,
        "code": change.mark.code,
        "reason": change.mark.reason,
        "reason_text": change.reason_text,
        "held_before": change.held,
    }


async def take(
    work: Work, of: ClassDay, period: int, *, subject: str | None, members: int, by: UUID
) -> LessonRoll:
    """Write that a lesson's roll was taken. Raises :class:`Moved` when somebody else has taken it meanwhile."""
    values = {
        "id": lesson_id(of.board, of.class_id, of.on, period),
        "board": of.board,
        "school": of.school,
        "class_id": of.class_id,
        "on": of.on,
        "period": period,
        "subject": subject,
        "members": members,
        "at": work.at,
        "by": by,
    }
    if await _TAKE.first(work.session, values) is None:
        raise Moved
    return LessonRoll(period, 1, subject, members, work.at, by)


async def name_subject(work: Work, of: ClassDay, period: int, subject: str | None, *, seen: int) -> None:
    """Write which subject a lesson was; the roll itself stays. Raises :class:`Moved` when it is no longer ``seen``."""
    id_ = lesson_id(of.board, of.class_id, of.on, period)
    values = {"board": of.board, "id": id_, "subject": subject, "seen": seen}
    if await _SUBJECT.first(work.session, values) is None:
        raise Moved


async def settle(work: Work, of: ClassDay, card: UUID, seen: str, *, by: UUID) -> bool:
    """Write that a contradiction stays as it is; False when that was said before."""
    values = {
        "id": pupil_lessons_id(of.board, card, of.on),
        "seen": seen,
        "board": of.board,
        "school": of.school,
        "by": by,
        "at": work.at,
    }
    return bool(await _SETTLE.all(work.session, values))
