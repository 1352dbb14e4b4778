"""The product on stage: a process a service, started by its command line; clients that save rolls; kills with -9."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from deploy.local.instance import Instance, Transport
from deploy.local.process import tail
from deploy.local.serve import publishers
from deploy.local.state import ROOT
from deploy.local.status import status
from deploy.topology import topology
from services.identity.issuer.keys import signing_key
from shared.access.tokens import TYPE
from shared.ids import time_ordered_id
from tests.support.waiting import eventually, for_a_while

ANSWER_SECONDS = 5.0
COMMAND_SECONDS = 120.0
PUPILS = 300
CLASSES = 4
ENOUGH_COMMANDS = 60
PATIENCE = 120.0
"""For a machine that has much else to do; an idle one needs a few seconds."""
FIRST = datetime(2001, 1, 1, tzinfo=UTC)
"""Command n says that its device entered it n microseconds later: so the log tells the command of every fact."""

CODES = {
    "teacher": ("present", "absent_sick", "late", "early_leave"),
    "office": ("present", "absent_other", "suspended", "bereavement"),
}

_SEATS = """
select d.class_id, d.subject_id as teacher, min(o.subject_id::text)::uuid as office
from duty_period d
join membership_period m on m.class_id = d.class_id and m.kind = 'home' and m.voided_at is null and m.valid @> $1::date
join duty_period o on o.organisation_id = d.organisation_id and o.kind = 'office' and o.voided_at is null
    and o.valid @> $1::date
