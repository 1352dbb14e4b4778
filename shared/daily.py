"""Work that a new day brings, in every service: forgetting the commands that were answered long ago."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from sqlalchemy import text

from shared.database import Units
from shared.dates import Clock
from shared.events.workers import told, transient

logger = logging.getLogger(__name__)
LOOK_SECONDS = 20.0
COMMANDS_KEPT = timedelta(days=30)
"""How long a command that comes again gets its old answer (decisions.md §2 "Command identity")."""
_FORGET = text("delete from log.command_done where started_at < :before")


async def each_day(
    clock: Clock, do: Callable[[], Awaitable[object]], *, look_every: float = LOOK_SECONDS
) -> None:
    """``do`` at start and whenever the day has changed, until cancelled; again after a while when the database fails.

    ``do`` is idempotent: every process does it, and a day may be done twice.
    """
    done: date | None = None
    while True:
        today = clock.today()
        if today != done:
            try:
                await do()
                done = today
            except Exception as error:
                if not transient(error):
                    raise
                logger.warning("the day's work waits: %s", told(error))
        await asyncio.sleep(look_every)


async def forget_commands(units: Units) -> None:
    """Delete the answers of commands that are past their time, of every board. ``units`` works as the feed role."""
    async with units.maintain() as session:
        await session.execute(_FORGET, {"before": units.clock.now() - COMMANDS_KEPT})
