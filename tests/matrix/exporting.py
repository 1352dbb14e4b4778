"""Rosters on their way out: what stands of them in the world that everything here asks."""

from __future__ import annotations

import hashlib
from uuid import UUID

from services.registry.exports import packages
from services.registry.exports.exporting import Exported
from services.registry.exports.packages import Asked
from shared.database import Scope, Units
from shared.ids import new_id
from tests.support.boards import TODAY

TICKET = "seen"
"""Fetches the package ``export``, as long as the clock stands."""
CONTENT = b"PK"
WORDS = ("export", "export_asked", "export_gone")
"""A package that is fetched, one of which a ticket is asked, and one that is removed again and again."""


async def export_some(units: Units, board: UUID, by: UUID) -> dict[str, UUID]:
    """Packages of somebody of the office."""
    ids = {word: new_id() for word in WORDS}
    async with units.work(Scope(board), actor="test") as work:
        asked = Asked(as_of=TODAY)
        for id_ in ids.values():
            await packages.make(work, id_, by, "職員", "ためし", asked)
            await packages.keep_block(work, id_, 0, CONTENT)
            done = Exported(asked.frame(board, work.at, by), {}, 1)
            await packages.ready(work, id_, done, len(CONTENT))
        await packages.say_ticket(work, ids["export"], hashlib.sha256(TICKET.encode()).hexdigest())
    return ids
