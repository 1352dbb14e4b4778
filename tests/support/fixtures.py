"""Fixtures over the real servers: databases, a clock that stands, the toy service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.postgres import Postgres
from shared.database import Scope, Units, make_engine
from shared.dates import TOKYO, FixedClock
from tests.support import toy as toy_service
from tests.support.databases import Database, Databases, Template


@pytest.fixture
def clock() -> FixedClock:
    """A Friday in November, 8:30 in the morning; it stands until a test sets it."""
    return FixedClock(datetime(2026, 11, 20, 8, 30, tzinfo=TOKYO))


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
        self.app = Units(self.engine("toy_app"), clock)
        """What answers requests works in these."""
        self.feed = Units(self.engine("toy_feed"), clock)
        """What relays, folds and reacts works in these."""

    def engine(self, role: str, *, pool_size: int = 8) -> AsyncEngine:
        """An engine of ``role``, disposed of at the test's end."""
        if role not in self._engines:
            self._engines[role] = make_engine(self.database.login(role), pool_size=pool_size)
        return self._engines[role]

    async def close(self) -> None:
        """Give back connections."""
        for engine in self._engines.values():
            await engine.dispose()


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
