"""``LogFeed``: a publisher's log read by SQL, as the consumer's reader role (the embedded edition's transport).

Rows and head come from one statement, so from one moment: when fewer rows than asked for come back, everything up to
the head has been seen and the cursor may rest there, although other topics wrote in between.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

import asyncpg

from shared.contracts import Lane
from shared.database import Login, connect
from shared.events.feed import Batch, Cursor
from shared.events.records import Record

_POLL_SECONDS = 1.0
"""Safety net only: every append notifies."""

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
select head.position as head, head.epoch, rows.*
from log.head left join rows on true order by rows.position
"""


class LogFeed:
    """Reads the log of ``publisher`` in position order."""

    def __init__(self, publisher: str, login: Login, topics: Iterable[str] | None) -> None:
        """``topics`` None: all of them (for the relay)."""
        self.publisher = publisher
        self._login = login
        self._topics = None if topics is None else sorted(topics)
        self._woken = asyncio.Event()
        self._connection: asyncpg.Connection | None = None

    async def read(self, cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        clock = asyncio.get_running_loop()
        deadline = clock.time() + wait
        while True:
            connection = await self._connected()
            self._woken.clear()
            batch = await self._read(connection, cursor, limit)
            left = deadline - clock.time()
            if batch.news(cursor) or left <= 0:
                return batch
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), min(left, _POLL_SECONDS))

    async def _read(self, connection: asyncpg.Connection, cursor: Cursor | None, limit: int) -> Batch:
        # A cursor of the other transport says nothing here: the records come again from the first, which is harmless.
        after = cursor.get("position", 0) if cursor else 0
        rows = await connection.fetch(_READ, after, self._topics, limit)
        head, epoch = rows[0]["head"], rows[0]["epoch"]
        records = [_record(row, epoch) for row in rows if row["position"] is not None]
        reached = records[-1].position if len(records) == limit else max(head, after)
        return Batch(records, {"position": reached}, reached, epoch, head)

    async def _connected(self) -> asyncpg.Connection:
        """The one connection, for reading and for being woken; a new one when it was cut."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._login)
            self._connection.add_termination_listener(lambda _: self._woken.set())
            await self._connection.add_listener("log", lambda *_: self._woken.set())
        return self._connection

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()


def _record(row: asyncpg.Record, epoch: int) -> Record:
    return Record(
        id=row["ce_id"],
        board=row["board_id"],
        epoch=epoch,
        position=row["position"],
        topic=row["topic"],
        lane=Lane(row["lane"]),
        key=row["key"],
        type=row["type"],
        stream=row["stream"],
        version=row["stream_version"],
        payload=row["payload"],
        actor=row["actor"],
        traceparent=row["traceparent"],
        recorded_at=row["recorded_at"],
        subject=row["subject"],
    )
