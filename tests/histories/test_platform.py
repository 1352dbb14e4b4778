"""The platform edition under faults: rolls are saved through the origin while what is under it dies and stands still.

Services, PostgreSQL, Kafka and Keycloak are killed with -9, or stopped and let go on; the supervisor starts what is
dead. Afterwards nothing is lost, doubled or phantom, every copy is what the log says, and so are Kafka's topics.

`make faults SECONDS=300 SEED=…` plays it for longer (TSUMUGI_FAULT_SECONDS, TSUMUGI_SEED).
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import UUID

import httpx
import psutil
import pytest

from deploy.local.authority import trusting
from deploy.local.example import only_board
from deploy.local.instance import Instance
from deploy.local.process import PidFile
from deploy.local.supervisor import processes
from deploy.local.temporary import free_ports, temporary_home
from tests.histories.agreement import disagreements, lunch, read_log, recount
from tests.histories.product import CLASSES, ENOUGH_COMMANDS, Client, Seat, Told, in_step, seats
from tests.support.platform import beside, signed_in
from tests.support.product import PLATFORM_PATIENCE, Product, started
from tests.support.waiting import eventually, for_a_while

ASKED = os.environ.get("TSUMUGI_FAULT_SECONDS")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.kafka,
    pytest.mark.keycloak,
    pytest.mark.skipif(not ASKED, reason="takes minutes: `make faults`"),
]

SECONDS = float(ASKED or 30)
PATIENCE = 240.0
"""For everything to be in step again on a machine that has much else to do."""
STANDS_STILL = (0.5, 4.0)
LIVES = {"Kafka": (5.0, 15.0), "Keycloak": (10.0, 30.0), "PostgreSQL": (6.0, 18.0)}
"""Seconds that a server is left alone between two faults; a service (2.0, 8.0)."""


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """The whole edition, running; what was acknowledged is on the disk, as in a real one."""
    monkeypatch.delenv("TSUMUGI_PORT", raising=False)
    with temporary_home(durable=True) as home:
        product = Product(Path(home) / "state", free_ports(), "kafka", "platform", PLATFORM_PATIENCE)
        with started(product):
            for name, value in trusting(product.instance.authority).items():
                monkeypatch.setenv(name, value)
            yield product.instance


Sessions = dict[UUID, asyncio.Future[httpx.AsyncClient]]


class AtAPage(Client):
    """Saves rolls as a page does: with a session at the origin, of which somebody has one for all their pages."""

    def __init__(self, instance: Instance, seat: Seat, random: Random, told: Told, first: Sessions) -> None:
        super().__init__(instance, seat, random, told)
        self._path = f"/api/registry{self._path}"
        self._first = first

    async def _come(self) -> httpx.AsyncClient:
        person = self._seat.person
        if person not in self._first:
            self._first[person] = asyncio.ensure_future(signed_in(self._instance, person, "staff"))
        return beside(self._instance, await self._first[person])

    def _is_odd(self, answer: httpx.Response) -> bool:
        # That a part is away is said, and to be said; that somebody is signed out by it is not.
        return answer.status_code not in (200, 409, 422, 502, 503, 504)


@dataclass
class Nemesis:
    """Who kills and stops, and how often each was struck."""

    instance: Instance
    killed: dict[str, int] = field(default_factory=dict)
    stopped: dict[str, int] = field(default_factory=dict)

    def victims(self) -> dict[str, PidFile]:
        """Everything that is to live."""
        servers = {
            "PostgreSQL": self.instance.postgres.pid_file,
            "Kafka": self.instance.kafka.pid_file,
            "Keycloak": self.instance.keycloak.pid_file,
        }
        return servers | {each.name: each.pid_file for each in processes(self.instance)}

    async def haunt(self, name: str, mark: PidFile, random: Random, over: asyncio.Event) -> None:
        """One victim, again and again."""
        self.killed[name] = self.stopped[name] = 0
        while not over.is_set():
            # A server that takes half a minute to come back would otherwise never be there.
            await eventually(lambda: over.is_set() or self._works(name), within=PATIENCE, every=0.5)
            await for_a_while(random.uniform(*LIVES.get(name, (2.0, 8.0))))
            process = mark.process()
            if process is None or over.is_set():
                continue  # it is not back yet
            if random.random() < 0.3:
                await self._still(_with_children(process), random.uniform(*STANDS_STILL))
                self.stopped[name] += 1
            else:
                for each in _with_children(process):
                    with suppress(psutil.NoSuchProcess):
                        each.kill()
                self.killed[name] += 1

    def _works(self, name: str) -> bool:
        servers: dict[str, Callable[[], bool]] = {
            "PostgreSQL": self.instance.postgres.ready,
            "Kafka": self.instance.kafka.ready,
            "Keycloak": self.instance.keycloak.ready,
        }
        return name not in servers or servers[name]()

    async def _still(self, everybody: list[psutil.Process], seconds: float) -> None:
        for each in everybody:
            with suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGSTOP)
        try:
            await for_a_while(seconds)
        finally:
            for each in everybody:
                with suppress(psutil.NoSuchProcess):
                    each.send_signal(signal.SIGCONT)


def _with_children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


async def test_the_platform_under_faults(instance: Instance, seed: int) -> None:
    random, told, over = Random(seed), Told(), asyncio.Event()
    nemesis = Nemesis(instance)
    today, board = instance.clock.today(), await only_board(instance)
    await eventually(lambda: in_step(instance), within=PATIENCE, every=0.5)
    places = await seats(instance, board, today, CLASSES)
    first: Sessions = {}
    acting = [AtAPage(instance, seat, Random(random.random()), told, first).work(over) for seat in places]
    began = time.monotonic()

    def enough() -> bool:
        struck = [nemesis.killed[name] + nemesis.stopped[name] for name in nemesis.killed]
        longed = time.monotonic() - began > SECONDS
        return longed and len(told.saved) >= ENOUGH_COMMANDS and min(struck, default=0) >= 1

    async def act() -> None:
        # Whoever is signed in stays so, whatever becomes of Keycloak: everybody comes before the first fault.
        await eventually(lambda: len(told.saved) >= len(places), within=PATIENCE, every=0.1)
        haunting = [
            asyncio.create_task(nemesis.haunt(name, mark, Random(random.random()), over))
            for name, mark in nemesis.victims().items()
        ]
        try:
            await eventually(enough, within=SECONDS + PATIENCE, every=0.2)
        finally:
            over.set()
            await asyncio.gather(*haunting)

    async with asyncio.timeout(SECONDS + 2 * PATIENCE), asyncio.TaskGroup() as together:
        for one in [*acting, act()]:
            together.create_task(one)
    for each in first.values():
        await (await each).aclose()
    healed = time.monotonic()
    await eventually(lambda: in_step(instance), within=PATIENCE, every=0.2)
    print(  # noqa: T201 (the figures of `make faults`)
        f"{len(told.saved)} commands answered, {len(told.unknown)} unknown in {healed - began:.0f} s;"
        f" killed {nemesis.killed}; stopped {nemesis.stopped};"
        f" in step {time.monotonic() - healed:.1f} s after the last fault"
    )
    log = await read_log(instance)
    assert told.odd == []
    assert await disagreements(instance, log, told) == []
    await lunch(instance, recount(log, today))
