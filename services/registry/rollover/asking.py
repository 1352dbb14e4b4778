"""Who may see and apply 年度更新: the policy's decision for whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.people import store as people
from services.registry.people.access import Offices
from services.registry.room import Registry
from shared.access.principal import Holder, Principal, entity, ref, refs
from shared.access.step_up import StepUp
from shared.web import denied, not_found


@dataclass(frozen=True)
class Asker:
    """Somebody who asks about a new school year."""

    room: Registry
    holder: Holder
    offices: Offices
    step_up: StepUp

    def may(self, action: Literal["ReadRollover", "RollOver"]) -> bool:
        """Whether the policy lets them."""
        board, offices = ref("Board", self.holder.principal.board), refs("Unit", self.offices.departments)
        asked = entity("Rollover", "rollover", board=board, offices=offices)
        return self.room.policies.allows(self.holder, action, asked)

    def may_read_school(self, school: UUID) -> bool:
        """Whether they may see by name what becomes of a school's pupils."""
        board, offices = ref("Board", self.holder.principal.board), refs("Unit", self.offices.departments)
        asked = entity("SchoolRollover", school, board=board, school=ref("School", school), offices=offices)
        return self.room.policies.allows(self.holder, "ReadSchoolRollover", asked)

    def strong_enough(self) -> None:
        """Raise when the sign-in is too weak; asked last."""
        self.room.strong_enough(self.holder.principal, self.step_up)

    def need(self, action: Literal["ReadRollover", "RollOver"]) -> None:
        """Raise unless they may: what they may not see is not there, what they may only see is denied."""
        if not self.may("ReadRollover"):
            raise not_found()
        if not self.may(action):
            raise denied("年度更新を適用するのは、名簿を受け持つ課です。")
        self.strong_enough()

    @property
    def person(self) -> UUID:
        """Whose hand it is: over the web it is always somebody's."""
        if self.holder.principal.person is None:
            raise denied("人のアカウントで年度更新をしてください。")
        return self.holder.principal.person


async def asker(room: Registry, session: AsyncSession, who: Principal) -> Asker:
    """Who asks."""
    holder, step_up, offices = await people.asking(session, who, room.clock.today())
    return Asker(room, holder, offices, step_up)
