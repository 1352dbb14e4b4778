"""registry's database for tests: built once a run, empty and with a city in it, a copy for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.registry import service
from services.registry.imports.importing import import_snapshot
from shared.database import Units, make_engine
from shared.database.migrate import migrate
from shared.dates import FixedClock
from shared.events.shapes import make_missing
from tests.support.boards import first_board
from tests.support.databases import Database, Databases, Filled, Template
from tests.support.fixtures import MORNING


@pytest.fixture(scope="session")
def registry_template(databases: Databases) -> Template:
    """registry's database in its first state."""

    async def build(engine: AsyncEngine) -> None:
        await migrate(engine, service.MIGRATIONS)
        await make_missing(engine, service.COPIES)

    return asyncio.run(databases.make_template("registry", [], build))


@pytest.fixture(scope="session")
def city_template(databases: Databases, registry_template: Template) -> Filled:
    """registry's database with the first board of the matrix in it."""

    async def fill(units: Units) -> UUID:
        return (await import_snapshot(units, first_board(), source="first", actor="importer")).board

    return asyncio.run(databases.fill(registry_template, "registry_city", FixedClock(MORNING), fill))


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> Template:
    """What a test's database is a copy of: whoever asks for the ``city`` finds it there."""
    template = "city_template" if "city" in request.fixturenames else "registry_template"
    found: Template = request.getfixturevalue(template)
    return found


@pytest.fixture
async def registry_database(databases: Databases, beginning: Template) -> AsyncIterator[Database]:
    """A database of this test's own."""
    async with databases.copy(beginning) as database:
        yield database


@pytest.fixture
async def units(registry_database: Database, clock: FixedClock) -> AsyncIterator[Units]:
    """registry's rows as its app role."""
    engine = make_engine(registry_database.app)
    yield Units(engine, clock)
    await engine.dispose()
