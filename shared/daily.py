"""Work that a new day brings, in every service: forgetting what has kept long enough that nothing is done twice."""

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
REACTED_KEPT = timedelta(days=40)
"""How long a reaction remembers an event that its checkpoint has passed, by which alone it would know it again: longer
than a broker keeps facts (decisions.md §3), for a checkpoint that somebody has set back."""
_COMMANDS = text("delete from log.command_done where started_at < :before")
_REACTED = text(
    "delete from feed.reacted r using feed.checkpoint c where c.copy = 'reaction:' || r.reaction"
    " and c.publisher = r.publisher and r.position <= c.reached and r.reacted_at < :before"
)


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


async def housekeeping(units: Units) -> None:
    """Forget, of every board, answers of commands and events of reactions past their time; as the feed role."""
    now = units.clock.now()
    async with units.maintain() as session:
        await session.execute(_COMMANDS, {"before": now - COMMANDS_KEPT})
        await session.execute(_REACTED, {"before": now - REACTED_KEPT})
