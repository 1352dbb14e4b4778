"""What guardians have chosen: table and queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import Work


@dataclass(frozen=True)
class Choice:
    """A language, and whether readings stand over 漢字."""

    language: str
    furigana: bool


async def chosen(session: AsyncSession, board: UUID, person: UUID) -> Choice | None:
    """What somebody has chosen, if anything."""
    found = await session.execute(
        text("select language, furigana from account_language where board_id = :board and person = :person"),
        {"board": board, "person": person},
    )
    row = found.one_or_none()
    return None if row is None else Choice(row.language, row.furigana)


async def choose(work: Work, person: UUID, choice: Choice, now: datetime) -> None:
    """The later choice stands. ``now`` is real time."""
    await work.session.execute(
        text(
            "insert into account_language (board_id, person, language, furigana, chosen_at)"
            " values (:board, :person, :language, :furigana, :now)"
            " on conflict (board_id, person) do update"
            " set language = excluded.language, furigana = excluded.furigana, chosen_at = excluded.chosen_at"
        ),
        {
            "board": work.scope.board,
            "person": person,
            "language": choice.language,
            "furigana": choice.furigana,
            "now": now,
        },
    )
