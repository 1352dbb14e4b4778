"""All dated settings of a board travel as one event: one way to say them, whoever changes one."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from services.registry.roster import published, store
from shared.database import Work
from shared.database.units import MAX_PAYLOAD_BYTES

Dated = tuple[str, date, Any]
"""A setting's name, the day from which it holds, its value."""
GROWN = "この市の設定が、全部で大きくなりすぎます"
SHRINK = "使っていない年の教科書か、冊数を減らしてください"


class TooLarge(Exception):
    """All settings of the board together no longer travel as one event. The message says what to do, in Japanese."""

    def __init__(self) -> None:
        super().__init__(f"{GROWN}。{SHRINK}。")


def travel(board: UUID, settings: list[Dated]) -> bool:
    """Whether these settings of a board travel as one event."""
    event = published.setting_changed(board, settings)
    return len(event.model_dump_json().encode()) <= MAX_PAYLOAD_BYTES


async def publish(work: Work) -> None:
    """Tell every setting of the board, as they stand. Raises :class:`TooLarge`.

    Only under the roster's lock: of two who tell them side by side each would tell them without the other's.
    """
    board = work.scope.board
    settings = await store.settings(work.session, board)
    if not travel(board, settings):
        raise TooLarge
    work.publish(published.setting_changed(board, settings), key=board)
