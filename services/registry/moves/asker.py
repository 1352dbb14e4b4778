"""Who asks about moves, and what they may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance import store as attendance
from services.registry.attendance.shapes import PersonOut
from services.registry.moves import around, looking, store
from services.registry.moves.shapes import FoundPupil, UnitOut
from services.registry.moves.store import Move
from services.registry.people import store as people
from services.registry.people.access import Offices, keeps_roster
from services.registry.room import Registry, registry
from services.registry.roster import offices
from services.registry.roster.grades import grade_in_words
from shared.access.principal import Holder, Principal
from shared.database import Scope
from shared.database.units import narrow
from shared.web import current, not_found

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]


@dataclass(frozen=True)
class Asker:
    """Who asks, with the duties of today."""

    room: Registry
    holder: Holder
    offices: Offices

    @property
    def board(self) -> UUID:
        return self.holder.principal.board

    @property
    def person(self) -> UUID:
        person = self.holder.principal.person
        if person is None:
            raise not_found()
        return person

    @property
    def whole_board(self) -> bool:
        """Whether moves of every school are theirs."""
        return keeps_roster(self.holder, self.offices)

    @property
    def live(self) -> list[str]:
        """What pages of moves follow."""
        asked = looking.asking(self.holder, self.offices)
        return offices.live(self.board, asked.schools, whole_board=asked.whole_board)

    def resource_of(self, move: Move) -> dict[str, object]:
        return looking.resource_of(self.board, self.offices, move)

    def may(self, action: str, asked: dict[str, object]) -> bool:
        return self.room.policies.allows(self.holder, action, asked)


async def asker_of(room: Registry, session: AsyncSession, who: Principal) -> Asker:
    """Who asks; from here on the transaction sees the schools where that person has a duty (学務課: all)."""
    holder, _, offices = await people.asking(session, who, room.clock.today())
    asker = Asker(room, holder, offices)
    await narrow(session, Scope(who.board, None if asker.whole_board else holder.schools()))
    return asker


async def widen(session: AsyncSession, asker: Asker) -> None:
    """A move writes at two schools: once the asker may, the transaction works in all of the board's."""
    await narrow(session, Scope(asker.board))


async def strong_enough(room: Registry, session: AsyncSession, who: Principal) -> None:
    setting = await attendance.step_up_setting(session, who.board, room.clock.today())
    room.strong_enough(who, setting)


async def see(session: AsyncSession, asker: Asker, move: UUID) -> Move:
    """The move if the asker may see it; otherwise it does not exist."""
    found = await store.move(session, asker.board, move, asker.room.clock.today())
    if found is None or not asker.may("ReadMove", asker.resource_of(found)):
        raise not_found()
    return found


async def shown_pupils(
    session: AsyncSession, asker: Asker, pupils: list[UUID], today: date
) -> list[FoundPupil]:
    """Those of the pupils whom the asker may move, as a list shows them."""
    out = []
    for here in await around.places(session, asker.board, pupils, today, today):
        asked = looking.resource(
            asker.board, asker.offices, [here.school], [], here.protected, here.confidential_from
        )
        if asker.may("MakeMove", asked):
            out.append(
                FoundPupil(
                    pupil=PersonOut.of(here.pupil, here.name),
                    school=UnitOut(id=here.school, name=here.school_name),
                    class_name=here.class_name,
                    number=here.number,
                    grade=here.grade,
                    grade_word=grade_in_words(here.grade),
                )
            )
    return out
