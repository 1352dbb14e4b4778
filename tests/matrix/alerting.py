"""The rules of 気がかりな欠席 in the world: the board's office keeps them, and has begun to try a draft."""

from __future__ import annotations

from uuid import UUID

from services.dashboard.alert_rules import store
from services.dashboard.alerts.rules import DEFAULT
from services.dashboard.room import Dashboard
from shared.database import Scope
from shared.ids import time_ordered_id
from tests.matrix.world import World
from tests.support.boards import TODAY


async def try_some(world: World) -> dict[str, UUID]:
    """Both boards' 学務課 keeps the rules; the first has a version to come and a trial that has counted nothing yet."""
    room: Dashboard = world.apps["dashboard"].state.dashboard
    for board in (world.first, world.second):
        async with room.units.work(Scope(board.id), actor="test") as work:
            await store.say(
                work.session,
                id=time_ordered_id(work.at),
                board=board.id,
                name="office",
                since=TODAY,
                value=["gakumu"],
                reason="学務課が受け持つ",
                tried=None,
                by=None,
                at=work.at,
            )
    async with room.units.work(Scope(world.first.id), actor="test") as work:
        trial = time_ordered_id(work.at)
        await store.say(
            work.session,
            id=time_ordered_id(work.at),
            board=world.first.id,
            name="rules",
            since=TODAY.replace(year=TODAY.year + 1),
            value=[],
            reason="来年の見直し",
            tried=trial,
            by=world.first.ids["board_staff"],
            at=work.at,
        )
        await store.begin(
            work.session,
            id=trial,
            board=world.first.id,
            rules=(),
            beside=DEFAULT,
            months=[TODAY.replace(day=1)],
            until=TODAY,
            revision="1-0",
            by=world.first.ids["board_staff"],
            at=work.at,
        )
    return {"trial": trial}
