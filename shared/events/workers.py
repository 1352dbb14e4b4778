"""What all background workers do alike: one active and others standing by, waiting out trouble, telling the operator;
and how those that follow a feed take batch after batch.

A worker is a reconciler: it takes no input but its feed and its checkpoint, and may be ended at any statement.
"""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
from sqlalchemy.exc import DBAPIError

from shared.database import Login, Moved, Units, connect
from shared.database.engine import AWAY
from shared.database.units import sqlstate
from shared.events import intake
from shared.events.feed import Batch, Feed, Stopped
from shared.events.intake import Arrived, Checkpoint, Notice, Refused
from shared.telemetry.meters import serving

logger = logging.getLogger(__name__)

LIVE = "copy"
"""Schema of the rows that pages read."""
RETRY_SECONDS = 0.5
STAND_BY_SECONDS = 0.5
"""How often a standby asks whether it leads now."""
BATCH = 2_000
WAIT_SECONDS = 5.0
BREATH_SECONDS = 0.015
"""How long a worker waits for company before it takes up what came while it was at work. A transaction and what it
tells others cost the same for one record as for five: at 200 commands a second a copy that hurries costs as much as the
commands themselves. What comes after a quiet moment waits for nothing."""


@dataclass
class WorkerState:
    """What the operator sees of a worker."""

    service: str
    copy: str
    publisher: str
    active: bool = False
    reached: int = 0
    head: int | None = None
    applied: int = 0
    dropped: int = 0
    stopped_because: str | None = None
    looked_at: datetime | None = None
    """When a reconciler last had looked at everything; it has no place in a log. None for what reads one."""
    level_at: float = field(default_factory=time.monotonic)
    """When it last lacked nothing, or began."""

    unsent: float | None = None
    """Of a relay: the age of the oldest record not yet sent, in seconds. None where nobody knows."""

    def level(self) -> None:
        """It lacks nothing now."""
        self.level_at = time.monotonic()

    def age(self) -> float:
        """Seconds since it last lacked nothing; a worker that follows a quiet log says so every five seconds."""
        return time.monotonic() - self.level_at


def transient(error: BaseException) -> bool:
    """Whether the database, not the record, is the trouble: wait, do not park, do not advance."""
    if isinstance(error, OSError | asyncpg.InterfaceError | asyncpg.PostgresConnectionError | Moved):
        return True
    if isinstance(error, DBAPIError):
        state = sqlstate(error) or ""
        return error.connection_invalidated or not state or state[:2] in AWAY
    if isinstance(error, asyncpg.PostgresError):  # of a connection of our own; 57P03: it is starting
        return str(error.sqlstate)[:2] in AWAY
    return False


def told(error: BaseException) -> str:
    """An error in words that may be shown and logged: a database's own text quotes rows."""
    if isinstance(error, Stopped):
        return str(error)
    state = sqlstate(error) if isinstance(error, DBAPIError) else getattr(error, "sqlstate", None)
    return f"{type(error).__name__} {state}" if state else type(error).__name__


async def lead(
    login: Login, state: WorkerState, work: Callable[[asyncpg.Connection], Awaitable[None]]
) -> None:
    """Do ``work`` for ever, as the only process that does it; others stand by.

    ``work`` gets the connection that holds the lock and returns when it is closed. Whatever it raises is told to the
    operator and tried again after a while; only cancelling ends this.
    """
    task = asyncio.current_task()
    serving.set(state.service)
    while True:
        try:
            async with leadership(login, f"{state.copy}/{state.publisher}") as lock:
                state.active = True
                await work(lock)
        except (Exception, asyncio.CancelledError) as error:
            # A worker outlives every error. Cleaning up may fail while we are being ended, and clients cancel tasks of
            # their own that we wait for: only whether somebody has cancelled this very task tells the two apart.
            if task is not None and task.cancelling():
                raise asyncio.CancelledError from error
            if told(error) != state.stopped_because:
                logger.warning("%s of %s stopped: %s", state.copy, state.publisher, told(error))
            state.stopped_because = told(error)
            await asyncio.sleep(RETRY_SECONDS)
        finally:
            state.active = False


