"""The service as a whole, started as in production."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from services.registry import service
from shared.database import Units
from shared.dates import FixedClock
from tests.support.answers import answer_commands, answers_left
from tests.support.at_work import settings_of
from tests.support.databases import Database
from tests.support.feeds import silent_feed
from tests.support.walls import functions_for_everybody


async def test_no_function_is_everybodys(units: Units) -> None:
    assert await functions_for_everybody(units.engine) == []


async def test_answers_past_their_time_are_forgotten(
    registry_database: Database, clock: FixedClock, board: UUID, tmp_path: Path
) -> None:
    await answer_commands(registry_database, clock.now(), board)
    app = service.build(settings_of("registry", registry_database, tmp_path), clock, silent_feed)
    async with app.router.lifespan_context(app):
        await answers_left(registry_database, board, 1)
