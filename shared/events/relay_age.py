"""How old the oldest record is that a relay has not sent: asked of the log itself, also where the relay stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime

from shared.database import Login, connect
from shared.dates import Clock
from shared.events.figures import WorkerFigures
from shared.events.workers import WorkerState, transient
from shared.telemetry import meters
from shared.telemetry.meters import Reading

_LOOK_SECONDS = 5.0
_OLDEST = """
select least(
    (select recorded_at from log.log_state where position > sent.position order by position limit 1),
    (select recorded_at from log.log_fact where position > sent.position order by position limit 1))
from feed.relayed sent
"""


class RelayAge:
    """Measures for the relay of ``state``; those that stand by measure, too."""

    def __init__(self, login: Login, state: WorkerState, clock: Clock) -> None:
        self._login = login
        self._clock = clock
        self._state = state
        self._workers = WorkerFigures([state])
        meters.RELAY_AGE.watch(self._read)

    def _read(self) -> Iterable[Reading]:
        age = self._state.unsent
        return [] if age is None else [(age, {"service": self._state.service})]

    @asynccontextmanager
    async def measured(self) -> AsyncIterator[None]:
        """Meanwhile it is looked every few seconds. While the log cannot be asked nothing is said."""
        measuring = asyncio.create_task(self._measure())
        try:
            yield
        finally:
            measuring.cancel()

    async def _measure(self) -> None:
        while True:
            try:
                connection = await connect(self._login)
                try:
                    while True:
                        self._note(await connection.fetchval(_OLDEST))
                        await asyncio.sleep(_LOOK_SECONDS)
                finally:
                    connection.terminate()
            except Exception as error:
                if not transient(error):
                    raise
                self._state.unsent = None
            await asyncio.sleep(_LOOK_SECONDS)

    def _note(self, oldest: datetime | None) -> None:
        now = self._clock.now()
        self._state.unsent = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
