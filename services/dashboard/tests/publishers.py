"""Another service's log, without the service: what dashboard reads."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts import Contract
from shared.contracts.catalogue import TOPICS
from shared.contracts.dashboard import FEED
from shared.database import Scope, Units, make_engine
from shared.database.migrate import platform_sql, run_script
from shared.database.roles import platform_grants, reader_grants
from shared.dates import FixedClock
from shared.events.adversary import AdversarialFeed
from shared.events.feed import Feed
from shared.events.log_feed import LogFeed
from tests.support.databases import Database


async def build_log(engine: AsyncEngine) -> None:
    """A log and nothing else."""
    readable = [name for name in TOPICS if name != FEED.name]
    async with engine.begin() as connection:
        for script in (
            platform_sql("0001_log"),
            "select log.keep_year(year) from generate_series(2025, 2028) as year",
            platform_grants("publisher"),
            reader_grants("dashboard", readable),
        ):
            await connection.run_sync(run_script, script)


@dataclass(frozen=True)
class Said:
    """An event to be published, with its key and stream."""

    payload: Contract
    key: UUID
    stream: UUID | None = None


class Publisher:
    """Says things as ``name`` would."""

    def __init__(self, name: str, database: Database, clock: FixedClock, board: UUID) -> None:
        self.name = name
        self.board = board
        self.position = 0
        """Of what was published last."""
        self._database = database
        self._engine = make_engine(database.app, pool_size=2)
        self._units = Units(self._engine, clock)

    async def say(self, *said: Said, board: UUID | None = None) -> int:
        """Publish each in a transaction of its own, as its service would; returns the last position."""
        for one in said:
            async with self._units.work(Scope(board or self.board), actor="test") as work:
                work.publish(one.payload, key=one.key, stream=one.stream)
            self.position = work.position or self.position
        return self.position

    async def say_together(self, said: Iterable[Said]) -> int:
        """Publish all in one transaction."""
        async with self._units.work(Scope(self.board), actor="test") as work:
            for one in said:
                work.publish(one.payload, key=one.key, stream=one.stream)
        self.position = work.position or self.position
        return self.position

    async def erase(self, kind: type[Contract], key: UUID) -> int:
        """Publish a tombstone."""
        async with self._units.work(Scope(self.board), actor="test") as work:
            work.tombstone(kind, key=key)
        self.position = work.position or self.position
        return self.position

    @asynccontextmanager
    async def as_operator(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection that may change what was published: for what erasure and newer publishers would do."""
        connection = await self._database.server.connect(self._database.name)
        try:
            yield connection
        finally:
            await connection.close()

    def feed(self, topics: Sequence[str], seed: int | None = None) -> Feed:
        """dashboard's view of this log, in any legal order."""
        inner = LogFeed(self.name, self._database.reader("dashboard"), topics)
        return AdversarialFeed(inner, random.randrange(2**32) if seed is None else seed)

    async def close(self) -> None:
        """Give back connections."""
        await self._engine.dispose()
