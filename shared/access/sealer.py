"""Takes the entries of the access log into batches, board by board; and looks whether all are still as they were.

The work of one process a service, on the feed role, which may write batches and can change none.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access.chain import COLUMNS, GONE, Batch, Fault, digest, faults_of
from shared.database import Login, Units
from shared.events.workers import WorkerState, lead
from shared.telemetry import meters
from shared.telemetry.meters import Reading

logger = logging.getLogger(__name__)

MOST = 2_000
"""Entries of a batch."""
EVERY_SECONDS = 1.0

_LIST = ", ".join(COLUMNS)
_BOARDS = text("select board_id, count(*) as entries from access.pending group by board_id order by board_id")
_TAKE = text(
    "delete from access.pending where board_id = :board and id in"
    " (select id from access.pending where board_id = :board order by id limit :most) returning id"
)
_ENTRIES = text(f"select {_LIST} from access.entry where id = any (:ids)")  # noqa: S608 (our own names)
_LAST = text("select * from access.batch where board_id = :board order by number desc limit 1")
_FROM = text(
    "select * from access.batch where board_id = :board and number > :after order by number limit 50"
)
_ADD = text(
    "insert into access.batch (board_id, number, at, previous, ids, digests, hash)"
    " values (:board, :number, :at, :previous, :ids, :digests, :hash)"
)
_CHAINED = text("select board_id from access.batch union select board_id from access.entry order by 1")
_OUTSIDE = text(
    "select e.id from access.entry e where e.board_id = :board"
    " and not exists (select from access.pending p where p.board_id = e.board_id and p.id = e.id)"
    " and not exists (select from (select unnest(b.ids) as id from access.batch b where b.board_id = :board) b"
    " where b.id = e.id) order by e.id"
)


class Sealer:
    """Chains the access log of ``service``. ``units`` works as its feed role."""

    def __init__(self, service: str, units: Units) -> None:
        self.state = WorkerState(service, "access-log", service)
        self._service = service
        self._units = units
        self._waiting = 0
        meters.UNCHAINED.watch(self._read)

    def _read(self) -> Iterable[Reading]:
        return [(self._waiting, {"service": self._service})] if self.state.active else []

    async def run(self, login: Login) -> None:
        """Work until cancelled; a second process stands by."""
        await lead(login, self.state, self._work)

    async def _work(self, lock: asyncpg.Connection) -> None:
        while not lock.is_closed():
            full = await self.chain()
            self.state.stopped_because = None
            if not full:
                self.state.level()
                await asyncio.sleep(EVERY_SECONDS)

    async def chain(self) -> bool:
        """Take what waits into one batch a board; returns whether more waits than a batch takes."""
        async with self._units.maintain() as session:
            boards = (await session.execute(_BOARDS)).all()
        self._waiting = sum(board.entries for board in boards)
        for board in boards:
            async with self._units.maintain() as session:
                await self._next(session, board.board_id)
        return any(board.entries > MOST for board in boards)

    async def _next(self, session: AsyncSession, board: UUID) -> None:
        taken = (await session.execute(_TAKE, {"board": board, "most": MOST})).scalars().all()
        if not taken:
            return
        entries = dict.fromkeys(taken, GONE) | await _digests(session, taken)
        last = (await session.execute(_LAST, {"board": board})).mappings().first()
        batch = Batch.after(
            None if last is None else _batch(last), board, self._units.clock.now(), entries, self._service
        )
        values = {
            "board": board,
            "number": batch.number,
            "at": batch.at,
            "previous": batch.previous,
            "ids": list(batch.ids),
            "digests": batch.digests,
            "hash": batch.hash,
        }
        await session.execute(_ADD, values)


@dataclass
class Report:
    """What was found in the chain of a board."""

    service: str
    board: UUID
    entries: int = 0
    batches: int = 0
    waiting: int = 0
    """Entries that are in no batch yet."""
    head: str = ""
    """Hash of the last batch."""
    faults: list[Fault] = field(default_factory=list)


async def verify(service: str, units: Units, seals: Sequence[tuple[UUID, int, bytes]] = ()) -> list[Report]:
    """Hold every entry and batch of ``service`` against the chain, and the chain against what was sealed of it."""
    reports = []
    async with units.maintain() as session:
        await session.execute(text("set transaction isolation level repeatable read, read only"))
        waiting = {row.board_id: row.entries for row in await session.execute(_BOARDS)}
        for board in (await session.execute(_CHAINED)).scalars().all():
            report = Report(service, board, waiting=waiting.get(board, 0))
            sealed = {number: hash for of, number, hash in seals if of == board}
            await _walk(session, report, sealed)
            reports.append(report)
    return reports


async def _walk(session: AsyncSession, report: Report, sealed: dict[int, bytes]) -> None:
    last: Batch | None = None
    while True:
        after = 0 if last is None else last.number
        rows = (await session.execute(_FROM, {"board": report.board, "after": after})).mappings().all()
        for row in rows:
            batch = _batch(row)
            now = await _digests(session, batch.ids)
            report.faults += faults_of(batch, last, now, report.service)
            if sealed.pop(batch.number, batch.hash) != batch.hash:
                report.faults.append(Fault("seal", report.board, batch.number))
            report.entries += len(now)
            last = batch
        if not rows:
            break
    report.batches, report.head = (0, "") if last is None else (last.number, last.hash.hex())
    report.faults += [Fault("seal", report.board, number) for number in sorted(sealed)]
    outside = (await session.execute(_OUTSIDE, {"board": report.board})).scalars()
    report.faults += [Fault("inserted", report.board, None, id) for id in outside]


async def _digests(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, bytes]:
    rows = await session.execute(_ENTRIES, {"ids": list(ids)})
    return {row["id"]: digest(dict(row)) for row in rows.mappings()}


def _batch(row: Any) -> Batch:
    return Batch(
        row["board_id"], row["number"], row["at"], row["previous"], row["ids"], row["digests"], row["hash"]
    )
