"""identity over real databases: registry's log on one side, its own rows on the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.identity import service
from services.identity.tests.town import Identity, Town, build_log
from shared.database.migrate import migrate
from shared.dates import FixedClock
from tests.support.databases import Databases, Template


@pytest.fixture(scope="session")
def identity_template(databases: Databases) -> Template:
    """identity's database in its first state."""

    async def build(engine: AsyncEngine) -> None:
        await migrate(engine, service.MIGRATIONS)

    return asyncio.run(databases.make_template("identity", ["identity"], build))


@pytest.fixture(scope="session")
def school_log_template(databases: Databases, identity_template: Template) -> Template:
    """A log that identity may read, empty. It needs identity's roles."""
    return asyncio.run(databases.make_template("school_log", ["identity"], build_log))


@pytest.fixture(scope="session")
def identity_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the signing key is; one for the run, because making one takes a while."""
    return tmp_path_factory.mktemp("identity")


@pytest.fixture
async def identity(
    databases: Databases,
    identity_template: Template,
    school_log_template: Template,
    clock: FixedClock,
    board: UUID,
    identity_state: Path,
) -> AsyncIterator[Identity]:
    """identity, empty."""
    async with databases.copy(identity_template) as own, databases.copy(school_log_template) as log:
        made = Identity(own, log, clock, board, identity_state)
        try:
            yield made
        finally:
            await made.close()


@pytest.fixture
async def town(identity: Identity) -> Town:
    """A small town, arrived at identity."""
    made = Town(identity.board)
    await identity.say(*made.facts())
    await identity.catch_up()
    return made
