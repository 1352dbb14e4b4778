"""Reads what an import left: the log and the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared.database import Scope, Units, make_engine
from tests.support.databases import Database


async def log_of(database: Database, after: int = 0) -> list[Any]:
    """The log as the feed role reads it."""
    engine = make_engine(database.feed, pool_size=1)
    try:
        async with engine.connect() as connection:
            rows = await connection.execute(
                text(
                    "select position, topic, key, payload from log.log_state where position > :after order by 1"
                ),
                {"after": after},
            )
            return list(rows)
    finally:
        await engine.dispose()


async def offices_told(database: Database, after: int = 0) -> tuple[set[UUID], int]:
    """Whose office pages were told that they are other than before, and up to where that was read."""
    log = await log_of(database, after)
    told = {UUID(row.key) for row in log if row.topic == "registry.office"}
    return told, max((row.position for row in log), default=after)


async def acts_of(database: Database) -> list[tuple[str, str, str]]:
    """Who did what, from the access log."""
    engine = make_engine(database.feed, pool_size=1)
    try:
        async with engine.connect() as connection:
            found = await connection.execute(
                text("select principal, action, importance from access.entry order by at, action")
            )
            return [tuple(row) for row in found]
    finally:
        await engine.dispose()


async def rows(units: Units, board: UUID, statement: str, **values: Any) -> Sequence[Any]:
    """Rows of a board."""
    async with units.read(Scope(board)) as session:
        return (await session.execute(text(statement), values)).all()


async def id_of(units: Units, board: UUID, sourced_id: str) -> UUID:
    """Our id of a thing of the small package."""
    found = await rows(
        units, board, "select id from external_id where sourced_id = :s and kind <> 'board'", s=sourced_id
    )
    return UUID(str(found[0].id))


async def periods(units: Units, board: UUID, table: str, subject: str, columns: str) -> list[tuple[Any, ...]]:
    """Standing periods of somebody: first day, day after the last, columns."""
    found = await rows(
        units,
        board,
        f"select lower(valid), upper(valid), {columns} from {table} where subject_id = :id and voided_at is null"
        " order by 1, 2",
        id=await id_of(units, board, subject),
    )
    return [tuple(row) for row in found]
