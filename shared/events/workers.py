"""What all background workers do alike: one active and others standing by, waiting out trouble, telling the operator.

A worker is a reconciler: it takes no input but its feed and its checkpoint, and may be ended at any statement.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from sqlalchemy.exc import DBAPIError

from shared.database import Login, Moved, connect
from shared.database.units import sqlstate

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.5


class Stopped(RuntimeError):
    """Why a worker does not go on; the text is for the operator and holds no personal data."""


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


def transient(error: BaseException) -> bool:
    """Whether the database, not the record, is the trouble: wait, do not park, do not advance."""
    if isinstance(error, OSError | asyncpg.InterfaceError | asyncpg.PostgresConnectionError | Moved):
        return True
    if isinstance(error, DBAPIError):
        state = sqlstate(error) or ""
        return error.connection_invalidated or not state or state[:2] in {"08", "40", "53", "55", "57", "58"}
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
        await connection.execute("select pg_advisory_lock(7463, hashtext($1))", name)
        yield connection
    finally:
        connection.terminate()
