"""Commands that were answered long ago and lately: what a service does with them, seen as its app role sees it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from shared.database import Command, Scope, Units, make_engine
from shared.dates import FixedClock, SystemClock
from tests.support.databases import Database
from tests.support.waiting import eventually


async def answer_commands(database: Database, now: datetime, board: UUID) -> None:
    """Two commands of ``board``: one answered 31 days ago, one 29."""
    engine = make_engine(database.app, pool_size=1)
    for days in (31, 29):
        units = Units(engine, FixedClock(now - timedelta(days=days)))
        async with units.work(Scope(board), actor="somebody", command=Command("somebody", uuid4(), "hash")):
            pass
    await engine.dispose()


async def answers_left(database: Database, board: UUID, count: int) -> None:
    """Wait until so many answers of ``board`` are left."""
    engine = make_engine(database.app, pool_size=1)
    units = Units(engine, SystemClock())

    async def left() -> bool:
        async with units.read(Scope(board)) as session:
            return bool(await session.scalar(text("select count(*) from log.command_done")) == count)

    await eventually(left)
    await engine.dispose()
