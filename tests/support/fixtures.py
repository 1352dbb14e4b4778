"""Fixtures over the real servers: databases, a clock that stands, the toy service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.postgres import Postgres
from shared.database import Scope, Units, make_engine
from shared.dates import TOKYO, FixedClock
from shared.events.adversary import AdversarialFeed
from shared.events.copies import Copy, CopyWorker
from shared.events.feed import Feed
from shared.events.log_feed import LogFeed
from shared.events.reactions import Reaction, ReactionWorker
from tests.support import toy as toy_service
from tests.support.databases import Database, Databases, Template
from tests.support.toy import TOPICS, Change, change

TODAY = date(2026, 11, 20)
MORNING = datetime(2026, 11, 20, 8, 30, tzinfo=TOKYO)


@pytest.fixture
def clock() -> FixedClock:
    """A Friday in November, 8:30 in the morning; it stands until a test sets it."""
    return FixedClock(MORNING)


@pytest.fixture
def board() -> UUID:
    """A board."""
    return uuid4()


@pytest.fixture(scope="session")
def databases(postgres: Postgres) -> Databases:
    """Where tests get databases from."""
    return Databases(postgres)


@pytest.fixture(scope="session")
def toy_template(databases: Databases) -> Template:
    """The toy service's database in its first state."""
    return asyncio.run(databases.make_template("toy", ["toy", "peer"], toy_service.build))


class Toy:
    """A toy service at a test's disposal."""

    def __init__(self, database: Database, clock: FixedClock, board: UUID) -> None:
        self.database = database
        self.clock = clock
        self.board = board
        self.scope = Scope(board)
        self._engines: dict[str, AsyncEngine] = {}
        self._feeds: list[LogFeed] = []
        self.app = Units(self.engine("toy_app"), clock)
        """What answers requests works in these."""
        self.feed = Units(self.engine("toy_feed"), clock)
        """What relays, folds and reacts works in these."""

    def engine(self, role: str, *, pool_size: int = 8) -> AsyncEngine:
        """An engine of ``role``, disposed of at the test's end."""
        if role not in self._engines:
            self._engines[role] = make_engine(self.database.login(role), pool_size=pool_size)
        return self._engines[role]

    def log_feed(self, consumer: str = "toy", topics: Iterable[str] | None = None) -> LogFeed:
        """The toy's log as ``consumer`` reads it, in the order of its positions."""
        names = [topic.name for topic in TOPICS] if topics is None else topics
        feed = LogFeed("toy", self.database.reader(consumer), names)
        self._feeds.append(feed)
        return feed

    def any_order(self, topics: Iterable[str], seed: int = 0) -> AdversarialFeed:
        """The toy's log in an order that is legal, and no better."""
        return AdversarialFeed(self.log_feed(topics=topics), seed)

    def copy_worker(self, copy: Copy, feed: Feed | None = None, seed: int = 0) -> CopyWorker:
        """A worker of ``copy``; unless told otherwise its feed is in any order."""
        return CopyWorker("toy", copy, feed or self.any_order(copy.topics_of("toy"), seed), self.feed)

    def reaction_worker(self, reaction: Reaction, feed: Feed | None = None, seed: int = 0) -> ReactionWorker:
        """A worker of ``reaction``; unless told otherwise its feed is in any order."""
        feed = feed or self.any_order(reaction.topics_of("toy"), seed)
        return ReactionWorker("toy", reaction, feed, self.feed)

    async def change(self, thing: UUID, amount: int, *, on: date = TODAY, label: str = "thing") -> int:
        """Change a thing by a command; returns the log's position after it."""
        async with self.app.work(self.scope, actor="teacher") as work:
            await change(work, Change(thing, amount, on, label))
        assert work.position is not None
        return work.position

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        """What the feed role sees."""
        async with self.feed.maintain() as session:
            return list(await session.execute(text(statement), values))

    async def close(self) -> None:
        """Give back connections."""
        for feed in self._feeds:
            await feed.close()
        for engine in self._engines.values():
            await engine.dispose()


async def catch_up(worker: CopyWorker | ReactionWorker, *, limit: int = 20, to: int = 0) -> None:
    """Let a worker take batch after batch until it has reached its publisher's head, and ``to`` at least."""
    checkpoint = await worker.where()
    while True:
        batch = await worker.feed.read(checkpoint.cursor, limit=limit, wait=0.05 if to else 0)
        if batch.news(checkpoint.cursor):
            checkpoint = await worker.take(checkpoint, batch)
        if batch.head is not None and checkpoint.reached >= max(batch.head, to):
            return


@pytest.fixture
async def toy(
    databases: Databases, toy_template: Template, clock: FixedClock, board: UUID
) -> AsyncIterator[Toy]:
    """A toy service over a database of its own."""
    async with databases.copy(toy_template) as database:
        service = Toy(database, clock, board)
        try:
            yield service
        finally:
            await service.close()
