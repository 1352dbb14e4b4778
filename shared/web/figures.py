"""What a service tells of itself to whoever measures (shared/telemetry)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from shared.events.figures import WorkerFigures
from shared.events.parked import Parked
from shared.events.workers import WorkerState, transient
from shared.telemetry import meters
from shared.telemetry.meters import Reading, serving

_COUNT_SECONDS = 5.0


class ServiceFigures:
    """Watches a service for as long as somebody keeps this."""

    def __init__(
        self,
        service: str,
        states: Sequence[WorkerState],
        parked: Callable[[], Awaitable[Mapping[tuple[str, str], Parked]]] | None,
        streams: Callable[[], int] | None,
    ) -> None:
        self._service = service
        self._workers = WorkerFigures(states)
        self._waiting = parked
        if streams is not None:
            self._open = streams
            meters.STREAMS.watch(self._streams)

    def _streams(self) -> Iterable[Reading]:
        return [(self._open(), {"service": self._service})]

    async def count(self) -> None:
        """Count what waits, again and again: nobody who asks for figures should wait for the database."""
        serving.set(self._service)
        while True:
            if self._waiting is not None:
                try:
                    waiting = await self._waiting()
                except Exception as error:
                    if not transient(error):
                        raise
                else:
                    self._workers.parked = {place: each.records for place, each in waiting.items()}
            await asyncio.sleep(_COUNT_SECONDS)
