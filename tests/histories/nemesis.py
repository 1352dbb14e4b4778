"""Who kills and stops what the platform edition stands on, spoils the ways between, fills disks, and counts it."""

from __future__ import annotations

import asyncio
import itertools
import signal
import ssl
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import asyncpg
import httpx
import psutil

from deploy.local.instance import Instance
from deploy.local.process import PidFile
from deploy.local.supervisor import processes
from tests.histories.product import superuser
from tests.support.between import KAFKA, POSTGRESQL
from tests.support.disks import COMPLAINTS, Disk
from tests.support.proxy import BAD, Proxy, Way
from tests.support.waiting import eventually, for_a_while

STANDS_STILL = (0.5, 4.0)
LIVES = {KAFKA: (5.0, 15.0), "Keycloak": (10.0, 20.0), POSTGRESQL: (6.0, 18.0)}
"""Seconds that a server is left alone between two faults; who took longer to come back is left alone for as long.

On a machine that has much else to do it would otherwise be dead of its start again and again, and serve nobody.
"""
STANDS_ON = {"Keycloak": POSTGRESQL, KAFKA: "Keycloak"}
LONG_AWAY = 45.0
"""Seconds after which whatever a server stands on is left alone until it is back: it dies of its start without."""
A_SERVICE_LIVES = (1.0, 8.0)
IN_ITS_START = 0.1
"""How often the next blow does not wait until what was struck is there again."""

A_WAY_LIVES = (2.0, 10.0)
MEETS_SOMEBODY = 15.0
"""For so long a fault waits for somebody on its way; then another is tried."""
IS_BAD = (0.5, 6.0)
"""Seconds; longer than any one answer is waited for, now and then."""

A_DISK_LIVES = (15.0, 40.0)
SAYS_SO = 20.0
"""For so long a full disk waits for its server's complaint: that may be dead of something else."""
IS_FULL = (1.0, 6.0)
"""Seconds after its server has said so."""
NO_WAL = "no room for its log"
PANICS = ("PANIC: ",)
HOW_FULL: dict[str, dict[str, tuple[str, ...]]] = {
    POSTGRESQL: {"no room": COMPLAINTS, NO_WAL: PANICS},
    KAFKA: {"no room": COMPLAINTS},
}
"""Server → what becomes of its disk → what it says then."""
A_SEGMENT = (
    "select pg_logical_emit_message(true, 'nemesis', repeat('x', 1000000)) from generate_series(1, 16)"
)
"""As much as a file of PostgreSQL's log holds."""
FILES_IN_STORE = 8
"""More than it has, being told to keep little: it dies of the next."""

Works = Callable[[], Awaitable[bool]]


