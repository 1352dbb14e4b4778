"""Whose guardian somebody is today, and what was told about those children."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.messaging.notices.rules import CUT_OFF_SETTING
from services.messaging.notices.store import CARDS, MARKS
from shared.database import Statement

_CHILDREN = Statement(
    f"""
select here.person from (
    select distinct coalesce(a.merged_into, g.pupil_id) as person
    from copy.guardian g left join copy.alias a on a.person_id = g.pupil_id
    where g.board_id = :board and g.guardian_id = cast(:guardian as uuid) and (g.notify or g.read)
    and g.since <= :today and (g.until is null or g.until > :today)) here
where not exists ({MARKS} and mark -> 'confidential_from' ? cast(:guardian_text as text))
and exists (
    select from copy.place p where p.pupil_id in ({CARDS}) and p.class_id is null
    and (p.until is null or p.until > :today))
order by here.person
"""  # noqa: S608 (constants)
)
"""SQL side of ``ReadFamilyNotices`` for whoever signs in as a guardian, of children who are at a school."""

_UNITS = Statement(
    "select o.organisation_id as id, coalesce(o.name, '') as name from copy.organisation o"
    " where o.board_id = :board and o.organisation_id = any (cast(:ids as uuid[]))"
)
_CUT_OFF = Statement(
    "select s.value from copy.setting s where s.board_id = :board and s.name = :name and s.since <= :today"
    " order by s.since desc limit 1"
)


async def children_of(session: AsyncSession, board: UUID, guardian: UUID, today: date) -> list[UUID]:
    """Children whose notices a guardian may read today."""
    rows = await _CHILDREN.all(
        session,
        {
            "board": board,
            "guardian": guardian,
            "guardian_text": str(guardian),
            "today": today,
            "today_text": today.isoformat(),
        },
    )
    return [row["person"] for row in rows]


@dataclass(frozen=True)
class Board:
    """What the board's words and rules are."""

    names: dict[UUID, str]
    cut_off: object


async def board_of(session: AsyncSession, board: UUID, units: Collection[UUID], today: date) -> Board:
    """Names of schools and classes, and the board's cut-off as its setting says it."""
    rows = await _UNITS.all(session, {"board": board, "ids": sorted(units)})
    setting = await _CUT_OFF.first(session, {"board": board, "name": CUT_OFF_SETTING, "today": today})
    return Board({row["id"]: row["name"] for row in rows}, None if setting is None else setting["value"])
