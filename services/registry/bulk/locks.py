"""One process at a time works on a thing; one that is killed leaves no lock."""

from __future__ import annotations

from enum import IntEnum
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


class Of(IntEnum):
    """Classes of advisory locks of registry's database."""

    IMPORT = 7482
    UPLOAD = 7483
    LOOK = 7485
    EXPORT = 7486
    ROLLOVER = 7487
    BUNDLE = 7488


_ALONE = text("select pg_try_advisory_xact_lock(:of, hashtext(cast(:what as text)))")
_AT_WORK = text(
    "select exists (select from pg_locks where locktype = 'advisory' and objsubid = 2 and granted"
    " and database = (select oid from pg_database where datname = current_database())"
    " and classid = cast(cast(:of as integer) as oid)"
    " and objid = cast(cast(hashtext(cast(:what as text)) as bigint) & 4294967295 as oid))"
)


async def alone(session: AsyncSession, of: Of, what: UUID) -> bool:
    """Whether no other process works on it; takes the lock until the session's transaction ends."""
    return bool(await session.scalar(_ALONE, {"of": of.value, "what": str(what)}))


async def at_work(session: AsyncSession, of: Of, what: UUID) -> bool:
    """Whether a process works on it. Asking takes no lock: nobody who begins finds us in the way."""
    return bool(await session.scalar(_AT_WORK, {"of": of.value, "what": str(what)}))
