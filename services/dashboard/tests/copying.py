"""Copies folded by hand, in any order that Kafka may deliver; read as their maintainer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import text

from services.dashboard import service
from services.dashboard.tests.publishers import Publisher
from shared.database import Units, make_engine
from shared.dates import FixedClock
from shared.events.copies import Copy, CopyWorker
from shared.events.feed import Feed
from tests.support.databases import Database


class Copies:
    """All copies of the service."""

    def __init__(self, database: Database, publishers: Mapping[str, Publisher], clock: FixedClock) -> None:
        self.database = database
        self.publishers = publishers
        self.engine = make_engine(database.feed, pool_size=4)
        self.app_engine = make_engine(database.app, pool_size=4)
        self.units = Units(self.engine, clock)
        """As the role that maintains them."""
        self.app = Units(self.app_engine, clock)
        """As the role that answers requests."""
        self.heard: set[str] = set()
        """Live keys that the folds returned."""
        self._workers: list[CopyWorker] = []
        self._feeds: list[Feed] = []
        for copy in service.COPIES:
            for publisher in copy.publishers():
                feed = publishers[publisher].feed(copy.topics_of(publisher))
                self._feeds.append(feed)
                self._workers.append(CopyWorker("dashboard", self._listening(copy), feed, self.units))

    def _listening(self, copy: Copy) -> Copy:
        heard, fold = self.heard, copy.fold

        class Listening(type(copy)):  # type: ignore[misc] # the copy itself, overheard
            async def fold(self, session: Any, arrived: Any) -> Any:
                keys = set(await fold(session, arrived))
                heard.update(keys)
                return keys

        made: Copy = Listening()
        return made

    async def catch_up(self) -> None:
        """Fold until everything published has been accounted for."""
        for worker in self._workers:
            checkpoint = await worker.where()
            while True:
                batch = await worker.feed.read(checkpoint.cursor, limit=200, wait=0)
                if batch.news(checkpoint.cursor):
                    checkpoint = await worker.take(checkpoint, batch)
                if batch.head is None or checkpoint.reached >= batch.head:
                    break

    async def rows(self, table: str, schema: str = "copy") -> list[dict[str, Any]]:
        """All rows of a table, in the order of their own text."""
        async with self.units.maintain() as session:
            found = await session.scalars(
                text(f"select to_jsonb(t) from {schema}.{table} t order by to_jsonb(t)::text")
            )
            return list(found)

    async def all_rows(self, schema: str = "copy") -> dict[str, bytes]:
        """Every table's rows as canonical JSON."""
        return {
            table: orjson.dumps(await self.rows(table, schema), option=orjson.OPT_SORT_KEYS)
            for copy in service.COPIES
            for table in copy.tables
        }

    async def parked(self) -> list[tuple[str, str, str]]:
        """(copy, key, reason) of everything that waits, in order."""
        async with self.units.maintain() as session:
            found = await session.execute(
                text("select copy, key, reason from feed.parked order by copy, key, position")
            )
            return [(row.copy, row.key, row.reason) for row in found]

    async def close(self) -> None:
        """Give back connections."""
        for feed in self._feeds:
            await feed.close()
        await self.engine.dispose()
        await self.app_engine.dispose()
