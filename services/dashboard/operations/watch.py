"""Writes down every few seconds how this process's active workers are doing.

Copies have no clock, so nothing in them tells a quiet publisher from a dead worker. Pages take their age from here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from services.dashboard.operations import store
from shared.database import Units
from shared.events.workers import WorkerState, told, transient

logger = logging.getLogger(__name__)

EVERY_SECONDS = 5.0
SOON_SECONDS = 1.0
"""While something goes on the operator sees it move."""


class Watch:
    """Watches ``states``. ``units`` works as the feed role."""

    def __init__(self, units: Units, states: Callable[[], Sequence[WorkerState]]) -> None:
        self._units = units
        self._states = states
        self._parked: int | None = None

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            try:
                moved = await self.look()
            except Exception as error:
                if not transient(error):
                    raise
                logger.warning("workers are not watched: %s", told(error))
                moved = True
            await asyncio.sleep(SOON_SECONDS if moved else EVERY_SECONDS)

    async def look(self) -> bool:
        """Write once; returns whether anything was different from the last time."""
        async with self._units.maintain() as session:
            moved = await store.note(session, self._states(), self._units.clock.now())
            waiting = await store.parked_count(session)
            moved |= waiting != self._parked
            self._parked = waiting
            if moved:
                await store.tell(session)
        return moved
