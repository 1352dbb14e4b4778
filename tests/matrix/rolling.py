"""年度更新 on its way: what stands of it in the world that everything here asks."""

from __future__ import annotations

from uuid import UUID

from services.registry.rollover import looks, run_store
from services.registry.rollover.rules import Year
from shared.database import Scope, Units
from shared.ids import new_id
from tests.support.boards import TODAY

YEAR = TODAY.year + 1
SCHOOL = "第一小学校"
RUN = 1
"""A run of the first board that changed nothing and is about to be taken back."""


async def roll_some(units: Units, board: UUID, by: UUID) -> None:
    """A dry run that somebody has confirmed, and a run: whatever is said of them once more changes nothing."""
    async with units.work(Scope(board), actor="test") as work:
        await looks.anew(work, YEAR, by, "職員")
        look = await looks.open_look(work.session, board, YEAR)
        assert look is not None
        found = {"schools": [{"name": SCHOOL}], "surprises": []}
        assert await looks.become(work, look, "beginning", found=found, preview="seen")
        run = new_id()
        assert await run_store.begin(work, run, Year(YEAR), "職員", {}, []) == RUN
        await run_store.run_is(work, run, "done")
        assert await looks.wish(work, RUN, "revert", "職員")
