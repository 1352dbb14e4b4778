"""A backup of the toy service's own data, kept in its database, and what a restore from it brings back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from shared.database import connect
from tests.support.fixtures import Toy

_TABLES = ("log.log_state", "log.log_fact", "log.stream", "log.head", "log.epoch", "feed.relayed")
# Of things only its own: what a reaction has made of its events belongs to a consumer, which was not restored.
_OWN = "label <> 'echo'"


async def back_up(toy: Toy) -> None:
    """Keep the service's data as they are now; once in a test."""
    async with _owner(toy) as owner:
        await owner.execute("create schema backup")
        for table in _TABLES:
            await owner.execute(f"create table {_kept(table)} as table {table}")
        await owner.execute(f"create table backup.thing as select * from thing where {_OWN}")


async def restore(toy: Toy, *, begin: bool = True) -> int:
    """Bring the data back and ``begin`` a new epoch, as whoever restores a service must. Returns the epoch."""
    async with _owner(toy) as owner, owner.transaction():
        await owner.execute(f"delete from thing where {_OWN}; insert into thing select * from backup.thing")
        for table in _TABLES:
            await owner.execute(f"delete from {table}; insert into {table} select * from {_kept(table)}")
        await owner.execute("select setval('log.position', position) from log.head")
        known = await owner.fetchval("select max(epoch) from feed.checkpoint where publisher = 'toy'")
        epoch = await owner.fetchval("select log.begin_epoch($1)", known or 0) if begin else known
        await owner.execute("select pg_notify('log', '')")
    return int(epoch or 0)


def _kept(table: str) -> str:
    return f"backup.{table.replace('.', '_')}"


@asynccontextmanager
async def _owner(toy: Toy) -> AsyncIterator[asyncpg.Connection]:
    owner = await connect(toy.database.login("toy_owner"))
    try:
        yield owner
    finally:
        await owner.close()
