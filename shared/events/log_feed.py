"""``LogFeed``: a publisher's log read by SQL, as the consumer's reader role (the embedded edition's transport).

Rows and head come from one statement, so from one moment: when fewer rows than asked for come back, everything up to
the head has been seen and the cursor may rest there, although other topics wrote in between.

A feed whose cursor rests on the head does not read before it hears of an append (``log.append_events`` names the
topics it touched). Its own topics wake it at once. Other topics only move the head, and it follows them a few times a
second: at once after a quiet time, so that a page which waits for somebody's own write waits for nobody else, and at
most ``_OTHERS_SECONDS`` late when much is written.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import asyncpg

from shared.contracts import Lane
from shared.database import Login, connect
from shared.events.feed import Batch, Cursor, Stopped
from shared.events.records import Record

_POLL_SECONDS = 1.0
"""Safety net only: every append notifies."""
_OTHERS_SECONDS = 0.05
"""How far apart are readings that others' topics alone give reason for; far below the second that a page waits for its
reader's own write (decisions.md §2 "Read your writes")."""

_PLAN = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
}
"""This connection has one statement, and its one good plan walks the positions upwards from the cursor, whatever the
values and however small the tables were when it was made. Planning it anew cost more than the reading itself (in a log
of 180,000 records 0.5 + 0.17 ms; now 0.01 + 0.04)."""

_READ = """
with rows as (
    (select 1 as lane, topic, key, position, ce_id, board_id, type, stream, stream_version, payload::text as payload,
            actor, traceparent, recorded_at, subject
     from log.log_state where position > $1 and ($2::text[] is null or topic = any ($2))
     order by position limit $3)
    union all
    (select 2 as lane, topic, key, position, ce_id, board_id, type, stream, stream_version, payload::text,
            actor, traceparent, recorded_at, subject
     from log.log_fact where position > $1 and ($2::text[] is null or topic = any ($2))
     order by position limit $3)
    order by position limit $3
)
select head.position as head, ce_id, board_id, head.epoch, rows.position, topic, lane, key, type, stream,
       stream_version, payload, actor, traceparent, recorded_at, subject
from log.head left join rows on true order by rows.position
"""


class Shorter(Stopped):
    """The log ends before what was read of it: it was restored, and nobody has begun a new epoch."""


class LogFeed:
    """Reads the log of ``publisher`` in position order."""

    def __init__(self, publisher: str, login: Login, topics: Iterable[str] | None) -> None:
        """``topics`` None: all of them (for the relay)."""
        self.publisher = publisher
        self._login = login
        self._topics = None if topics is None else sorted(topics)
        self._connection: asyncpg.Connection | None = None
        self._rest: Cursor | None = None
        """The cursor that rests on the head, as far as this feed has heard."""
        self._woken = asyncio.Event()
        self._read_at = 0.0
        self._later: asyncio.TimerHandle | None = None
        """Wakes for appends to others' topics."""

    async def read(self, cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        clock = asyncio.get_running_loop()
        deadline = clock.time() + wait
        while True:
            if cursor is not None and cursor == self._rest:
                left = deadline - clock.time()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left, _POLL_SECONDS)):
                        await self._woken.wait()
            batch = await self._read(await self._connected(), cursor, limit)
            if batch.news(cursor) or clock.time() >= deadline:
                return batch

    async def _read(self, connection: asyncpg.Connection, cursor: Cursor | None, limit: int) -> Batch:
        # Before the statement: what is told while it is under way may have been committed too late for it.
        self._attend()
        self._rest = None
        # A cursor of the other transport says nothing here: the records come again from the first, which is harmless.
        cursor = cursor or {}
        after = cursor.get("position", 0)
        rows = await connection.fetch(_READ, after, self._topics, limit)
        head, epoch = rows[0]["head"], rows[0]["epoch"]
        if head < after and cursor.get("epoch") == epoch:
            # Positions are being given twice: it would pass over what is written until the head is where it was.
            raise Shorter(
                f"{self.publisher} のログが、読んだところ（{after}）より前（{head}）で終わっています。復元されたあと、"
                f"世代が始められていません。`tsumugi feed begin-epoch {self.publisher}` を実行してください。"
            )
        records = [_record(*row) for row in rows if row["position"] is not None]
        full = len(records) == limit
        reached = records[-1].position if full else max(head, after)
        batch = Batch(records, {"position": reached, "epoch": epoch}, reached, epoch, head, level=not full)
        self._rest = None if full else batch.cursor
        return batch

    def _attend(self) -> None:
        """Nothing has been heard since now."""
        self._read_at = asyncio.get_running_loop().time()
        self._woken.clear()
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _hear(self, _connection: object, _pid: int, _channel: str, touched: object) -> None:
        """``touched``: the topics of an append, with commas between; empty says nothing of them."""
        if self._topics is None or not touched or not set(str(touched).split(",")).isdisjoint(self._topics):
            self._woken.set()
        elif self._later is None:
            loop = asyncio.get_running_loop()
            self._later = loop.call_at(self._read_at + _OTHERS_SECONDS, self._woken.set)

    async def _connected(self) -> asyncpg.Connection:
        """The one connection, for reading and for being woken; a new one when it was cut."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._login, **_PLAN)
            self._connection.add_termination_listener(lambda _: self._woken.set())
            await self._connection.add_listener("log", self._hear)
        return self._connection

    async def close(self) -> None:
        self._attend()
        if self._connection is not None:
            await self._connection.close()


_LANES = {int(lane): lane for lane in Lane}


def _record(
    _head: int, id: UUID, board: UUID, epoch: int, position: int, topic: str, lane: int, *rest: Any
) -> Record:
    """A row of ``_READ``, whose columns stand in the order of a record's fields."""
    return Record(id, board, epoch, position, topic, _LANES[lane], *rest)
