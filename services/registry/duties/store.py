"""What the page of a school's duties reads. Duties are written through the roster's own tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.duties.rules import ClassOf
from services.registry.roster.rows import DutyIs, Held, Standing
from services.registry.roster.snapshot import Period

_SCHOOL = text(
    "select name from organisation where board_id = :board and id = :school and school_id = id and kind <> 'class'"
)
_CLASSES = text(
    "select c.id, c.name, c.grade, c.special_needs, c.school_id, c.school_year, d.taken_at"
    " from organisation c left join class_day d on d.board_id = :board and d.class_id = c.id and d.day = :on"
    " where c.board_id = :board and c.kind = 'class' and c.school_id = :school and c.school_year = :year"
    " and (c.until is null or c.until > :on)"
    " order by c.special_needs, c.grade, c.name, c.id"
)
_CLASS = text(
    "select id, name, grade, school_id, school_year from organisation"
    " where board_id = :board and id = :class_id and kind = 'class'"
)
_DUTIES = text(
    "select d.id, d.subject_id, d.kind, d.organisation_id, d.class_id, lower(d.valid) as since,"
    " upper(d.valid) as until"
    " from duty_period d left join person p on p.board_id = d.board_id and p.id = d.subject_id"
    " where d.board_id = :board and d.organisation_id = :school and d.voided_at is null"
    " and (upper_inf(d.valid) or upper(d.valid) > :on)"
    " order by p.sort_key, d.subject_id, lower(d.valid), d.kind, d.id"
)
_FOUND = text(
    "select p.id from person p where p.board_id = :board and p.withdrawn_at is null and p.merged_into is null"
    " and strpos(p.search, :part) > 0 and exists (select from duty_period d where d.board_id = :board"
    " and d.subject_id = p.id and d.voided_at is null and (upper_inf(d.valid) or upper(d.valid) > :on))"
    " order by p.sort_key, p.id limit :most"
)


class ClassRow(NamedTuple):
    """A class of a school on a day."""

    id: UUID
    name: str
    grade: str | None
    special_needs: bool
    taken_at: datetime | None


async def school_name(session: AsyncSession, board: UUID, school: UUID) -> str | None:
    """The school's name; None when the board has no such school."""
    found: str | None = await session.scalar(_SCHOOL, {"board": board, "school": school})
    return found


async def classes(session: AsyncSession, board: UUID, school: UUID, on: date, year: int) -> list[ClassRow]:
    """The school's classes of a school year that exist on a day, with the day's roll."""
    rows = await session.execute(_CLASSES, {"board": board, "school": school, "on": on, "year": year})
    return [ClassRow(row.id, row.name, row.grade, row.special_needs, row.taken_at) for row in rows]


async def class_of(session: AsyncSession, board: UUID, class_id: UUID) -> ClassOf | None:
    """A class of the board."""
    row = (await session.execute(_CLASS, {"board": board, "class_id": class_id})).one_or_none()
    return None if row is None else ClassOf(row.id, row.name, row.school_id, row.school_year, row.grade)


async def duties(session: AsyncSession, board: UUID, school: UUID, on: date) -> list[Standing[DutyIs]]:
    """Duties at a school that hold on a day or later, of staff in kana order."""
    rows = await session.execute(_DUTIES, {"board": board, "school": school, "on": on})
    return [
        Standing(
            row.id,
            Held(
                row.subject_id,
                Period(row.since, row.until),
                DutyIs(row.kind, row.organisation_id, row.class_id),
            ),
        )
        for row in rows
    ]


async def staff_like(session: AsyncSession, board: UUID, part: str, on: date, most: int) -> list[UUID]:
    """The board's staff whose name or reading has ``part`` (normalised like the search column), in kana order."""
    rows = await session.scalars(_FOUND, {"board": board, "part": part, "on": on, "most": most})
    return list(rows)
