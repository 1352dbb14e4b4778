"""Who may export: the policy's decision for whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.people import store as people
from services.registry.people.access import Offices
from services.registry.room import Registry
from shared.access.principal import Holder, Principal, entity, ref, refs
from shared.access.step_up import ActionClass, StepUp, step_up_needed
from shared.web import denied, not_found


@dataclass(frozen=True)
class Asker:
    """Somebody who asks about exports."""

    room: Registry
    holder: Holder
    offices: Offices
    step_up: StepUp

    def may(self, action: Literal["ExportRoster", "ExportProtected"]) -> bool:
        """Whether the policy lets them."""
        board = self.holder.principal.board
        asked = entity(
            "RosterPackage",
            board,
            board=ref("Board", board),
            offices=refs("Unit", self.offices.departments),
            named=refs("Person", self.offices.named),
        )
        return self.room.policies.allows(self.holder, action, asked)

    def see(self) -> None:
        """Raise unless they may export at all: for others there are no exports."""
        if not self.may("ExportRoster"):
            raise not_found()

    def need_now(self, *, protected: bool) -> None:
        """Raise unless they may have such an export."""
        self.see()
        if protected and not self.may("ExportProtected"):
            raise denied("支援措置の対象の子を入れて書き出せるのは、指名された職員だけです。")

    def need(self, *, protected: bool) -> None:
        """Raise unless they may, and have proved who they are just now."""
        self.need_now(protected=protected)
        self.strong_enough("export")

    def strong_enough(self, action: ActionClass = "ordinary") -> None:
        """Raise when the sign-in is too weak, or too old; asked last."""
        self.room.strong_enough(self.holder.principal, self.step_up, action)

    @property
    def fresh(self) -> bool:
        """Whether an export would not ask them who they are."""
        return not step_up_needed("export", self.holder.principal, self.step_up, self.room.real.now())

    @property
    def person(self) -> UUID:
        """Whose hand it is: over the web it is always somebody's."""
        if self.holder.principal.person is None:
            raise denied("人のアカウントで書き出してください。")
        return self.holder.principal.person


async def asker(room: Registry, session: AsyncSession, who: Principal) -> Asker:
    """Who asks."""
    holder, step_up, offices = await people.asking(session, who, room.clock.today())
    return Asker(room, holder, offices, step_up)