@dataclass
class Nemesis:
    """Strikes everything of ``instance``, again and again. ``patience``: seconds in which what was struck is back."""

    instance: Instance
    ways: Mapping[str, Way]
    disks: Mapping[str, Disk]
    patience: float
    killed: dict[str, int] = field(default_factory=dict)
    stopped: dict[str, int] = field(default_factory=dict)
    spoilt: dict[str, Counter[str]] = field(default_factory=dict)
    """Way → what was done to it, how often; a fault that met nobody is none."""
    filled: dict[str, Counter[str]] = field(default_factory=dict)
    """Server → how often there was no room on its disk, and it said so."""

    _awaited: dict[str, float] = field(default_factory=dict)
    """Victim → since when it is waited for."""

    async def rage(self, seconds: float, random: Random, enough: Works) -> None:
        """For so long, and on a slow machine for longer: until everything was struck once, and it is ``enough``."""
        over, began = asyncio.Event(), time.monotonic()
        # In this order: a client that goes before those who ask with it leaves lines open that nobody closes.
        async with self._client() as http, asyncio.TaskGroup() as everybody:
            victims = self._victims(http)
            for name, (mark, works) in victims.items():
                self.killed[name] = self.stopped[name] = 0
                everybody.create_task(self._haunt(name, mark, works, Random(random.random()), over))
            for name, way in self.ways.items():
                self.spoilt[name] = Counter()
                everybody.create_task(self._waylay(name, way, Random(random.random()), over))
            for name, disk in self.disks.items():
                self.filled[name] = Counter(dict.fromkeys(HOW_FULL[name], 0))
                everybody.create_task(self._fill(name, disk, victims[name][1], Random(random.random()), over))
            try:
                await eventually(
                    lambda: time.monotonic() - began > seconds and min(self.struck()) >= 1,
                    within=seconds + self.patience,
                    every=0.2,
                )
                await eventually(enough, within=self.patience, every=2)
            finally:
                over.set()

    def done(self) -> str:
        """What it did, in words."""
        spoilt = {name: dict(done) for name, done in self.spoilt.items()}
        filled = {name: dict(self.filled[name]) if name in self.filled else "none" for name in HOW_FULL}
        return f"killed {self.killed}; stopped {self.stopped}; ways {spoilt}; small disks {filled}"

    def struck(self) -> list[int]:
        """How often each was."""
        return [
            *(times + self.stopped[name] for name, times in self.killed.items()),
            *(done.total() for done in self.spoilt.values()),
            *(times for done in self.filled.values() for times in done.values()),
        ]

    def _victims(self, http: httpx.AsyncClient) -> dict[str, tuple[PidFile, Works]]:
        """Everything that is to live, and whether it does its work."""
        postgres, kafka, keycloak = self.instance.postgres, self.instance.kafka, self.instance.keycloak
        return {
            POSTGRESQL: (postgres.pid_file, _asked(postgres.ready)),
            KAFKA: (kafka.pid_file, _asked(kafka.ready)),
            "Keycloak": (keycloak.pid_file, _asked(keycloak.ready)),
            **{each.name: (each.pid_file, self._alive(each.name, http)) for each in processes(self.instance)},
        }

    def _client(self) -> httpx.AsyncClient:
        trusted = ssl.create_default_context(cafile=str(self.instance.authority.certificate))
        return httpx.AsyncClient(verify=trusted, timeout=2)

    def _alive(self, service: str, http: httpx.AsyncClient) -> Works:
        async def works() -> bool:
            try:
                answer = await http.get(f"{self.instance.url(service)}/health/live")
            except httpx.TransportError:
                return False
            return answer.status_code == httpx.codes.OK

        return works

    async def _haunt(
        self, name: str, mark: PidFile, works: Works, random: Random, over: asyncio.Event
    ) -> None:
        """One victim."""
        while not over.is_set():
            # What takes half a minute to come back would otherwise never be there.
            took = await self._back(name, works, over) if random.random() >= IN_ITS_START else 0.0
            await _unless(over, max(took, random.uniform(*LIVES.get(name, A_SERVICE_LIVES))))
            await self._unneeded(name, over)
            process = mark.process()
            if process is None or over.is_set():
                continue
            if random.random() < 0.3:
                await _still(_with_children(process), random.uniform(*STANDS_STILL))
                self.stopped[name] += 1
            else:
                for each in _with_children(process):
                    with suppress(psutil.NoSuchProcess):
                        each.kill()
                self.killed[name] += 1

    async def _back(self, name: str, works: Works, over: asyncio.Event) -> float:
        """Until that victim does its work, or it is over: so many seconds."""
        began = self._awaited[name] = time.monotonic()

        async def back() -> bool:
            return over.is_set() or await works()

        try:
            await eventually(back, within=self.patience, every=0.5)
        except AssertionError as error:
            raise AssertionError(f"{name} does not come back: {error}") from error
        self._awaited.pop(name, None)
        return time.monotonic() - began

    async def _unneeded(self, name: str, over: asyncio.Event) -> None:
        """Until nobody has been away for long who cannot start without it, or it is over."""

        def needed(of: str | None) -> bool:
            who = next((each for each, on in STANDS_ON.items() if on == of), None)
            since = self._awaited.get(who or "")
            return who is not None and (
                needed(who) or (since is not None and time.monotonic() - since > LONG_AWAY)
            )

        await eventually(lambda: over.is_set() or not needed(name), within=self.patience, every=0.2)

    async def _waylay(self, name: str, way: Way, random: Random, over: asyncio.Event) -> None:
        """One way."""
        met = True
        while not over.is_set():
            if met:
                await _unless(over, random.uniform(*A_WAY_LIVES))
            # Who asks PostgreSQL has no clock: there the system finds that nobody acknowledges what it sends
            # (shared/database/engine.py), and a proxy on this machine does.
            fault = random.choice([each for each in BAD if each != "forgotten" or name != POSTGRESQL])
            met = await spoil(way, fault, random.uniform(*IS_BAD), over)
            if met:
                self.spoilt[name][fault] += 1

    async def _fill(self, name: str, disk: Disk, works: Works, random: Random, over: asyncio.Event) -> None:
        """One disk."""
        for how, words in itertools.cycle(HOW_FULL[name].items()):
            took = await self._back(name, works, over)
            await _unless(over, max(took, random.uniform(*A_DISK_LIVES)))
            await self._unneeded(name, over)
            if over.is_set():
                return
            before, began, met = disk.says(words), time.monotonic(), False
            try:
                while not (met or over.is_set() or time.monotonic() - began > SAYS_SO):
                    if how == NO_WAL:
                        await use_up(self.instance, disk)
                    else:
                        await asyncio.to_thread(disk.fill)
                    await for_a_while(0.2)
                    met = disk.says(words) > before
                until = time.monotonic() + random.uniform(*IS_FULL)
                while met and time.monotonic() < until:
                    await asyncio.to_thread(disk.fill)  # what its server lets go in dying, too
                    await for_a_while(0.2)
            finally:
                disk.make_room()
            self.filled[name][how] += met


async def use_up(instance: Instance, disk: Disk) -> None:
    """Fill it, and have PostgreSQL write so much that it needs another file for its log; it may be dead already."""
    disk.make_room()  # without any, nobody comes in to write
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        async with superuser(instance, "registry") as database:
            await asyncio.to_thread(disk.fill)
            for _ in range(FILES_IN_STORE):
                await database.execute(A_SEGMENT)
    await asyncio.to_thread(disk.fill)


async def spoil(
    way: Way, fault: str, seconds: float, over: asyncio.Event, waits: float = MEETS_SOMEBODY
) -> bool:
    """Make the way bad until the fault meets somebody, and for ``seconds`` more; then good again.

    Whether it met anybody while it ``waits`` and before it was ``over``. Lines to Keycloak live for some seconds after
    each question only: a blow at a time of its own would mostly find none.
    """
    before = way.proxy.met[fault]

    def met() -> bool:
        return way.proxy.met[fault] > before

    began = time.monotonic()
    try:
        while not (met() or over.is_set() or time.monotonic() - began > waits):
            way.become(BAD[fault])
            await for_a_while(0.1)
        if met():
            await for_a_while(seconds)
    finally:
        way.become(Proxy.heal)
    return met()


def _asked(ready: Callable[[], bool]) -> Works:
    """It asks over the network and waits meanwhile, which others shall not."""

    async def works() -> bool:
        return await asyncio.to_thread(ready)

    return works


async def _unless(over: asyncio.Event, seconds: float) -> None:
    """Let the seconds pass, or less when it is over before."""
    with suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), seconds)


async def _still(everybody: list[psutil.Process], seconds: float) -> None:
    try:
        for each in everybody:
            with suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGSTOP)
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
