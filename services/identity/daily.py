"""Work that a new day brings."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import date

from shared.dates import Clock
from shared.events.workers import told, transient

logger = logging.getLogger(__name__)
LOOK_SECONDS = 20.0


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
