"""Printed files of a school's 出席簿 in the world of the matrix."""

from __future__ import annotations

from uuid import UUID

from services.registry.bundles import store
from services.registry.bundles.store import Bundle
from shared.database import Scope, Units
from shared.ids import new_id
from tests.support.boards import TODAY

CONTENT = b"%PDF-"


async def bundle_some(units: Units, board: UUID, school: UUID, by: UUID) -> dict[str, UUID]:
    """One that is fetched, and one that is removed again and again."""
    ids = {word: new_id() for word in ("bundle", "bundle_gone")}
    async with units.work(Scope(board), actor="test") as work:
        for id_ in ids.values():
            asked = Bundle(
                id_, board, school, by, TODAY.replace(day=1), "a4", "writing", work.at, None, 0, 0, None
            )
            await store.make(work, asked)
            await store.ready(work, asked, CONTENT, 1)
    return ids
