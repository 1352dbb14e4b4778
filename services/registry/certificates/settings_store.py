"""The board's dated settings of certificates: every version, who said it and when."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.roster import settings
from services.registry.roster import store as roster
from shared.database import Work


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
