"""The tables of copies: made from the copy's code and made anew when it changes, never migrated (decisions/0008).

A copy says in SQL how its tables look (``Copy.shape``). Which shape stands in the database is kept beside them
(``feed.shape``), so that a worker never writes into tables that another version of its code has made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from shared.database.migrate import run_script
from shared.events.copies import GIVEN_UP, Copy
from shared.events.workers import LIVE

NEXT = "copy_next"
SUFFIX = "+next"


@dataclass(frozen=True)
class Standing:
    """What stands in the database of a copy."""

    shape: str
    tables: list[str]


_STANDS = text("select shape, tables from feed.shape where copy = :name")
_KEEP = text(
    "insert into feed.shape (copy, shape, tables) values (:name, :shape, :tables)"
    " on conflict (copy) do update set shape = excluded.shape, tables = excluded.tables"
)


async def standing(connection: AsyncConnection | AsyncSession, name: str) -> Standing | None:
    """What stands under ``name``; None: nothing was made."""
    row = (await connection.execute(_STANDS, {"name": name})).one_or_none()
    return None if row is None else Standing(row.shape, list(row.tables))


async def make(owner: AsyncEngine, copy: Copy, *, schema: str = LIVE, suffix: str = "") -> None:
    """Make a copy's tables, empty, as the owner role."""
    async with owner.begin() as connection:
        await connection.execute(text("select set_config('search_path', :schema, true)"), {"schema": schema})
        await connection.run_sync(run_script, copy.shape)
        kept = {"name": copy.name + suffix, "shape": copy.stamp(), "tables": list(copy.tables)}
        await connection.execute(_KEEP, kept)


async def give_up(owner: AsyncEngine, copy: Copy) -> None:
    """Say that a copy's rows are not to be gone on with: only a rebuilt one is taken into use again."""
    async with owner.begin() as connection:
        await connection.execute(
            text("update feed.shape set shape = :given_up where copy = :name"),
            {"given_up": GIVEN_UP, "name": copy.name},
        )


async def make_missing(owner: AsyncEngine, copies: Iterable[Copy]) -> list[Copy]:
    """Make the tables of copies that have none yet; the copies whose tables are of another shape than their code."""
    other = []
    for copy in copies:
        async with owner.connect() as connection:
            stands = await standing(connection, copy.name)
        if stands is None:
            await make(owner, copy)
        elif stands.shape != copy.stamp():
            other.append(copy)
    return other


async def clear(owner: AsyncEngine, copy: Copy) -> None:
    """Take away what was being built beside a copy."""
    next_one = {"name": copy.name + SUFFIX}
    async with owner.begin() as connection:
        stands = await standing(connection, next_one["name"])
        for table in stands.tables if stands else ():
            await connection.execute(text(f"drop table if exists {NEXT}.{table}"))
        for table in ("checkpoint", "parked", "shape"):
            statement = text(f"delete from feed.{table} where copy = :name")  # noqa: S608 (a name above)
            await connection.execute(statement, next_one)
