"""What stands beside notices on a list: the answers to them, what whoever told them was told, and how they can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.messaging.channels import store as channels
from services.messaging.channels.rules import Kind
from services.messaging.channels.store import Told
from services.messaging.notices import replies
from services.messaging.notices.replies import Reply
from services.messaging.notices.store import Shown


@dataclass(frozen=True)
class Beside:
    """What belongs to some notices."""

    replies: Sequence[Reply] = ()
    told: Sequence[Told] = ()
    reach: Mapping[UUID, tuple[Kind, ...]] = field(default_factory=dict)
    """By notice: the ways by which whoever told it can be told."""


async def beside(session: AsyncSession, board: UUID, found: Sequence[Shown], today: date) -> Beside:
    """What belongs to the notices ``found``."""
    ids = [each.standing.id for each in found]
    return Beside(
        await replies.of(session, board, ids),
        await channels.told(session, board, ids),
        await channels.reach(session, board, ids, today),
    )
