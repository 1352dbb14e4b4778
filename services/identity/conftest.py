"""identity over real databases: registry's log on one side, its own rows on the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.identity import service
from services.identity.issuer.tests.browser import Browser
from services.identity.tests.town import Identity, Town, build_log, running
from shared.database.migrate import migrate
from shared.database.roles import make_database
from shared.dates import TOKYO, FixedClock
from shared.events.shapes import make_missing
from tests.support.databases import Database, Databases, Template


@dataclass(frozen=True)
class Filled:
    """The databases of identity and of registry's log, and what is in them."""

    own: Template
    log: Template
    town: Town | None = None


@pytest.fixture(scope="session")
def identity_templates(databases: Databases) -> Filled:
    """Both databases in their first state. Only identity reads the log."""

    async def build(engine: AsyncEngine) -> None:
        await migrate(engine, service.MIGRATIONS)
        await make_missing(engine, service.COPIES)

    own = asyncio.run(databases.make_template("identity", [], build))
    return Filled(own, asyncio.run(databases.make_template("school_log", ["identity"], build_log)))


@pytest.fixture(scope="session")
def identity_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the signing key is; one for the run, because making one takes a while."""
    return tmp_path_factory.mktemp("identity")


@pytest.fixture(scope="session")
def town_templates(databases: Databases, identity_templates: Filled, identity_state: Path) -> Filled:
    """The same, after a small town has arrived; filled once a run."""

    async def fill() -> Filled:
        full = [
            replace(empty, name=f"{empty.service}_town")
            for empty in (identity_templates.own, identity_templates.log)
        ]
        for to, template in zip(full, (identity_templates.own, identity_templates.log), strict=True):
            await make_database(
                databases.server, to.service, to.readers, database=to.name, template=template.name
            )
        own, log = (Database(databases.server, template.service, template.name) for template in full)
        clock = FixedClock(datetime(2026, 11, 20, 8, 30, tzinfo=TOKYO))
        town = Town(uuid4())
        made = Identity(own, log, clock, town.board, identity_state)
        try:
            await made.say(*town.facts())
            await made.catch_up()
        finally:
            await made.close()
        return Filled(full[0], full[1], town)

    return asyncio.run(fill())


@pytest.fixture
async def identity(
    request: pytest.FixtureRequest,
    databases: Databases,
    clock: FixedClock,
    board: UUID,
    identity_state: Path,
    identity_templates: Filled,
) -> AsyncIterator[Identity]:
    """identity: empty, or with a small town for whoever asks for ``town`` too."""
    # Whoever asks for town has it made before this runs; made from here it would find a loop at work.
    filled = identity_templates
    if "town" in request.fixturenames:
        filled = request.getfixturevalue("town_templates")
    async with databases.copy(filled.own) as own, databases.copy(filled.log) as log:
        made = Identity(own, log, clock, filled.town.board if filled.town else board, identity_state)
        try:
            yield made
        finally:
            await made.close()


@pytest.fixture
def town(identity: Identity, town_templates: Filled) -> Town:
    """A small town, arrived at identity."""
    assert town_templates.town is not None
    return town_templates.town


@pytest.fixture
async def browser(identity: Identity, town: Town) -> AsyncIterator[Browser]:
    """A browser in front of the running issuer, and the dashboard behind it."""
    async with running(identity) as app:
        made = Browser(app, town.board)
        try:
            yield made
        finally:
            await made.close()
