"""The access log: who saw or changed what, under which importance class (decisions.md §4).

A change writes its row in the transaction of the change. Reads are gathered and written in batches, at the latest after
100 ms or 200 rows; an answer of class I leaves only after its batch is durable. Of whom nobody knows, who was not let
in, a row stands for many (shared/access/crowd.py). Every row waits in ``access.pending`` until it is chained
(shared/access/sealer.py).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access.crowd import Crowd
from shared.access.principal import Principal, nobody
from shared.contracts import Importance
from shared.database import Scope, Statement, Units
from shared.events.trace import current_traceparent
from shared.events.workers import transient
from shared.ids import time_ordered_id
from shared.telemetry import meters

logger = logging.getLogger(__name__)

_BATCH_SECONDS = 0.1
_BATCH_ROWS = 200
_RETRY_SECONDS = 0.5
_MOST_WAITING = 20_000

_SQL = (
    "with written as (insert into access.entry"
    " (id, board_id, at, principal, person, client, action, resource, resource_id, subjects, importance, outcome,"
    " copy_age_ms, traceparent) values (:id, :board, :at, :principal, cast(:person as uuid), :client, :action,"
    " :resource, cast(:resource_id as uuid), cast(:subjects as uuid[]), :importance, :outcome, :copy_age_ms,"
    # A batch whose commit was answered by a broken connection comes again.
    " :traceparent) on conflict do nothing returning board_id, id)"
    # The sealer takes it from there (shared/access/sealer.py).
    " insert into access.pending (board_id, id) select board_id, id from written"
)
_INSERT, _ONE = text(_SQL), Statement(_SQL)


@dataclass(frozen=True)
class Seen:
    """One act of seeing or changing."""

    action: str
    resource: str
    resource_id: UUID | None
    importance: Importance
    subjects: Sequence[UUID] = field(default=())
    """The people it is about; empty when a page shows counts only."""
    outcome: str = "allowed"
    copy_age_ms: int | None = None


def _row(principal: Principal, seen: Seen, at: datetime) -> dict[str, object]:
    return {
        "id": time_ordered_id(at),
        "board": principal.board,
        "at": at,
        "principal": principal.subject,
        "person": principal.person,
        "client": principal.client,
        "action": seen.action,
        "resource": seen.resource,
        "resource_id": seen.resource_id,
        "subjects": list(seen.subjects),
        "importance": seen.importance,
        "outcome": seen.outcome,
        "copy_age_ms": seen.copy_age_ms,
        "traceparent": current_traceparent(),
    }


async def log_change(session: AsyncSession, principal: Principal, seen: Seen, at: datetime) -> None:
    """Write the row of a change, in its transaction."""
    await _ONE.all(session, _row(principal, seen, at))


class LogFullError(RuntimeError):
    """Reads cannot be written down any more; nobody reads unseen, so nobody reads."""


class AccessLog:
    """Gathers the rows of reads and writes them in batches."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self.crowd = Crowd()
        self._waiting: list[dict[str, object]] = []
        self._full = asyncio.Event()
        self._writing = asyncio.Lock()
        self._trouble: Exception | None = None
        """Why the last batch could not be written."""

    async def read(self, principal: Principal, seen: Seen) -> None:
        """Note a read; for class I, return only when the row is durable. Raises :class:`LogFullError`, caused
        by what keeps the rows from being written.
        """
        if len(self._waiting) >= _MOST_WAITING:
            raise LogFullError from self._trouble
        self._waiting.append(_row(principal, seen, self._units.clock.now()))
        if len(self._waiting) >= _BATCH_ROWS:
            self._full.set()
        if seen.importance == "I":
            await self.flush()

    def turned_away(self, client: str, action: str, resource: str) -> None:
        """Note that nobody we know was refused ``action`` through ``client``: at most a row a minute of each kind."""
        meters.TURNED_AWAY.add(1, {"service": client, "action": action, "resource": resource})
        self.crowd.add((client, action, resource))

    def _tell(self, *, all: bool = False) -> None:
        """The rows of the crowd whose turn it is join those that wait."""
        now = self._units.clock.now()
        for (client, action, resource), times in self.crowd.take(all=all).items():
            outcome = "refused" if times == 1 else f"refused {times} times"
            row = _row(nobody(client, now), Seen(action, resource, None, "III", outcome=outcome), now)
            # They came one by one: whatever is being traced here did not bring them about.
            self._waiting.append({**row, "traceparent": None})

    async def run(self) -> None:
        """Write batches until cancelled; a database that is away for a while costs nothing but time."""
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_BATCH_SECONDS):
                        await self._full.wait()
                self._full.clear()
                try:
                    await self.flush()
                except Exception as error:
                    # A driver's own error is none of SQLAlchemy's; without its writer the log would only fill up.
                    if not (isinstance(error, SQLAlchemyError) or transient(error)):
                        raise
                    logger.warning("access log: %s; %d rows wait", type(error).__name__, len(self._waiting))
                    await asyncio.sleep(_RETRY_SECONDS)
        finally:
            self._tell(all=True)
            await self.flush()

    async def flush(self) -> None:
        """Write what waits, board by board. Rows of a batch that fails wait on; so do those behind it."""
        async with self._writing:
            self._tell()
            by_board: dict[object, list[dict[str, object]]] = {}
            for row in self._waiting:
                by_board.setdefault(row["board"], []).append(row)
            for board, group in by_board.items():
                try:
                    async with self._units.work(Scope(UUID(str(board))), actor="access-log") as work:
                        await work.session.execute(_INSERT, group)
                except Exception as error:
                    self._trouble = error
                    raise
                self._trouble = None
                written = {row["id"] for row in group}
                self._waiting = [row for row in self._waiting if row["id"] not in written]
