"""The disk under PostgreSQL is full while rolls are saved, until it dies of it; with room again all goes on.

Where no disk of a size can be mounted (tests/support/disks.py) this is skipped, in CI, too, and the end of the run says
so: many a container may not mount anything, and nothing that its owner could mend is broken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random

import psutil
import pytest

from deploy.local.example import allow_lunch_count, only_board
from deploy.local.instance import Instance, Transport
from deploy.local.state import LocalError
from tests.histories.agreement import disagreements, lunch, read_log, recount
from tests.histories.nemesis import PANICS, use_up
from tests.histories.product import CLASSES, PATIENCE, Client, Told, in_step, on_stage, seats
from tests.support.between import LITTLE_WAL, MEGABYTES, POSTGRESQL
from tests.support.disks import Disk, NoDisk
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

SOME = 20
"""Commands that are answered between two faults."""
IN_WORDS = ("/disk-full", "/database-away", "/not-logged")


@pytest.fixture
def transport() -> Transport:
    return "log"


@pytest.fixture
def durable() -> bool:
    """As `make up` runs it: told to have on the disk what it acknowledges.

    This disk lies in memory and outlives a process, not the machine: nothing is proved here of a loss of power.
    """
    return True


@pytest.fixture
def disk(instance: Instance) -> Disk:
    """Under PostgreSQL, which runs on it now."""
    server = instance.postgres
    disk = Disk(instance.state / "disks" / POSTGRESQL, server.log)
    server.stop()
    whole = server.data.rename(server.data.with_name("data.whole"))
    try:
        disk.mount(whole, server.data, MEGABYTES[POSTGRESQL])
    except NoDisk as error:
        pytest.skip(str(error))
    with (server.data / "postgresql.auto.conf").open("a", encoding="ascii") as settings:
        settings.write(LITTLE_WAL)
    server.start()
    return disk


async def test_a_full_disk_loses_nothing_and_is_told(instance: Instance, disk: Disk, seed: int) -> None:
    random, told, over = Random(seed), Told(), asyncio.Event()
    server = instance.postgres.pid_file.process()
    assert server is not None
    today, board = instance.clock.today(), await only_board(instance)

    def told_of_it() -> int:
        return sum("/disk-full" in answer for answer in told.odd)

    async def full_until(met: Callable[[], bool]) -> None:
        async def is_met() -> bool:
            await asyncio.to_thread(disk.fill)
            return met()

        try:
            await eventually(is_met, within=PATIENCE, every=0.2)
        finally:
            disk.make_room()

    async def dead() -> bool:
        await use_up(instance, disk)
        return disk.says(PANICS) > 0

    async def goes_on() -> None:
        before = len(told.saved)
        await eventually(lambda: len(told.saved) >= before + SOME, within=PATIENCE, every=0.1)

    async def act() -> None:
        try:
            await goes_on()
            await full_until(lambda: told_of_it() >= CLASSES)
            await goes_on()  # nobody has started anything
            try:
                await eventually(dead, within=PATIENCE, every=0.2)
            finally:
                disk.make_room()
            await eventually(lambda: asyncio.to_thread(_back, instance, server), within=PATIENCE, every=0.5)
            await goes_on()
        finally:
            over.set()

    with on_stage(instance) as cast:
        await eventually(lambda: in_step(instance), within=PATIENCE, every=0.1)
        await allow_lunch_count(instance, instance.clock)
        acting = [
            Client(instance, seat, Random(random.random()), told).work(over)
            for seat in await seats(instance, board, today, CLASSES)
        ]
        async with asyncio.timeout(5 * PATIENCE), asyncio.TaskGroup() as together:
            for one in [*acting, act()]:
                together.create_task(one)
        await eventually(lambda: in_step(instance), within=PATIENCE, every=0.1)
        assert cast.gone() == []
        log = await read_log(instance)
        print(f"{len(told.saved)} acknowledged, {len(told.unknown)} unknown, {told_of_it()} told of the disk")  # noqa: T201
        assert [
            answer
            for answer in told.odd
            if not (answer.startswith(("GET: 503", "POST: 503")) and any(each in answer for each in IN_WORDS))
        ] == []
        assert await disagreements(instance, log, told) == []
        await lunch(instance, recount(log, today))


def _back(instance: Instance, server: psutil.Process) -> bool:
    """Start it if it has died and could not rise by itself, as the supervisor does; whether it is there."""
    with suppress(psutil.TimeoutExpired):
        server.wait(timeout=1)  # while a dead child is not waited for, its number counts as living
    with suppress(LocalError):
        instance.postgres.start()
    return instance.postgres.ready()
