"""Taking a rebuilt copy into use: one transaction, in which tables change their schema and a checkpoint its name.

A statement of a reader sees the old tables or the new ones, never some of each: the swap holds all of the live tables,
which no statement can while it reads one. It waits for readers only briefly and then lets go, so that nobody queues
behind it; prepared statements find the new tables by name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.database import Units
from shared.database.units import sqlstate
from shared.events import intake, shapes
from shared.events.copies import Copy, CopyWorker, notices
from shared.events.feed import Stopped
from shared.events.shapes import NEXT, SUFFIX
from shared.events.workers import BATCH, LIVE

_WAIT_SECONDS = 1.0
_READERS_MS = 400
"""How long a swap waits for readers, and they for it; below the server's search for deadlocks (1 s)."""
_PAUSE_SECONDS = 0.2
_ATTEMPTS = 100
_LOCK_NOT_AVAILABLE = "55P03"


class Occupied(Stopped):
    """Readers never let go of the live tables."""


async def exchange(
    owner: AsyncEngine, units: Units, copy: Copy, builders: Sequence[CopyWorker], *, changed: bool
) -> dict[str, int]:
    """Swap; returns by publisher the position that the copy now stands at. ``changed``: pages may read otherwise.

    Raises :class:`Occupied` when some reader has held on for minutes; what was built stays, to be tried again.
    """
    async with owner.connect() as connection:
        # Without statistics the first readers' plans would be those for empty tables.
        for table in copy.tables:
            await connection.execute(text(f"analyze {NEXT}.{table}"))
        await connection.commit()
    for _ in range(_ATTEMPTS):
        try:
            async with owner.begin() as connection:
                return await _exchange(connection, units, copy, builders, changed)
        except DBAPIError as error:
            if sqlstate(error) != _LOCK_NOT_AVAILABLE:
                raise
        await asyncio.sleep(_PAUSE_SECONDS)
    raise Occupied(f"写し {copy.name} を読んでいる処理が終わらないため、入れかえられません。")


async def _exchange(
    connection: AsyncConnection, units: Units, copy: Copy, builders: Sequence[CopyWorker], changed: bool
) -> dict[str, int]:
    # The live worker stands still from here to the commit (feed.enter takes the same lock).
    await connection.execute(text("select pg_advisory_xact_lock(7462, hashtext(:copy))"), {"copy": copy.name})
    reached = {builder.feed.publisher: await _level(units, builder) for builder in builders}
    old = await shapes.standing(connection, copy.name)
    if old is not None:
        await connection.execute(text(f"set local lock_timeout = {_READERS_MS}"))
        live = ", ".join(f"{LIVE}.{table}" for table in old.tables)
        await connection.execute(text(f"lock table {live} in access exclusive mode"))
        await connection.execute(text(f"drop table {live}"))
    for table in copy.tables:
        await connection.execute(text(f"alter table {NEXT}.{table} set schema {LIVE}"))
    names = {"copy": copy.name, "next": copy.name + SUFFIX}
    for statement in _RENAME:
        await connection.execute(statement, names)
    other = old is None or old.shape != copy.stamp()
    boards = await _boards(connection, copy) if changed or other else []
    for channel, said in notices(f"board:{board}" for board in boards):
        await connection.execute(_TELL, {"channel": channel, "said": said})
    return reached


async def _level(units: Units, builder: CopyWorker) -> int:
    """Let the rebuilt copy take all that the live one, which stands still, has seen; where it then is."""
    async with units.maintain() as session:
        live = await intake.load(session, builder.copy.name, builder.feed.publisher)
    mine = await builder.where()
    while mine.reached < max(live.reached, live.highest):
        batch = await builder.feed.read(mine.cursor, limit=BATCH, wait=_WAIT_SECONDS)
        intake.check_epoch(live, batch)
        if batch.news(mine.cursor):
            mine = await builder.take(mine, batch)
    return mine.reached


# A checkpoint that was swapped is never equal to one that a worker remembers: it looks again where it stands, and
# whether the tables are still its own (``CopyWorker.where``).
_RENAME = [
    text(statement)
    for statement in (
        "delete from feed.checkpoint where copy = :copy",
        "update feed.checkpoint set copy = :copy, cursor = cursor ||"
        " jsonb_build_object('swapped', pg_current_xact_id()::text) where copy = :next",
        "delete from feed.parked where copy = :copy",
        "update feed.parked set copy = :copy where copy = :next",
        "delete from feed.shape where copy = :copy",
        "update feed.shape set copy = :copy where copy = :next",
    )
]
_TELL = text("select pg_notify(:channel, :said)")


async def _boards(connection: AsyncConnection, copy: Copy) -> list[str]:
    """Whose pages may read otherwise now."""
    parts = " union ".join(f"select board_id::text from {LIVE}.{table}" for table in copy.tables)  # noqa: S608
    return list(await connection.scalars(text(parts)))
