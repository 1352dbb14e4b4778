"""A person was erased: their codes go, and those for their children."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import text

from shared.contracts import Topic
from shared.contracts.registry import ERASURE, PersonErased
from shared.database import Work
from shared.events.intake import Arrived
from shared.events.reactions import Reaction

_ERASE = text("select erase_people(:board, cast(:people as uuid[]))")


class Forget(Reaction):
    """Takes away the codes of whoever registry has erased, and for whichever child."""

    name: ClassVar[str] = "forget"
    topics: ClassVar[tuple[Topic, ...]] = (ERASURE,)
    only_takes_away: ClassVar[bool] = True

    async def react(self, work: Work, arrived: Sequence[Arrived]) -> None:
        people = [one.payload.person for one in arrived if isinstance(one.payload, PersonErased)]
        if people:
            await work.session.execute(_ERASE, {"board": work.scope.board, "people": people})
