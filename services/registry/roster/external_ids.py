"""Names by which sources know our boards, people and organisations, and the ids that are ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.roster.snapshot import ExternalKey
from shared.database import Scope, Units, Work

BOARD = "board"
"""Kind of an external id that names a board: the only rows seen before a board is known."""

_LOCK_IMPORT = text("select pg_advisory_xact_lock(7480, hashtext(:source))")
_BOARD_OF = text(
    "select board_id from external_id where source = :source and kind = :kind and sourced_id = :sourced_id"
)
_IS_BOARD = text("select board_id from external_id where kind = :kind and board_id = :own limit 1")
_BOARDS = text("select distinct board_id from external_id where kind = :kind order by board_id")
_KNOWN = text("select kind, sourced_id, id from external_id where board_id = :board and source = :source")
_REMEMBER = text(
    "insert into external_id (board_id, source, kind, sourced_id, id)"
    " select :board, :source, * from unnest(cast(:kinds as text[]), cast(:sourced as text[]), cast(:ids as uuid[]))"
)


async def lock_import(session: AsyncSession, source: str) -> None:
    """Imports of one source stand in line, so that no board and no person is minted twice."""
    await session.execute(_LOCK_IMPORT, {"source": source})


async def board_of(session: AsyncSession, source: str, sourced_id: str) -> UUID | None:
    """The board a source's district is, in whatever tenant's context; one that is named by our own id is itself."""
    row = await session.execute(_BOARD_OF, {"source": source, "kind": BOARD, "sourced_id": sourced_id})
    found: UUID | None = row.scalar_one_or_none()
    own = as_own(sourced_id)
    if found is None and own is not None:
        found = await session.scalar(_IS_BOARD, {"kind": BOARD, "own": own})
    return found


async def boards(units: Units) -> list[UUID]:
    """All boards of the deployment."""
    async with units.read(Scope(UUID(int=0))) as session:
        rows = await session.scalars(_BOARDS, {"kind": BOARD})
        return list(rows)


async def known_ids(session: AsyncSession, board: UUID, source: str) -> dict[ExternalKey, UUID]:
    """Our ids of what a source has named before."""
    rows = await session.execute(_KNOWN, {"board": board, "source": source})
    return {ExternalKey(row.kind, row.sourced_id): row.id for row in rows if row.kind != BOARD}


_OWN = {
    "person": text("select id from person where board_id = :board and id = any(cast(:ids as uuid[]))"),
    "organisation": text(
        "select id from organisation where board_id = :board and id = any(cast(:ids as uuid[]))"
    ),
}


async def own_ids(
    session: AsyncSession, board: UUID, keys: Collection[ExternalKey]
) -> dict[ExternalKey, UUID]:
    """What was entered here leaves under its own id (docs/export.md), and is known by it when it comes back."""
    asked: dict[str, dict[UUID, ExternalKey]] = {kind: {} for kind in _OWN}
    for key in keys:
        own = as_own(key.sourced_id)
        if own is not None:
            asked["person" if key.kind == "person" else "organisation"][own] = key
    found: dict[ExternalKey, UUID] = {}
    for kind, by_id in asked.items():
        if by_id:
            rows = await session.scalars(_OWN[kind], {"board": board, "ids": list(by_id)})
            found |= {by_id[own]: own for own in rows}
    return found


def as_own(sourced_id: str) -> UUID | None:
    """The id that a sourcedId spells, if it is spelt exactly as we spell ids."""
    if len(sourced_id) != 36:  # of nearly every id of a city
        return None
    try:
        own = UUID(sourced_id)
    except ValueError:
        return None
    return own if str(own) == sourced_id else None


async def remember_ids(work: Work, source: str, ids: Mapping[ExternalKey, UUID]) -> None:
    """Keep ids minted for a source's new things."""
    if ids:
        values = {
            "board": work.scope.board,
            "source": source,
            "kinds": [key.kind for key in ids],
            "sourced": [key.sourced_id for key in ids],
            "ids": list(ids.values()),
        }
        await work.session.execute(_REMEMBER, values)


async def remember_board(work: Work, source: str, sourced_id: str) -> None:
    """Keep which board a source's district is, for whoever does not know its tenant yet."""
    values = {"board": work.scope.board, "source": source, "kinds": [BOARD], "sourced": [sourced_id]}
    await work.session.execute(_REMEMBER, {**values, "ids": [work.scope.board]})
