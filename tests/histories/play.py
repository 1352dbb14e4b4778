"""Playing a history: clients that command, a nemesis that kills and pauses, and the evidence afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from random import Random
from typing import Any
from uuid import UUID, uuid4

import orjson

from tests.histories import driver
from tests.histories.checker import Evidence
from tests.histories.driver import Stage
from tests.support.fixtures import Toy
from tests.support.transports import data, everything
from tests.support.waiting import eventually, for_a_while

CLIENTS = 8
THINGS = 6
ANSWER_SECONDS = 5.0

processes = get_context("forkserver")
# A killed process is back within milliseconds: it is forked from one that has imported everything.
processes.set_forkserver_preload(["tests.histories.driver"])

Role = Callable[[Stage, int], None]


class Cast:
    """The processes on stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        roles: list[tuple[Role, int]] = [
            (driver.serve, 0),
            (driver.serve, 1),
            (driver.copy, 0),
            (driver.copy, 1),
        ]
        roles += [(driver.reaction, 0), (driver.reaction, 1)]
        if stage.bootstrap:
            roles += [(driver.relay, 0), (driver.relay, 1)]
        self._running: dict[tuple[Role, int], ForkServerProcess] = {}
        self.kills = 0
        for role in roles:
            self._start(role)

    def _start(self, role: tuple[Role, int]) -> None:
        process = processes.Process(target=role[0], args=(self.stage, role[1]), daemon=True)
        process.start()
        self._running[role] = process

    async def torment(
        self,
        random: Random,
        victims: Sequence[Role],
        until: asyncio.Event,
        ripe: Callable[[], Awaitable[None]],
    ) -> None:
        """Kill -9 one process after another, or let it stand still for a while; what is dead starts again.

        ``ripe`` returns when there is something to spoil.
        """
        while not until.is_set():
            await for_a_while(random.uniform(0.05, 0.25))
            await ripe()
            role = random.choice([role for role in self._running if role[0] in victims])
            process = self._running[role]
            if random.random() < 0.2 and process.pid:
                os.kill(process.pid, signal.SIGSTOP)
                await for_a_while(random.uniform(0.1, 0.6))
                os.kill(process.pid, signal.SIGCONT)
            else:
                self._kill(process)
                self._start(role)
                self.kills += 1

    def _kill(self, process: ForkServerProcess) -> None:
        process.kill()
        process.join()
        process.close()

    def end(self) -> None:
        """Everybody off."""
        for process in self._running.values():
            self._kill(process)


@dataclass
class Told:
    """What clients know of their commands."""

    acked: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)


class Client:
    """Issues commands with ids of its own; asks again with the same id when an answer does not come, or gives up."""

    def __init__(self, stage: Stage, random: Random, things: list[UUID], told: Told) -> None:
        self._stage = stage
        self._random = random
        self._things = things
        self._told = told

    async def work(self, until: asyncio.Event) -> None:
        amount = 0
        while not until.is_set():
            amount += 1
            id = str(UUID(int=self._random.getrandbits(128), version=4))
            # Some days many count, so that versions race; most days one does, so that what is lost stays lost.
            day = self._random.choice([self._random.randrange(3), self._random.randrange(3, 300)])
            on = date(2026, 4, 1) + timedelta(days=day)
            thing = self._random.choice(self._things)
            await self._command({"id": id, "thing": str(thing), "amount": amount, "on": on.isoformat()})

    async def _command(self, wanted: dict[str, Any]) -> None:
        self._told.unknown.add(wanted["id"])
        while True:
            try:
                reply = await asyncio.wait_for(self._ask(wanted), ANSWER_SECONDS)
            except (OSError, EOFError):
                if self._random.random() < 0.3:
                    return
                await for_a_while(0.01)
                continue
            self._told.unknown.discard(wanted["id"])
            (self._told.acked if "ok" in reply else self._told.refused).add(wanted["id"])
            return

    async def _ask(self, wanted: dict[str, Any]) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(self._stage.address(self._random.randrange(2)))
        try:
            writer.write(orjson.dumps(wanted) + b"\n")
            line = await reader.readline()
        finally:
            writer.close()
        if not line.endswith(b"\n"):
            raise EOFError
        reply: dict[str, Any] = orjson.loads(line)
        return reply


async def at_any_time() -> None:
    """Whoever is always at work may be killed at any moment."""


