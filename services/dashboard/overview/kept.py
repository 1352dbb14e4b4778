"""What is usual is kept for a minute: it follows from days that are over, and pages are read at each change."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.overview.store import Levels, levels
from services.dashboard.overview.units import Unit

KEPT_SECONDS = 60.0
"""So late may a correction of a day that is over show in what is usual."""
_AT_MOST = 2_000

_Key = tuple[UUID, date, UUID | None, tuple[Unit, ...] | None]


class KeptLevels:
    """:func:`~services.dashboard.overview.store.levels`, asked of the database once a minute.

    What is kept is of a whole school or a whole board, for each choice of what may be told of it: whoever asks has been
    allowed to read just that.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: OrderedDict[_Key, tuple[float, Levels]] = OrderedDict()

    async def of(
        self,
        session: AsyncSession,
        board: UUID,
        day: date,
        *,
        school: UUID | None = None,
        units: tuple[Unit, ...] | None = None,
    ) -> Levels:
        """As ``levels``."""
        key, now = (board, day, school, units), self._now()
        kept = self._kept.get(key)
        if kept is not None and now - kept[0] < KEPT_SECONDS:
            return kept[1]
        found = await levels(session, board, day, school=school, units=units)
        self._kept[key] = now, found
        self._kept.move_to_end(key)
        while len(self._kept) > _AT_MOST:
            self._kept.popitem(last=False)
        return found
