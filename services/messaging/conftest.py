"""messaging over real databases: registry's log on one side, its own rows on the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.messaging import service
from services.messaging.tests.town import Messaging, Town, build_log
from shared.database.migrate import migrate
from shared.dates import FixedClock
from shared.events.shapes import make_missing
from tests.support.at_work import at_work, settings_of
from tests.support.databases import Databases, Template
from tests.support.feeds import silent_feed


@pytest.fixture(scope="session")
def messaging_templates(databases: Databases) -> tuple[Template, Template]:
    """Both databases in their first state. Only messaging reads the log."""

    async def build(engine: AsyncEngine) -> None:
        await migrate(engine, service.MIGRATIONS)
        await make_missing(engine, service.COPIES)

    own = asyncio.run(databases.make_template("messaging", [], build))
    return own, asyncio.run(databases.make_template("roster_log", ["messaging"], build_log))


@pytest.fixture
async def messaging(
    databases: Databases,
    messaging_templates: tuple[Template, Template],
    clock: FixedClock,
    board: UUID,
    tmp_path: Path,
) -> AsyncIterator[Messaging]:
    """messaging at work, after a small town has arrived."""
    own, log = messaging_templates
    async with databases.copy(own) as database, databases.copy(log) as published:
        made = Messaging(database, published, clock, Town(board))
        try:
            await made.say(*made.town.facts())
            await made.catch_up()
            # A town for trying would keep mails by itself; each test says where they go.
            settings = replace(settings_of("messaging", database, tmp_path), edition="platform")
            app = service.build(settings, clock, silent_feed)
            async with at_work(app, "messaging", made.authority) as http:
                made.serve(http, app)
                yield made
        finally:
            await made.close()
