"""The platform edition under faults: rolls are saved through the origin while what is under it dies and stands still.

Services, PostgreSQL, Kafka and Keycloak are killed with -9, or stopped and let go on; the supervisor starts what is
dead. The ways from the services to the other three are refused, cut, slow, silent and forgotten. The disks under
PostgreSQL and Kafka are full, and have room again; where none can be mounted the rest is played without, and the
figures say so. Everybody's tokens come near their end again and again, many of them while Keycloak is away. Afterwards
nothing is lost, doubled or phantom, every copy is what the log says, and so are Kafka's topics.

`make test` plays half a minute of it, `make faults SECONDS=300 SEED=…` more (TSUMUGI_FAULT_SECONDS, TSUMUGI_SEED).
"""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from uuid import UUID

import httpx
import pytest

from deploy.local.authority import trusting
from deploy.local.example import only_board
from deploy.local.instance import Instance
from deploy.local.temporary import free_ports, temporary_home
from shared.web.problems import TYPES
from tests.histories.agreement import disagreements, lunch, read_log, recount
from tests.histories.ends import ended_so_often, ends
from tests.histories.nemesis import Nemesis
from tests.histories.product import CLASSES, ENOUGH_COMMANDS, Client, Seat, Told, in_step, seats
from tests.support.between import Between, ProductBetween
from tests.support.disks import FULL, Disk, NoDisk
from tests.support.platform import beside, signed_in
from tests.support.product import PLATFORM_PATIENCE, started
from tests.support.proxy import Way, ways
from tests.support.waiting import eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kafka,
    pytest.mark.keycloak,
]

SECONDS = float(os.environ.get("TSUMUGI_FAULT_SECONDS") or 30)
PATIENCE = 360.0
"""For whatever has to come back on a machine that has much else to do, where Keycloak alone may take half of it."""
LOOK_SECONDS = 0.5
"""Between two questions about everything, which cost a busy machine something themselves."""
ENDS = math.ceil(SECONDS * 20 / 300)
"""So often a token ends meanwhile in each sign-in, and of each service's own: twenty times in five minutes."""


@dataclass
class Stage:
    """The whole edition, running, and what may be spoilt.

    Its servers are told, as real ones, to have on the disk what they acknowledge. But processes are killed, not the
    machine, whose memory outlives them, and in it lie their small disks: nothing is proved of a loss of power.
    """

    instance: Between
    ways: dict[str, Way]
    disks: dict[str, Disk]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.delenv("TSUMUGI_PORT", raising=False)
    with temporary_home(durable=True) as home:
        product = ProductBetween(home / "state", free_ports(), "kafka", "platform", PLATFORM_PATIENCE)
        Instance(product.state).choose(port=product.port, edition="platform")
        with ways(product.instance.places()) as found, started(product):
            for name, value in trusting(product.instance.authority).items():
                monkeypatch.setenv(name, value)
            disks = {name: disk for name, disk in product.instance.disks().items() if disk.there()}
            yield Stage(product.instance, found, disks)


Sessions = dict[UUID, asyncio.Future[httpx.AsyncClient]]


class AtAPage(Client):
    """Saves rolls as a page does: with a session at the origin, of which somebody has one for all their pages."""

    def __init__(
        self,
        instance: Instance,
        seat: Seat,
        random: Random,
        told: Told,
        first: Sessions,
        refused: Counter[str],
    ) -> None:
        super().__init__(instance, seat, random, told)
        self._path = f"/api/registry{self._path}"
        self._first = first
        self._refused = refused

    async def _come(self) -> httpx.AsyncClient:
        person = self._seat.person
        if person not in self._first:
            self._first[person] = asyncio.ensure_future(signed_in(self._instance, person, "staff"))
        return beside(self._instance, await self._first[person])

    def _is_odd(self, answer: httpx.Response) -> bool:
        # That a part is away is said, and to be said in words; that somebody is signed out by it is not.
        if answer.status_code != 503:
            return answer.status_code not in (200, 409, 422)
        kind = answer.headers["content-type"] == "application/problem+json" and answer.json()["type"]
        self._refused[str(kind).removeprefix(TYPES)] += 1
        return not kind


