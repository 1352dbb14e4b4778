"""``LogFeed``: a publisher's log read by SQL, as the consumer's reader role (the embedded edition's transport).

Rows and head come from one statement, so from one moment: when fewer rows than asked for come back, everything up to
the head has been seen and the cursor may rest there, although other topics wrote in between.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

import asyncpg
from sqlalchemy import text

from shared.contracts import Lane
from shared.database.engine import Login, make_engine
from shared.events.feed import Batch, Cursor
from shared.events.records import Record

_POLL_SECONDS = 1.0
"""Safety net only: every append notifies."""

_READ = text(
    """
with rows as (
    (select 1 as lane, topic, key, position, ce_id, board_id, type, stream, stream_version, payload::text as payload,
            actor, traceparent, recorded_at
     from log.log_state where position > :after and topic = any (cast(:topics as text[]))
     order by position limit :limit)
    union all
    (select 2 as lane, topic, key, position, ce_id, board_id, type, stream, stream_version, payload::text,
            actor, traceparent, recorded_at
     from log.log_fact where position > :after and topic = any (cast(:topics as text[]))
     order by position limit :limit)
    order by position limit :limit
)
select head.position as head, head.epoch, rows.*
from log.head left join rows on true order by rows.position
"""
)


class LogFeed:
    """Reads the log of ``publisher`` in position order."""

    def __init__(self, publisher: str, login: Login, topics: Iterable[str]) -> None:
        self.publisher = publisher
        self._login = login
        self._topics = sorted(topics)
        self._engine = make_engine(login, pool_size=1)
        self._woken = asyncio.Event()
        self._listener: asyncpg.Connection | None = None

    async def read(self, cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        await self._listen()
        deadline = asyncio.get_running_loop().time() + wait
        while True:
            self._woken.clear()
            batch = await self._read(cursor, limit)
            left = deadline - asyncio.get_running_loop().time()
            moved = cursor is None or batch.cursor != cursor
            if batch.records or moved or left <= 0:
                return batch
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), min(left, _POLL_SECONDS))

    async def _read(self, cursor: Cursor | None, limit: int) -> Batch:
        after = cursor["position"] if cursor else 0
        async with self._engine.connect() as connection:
            rows = (
                await connection.execute(_READ, {"after": after, "topics": self._topics, "limit": limit})
            ).all()
        head, epoch = rows[0].head, rows[0].epoch
        records = [_record(row, epoch) for row in rows if row.position is not None]
        reached = records[-1].position if len(records) == limit else max(head, after)
        return Batch(records, {"position": reached}, reached, epoch, head)

    async def _listen(self) -> None:
        if self._listener is not None and not self._listener.is_closed():
            return
        self._listener = await asyncpg.connect(
            host=self._login.host,
            port=self._login.port,
            user=self._login.role,
            password=self._login.password,
            database=self._login.database,
        )
        await self._listener.add_listener("log", lambda *_: self._woken.set())

    async def close(self) -> None:
        if self._listener is not None:
            await self._listener.close()
        await self._engine.dispose()


def _record(row: Any, epoch: int) -> Record:
    return Record(
        id=row.ce_id,
        board=row.board_id,
        epoch=epoch,
        position=row.position,
        topic=row.topic,
        lane=Lane(row.lane),
        key=row.key,
        type=row.type,
        stream=row.stream,
        version=row.stream_version,
        payload=row.payload,
        actor=row.actor,
        traceparent=row.traceparent,
        recorded_at=row.recorded_at,
    )
