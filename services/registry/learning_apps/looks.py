"""How much of registry learning apps may take: never so much that a roll cannot be saved.

Apps read over connections of their own, few of them. A look at everybody takes tens of seconds in a city: there is one
at a time, and it waits while those who work need all the connections there are (decisions.md §3 "Bulk yields").
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.pool import QueuePool

from shared.database import Units

CONNECTIONS = 2
"""Of apps, and as many again for a moment."""
AT_ONCE = 100
"""People in memory between two breaths: whoever shares the event loop waits for no more than these."""
_PAUSE_SECONDS = 0.05
_ALONE = text("select pg_try_advisory_xact_lock(7484, 0)")


class Busy(Exception):
    """Not now: somebody else looks at everybody, or people are at work."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What apps read with, and whom they give way to."""

    units: Units
    """Over connections of their own."""
    shared: AsyncEngine
    """Whose connections rolls are saved with."""
    pauses: int = 200
    """So often a look waits for those who work: ten seconds."""

    async def begin_alone(self, session: AsyncSession) -> None:
        """To the end of the transaction this is the deployment's one look at everybody. Raises :class:`Busy`."""
        if not await session.scalar(_ALONE):
            raise Busy

    async def give_way(self) -> None:
        """Wait while all connections of those who work are in use. Raises :class:`Busy` when that does not end."""
        pool = self.shared.pool
        assert isinstance(pool, QueuePool)
        for _ in range(self.pauses):
            if pool.checkedout() < pool.size():
                return
            await asyncio.sleep(_PAUSE_SECONDS)
        raise Busy
