"""What no event says: a duty begins or ends with the day.

A reconciler without input: after it has run, accounts equal the hats of today.
"""

from __future__ import annotations

from services.identity.accounts.store import boards_with_hats, settle_all
from shared.database import Scope, Units
from shared.dates import business_date


async def reconcile(units: Units) -> int:
    """Settle the accounts of every board for today. ``units`` works as the feed role. Returns how many changed."""
    async with units.maintain() as session:
        boards = await boards_with_hats(session)
    changed = 0
    for board in boards:
        async with units.work(Scope(board), actor="reconciler:accounts") as work:
            changed += await settle_all(work, business_date(work.at))
    return changed
