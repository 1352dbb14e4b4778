"""Pages of offices are live: what tells them that their paperwork changed, and what they follow."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from shared.contracts.registry import OfficeChanged
from shared.database import Work


def tell(work: Work, *organisations: UUID | None) -> int:
    """Tell whoever has a page of these schools' or this board's office open that it is other than before; once.

    Returns how many events tell of it.
    """
    told = 0
    for each in organisations:
        if each is not None and not work.tells(OfficeChanged, key=each):
            work.publish(OfficeChanged(organisation=each), key=each)
            told += 1
    return told


def live(board: UUID, schools: Collection[UUID], *, whole_board: bool) -> list[str]:
    """Keys of the live stream for a page of these schools' offices; of the board's own, which hears of all."""
    return [f"office:{each}" for each in ([board] if whole_board else sorted(schools))]
