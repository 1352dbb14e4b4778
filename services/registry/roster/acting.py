"""The named service principal that changes the roster from the command line (decisions.md §4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Moved, Work

_MOMENT = timedelta(minutes=5)
T = TypeVar("T")


async def once_more(act: Callable[[], Awaitable[T]]) -> T:
    """Act; when another transaction came first, act once more. Raises :class:`Moved` when one came first again."""
    try:
        return await act()
    except Moved:
        return await act()


async def log_act(work: Work, seen: Seen) -> None:
    """Write the access-log row of a change that the unit of work's actor makes, in its transaction."""
    actor = Principal(
        subject=work.actor,
        kind="service",
        board=work.scope.board,
        person=None,
        client=work.actor,
        acr=2,
        auth_time=work.at,
        session=None,
        expires_at=work.at + _MOMENT,
    )
    await log_change(work.session, actor, seen, work.at)
