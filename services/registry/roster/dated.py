"""A board's dated setting as people say it: every version, who said it and when, and saying another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.roster import settings
from services.registry.roster import store as roster
from shared.database import Work
from shared.dates import TOKYO
from shared.web import Problem

State = Literal["coming", "holds", "past"]


class Said(NamedTuple):
    """A version of a setting: from when it holds, what it says, when and by whom it was said."""

    since: date
    value: Any
    at: datetime
    by: UUID | None
    """None: not by a person in the web."""


_ALL = text(
    "select since, value, recorded_at, recorded_by from setting where board_id = :board and name = :name"
    " order by since desc"
)
_DROP = text("delete from setting where board_id = :board and name = :name and since = :since")


async def versions(session: AsyncSession, board: UUID, name: str) -> list[Said]:
    """Every version, the latest first."""
    rows = await session.execute(_ALL, {"board": board, "name": name})
    return [Said(row.since, row.value, row.recorded_at, _person(row.recorded_by)) for row in rows]


def _person(actor: str | None) -> UUID | None:
    try:
        return UUID(actor or "")
    except ValueError:
        return None


def revision(said: Sequence[Said]) -> str:
    """Tells these versions from all others: of two who change them at once the second is told."""
    content = orjson.dumps([(each.since, each.value) for each in said], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()[:16]


def holding(said: Sequence[Said], on: date) -> Said | None:
    """The version that holds on a day."""
    return next((each for each in said if each.since <= on), None)


def state(each: Said, said: Sequence[Said], today: date) -> State:
    """Whether a version is to come, holds, or has been replaced."""
    return "coming" if each.since > today else "holds" if each is holding(said, today) else "past"


async def say(work: Work, name: str, since: date, seen: str, value: Any) -> bool:
    """Say a setting from a day on; ``value`` None: what was said of a day that has not come was not said.

    False: it says so already. Refused when somebody else has changed it since ``seen`` was read. Raises
    :class:`services.registry.roster.settings.TooLarge`.
    """
    if value is None and since <= work.at.astimezone(TOKYO).date():
        words = "もう始まっているものは取りやめられません。新しく入れてください。"
        raise Problem(409, "holds-already", "取りやめていません", words)
    await roster.lock_roster(work, patient=False)
    said = await versions(work.session, work.scope.board, name)
    if value == next((each.value for each in said if each.since == since), None):
        return False
    if revision(said) != seen:
        words = "読み直してから、もう一度入れてください。何も保存していません。"
        raise Problem(409, "moved", "ほかの人が先に変えました", words)
    await put(work, name, since, value)
    return True


async def put(work: Work, name: str, since: date, value: Any) -> None:
    """Say from when on a setting holds, or (``value`` None) that what was said of that day was not said.

    Raises :class:`services.registry.roster.settings.TooLarge`. Only under the roster's lock: what is published is every
    setting of the board.
    """
    board = work.scope.board
    await work.session.execute(_DROP, {"board": board, "name": name, "since": since})
    if value is not None:
        await roster.put_setting(work, name, since, value)
    await settings.publish(work)
