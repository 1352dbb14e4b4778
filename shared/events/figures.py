"""What workers tell of themselves to whoever measures: plain numbers of their states, at any time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shared.events.workers import WorkerState
from shared.telemetry import meters
from shared.telemetry.meters import Reading


class WorkerFigures:
    """Watches ``states`` for as long as somebody keeps this."""

    def __init__(self, states: Sequence[WorkerState]) -> None:
        self._states = states
        self.parked: Mapping[tuple[str, str], int] = {}
        """Records that wait of each (copy, publisher), as last counted."""
        meters.ACTIVE.watch(self._active)
        meters.STOPPED.watch(self._stopped)
        meters.LAG.watch(self._lag)
        meters.AGE.watch(self._age)
        meters.APPLIED.watch(self._applied)
        meters.DROPPED.watch(self._dropped)
        meters.PARKED.watch(self._parked)

    def _working(self) -> Iterable[WorkerState]:
        # Who stands by knows nothing of how far the work has come.
        return (state for state in self._states if state.active)

    def _active(self) -> Iterable[Reading]:
        return ((float(state.active), _labels(state)) for state in self._states)

    def _stopped(self) -> Iterable[Reading]:
        return ((float(state.stopped_because is not None), _labels(state)) for state in self._states)

    def _lag(self) -> Iterable[Reading]:
        return (
            (float(max(0, state.head - state.reached)), _labels(state))
            for state in self._working()
            if state.head is not None
        )

    def _age(self) -> Iterable[Reading]:
        return ((state.age(), _labels(state)) for state in self._working())

    def _applied(self) -> Iterable[Reading]:
        return ((float(state.applied), _labels(state)) for state in self._states)

    def _dropped(self) -> Iterable[Reading]:
        return ((float(state.dropped), _labels(state)) for state in self._states)

    def _parked(self) -> Iterable[Reading]:
        return (
            (float(self.parked.get((state.copy, state.publisher), 0)), _labels(state))
            for state in self._working()
        )


def _labels(state: WorkerState) -> dict[str, str]:
    return {"service": state.service, "copy": state.copy, "publisher": state.publisher}
