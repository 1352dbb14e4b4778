"""A class's lessons and its children's marks of many days, read in as many statements whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.periods.hours.rules import Correction, Lesson, Marks
from services.registry.periods.setting import OFF, SETTING, Periods, Subject
from shared.contracts.registry import LessonCode
from shared.database import Statement
from shared.ids import class_month_id

_LESSONS = Statement(
    "select day, period, subject from lesson_roll where board_id = :board and class_id = :class_id"
    " and day >= :since and day < :until order by day, period"
)

# Of a day that a card and one merged into it both have, the own one counts: as in periods/store.py.
_MARKS = Statement(
    """
with cards as (
    select id as pupil, id from unnest(cast(:pupils as uuid[])) as k(id)
    union select a.merged_into, a.id from person a
    where a.board_id = :board and a.merged_into = any(cast(:pupils as uuid[]))
)
select distinct on (c.pupil, d.day) c.pupil, d.day,
       (select json_object_agg(m.key, m.value ->> 'code') from jsonb_each(d.marks) m) as codes
from cards c join pupil_lessons d on d.board_id = :board and d.pupil_id = c.id
where d.day >= :since and d.day < :until
order by c.pupil, d.day, (d.pupil_id = c.pupil) desc, d.pupil_id
"""
)
_CODES = TypeAdapter(dict[int, LessonCode])

# As the cards are now: what was said on a card that was merged since is the other's.
_CORRECTED = Statement(
    """
select coalesce(c.merged_into, c.id) as pupil, d.day, m.period, m.held_before, m.code, m.reason, m.reason_text,
       m.recorded_by, m.recorded_at
from lesson_mark m
join pupil_lessons d on d.board_id = :board and d.id = m.pupil_lessons_id
join person c on c.board_id = :board and c.id = d.pupil_id
where m.board_id = :board and m.class_month_id = :id and m.closing_revision >= :revision
  and coalesce(c.merged_into, c.id) = any(cast(:pupils as uuid[]))
order by m.recorded_at, d.day, m.period, pupil
"""
)

_SAID = Statement("select value from setting where board_id = :board and name = :name order by since desc")


async def lessons(
    session: AsyncSession, board: UUID, class_id: UUID, since: date, until: date
) -> list[Lesson]:
    """The lessons of a class whose roll was taken, day by day."""
    rows = await _LESSONS.all(session, {"board": board, "class_id": class_id, "since": since, "until": until})
    return [Lesson(row["day"], row["period"], row["subject"]) for row in rows]


async def marks(
    session: AsyncSession, board: UUID, pupils: Collection[UUID], since: date, until: date
) -> Marks:
    """What stands for each child in each lesson."""
    rows = await _MARKS.all(
        session, {"board": board, "pupils": sorted(pupils), "since": since, "until": until}
    )
    found: dict[UUID, dict[date, dict[int, LessonCode]]] = defaultdict(dict)
    for row in rows:
        found[row["pupil"]][row["day"]] = _CODES.validate_python(row["codes"] or {})
    return found


async def corrections(
    session: AsyncSession, board: UUID, class_id: UUID, month: date, revision: int, pupils: Collection[UUID]
) -> list[Correction]:
    """What was said of these children's lessons since the month was closed with ``revision``."""
    rows = await _CORRECTED.all(
        session,
        {
            "board": board,
            "id": class_month_id(board, class_id, month),
            "revision": revision,
            "pupils": sorted(pupils),
        },
    )
    return [
        Correction(
            row["pupil"],
            row["day"],
            row["period"],
            row["held_before"],
            row["code"],
            row["reason"],
            row["reason_text"],
            row["recorded_by"],
            row["recorded_at"],
        )
        for row in rows
    ]


async def subjects(session: AsyncSession, board: UUID) -> dict[str, Subject]:
    """Every subject that the board ever had, the newest list first: a lesson keeps its word when the list loses it."""
    rows = await _SAID.all(session, {"board": board, "name": SETTING})
    lists = [*(Periods.model_validate(row["value"]) for row in rows), OFF]
    found: dict[str, Subject] = {}
    for each in lists:
        for subject in each.subjects:
            found.setdefault(subject.code, subject)
    return found
