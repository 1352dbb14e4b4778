"""What is counted in the roster before an import is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.imports.preview import Hat, Now
from services.registry.imports.rules import Frame

_PUPILS = text(
    "select school_id, count(distinct subject_id), count(distinct subject_id) filter (where valid @> cast(:since as"
    " date)) from enrolment_period where board_id = :board"
    " and voided_at is null and valid && daterange(:since, :until, '[)') group by school_id"
)
_MEMBERS = text(
    "select class_id, (array_agg(school_id))[1], count(distinct subject_id) from membership_period"
    " where board_id = :board and voided_at is null and kind = 'home'"
    " and valid && daterange(:since, :until, '[)') group by class_id"
)
_HATS: Mapping[Hat, Any] = {
    "pupil": text(
        "select subject_id, count(*) from enrolment_period where board_id = :board and voided_at is null"
        " and subject_id = any(:people) and valid @> cast(:on as date) group by 1"
    ),
    "staff": text(
        "select subject_id, count(*) from duty_period where board_id = :board and voided_at is null"
        " and subject_id = any(:people) and valid @> cast(:on as date) group by 1"
    ),
    "guardian": text(
        "select guardian_id, count(*) from guardianship_period where board_id = :board and voided_at is null"
        " and guardian_id = any(:people) and valid @> cast(:on as date) and (may_notify or may_read) group by 1"
    ),
}


_PROTECTED = text(
    "select count(distinct subject_id) from protection_period where board_id = :board and voided_at is null"
    " and subject_id = any(:people) and valid @> cast(:today as date)"
)


async def protected_among(session: AsyncSession, board: UUID, people: Collection[UUID], today: date) -> int:
    """How many of these people are protected today."""
    if not people:
        return 0
    values = {"board": board, "people": sorted(people), "today": today}
    return int(await session.scalar(_PROTECTED, values) or 0)


async def count_now(session: AsyncSession, frame: Frame, people: Sequence[UUID]) -> Now:
    """What is there on the import's day; hats of these people."""
    window = {"board": frame.board, "since": frame.ends, "until": frame.coverage.until}
    if frame.past:
        window["since"] = frame.coverage.since
    counted = (await session.execute(_PUPILS, window)).all()
    pupils, today = {row[0]: row[1] for row in counted}, {row[0]: row[2] for row in counted}
    members = {row[0]: (row[1], row[2]) for row in await session.execute(_MEMBERS, window)}
    hats: dict[tuple[UUID, Hat], int] = {}
    for hat, statement in _HATS.items():
        values = {"board": frame.board, "people": list(people), "on": frame.ends}
        for row in await session.execute(statement, values):
            hats[row[0], hat] = row[1]
    return Now(pupils, today, members, hats)