def test_a_disk_can_be_full_here() -> None:
    """Whoever cannot mount one hears of it by this one's being skipped, in CI, too: many a container cannot."""
    with temporary_home() as home:
        whole, data = home / "whole", home / "data"
        disk = Disk(home / "disks" / "one", home / "server.log")
        whole.mkdir(mode=0o700)
        (whole / "kept").write_text("before")
        assert not disk.there()
        try:
            disk.mount(whole, data, megabytes=2)
        except NoDisk as error:
            pytest.skip(str(error))
        assert disk.there()
        assert not whole.exists()
        assert (data / "kept").read_text() == "before"
        assert data.stat().st_mode & 0o777 == 0o700
        disk.fill()
        with pytest.raises(OSError, match=FULL):
            (data / "more").write_bytes(bytes(8192))
        disk.make_room()
        (data / "more").write_bytes(bytes(8192))
    assert not disk.there()
    assert not home.exists()


def test_a_disk_that_does_not_take_the_data_is_let_go() -> None:
    with temporary_home() as home:
        whole, data = home / "whole", home / "data"
        disk = Disk(home / "disks" / "one", home / "server.log")
        whole.mkdir()
        (whole / "much").write_bytes(bytes(3 * 1024**2))
        try:
            with pytest.raises(subprocess.CalledProcessError):
                disk.mount(whole, data, megabytes=2)
        except NoDisk as error:
            pytest.skip(str(error))
        assert not disk.there()
        assert not data.is_symlink()
        assert (whole / "much").exists()
        disk.mount(whole, data, megabytes=4)
        assert (data / "much").exists()


async def test_the_platform_under_faults(stage: Stage, seed: int) -> None:
    instance = stage.instance
    random, told, over = Random(seed), Told(), asyncio.Event()
    nemesis = Nemesis(instance, stage.ways, stage.disks, PATIENCE)
    today, board = instance.clock.today(), await only_board(instance)
    await eventually(lambda: in_step(instance), within=PATIENCE, every=LOOK_SECONDS)
    places = await seats(instance, board, today, CLASSES)
    first, refused = Sessions(), Counter[str]()
    acting = [
        AtAPage(instance, seat, Random(random.random()), told, first, refused).work(over) for seat in places
    ]

    async def served(so_many: int) -> None:
        await eventually(lambda: len(told.saved) >= so_many, within=PATIENCE, every=0.1)

    async def act() -> tuple[float, float]:
        """Returns when the first fault was (since the epoch), and when the last one."""
        try:
            # Whoever is signed in stays so, whatever becomes of Keycloak: everybody comes before the first fault.
            await eventually(
                lambda: (
                    first.keys() == {seat.person for seat in places} and all(s.done() for s in first.values())
                ),
                within=PATIENCE,
                every=0.1,
            )
            await served(len(places))
            begun = time.time()

            async def ended() -> bool:
                assert told.odd == []  # who is signed out would be waited for in vain
                return await ended_so_often(instance, begun, time.time(), len(first), ENDS)

            await nemesis.rage(SECONDS, random, ended)
            healed = time.time()
            # How much was saved meanwhile is the machine's matter; that all goes on afterwards is ours.
            await served(max(ENOUGH_COMMANDS, len(told.saved) + len(places)))
        finally:
            over.set()
        return begun, healed

    async with asyncio.timeout(SECONDS + 4 * PATIENCE), asyncio.TaskGroup() as together:
        for one in acting:
            together.create_task(one)
        struck = together.create_task(act())
    for each in first.values():
        await (await each).aclose()
    await eventually(lambda: in_step(instance), within=PATIENCE, every=LOOK_SECONDS)
    begun, healed = struck.result()
    step = time.time() - healed
    ended = await ends(instance, begun, healed)
    print(  # noqa: T201 (the figures of `make faults`)
        f"{len(told.saved)} commands answered, {len(told.unknown)} unknown, refused {dict(refused)};"
        f" faults for {healed - begun:.0f} s: {nemesis.done()};"
        f" {ended.words()}; in step {step:.1f} s after the last fault"
    )
    log = await read_log(instance)
    assert told.odd == []
    assert ended.least(len(first)) >= ENDS
    assert await disagreements(instance, log, told) == []
    await lunch(instance, recount(log, today))