@asynccontextmanager
async def leadership(login: Login, name: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that holds the session advisory lock ``name``; waits while another process has it."""
    connection = await connect(login)
    try:
        # Asked again and again: who waits inside a statement keeps VACUUM from every row that dies meanwhile, in the
        # whole database, for as long as it stands by.
        while True:
            if await connection.fetchval("select pg_try_advisory_lock(7463, hashtext($1))", name):
                break
            await asyncio.sleep(STAND_BY_SECONDS)
        yield connection
    finally:
        connection.terminate()


async def by_key(
    arrived: Sequence[Arrived], handle: Callable[[Sequence[Arrived]], Awaitable[None]], failing: str
) -> tuple[list[Arrived], list[Refused]]:
    """Handle each key's records together, or one by one up to the first that fails; what was handled, what waits.

    A record that is good must not wait with the bad one behind it: whoever throws that away would throw away both.
    """
    handled: list[Arrived] = []
    refused: list[Refused] = []
    groups: dict[str, list[Arrived]] = {}
    for one in arrived:
        groups.setdefault(one.record.key, []).append(one)
    for group in groups.values():
        try:
            await handle(group)
            handled += group
            continue
        except Exception as error:
            if transient(error):
                raise
            failed = error
        good = 0
        if len(group) > 1:
            try:
                for one in group:
                    await handle([one])
                    good += 1
            except Exception as error:
                if transient(error):
                    raise
                failed = error
        handled += group[:good]
        refused += [Refused(one.record, f"{failing}: {told(failed)}") for one in group[good : good + 1]]
        refused += [Refused(one.record, intake.BEHIND) for one in group[good + 1 :]]
    return handled, refused


class FeedWorker(ABC):
    """Follows one publisher's feed for one consumer, whose checkpoint is kept under ``name``."""

    def __init__(
        self, service: str, name: str, feed: Feed, units: Units, *, notices: tuple[Notice, ...] = ()
    ) -> None:
        """``notices``: what is said whenever the checkpoint has moved."""
        self.name = name
        self.feed = feed
        self.state = WorkerState(service, name, feed.publisher)
        self._units = units
        self._notices = notices
        self._wait = 0.0
        """The first look waits for nothing new: the operator is told at once where this stands, or why it does not."""

    @abstractmethod
    async def _account(self, checkpoint: Checkpoint, batch: Batch) -> Checkpoint:
        """Handle, drop or park every record of ``batch``, then move the checkpoint behind it."""

    async def run(self, login: Login) -> None:
        """Work until cancelled. A second worker of the same name waits here as a hot standby."""
        await lead(login, self.state, self._work)

    async def _work(self, lock: asyncpg.Connection) -> None:
        clock = asyncio.get_running_loop()
        checkpoint = await self.where()
        while not lock.is_closed():
            batch = await self.feed.read(checkpoint.cursor, limit=BATCH, wait=self._wait)
            self._wait = WAIT_SECONDS
            # Before asking for news: the positions of a restored log may all lie below where this consumer stands.
            intake.check_epoch(checkpoint, batch)
            if batch.news(checkpoint.cursor):
                began = clock.time()
                checkpoint = await self.take(checkpoint, batch)
                if len(batch.records) < BATCH:
                    await asyncio.sleep(began + BREATH_SECONDS - clock.time())
            elif batch.head is not None:
                self.state.head = batch.head
            self.state.stopped_because = None
            if self.state.head is None or self.state.reached >= self.state.head:
                self.state.level()

    async def where(self) -> Checkpoint:
        """The stored checkpoint."""
        async with self._units.maintain() as session:
            checkpoint = await intake.load(session, self.name, self.feed.publisher)
        self.state.reached = checkpoint.reached
        return checkpoint

    async def take(self, checkpoint: Checkpoint, batch: Batch) -> Checkpoint:
        """Account for one batch."""
        intake.check_epoch(checkpoint, batch)
        self.state.head = batch.head  # before: a worker that hangs must not look level
        if batch.records:
            after = await self._account(checkpoint, batch)
        else:  # others' topics have moved the head: nothing to enter a transaction for
            after = await intake.move(self._units, checkpoint, batch, self._notices)
        self.state.reached = after.reached
        return after