class Moving:
    """Who takes its time to begin does nothing at all when it is killed again and again before that.

    ``at`` is where they are, in SQL: a position of the log.
    """

    def __init__(self, toy: Toy, at: str) -> None:
        self._toy = toy
        self._at = at
        self._was = 0

    async def on(self) -> None:
        """Return when they are further than the last time, or at the end."""

        async def moved() -> bool:
            (row,) = await self._toy.rows(
                f"select ({self._at}) as at, (select position from log.head) as head"
            )
            at = row.at or 0
            there, self._was = at > self._was or at == row.head, at
            return there

        await eventually(moved, within=20)


SENT = "select position from feed.relayed"
COPIED = "select highest from feed.checkpoint where copy = 'things'"
EVERYBODY: tuple[Role, ...] = (driver.serve, driver.copy, driver.reaction, driver.relay)


async def play(
    stage: Stage, toy: Toy, seed: int, seconds: float, victims: Sequence[Role] = EVERYBODY
) -> tuple[Evidence, int]:
    """A history of ``seconds``, then rest until everything has arrived; the evidence, and how many were killed."""
    random = Random(seed)
    told, things, over = Told(), [uuid4() for _ in range(THINGS)], asyncio.Event()
    cast = Cast(stage)
    try:
        clients = [Client(stage, Random(random.random()), things, told) for _ in range(CLIENTS)]
        acting = [asyncio.create_task(client.work(over)) for client in clients]
        slow = {driver.relay: SENT, driver.copy: COPIED} if stage.bootstrap else {}
        ripe = Moving(toy, slow[victims[0]]).on if len(victims) == 1 and victims[0] in slow else at_any_time
        acting.append(asyncio.create_task(cast.torment(random, victims, over, ripe)))
        await for_a_while(seconds)
        # On a slow machine it takes longer until enough has happened to prove anything.
        await eventually(lambda: len(told.acked) >= 60 and cast.kills >= 8, within=60, every=0.1)
        over.set()
        await asyncio.gather(*acting)
        await eventually(lambda: at_rest(toy), within=30, every=0.05)
        return await gather_evidence(stage, toy, told), cast.kills
    finally:
        cast.end()


async def at_rest(toy: Toy) -> bool:
    """Copy and reaction have reached the head of the log, and it no longer moves."""
    rows = await toy.rows(
        "select (select count(*) from feed.checkpoint) as consumers,"
        " (select min(reached) from feed.checkpoint) >= (select position from log.head) as reached,"
        " not exists (select 1 from pg_stat_activity where datname = current_database() and usename = 'toy_app'"
        " and state <> 'idle') as idle"
    )
    return bool(rows[0].consumers == 2 and rows[0].reached and rows[0].idle)


async def gather_evidence(stage: Stage, toy: Toy, told: Told) -> Evidence:
    facts = await toy.rows(
        "select key, stream, stream_version, position, (payload ->> 'amount')::integer as amount,"
        " payload ->> 'note' as command from log.log_fact where topic = 'toy.count' order by position"
    )
    states = await toy.rows(
        "select key, stream_version, position, (payload ->> 'amount')::integer as amount"
        " from log.log_state where topic = 'toy.thing'"
    )
    cards = await toy.rows("select thing, amount, position from copy.thing_card")
    days = await toy.rows("select stream, amount, version, position from copy.count_day")
    (echo,) = await toy.rows(
        "select coalesce(sum(amount), 0) as total,"
        " (select count(*) from log.log_fact where topic = 'toy.secret') as whispers,"
        " (select count(*) from feed.parked) as parked from thing where label = 'echo'"
    )
    evidence = Evidence(
        acked=told.acked,
        unknown=told.unknown,
        facts=facts,
        states=states,
        cards={row.thing: (row.amount, row.position) for row in cards},
        days={row.stream: (row.amount, row.version, row.position) for row in days},
        echoed=echo.total,
        whispers=echo.whispers,
        parked=echo.parked,
    )
    if stage.bootstrap:
        evidence.topic_facts = {}
        for place, messages in (await everything(stage.bootstrap)).items():
            for message in data(messages):
                position = int(dict(message.headers)["ce_position"])
                if place.topic == "toy.count":
                    evidence.topic_facts.setdefault(message.key.decode(), []).append(position)
                elif place.topic == "toy.thing":
                    evidence.topic_states[message.key.decode()] = position
    return evidence
