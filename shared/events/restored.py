"""What follows a restore of a publisher's log: its new epoch, and how its consumers go on.

A restored log has lost its end; its positions and versions will be given again, to other facts. A reaction takes what
is new and nothing again. A copy must end equal to what the log tells, so it is built anew: rows that only the lost end
had put there would otherwise stay for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from shared.database import Units
from shared.events import intake, shapes
from shared.events.copies import GIVEN_UP, Copy
from shared.events.epochs import Epochs, accept_epoch
from shared.events.feed import Feed
from shared.events.rebuild import Rebuilt, Tell, rebuild


async def begin(owner: AsyncEngine, known: int) -> int:
    """Begin a new epoch of a log that was just restored; ``known``: the highest that anybody has seen of it."""
    async with owner.begin() as connection:
        epoch = await connection.scalar(text("select log.begin_epoch(:known)"), {"known": known})
        await connection.execute(text("select pg_notify('log', '')"))
        return int(epoch or 0)


async def highest_known(session: AsyncSession, publisher: str) -> int:
    """The highest epoch of ``publisher`` that consumers in this database have seen; 0: none reads it."""
    known = await session.scalar(
        text("select max(epoch) from feed.checkpoint where publisher = :publisher"), {"publisher": publisher}
    )
    return int(known or 0)


async def epochs(session: AsyncSession) -> Epochs:
    """Those that the log of this database came through."""
    rows = await session.execute(text("select epoch, began from log.epoch"))
    return {row.epoch: row.began for row in rows}


async def accept_in_reaction(units: Units, name: str, publisher: str, epochs: Epochs) -> bool:
    """Let a reaction go on. False: it has never read this log."""
    async with units.maintain() as session:
        return await accept_epoch(session, name, publisher, epochs, again=False)


async def accept_in_copy(
    service: str,
    copy: Copy,
    logs: Mapping[str, Epochs],
    units: Units,
    make_feed: Callable[[str, Sequence[str]], Feed],
    owner: AsyncEngine,
    *,
    tell: Tell = lambda _: None,
) -> Rebuilt | None:
    """Let a copy go on with the present logs of all it reads: it is built anew and swapped. None: no need.

    Wherever this is cut off, its worker stands still until this, or the deploying step, has come to its end.
    """
    async with units.maintain() as session:
        stood = {publisher: (await intake.load(session, copy.name, publisher)).epoch for publisher in logs}
        stands = await shapes.standing(session, copy.name)
    restored = [name for name, epoch in stood.items() if epoch not in (None, max(logs[name]))]
    if not restored and (stands is None or stands.shape != GIVEN_UP):
        return None
    await shapes.give_up(owner, copy)
    async with units.maintain() as session:
        for publisher in restored:
            await accept_epoch(session, copy.name, publisher, logs[publisher], again=True)
    return await rebuild(service, copy, units, make_feed, owner, swap=True, anyway=True, tell=tell)
