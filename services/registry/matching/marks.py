"""A new card that may be a protected child's has that child's mark from its first moment (docs/decisions/0011).

One rule for every way in: a 転入 by hand, a 学齢簿, a roster of another system. The cards are those of which somebody
will be asked whether they are one child's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.matching.rules import Reason
from services.registry.roster.rows import GuardianshipIs

Alike = tuple[UUID, UUID, tuple[Reason, ...]]
"""Two cards that may be of one child, and why."""

_MARKED = text(
    "select subject_id, confidential_from from protection_period where board_id = :board and voided_at is null"
    " and subject_id = any(cast(:people as uuid[])) and coalesce(upper(valid), 'infinity') > cast(:today as date)"
)


async def kept_from(
    session: AsyncSession, board: UUID, ids: Collection[UUID], today: object
) -> dict[UUID, set[UUID]]:
    """Those of these cards that have a mark now or later → whom they are kept from."""
    found: dict[UUID, set[UUID]] = {}
    values = {"board": board, "people": sorted(ids), "today": today}
    for row in await session.execute(_MARKED, values):
        found.setdefault(row.subject_id, set()).update(row.confidential_from)
    return found


def inherited(
    alike: Iterable[Alike], new: Collection[UUID], marks: Mapping[UUID, Collection[UUID]]
) -> dict[UUID, set[UUID]]:
    """New cards that may be a protected child's → whom they are to be kept from. ``marks``: as :func:`kept_from`."""
    found: dict[UUID, set[UUID]] = {}
    for one, other, _ in alike:
        for mine, theirs in ((one, other), (other, one)):
            if mine in new and theirs in marks:
                found.setdefault(mine, set()).update(marks[theirs])
    return found


def without_rights(tie: GuardianshipIs) -> GuardianshipIs:
    """A guardian of a protected child may be the one it is kept from: rights are given by a named officer's hand."""
    return tie._replace(may_notify=False, may_read=False, may_contact=False)
