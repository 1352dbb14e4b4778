"""Wrong codes are counted, by address and altogether, in windows of real time.

An attempt is counted before its code is looked up and forgiven when the code was good: whoever sends many at once is
counted for all of them. The rows stand under no board, because a wrong code is of none.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text

from services.identity.invitations.rules import WINDOW, WRONG_FROM_ONE, WRONG_IN_ALL
from services.identity.tables import NOWHERE
from shared.access.principal import NO_BOARD
from shared.database import Units

EVERYBODY = "*"

_COUNT = text(
    "insert into code_attempt as a (board_id, who, since, wrong) values (:board, :who, :since, 1)"
    " on conflict (who, since) do update set wrong = a.wrong + 1 returning wrong"
)
_FORGIVE = text("update code_attempt set wrong = wrong - 1 where who = any (:who) and since = :since")


def window(now: datetime) -> datetime:
    """When the window of ``now`` began."""
    seconds = WINDOW.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)


async def admitted(units: Units, address: str, now: datetime) -> bool:
    """Count an attempt from ``address`` (hashed), and say whether its code may be looked up."""
    allowed = True
    async with units.work(NOWHERE, actor="issuer") as work:
        # Always in this order: two attempts at once wait for one another and for nobody else.
        for who, most in ((address, WRONG_FROM_ONE), (EVERYBODY, WRONG_IN_ALL)):
            if allowed:
                given = {"board": NO_BOARD, "who": who, "since": window(now)}
                # One address that tries on and on does not use up what there is for all.
                allowed = int(await work.session.scalar(_COUNT, given) or 0) <= most
    return allowed


async def forgive(units: Units, address: str, now: datetime) -> None:
    """The attempt was somebody's own code."""
    async with units.work(NOWHERE, actor="issuer") as work:
        await work.session.execute(_FORGIVE, {"who": sorted([address, EVERYBODY]), "since": window(now)})


async def forget_windows(units: Units, before: datetime) -> None:
    """Delete windows that are over; as the feed role."""
    async with units.maintain() as session:
        await session.execute(text("delete from code_attempt where since < :before"), {"before": before})
