"""registry's database for tests: built once a run, a copy for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.registry import service
from shared.database import Units, make_engine
from shared.database.migrate import migrate
from shared.dates import FixedClock
from shared.events.shapes import make_missing
from tests.support.databases import Database, Databases, Template


@pytest.fixture(scope="session")
def registry_template(databases: Databases) -> Template:
    """registry's database in its first state."""

    async def build(engine: AsyncEngine) -> None:
        await migrate(engine, service.MIGRATIONS)
        await make_missing(engine, service.COPIES)

    return asyncio.run(databases.make_template("registry", [], build))


@pytest.fixture
async def registry_database(databases: Databases, registry_template: Template) -> AsyncIterator[Database]:
    """A database of this test's own."""
    async with databases.copy(registry_template) as database:
        yield database


@pytest.fixture
async def units(registry_database: Database, clock: FixedClock) -> AsyncIterator[Units]:
    """registry's rows as its app role."""
    engine = make_engine(registry_database.app)
    yield Units(engine, clock)
    await engine.dispose()
