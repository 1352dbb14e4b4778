"""The processes of a history: services that take commands, relays, copies, reactions; each may be killed at any moment.

Mistakes can be planted. Each is one that real systems have made, and a checker that does not find it is worth nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from pathlib import Path
from random import random
from typing import Any
from unittest.mock import patch
from uuid import UUID

import orjson
from aiokafka import AIOKafkaProducer
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import AlreadyDone, Command, Login, Moved, Scope, Units, connect, make_engine
from shared.database.migrate import platform_sql, run_script
from shared.database.units import sqlstate
from shared.dates import SystemClock
from shared.events import intake
from shared.events.copies import CopyWorker
from shared.events.feed import Batch, Cursor, Feed
from shared.events.intake import Checkpoint
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_feed import KafkaFeed
from shared.events.kafka_relay import KafkaRelay
from shared.events.log_feed import LogFeed
from shared.events.reactions import ReactionWorker
from tests.support.toy import Change, Echo, ToyCopy, change
from tests.support.transports import PARTITIONS
from tests.support.waiting import for_a_while


class Bug(Enum):
    """A planted mistake."""

    PLAIN_CURSOR = "positions are drawn without the log's lock"
    EARLY_ACK = "the answer leaves before the commit"
    EARLY_CHECKPOINT = "the checkpoint is stored before the rows"
    EARLY_MARK = "what is sent counts as sent before the broker has answered"
    SKIPPED_ROW = "a row that could not be sent is passed over"
    SKIP_LOCKED = "two relays work side by side, each on the rows that the other has not locked"


@dataclass(frozen=True)
class Stage:
    """Where a history is played."""

    app: Login
    feed: Login
    reader: Login
    board: UUID
    folder: Path
    bootstrap: str | None
    """The broker; None: everything reads the log itself."""
    bug: Bug | None

    def make_feed(self, topics: list[str]) -> Feed:
        """The transport's feed."""
        if self.bootstrap:
            return KafkaFeed("toy", KafkaAccess(self.bootstrap), topics)
        return LogFeed("toy", self.reader, topics)

    def address(self, number: int) -> str:
        """Socket of a service process."""
        return str(self.folder / f"{number}.sock")


class Done(BaseModel):
    """The answer to a command."""

    amount: int


def serve(stage: Stage, number: int) -> None:
    """A service process: a command a line, an answer a line."""
    path = Path(stage.address(number))
    path.unlink(missing_ok=True)
    asyncio.run(_serve(stage, path))


async def _serve(stage: Stage, path: Path) -> None:
    units = Units(make_engine(stage.app), SystemClock())

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def answer(reply: dict[str, Any]) -> None:
            writer.write(orjson.dumps(reply) + b"\n")
            await writer.drain()

        with suppress(ConnectionError):  # the client gave up
            while line := await reader.readline():
                await _carry_out(stage, units, orjson.loads(line), answer)
        writer.close()

    server = await asyncio.start_unix_server(talk, path)
    await server.serve_forever()


