"""What the school has answered to notices: rows of its own, never changed, gone with the notice."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import Statement, Work

_SAVE = Statement(
    "insert into notice_reply (id, board_id, notice_id, revision, words, said_at, said_by)"
    " values (:id, :board, :notice, :revision, :words, :at, :by)"
)
_OF = Statement(
    "select r.notice_id, r.revision, r.words, r.said_at, r.said_by from notice_reply r"
    " where r.board_id = :board and r.notice_id = any (cast(:notices as uuid[])) order by r.said_at, r.id"
)


@dataclass(frozen=True)
class Reply:
    """What the school has answered to a revision of a notice."""

    notice: UUID
    revision: int
    words: str
    at: datetime
    by: UUID


async def save(work: Work, id: UUID, reply: Reply) -> None:
    """Keep an answer."""
    await _SAVE.all(
        work.session,
        {
            "id": id,
            "board": work.scope.board,
            "notice": reply.notice,
            "revision": reply.revision,
            "words": reply.words,
            "at": reply.at,
            "by": reply.by,
        },
    )


async def of(session: AsyncSession, board: UUID, notices: Collection[UUID]) -> list[Reply]:
    """The answers to these notices, in their order."""
    if not notices:
        return []
    rows = await _OF.all(session, {"board": board, "notices": sorted(notices)})
    return [
        Reply(row["notice_id"], row["revision"], row["words"], row["said_at"], row["said_by"]) for row in rows
    ]
