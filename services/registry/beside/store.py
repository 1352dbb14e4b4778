"""Marks beside a day: the board's list, and what is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance import beside, kin
from services.registry.attendance.beside import DEFAULT_MARKS, BesideMark
from services.registry.attendance.kin import DEFAULT_TABLE, KinTable
from services.registry.attendance.store import ClassDay
from services.registry.beside.rules import Change
from shared.database import Moved, Statement, Work
from shared.ids import class_month_id, pupil_day_id

_MARKS = TypeAdapter(list[BesideMark])

_LISTS = Statement(
    "select distinct on (name) name, value from setting where board_id = :board and name = any(cast(:names as text[]))"
    " and since <= :on order by name, since desc"
)

# The month is compared here, where the days are held (attendance/store.py): who closes it meanwhile is not passed by.
_SAVE = Statement(
    """
with standing as (
    select (select revision from class_month where board_id = :board and id = cast(:month as uuid)
            and state <> 'returned') as closing
), given as (
    select g.* from standing, json_to_recordset(cast(:rows as json)) as g(
        id uuid, day_revision integer, beside jsonb, revision integer, code text, kind text, reason text,
        reason_text text, held_before text)
    where standing.closing is not distinct from cast(:closing as integer)
), days as (
    update pupil_day d set revision = g.day_revision, beside = g.beside from given g
    where d.board_id = :board and d.id = g.id and d.revision = g.day_revision - 1
    returning d.id
)
insert into day_beside (pupil_day_id, revision, board_id, school_id, code, kind, recorded_by, recorded_at, reason,
                        reason_text, class_month_id, closing_revision, held_before)
select g.id, g.revision, :board, :school, g.code, g.kind, :by, :at, g.reason, g.reason_text,
       case when cast(:closing as integer) is not null then cast(:month as uuid) end, cast(:closing as integer),
       g.held_before
from given g join days using (id)
returning pupil_day_id
"""
)


async def marks(session: AsyncSession, of: ClassDay) -> Mapping[str, BesideMark]:
    """The board's list and its table of kinship, on that day."""
    rows = await _LISTS.all(session, {"board": of.board, "names": [beside.SETTING, kin.SETTING], "on": of.on})
    said = {row["name"]: row["value"] for row in rows}
    found = _MARKS.validate_python(said[beside.SETTING]) if beside.SETTING in said else DEFAULT_MARKS
    table = KinTable.model_validate(said[kin.SETTING]) if kin.SETTING in said else DEFAULT_TABLE
    return {mark.code: mark for mark in found} | table.marks()


async def save(work: Work, of: ClassDay, changes: Sequence[Change]) -> None:
    """Write the marks. Raises :class:`Moved` when the month was closed or sent back since ``of`` was read."""
    written = await _SAVE.all(
        work.session,
        {
            "board": of.board,
            "school": of.school,
            "month": class_month_id(of.board, of.class_id, of.on),
            "closing": of.closing,
            "by": changes[0].after.by,
            "at": work.at,
            "rows": orjson.dumps([_row(of, change) for change in changes], default=str).decode(),
        },
    )
    if len(written) < len(changes):
        raise Moved


def _row(of: ClassDay, change: Change) -> dict[str, Any]:
    after = change.after
    return {
        "id": pupil_day_id(of.board, change.member.day_of, of.on),
        "day_revision": change.member.revision + 1,
        "beside": after,
        "revision": after.revision,
        "code": after.code,
        "kind": after.kind,
        "reason": change.reason,
        "reason_text": change.reason_text,
        "held_before": change.held,
    }