async def _carry_out(
    stage: Stage, units: Units, wanted: dict[str, Any], answer: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    command = Command("client", UUID(wanted["id"]), "hash")
    asked = Change(
        UUID(wanted["thing"]), wanted["amount"], date.fromisoformat(wanted["on"]), note=wanted["id"]
    )
    reply: dict[str, Any] = {"refused": "moved"}
    for _ in range(2):
        try:
            async with units.work(Scope(stage.board), actor="client", command=command) as work:
                await change(work, asked)
                work.answer = Done(amount=asked.amount)
                if stage.bug is Bug.EARLY_ACK:
                    await answer({"ok": 0})
                    await for_a_while(0.01)
            reply = {"ok": work.position}
            break
        except AlreadyDone as done:
            reply = {"ok": done.position}
            break
        except Moved:
            continue
        except DBAPIError as error:
            if sqlstate(error) != "23505":
                raise
    if stage.bug is not Bug.EARLY_ACK or "ok" not in reply:
        await answer(reply)


def relay(stage: Stage, number: int) -> None:
    """A relay process."""
    assert stage.bootstrap
    logging.disable()
    relay_type, planted = _PLANTED.get(stage.bug, (KafkaRelay, {}))
    sender = relay_type("toy", stage.feed, KafkaAccess(stage.bootstrap), PARTITIONS)
    with ExitStack() as planting:
        for name, mistake in planted.items():
            planting.enter_context(patch(f"shared.events.{name}", mistake))
        asyncio.run(sender.run())


class HastyRelay(KafkaRelay):
    """Planted: remembers what it gave to its client, whatever becomes of that."""

    async def _answered(self, line: Any, sent: list[asyncio.Future[Any]]) -> None:
        """No answer is waited for."""


class SkippingLog(LogFeed):
    """Planted: says nothing of a row now and then, as does who catches an error and goes on with the next."""

    async def read(self, cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        batch = await super().read(cursor, limit=limit, wait=wait)
        return replace(batch, records=[record for record in batch.records if record.position % 17])


class SideBySideRelay(KafkaRelay):
    """Planted: asks for no lock, because every row has one."""

    async def run(self) -> None:
        await self._work(await connect(self._login))


class SkipLockedLog(LogFeed):
    """Planted: gives only the rows that nobody else has locked, as ``for update skip locked`` does."""

    async def read(self, cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        batch = await super().read(cursor, limit=limit, wait=wait)
        mine = await (await self._connected()).fetch(
            "select p from unnest($1::bigint[]) as p where pg_try_advisory_lock(7999, p::integer)",
            [record.position for record in batch.records],
        )
        await for_a_while(random() * 0.05)
        got = {row["p"] for row in mine}
        return replace(batch, records=[record for record in batch.records if record.position in got])


def lingering(**asked: Any) -> AIOKafkaProducer:
    """A client that takes its time, as one does whose broker is busy."""
    return AIOKafkaProducer(**asked | {"linger_ms": 150})


_PLANTED: Mapping[Bug | None, tuple[type[KafkaRelay], Mapping[str, Any]]] = {
    Bug.EARLY_MARK: (HastyRelay, {"kafka_access.AIOKafkaProducer": lingering}),
    Bug.SKIPPED_ROW: (KafkaRelay, {"kafka_relay.LogFeed": SkippingLog}),
    Bug.SKIP_LOCKED: (SideBySideRelay, {"kafka_relay.LogFeed": SkipLockedLog}),
}
"""Planted in a relay: what it is, and what it finds in the place of its parts."""


def copy(stage: Stage, number: int) -> None:
    """A process that keeps the copy."""
    logging.disable()
    asyncio.run(_copy(stage))


async def _copy(stage: Stage) -> None:
    worker_type = HastyWorker if stage.bug is Bug.EARLY_CHECKPOINT else CopyWorker
    units = Units(make_engine(stage.feed), SystemClock())
    worker = worker_type("toy", ToyCopy(), stage.make_feed(["toy.thing", "toy.count"]), units)
    await worker.run(stage.feed)


class HastyWorker(CopyWorker):
    """Planted: remembers how far it came before it has done anything."""

    async def take(self, checkpoint: Checkpoint, batch: Batch) -> Checkpoint:
        after = await intake.move(self._units, checkpoint, batch)
        await for_a_while(0.01)
        sorted_ = [intake.Arrived(record, record.read()) for record in batch.records]
        async with self._units.maintain() as session:
            await session.execute(text("select set_config('search_path', 'copy', true)"))
            await self.copy.fold(session, sorted_)
        return after


def reaction(stage: Stage, number: int) -> None:
    """A process that reacts."""
    logging.disable()
    asyncio.run(_reaction(stage))


async def _reaction(stage: Stage) -> None:
    units = Units(make_engine(stage.feed), SystemClock())
    await ReactionWorker("toy", Echo(), stage.make_feed(["toy.count"]), units).run(stage.feed)


async def plant(owner: AsyncEngine) -> None:
    """Let the log draw its positions without standing in line, and take its time between drawing and committing."""
    source = platform_sql("0001_log")
    function = source[source.index("create function log.append_events") : source.index("-- A school year's")]
    lock, end = "perform pg_advisory_xact_lock(7461, 1);", "v_last := currval('log.position');"
    assert lock in function
    assert end in function
    hasty = function.replace(lock, "").replace(end, f"{end} perform pg_sleep(random() * 0.02);")
    async with owner.begin() as connection:
        await connection.run_sync(run_script, hasty.replace("create function", "create or replace function"))
