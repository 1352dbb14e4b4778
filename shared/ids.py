"""Identifiers (docs/glossary.md "ids").

People, organisations and classes are UUIDv4, minted once by registry. Events and commands are UUIDv7, minted from the
clock port so that a replayed day mints replayable times. Natural aggregates are UUIDv5 of their natural key in one
fixed namespace, so that two processes name the same pupil-day alike without asking each other.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from uuid import UUID, uuid4, uuid5

import uuid_utils

NAMESPACE = UUID("6f1d5ad0-3c35-5d0e-9a5b-0c1f6f3b7a11")
"""Never changes: every UUIDv5 of every deployment is made in it."""


def new_id() -> UUID:
    """A new opaque id (UUIDv4) for a person, an organisation, a class or a period."""
    return uuid4()


def time_ordered_id(at: datetime) -> UUID:
    """A UUIDv7 for an event or a command that happens ``at`` (an aware instant)."""
    return UUID(bytes=uuid_utils.uuid7(nanoseconds=int(at.timestamp() * 1_000) * 1_000_000).bytes)


def natural_id(board: UUID, *parts: object) -> UUID:
    """The UUIDv5 of ``<board>/<part>/<part>…``."""
    return uuid5(NAMESPACE, "/".join([str(board), *(str(part) for part in parts)]))


@lru_cache(4_096)  # asked for twice a save: for the row and for the event
def pupil_day_id(board: UUID, pupil: UUID, on: date) -> UUID:
    """The aggregate "one pupil's attendance on one date"."""
    return natural_id(board, "pupil-day", pupil, on.isoformat())


def class_day_id(board: UUID, class_id: UUID, on: date) -> UUID:
    """The aggregate "the roll of one class on one date"."""
    return natural_id(board, "class-day", class_id, on.isoformat())


def class_month_id(board: UUID, class_id: UUID, month: date) -> UUID:
    """The aggregate "the 出席簿 of one class in one month"; ``month`` is any day of it."""
    return natural_id(board, "class-month", class_id, f"{month:%Y-%m}")


def pupil_lessons_id(board: UUID, pupil: UUID, on: date) -> UUID:
    """The aggregate "one pupil's lessons on one date" (時限ごとの出欠)."""
    return natural_id(board, "pupil-lessons", pupil, on.isoformat())


def lesson_id(board: UUID, class_id: UUID, on: date, period: int) -> UUID:
    """The aggregate "the roll of one lesson of one class"."""
    return natural_id(board, "lesson", class_id, on.isoformat(), period)


def calendar_id(school: UUID, school_year: int) -> UUID:
    """The aggregate "one school's calendar of one school year"."""
    return natural_id(school, "calendar", school_year)