where d.kind = 'homeroom' and d.voided_at is null and d.valid @> $1::date
group by 1, 2 order by count(*) desc, 1 limit $2
"""


class Cast:
    """The processes of a deployment, each with its own log in the state folder."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self.roles: dict[str, tuple[str, ...]] = {name: ("serve", name) for name in topology().services}
        if instance.choices.transport == "kafka":
            self.roles |= {f"relay of {name}": ("relay", name) for name in publishers()}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.victims = [role for role in self.roles if "identity" not in role]
        """Whom the history is about; the issuer and its relay are left alone."""
        self.kills = dict.fromkeys(self.victims, 0)
        for role in self.roles:
            self._start(role)

    def _log(self, role: str) -> Path:
        return self._instance.state / f"{role}.log"

    def _start(self, role: str) -> None:
        with self._log(role).open("ab") as output:
            self._running[role] = subprocess.Popen(
                [*_TSUMUGI, *self.roles[role], "--state", str(self._instance.state)],
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    async def torment(self, role: str, random: Random, until: asyncio.Event) -> None:
        """Kill a process with -9, start it, again and again; now and then before it is ready."""
        while not until.is_set():
            if random.random() < 0.9:
                await eventually(lambda: self._works(role), within=PATIENCE, every=0.1)
            await for_a_while(random.uniform(0.2, 4.0))
            if not until.is_set():
                self._kill(role)
                self._start(role)
                self.kills[role] += 1

    async def _works(self, role: str) -> bool:
        if self.roles[role][0] == "relay":
            return await self._sends(self.roles[role][1])
        try:
            async with httpx.AsyncClient(base_url=self._instance.url(role), timeout=2) as http:
                return (await http.get("/health/ready")).status_code == 200
        except httpx.TransportError:
            return False

    async def _sends(self, publisher: str) -> bool:
        """Whether a relay has begun: it has no face, but holds the lock of the one that sends."""
        async with superuser(self._instance, publisher) as database:
            holders = "select count(*) from pg_locks where locktype = 'advisory' and database ="
            mine = "(select oid from pg_database where datname = current_database()) and classid = 7463 and granted"
            return bool(await database.fetchval(f"{holders} {mine}"))

    def _kill(self, role: str) -> None:
        process = self._running[role]
        assert process.poll() is None, f"{role} ended by itself\n{tail(self._log(role), 40)}"
        process.kill()
        process.wait()

    def gone(self) -> list[str]:
        """Roles whose process has ended by itself."""
        return [role for role, process in self._running.items() if process.poll() is not None]

    def end(self) -> None:
        """Everybody off; what they said last is shown with a failure."""
        for role, process in self._running.items():
            process.kill()
            process.wait()
            print(f"{role}: {tail(self._log(role))}")  # noqa: T201


_TSUMUGI = (sys.executable, "-m", "deploy.local")


def environment() -> dict[str, str]:
    """Ours, without what a developer has chosen for a deployment of their own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TSUMUGI_")}


@contextmanager
def on_stage(instance: Instance) -> Iterator[Cast]:
    """The processes, until the end."""
    cast = Cast(instance)
    try:
        yield cast
    finally:
        cast.end()


async def in_step(instance: Instance) -> bool:
    """Whether every service answers and every copy has arrived."""
    now = await status(instance)
    return all(one.ready for one in now.services) and all(one.lag == 0 for one in now.feeds)


async def tsumugi(instance: Instance, *words: str) -> str:
    """Run ``tsumugi …`` and return what it printed; it must succeed."""
    process = await asyncio.create_subprocess_exec(
        *_TSUMUGI,
        *words,
        cwd=ROOT,
        env={**environment(), "TSUMUGI_STATE": str(instance.state), "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
    assert process.returncode == 0, f"tsumugi {' '.join(words)}\n{said.decode()}"
    return said.decode()


@asynccontextmanager
async def superuser(instance: Instance, service: str) -> AsyncIterator[asyncpg.Connection]:
    """All rows of a service's database, for those who look on."""
    connection = await instance.server.connect(service)
    try:
        yield connection
    finally:
        await connection.close()


@dataclass(frozen=True)
class Seat:
    """Who saves which class's roll."""

    board: UUID
    class_id: UUID
    person: UUID
    source: str


async def seats(instance: Instance, board: UUID, on: date, classes: int) -> list[Seat]:
    """The teachers of the largest classes, and for each class somebody of the office who saves it, too."""
    async with superuser(instance, "registry") as database:
        rows = await database.fetch(_SEATS, on, classes)
    return [Seat(board, row["class_id"], row[who], who) for row in rows for who in ("teacher", "office")]


@dataclass
class Told:
    """What clients know of their commands."""

    asked: dict[int, dict[UUID, str]] = field(default_factory=dict)
    """Command → pupil → code."""
    saved: dict[int, dict[UUID, tuple[int, str | None]]] = field(default_factory=dict)
    """Answered command → pupil → revision and code of the day after it."""
    unknown: set[int] = field(default_factory=set)
    taken: dict[UUID, tuple[str, int]] = field(default_factory=dict)
    """Class → when its roll was taken, and of how many."""
    odd: list[str] = field(default_factory=list)
    """Answers that no client should get."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))


class Client:
    """Saves a class's roll; asks again under the same key when an answer does not come, or gives up."""

    def __init__(self, instance: Instance, seat: Seat, random: Random, told: Told) -> None:
        self._seat = seat
        self._random = random
        self._told = told
        self._instance = instance
        self._path = f"/v1/classes/{seat.class_id}/days/{instance.clock.today()}/roll"
        self._seen: dict[UUID, int] = {}
        self._said: dict[UUID, str | None] = {}

    async def work(self, until: asyncio.Event) -> None:
        async with await self._come() as http:
            await self._learn(http)
            while not until.is_set():
                await self._save(http)

    async def _come(self) -> httpx.AsyncClient:
        """The way to registry, as that person."""
        bearer = token(self._instance, self._seat.board, self._seat.person)
        return httpx.AsyncClient(
            base_url=self._instance.url("registry"),
            headers={"authorization": f"Bearer {bearer}"},
            timeout=ANSWER_SECONDS,
        )

    def _is_odd(self, answer: httpx.Response) -> bool:
        """Whether it is an answer that no client should get."""
        return answer.status_code not in (200, 409, 422)

    async def _learn(self, http: httpx.AsyncClient) -> None:
        answer = await self._ask(http, "GET", {}, None, patient=True)
        if answer is None or answer.status_code != 200:
            return
        for member in answer.json()["members"]:
            if not member["exchange"]:
                pupil = UUID(member["pupil"])
                self._seen[pupil] = member["revision"]
                said = [fact["code"] for fact in member["facts"] if fact["source"] == self._seat.source]
                self._said[pupil] = said[0] if said else None

    async def _save(self, http: httpx.AsyncClient) -> None:
        number, everybody = next(self._told.numbers), list(self._seen)
        some = everybody if self._random.random() < 0.1 else self._random.sample(everybody, k=3)
        asked = {pupil: self._another(self._said[pupil]) for pupil in some}
        body = {
            "marks": [
                {
                    "pupil": str(pupil),
                    "seen": self._seen[pupil],
                    "code": code,
                    "reason": {"code": "mistaken_entry"},
                }
                for pupil, code in asked.items()
            ],
            "taken": self._random.random() < 0.05,
            "claimed_at": (FIRST + timedelta(microseconds=number)).isoformat(),
        }
        key = {"idempotency-key": str(time_ordered_id(datetime.now(UTC)))}
        self._told.asked[number] = asked
        self._told.unknown.add(number)
        answer = await self._ask(http, "POST", key, body, patient=self._random.random() < 0.7)
        if answer is not None:
            self._told.unknown.discard(number)
            if answer.status_code == 200:
                self._hear(number, asked, answer.json())
                return
        await self._learn(http)

    def _another(self, said: str | None) -> str:
        return self._random.choice([code for code in CODES[self._seat.source] if code != said])

    def _hear(self, number: int, asked: dict[UUID, str], told: dict[str, Any]) -> None:
        self._told.saved[number] = {}
        for cell in told["saved"]:
            pupil = UUID(cell["pupil"])
            self._told.saved[number][pupil] = (cell["revision"], cell["code"])
            self._seen[pupil], self._said[pupil] = cell["revision"], asked[pupil]
        for cell in told["refused"]:
            self._seen[UUID(cell["pupil"])] = cell["theirs"]["revision"]
        if told["taken"]:
            self._told.taken[self._seat.class_id] = (told["taken"]["at"], told["taken"]["members"])

    async def _ask(
        self, http: httpx.AsyncClient, method: str, headers: dict[str, str], body: Any, *, patient: bool
    ) -> httpx.Response | None:
        """An answer that says what has happened; None when there was none, and nobody will ask again."""
        while True:
            try:
                answer = await http.request(method, self._path, headers=headers, json=body)
            except httpx.TransportError:
                answer = None
            if answer is not None and self._is_odd(answer):
                self._told.odd.append(f"{method}: {answer.status_code} {answer.text}")
            if answer is not None and answer.status_code < 500:
                return answer
            if not patient:
                return None
            await for_a_while(0.03)


def token(
    instance: Instance, board: UUID, person: UUID, *, audience: str = "registry", kind: str = "staff"
) -> str:
    """A token of the deployment's own issuer, good for an hour: signing in is not what a history is about."""
    now = int(datetime.now(UTC).timestamp())
    claims: dict[str, Any] = {
        "iss": instance.url("identity"),
        "aud": audience,
        "sub": str(uuid4()),
        "iat": now,
        "exp": now + 3600,
        "auth_time": now,
        "acr": "2",
        "azp": "dashboard",
        "board": str(board),
        "kind": kind,
        "person": str(person),
    }
    return signing_key(instance.settings("identity").state).sign(TYPE, claims)


def deployment(home: Path, port: int, transport: Transport, on: date, *, durable: bool = False) -> Instance:
    """A deployment's folder with its servers running; nothing of the product runs yet."""
    instance = Instance(home).choose(port=port, transport=transport, training_date=on, durable=durable)
    instance.postgres.start()
    if transport == "kafka":
        instance.kafka.start()
    return instance
