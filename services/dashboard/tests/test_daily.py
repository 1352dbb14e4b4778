"""What a new day brings to dashboard."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from services.dashboard.tests.origin import Origin
from services.dashboard.tests.publishers import Publisher
from shared.dates import FixedClock
from tests.support.answers import answer_commands, answers_left
from tests.support.databases import Database


async def test_answers_past_their_time_are_forgotten(
    database: Database,
    registry: Publisher,
    identity: Publisher,
    clock: FixedClock,
    board: UUID,
    tmp_path: Path,
) -> None:
    await answer_commands(database, clock.now(), board)
    origin = Origin(database, {"registry": registry, "identity": identity}, clock, tmp_path)
    async with origin.running():
        await answers_left(database, board, 1)
