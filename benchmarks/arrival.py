"""From a command to the pages: how long until the copies that pages read have what was accepted."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import asyncpg

from benchmarks.deployment import Deployment
from benchmarks.load import Connection, Timings, offered
from benchmarks.seats import fill, opened, save
from shared.database import connect

WARM_SECONDS = 3.0
PATIENCE_SECONDS = 30.0
"""What was offered and not answered by then, after the last was due, is given up."""
SETTLE_SECONDS = 10.0
"""How long the copies are given to show the last ones."""
_REACHED = "select reached from feed.checkpoint where copy = 'school_day' and publisher = 'registry'"


@dataclass(frozen=True)
class Arrived:
    """What became of the commands that were offered at a rate."""

    commands: Timings
    """From when each was due to its answer."""
    shown: Timings
    """From its answer to the pages' copy; ``errors``: accepted, and never seen there."""
    whole: Timings
    """From when it was due to the pages' copy."""


async def warm(deployed: Deployment) -> None:
    """First pages, plans and connections."""
    await fill(deployed, seconds=WARM_SECONDS)


async def arrive(deployed: Deployment, *, rate: float, seconds: float) -> Arrived:
    """Offer ``rate`` saved cells a second for so long."""
    seats = await opened(deployed)
    url = deployed.instance.url("registry")
    accepted: list[tuple[int, float, float]] = []
    """Position in the log, when it was due, when it was answered."""
    began = 0.0

    async def act(connection: Connection, number: int) -> bool:
        seat = seats[number % len(seats)]
        due = began + number / rate
        answer = await save(seat, connection, [seat.of.pupils[(number // len(seats)) % len(seat.of.pupils)]])
        after = answer.json().get("after") if answer.status == 200 else None
        if after is None:  # refused, or a cell that somebody else had written meanwhile
            return False
        accepted.append((int(after.split(":")[1]), due, time.perf_counter()))
        return True

    watching = _Watching()
    watch = asyncio.create_task(watching.run(deployed))
    began = time.perf_counter()
    commands = await offered(url, act, rate=rate, seconds=seconds, began=began, patience=PATIENCE_SECONDS)
    accepted.sort()
    await watching.until(accepted[-1][0] if accepted else 0)
    await watch
    return Arrived(commands, *delays(accepted, watching.reached))


class _Watching:
    """Notes when the copy had come how far."""

    def __init__(self) -> None:
        self.reached: list[tuple[int, float]] = []
        self._last: int | None = None
        self._over = asyncio.Event()

    async def run(self, deployed: Deployment) -> None:
        """Until the copy has what :meth:`until` is told, or its time is over."""
        connection: asyncpg.Connection = await connect(deployed.instance.settings("dashboard").feed)
        woken = asyncio.Event()
        await connection.add_listener("reached", lambda *_: woken.set())
        try:
            while not self._over.is_set():
                woken.clear()
                reached = await connection.fetchval(_REACHED) or 0
                self.reached.append((reached, time.perf_counter()))
                if self._last is not None and reached >= self._last:
                    self._over.set()
                    return
                try:
                    async with asyncio.timeout(0.2):
                        await woken.wait()
                except TimeoutError:
                    continue
        finally:
            await connection.close()

    async def until(self, position: int) -> None:
        """Watch until the copy has this position, or for as long as it is given."""
        self._last = position
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                await self._over.wait()
        except TimeoutError:
            self._over.set()


def delays(
    accepted: list[tuple[int, float, float]], reached: list[tuple[int, float]]
) -> tuple[Timings, Timings]:
    """Of each command, from its answer and from when it was due; both lists in the order of positions."""
    shown, whole = Timings(), Timings()
    place = 0
    for position, due, answered in accepted:
        while place < len(reached) and reached[place][0] < position:
            place += 1
        if place == len(reached):
            shown.errors += 1
            continue
        shown.milliseconds.append(max(0.0, (reached[place][1] - answered) * 1000))
        whole.milliseconds.append((reached[place][1] - due) * 1000)
    return shown, whole
