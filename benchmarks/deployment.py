"""A deployment to measure: as `make up` makes it, durable, in a folder of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
from sqlalchemy import text

from benchmarks.processes import Layout, apart
from deploy.local import lifecycle
from deploy.local.example import import_example, training_day
from deploy.local.instance import Instance, Transport
from deploy.local.prepare import prepare_databases
from deploy.local.state import LocalError
from services.identity.issuer.keys import signing_key
from shared.access.tokens import TYPE
from shared.database import make_engine
from shared.dates import SystemClock

PORT = 18_600
PREFIX = "tsumugi-bench-"
_CLASSES = text(
    "select d.class_id, d.subject_id as teacher, o.school_id, array_agg(m.subject_id order by m.number) as pupils"
    " from duty_period d join organisation o on o.id = d.class_id"
    " join membership_period m on m.class_id = d.class_id and m.kind = 'home' and m.voided_at is null"
    " and m.valid @> cast(:on as date)"
    " where d.kind = 'homeroom' and d.voided_at is null and d.valid @> cast(:on as date)"
    " group by 1, 2, 3 order by count(*) desc, 1"
)


@dataclass(frozen=True)
class Class:
    """A class and who may take its roll."""

    id: UUID
    teacher: UUID
    school: UUID
    pupils: list[UUID]


@dataclass
class Deployment:
    """A running product under measurement."""

    instance: Instance
    board: UUID
    day: date
    classes: list[Class]
    pids: dict[str, int] = field(default_factory=dict)
    """Of each service that has a process of its own."""

    async def renew(self) -> None:
        """Make what :meth:`token` gives good for some minutes from now on: here it always is."""

    def token(self, person: UUID, audience: str) -> str:
        """A token of the deployment's own issuer key, good for an hour: sign-in is not what is measured."""
        now = int(datetime.now(UTC).timestamp())
        claims: dict[str, Any] = {
            "iss": self.instance.url("identity"),
            "aud": audience,
            "sub": str(uuid4()),
            "iat": now,
            "exp": now + 3600,
            "auth_time": now,
            "acr": "2",
            "azp": "dashboard",
            "board": str(self.board),
            "kind": "staff",
            "person": str(person),
        }
        return signing_key(self.instance.settings("identity").state).sign(TYPE, claims)


@contextmanager
def deployment(
    transport: Transport = "log", layout: Layout = "one process", *, pupils: int | None = None
) -> Iterator[Deployment]:
    """The example municipality, or one of so many pupils, running; everything of it is gone afterwards."""
    with own_folder() as state:
        instance = Instance(state).choose(port=PORT)
        if pupils is not None:
            day = training_day(SystemClock().today())
            instance = instance.choose(training_date=day)
            lifecycle.start_postgres(instance)
            asyncio.run(prepare_databases(instance))
            asyncio.run(import_example(instance, day, pupils=pupils))
        lifecycle.up(instance, transport=transport, training_date=None, say=lambda _: None)
        instance = Instance(state)
        with ExitStack() as stack:
            deployed = Deployment(instance, *asyncio.run(describe(instance)))
            if layout == "a process a service":
                lifecycle.stop_services(instance)
                deployed.pids = stack.enter_context(apart(instance))
            yield deployed


@contextmanager
def own_folder() -> Iterator[Path]:
    """A state folder; what runs in it is ended and it is deleted afterwards, as are those of runs that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        run = left.name.removeprefix(PREFIX).partition("-")[0]
        if run.isdecimal() and not psutil.pid_exists(int(run)) and left.stat().st_uid == os.geteuid():
            with suppress(LocalError):  # somebody else's, or half deleted already
                _delete(left)
    state = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    state.chmod(0o711)
    try:
        yield state
    finally:
        _delete(state)


def _delete(state: Path) -> None:
    lifecycle.reset(Instance.to_end(state), say=lambda _: None)
    shutil.rmtree(state, ignore_errors=True)


async def describe(instance: Instance) -> tuple[UUID, date, list[Class]]:
    """Board, day and classes of a deployment, the largest classes first."""
    day = instance.clock.today()
    connection = await instance.server.connect("registry")
    try:
        board = await connection.fetchval("select id from organisation where kind = 'board'")
        rows = await connection.fetch(_CLASSES.text.replace(":on", "$1"), day)
    finally:
        await connection.close()
    classes = [Class(row["class_id"], row["teacher"], row["school_id"], list(row["pupils"])) for row in rows]
    return board, day, classes


def feed_engine(deployed: Deployment, service: str) -> Any:
    """An engine of the service's feed role, for watching."""
    return make_engine(deployed.instance.settings(service).feed, pool_size=1)
