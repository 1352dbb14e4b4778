"""dashboard over real databases: registry's and identity's logs on one side, its own rows on the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.dashboard import service
from services.dashboard.tests.copying import Copies
from services.dashboard.tests.origin import Origin
from services.dashboard.tests.publishers import Publisher, build_log
from services.dashboard.tests.town import Town
from shared.database.migrate import migrate
from shared.dates import FixedClock
from shared.events.shapes import make_missing
from tests.support.databases import Database, Databases, Template


@pytest.fixture(scope="session")
def dashboard_template(databases: Databases) -> Template:
    """dashboard's database in its first state."""

    async def build(engine: AsyncEngine) -> None:
        await migrate(engine, service.MIGRATIONS)
        await make_missing(engine, service.COPIES)

    return asyncio.run(databases.make_template("dashboard", ["dashboard"], build))


@pytest.fixture(scope="session")
def publisher_template(databases: Databases, dashboard_template: Template) -> Template:
    """A log that dashboard may read, empty. It needs dashboard's roles."""
    return asyncio.run(databases.make_template("publisher", ["dashboard"], build_log))


@pytest.fixture
async def database(databases: Databases, dashboard_template: Template) -> AsyncIterator[Database]:
    """dashboard's database of this test's own."""
    async with databases.copy(dashboard_template) as made:
        yield made


@pytest.fixture
async def registry(
    databases: Databases, publisher_template: Template, clock: FixedClock, board: UUID
) -> AsyncIterator[Publisher]:
    """registry's log, empty."""
    async with databases.copy(publisher_template) as made:
        publisher = Publisher("registry", made, clock, board)
        yield publisher
        await publisher.close()


@pytest.fixture
async def identity(
    databases: Databases, publisher_template: Template, clock: FixedClock, board: UUID
) -> AsyncIterator[Publisher]:
    """identity's log, empty."""
    async with databases.copy(publisher_template) as made:
        publisher = Publisher("identity", made, clock, board)
        yield publisher
        await publisher.close()


@pytest.fixture
def town(board: UUID, registry: Publisher, identity: Publisher) -> Town:
    """A small municipality; nothing of it has been published yet."""
    return Town(board, registry, identity)


@pytest.fixture
async def copies(
    database: Database, registry: Publisher, identity: Publisher, clock: FixedClock
) -> AsyncIterator[Copies]:
    """The copies, folded by hand in any order that Kafka may deliver."""
    made = Copies(database, {"registry": registry, "identity": identity}, clock)
    yield made
    await made.close()


@pytest.fixture
async def origin(
    database: Database, registry: Publisher, identity: Publisher, clock: FixedClock, tmp_path: Path
) -> AsyncIterator[Origin]:
    """The running application."""
    made = Origin(database, {"registry": registry, "identity": identity}, clock, tmp_path)
    async with made.running():
        yield made
