"""What is known of the workers: where they stand, what waits, when they last lacked nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events.workers import WorkerState

_SEEN = text(
    """
insert into worker_seen as w (copy, publisher, reached, head, stopped_because, current_at, seen_at)
values (:copy, :publisher, :reached, :head, :stopped, :current_at, :at)
on conflict (copy, publisher) do update set reached = excluded.reached, head = excluded.head,
    stopped_because = excluded.stopped_because, current_at = coalesce(excluded.current_at, w.current_at),
    seen_at = excluded.seen_at
returning (old.reached, old.head, old.stopped_because) is distinct from (reached, head, stopped_because)
"""
)
_WAITING = text("select count(*) from feed.parked")
_TELL = text("select pg_notify('live', :keys)")


async def note(session: AsyncSession, states: Sequence[WorkerState], at: datetime) -> bool:
    """Keep what this process sees of its active workers; returns whether anything is different from before."""
    changed = False
    for state in states:
        if not state.active:
            continue
        level = state.stopped_because is None and (state.head is None or state.reached >= state.head)
        different = await session.scalar(
            _SEEN,
            {
                "copy": state.copy,
                "publisher": state.publisher,
                "reached": state.reached,
                "head": state.head,
                "stopped": state.stopped_because,
                "current_at": (state.looked_at or at) if level else None,
                "at": at,
            },
        )
        changed |= bool(different)
    return changed


async def parked_count(session: AsyncSession) -> int:
    """How many records wait."""
    return int((await session.execute(_WAITING)).scalar_one())


async def tell(session: AsyncSession) -> None:
    """Wake the operator's page."""
    await session.execute(_TELL, {"keys": orjson.dumps(["operations"]).decode()})


_FEEDS = text(
    """
select coalesce(c.copy, w.copy) as copy, coalesce(c.publisher, w.publisher) as publisher,
       coalesce(c.reached, w.reached) as reached,
       -- A copy that is being built anew has no worker; the head is the live one's.
       coalesce(w.head, (select l.head from worker_seen l
                         where l.copy || '+next' = c.copy and l.publisher = c.publisher)) as head,
       w.stopped_because, w.current_at,
       c.copy is not null or w.head is not null as reads_a_log
from feed.checkpoint c full join worker_seen w on w.copy = c.copy and w.publisher = c.publisher
order by 1, 2
"""
)
_PARKED = text(
    "select copy, publisher, key, count(*) as records, (array_agg(reason order by position))[1] as reason,"
    " min(parked_at) as parked_at from feed.parked where board_id = :board"
    " group by copy, publisher, key order by parked_at, copy, key"
)


async def feeds(session: AsyncSession) -> Sequence[Any]:
    """Every copy and reaction with its place in its publisher's log, and every reconciler, which has none."""
    return (await session.execute(_FEEDS)).all()


async def parked(session: AsyncSession, board: UUID) -> Sequence[Any]:
    """Every key of a board that waits, oldest first. No wall binds this table: the condition is all there is."""
    return (await session.execute(_PARKED, {"board": board})).all()


_OF_BOARD = text(
    "select true from feed.parked where copy = :copy and publisher = :publisher and key = :key"
    " having count(*) > 0 and bool_and(board_id = :board)"
)


async def is_of_board(session: AsyncSession, board: UUID, copy: str, publisher: str, key: str) -> bool:
    """Whether something waits of a key, and all of it is this board's."""
    place = {"copy": copy, "publisher": publisher, "key": key}
    return bool(await session.scalar(_OF_BOARD, {**place, "board": board}))
