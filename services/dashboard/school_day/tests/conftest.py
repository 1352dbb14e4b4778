"""Somebody at work before a page of the day."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.town import TODAY, Town

DAY = TODAY.isoformat()


async def enter(
    origin: Origin, town: Town, *duties: tuple[str, UUID, UUID | None], **more: Any
) -> tuple[Browser, UUID]:
    """A staff member with these duties, signed in."""
    person = await town.staff("教員", *duties)
    return await origin.enter(person, board=town.board, **more), person


async def ready(origin: Origin, town: Town) -> None:
    """The board itself, and then wait until the copies have everything."""
    await town.the_board()
    await origin.caught_up()
