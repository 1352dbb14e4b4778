"""PostgreSQL itself is killed with -9 while rolls are saved, and started again; services and relays go on."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random

import psutil
import pytest

from deploy.local.example import allow_lunch_count, only_board
from deploy.local.instance import Instance
from deploy.local.postgres import Postgres
from tests.histories.agreement import disagreements, lunch, read_log, recount
from tests.histories.product import (
    CLASSES,
    ENOUGH_COMMANDS,
    PATIENCE,
    Client,
    Told,
    in_step,
    on_stage,
    seats,
)
from tests.support.waiting import eventually, for_a_while

pytestmark = pytest.mark.slow

ENOUGH_CRASHES = 3


@pytest.fixture
def durable() -> bool:
    """As `make up` runs it: what was acknowledged is on the disk."""
    return True


class Crashes:
    """Ends the server as a lost machine would, and starts it again."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self.count = 0

    async def go_on(self, random: Random, until: asyncio.Event) -> None:
        """Again and again."""
        while not until.is_set():
            await for_a_while(random.uniform(0.5, 3.0))
            await asyncio.to_thread(self._crash)
            await for_a_while(random.uniform(0.0, 0.5))
            await asyncio.to_thread(self._server.start)
            self.count += 1

    def _crash(self) -> None:
        server = self._server.pid_file.process()
        assert server is not None, "PostgreSQL ended by itself"
        everybody = [server, *server.children(recursive=True)]
        for process in everybody:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        _, left = psutil.wait_procs(everybody, timeout=10)
        assert not [process for process in left if process.status() != psutil.STATUS_ZOMBIE]


async def test_the_product_goes_on_without_and_with_its_database(instance: Instance, seed: int) -> None:
    random, told, over = Random(seed), Told(), asyncio.Event()
    crashes = Crashes(instance.postgres)
    today, board = instance.clock.today(), await only_board(instance)
    with on_stage(instance) as cast:
        await eventually(lambda: in_step(instance), within=PATIENCE, every=0.1)
        await allow_lunch_count(instance, instance.clock)
        acting = [
            Client(instance, seat, Random(random.random()), told).work(over)
            for seat in await seats(instance, board, today, CLASSES)
        ]

        async def end() -> None:
            try:
                await eventually(
                    lambda: len(told.saved) >= ENOUGH_COMMANDS and crashes.count >= ENOUGH_CRASHES,
                    within=PATIENCE,
                    every=0.1,
                )
            finally:
                print(f"{len(told.saved)} acknowledged, {len(told.unknown)} unknown, {crashes.count} crashes")  # noqa: T201
            over.set()

        async with asyncio.timeout(3 * PATIENCE), asyncio.TaskGroup() as together:
            for one in [*acting, crashes.go_on(Random(random.random()), over), end()]:
                together.create_task(one)
        await eventually(lambda: in_step(instance), within=PATIENCE, every=0.1)
        assert cast.gone() == []
        log = await read_log(instance)
        # Without a database a service says that one may come back; nothing else may be odd.
        assert [answer for answer in told.odd if not answer.startswith(("GET: 503", "POST: 503"))] == []
        assert await disagreements(instance, log, told) == []
        await lunch(instance, recount(log, today))
