"""What identity's own routes stand on: its rows, its clock, its policies, its access log, and who asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from fastapi import Request
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.identity.invitations.codes import Codes
from shared.access.log import AccessLog
from shared.access.policies import Policies
from shared.access.principal import HeldDuty, Holder, Principal
from shared.access.step_up import ActionClass, StepUp, step_up_needed
from shared.contracts.registry import Duty
from shared.database import Statement, Units
from shared.dates import Clock, SystemClock
from shared.web import step_up

_ASKING = Statement(
    """
select (select d.duties from copy.duty d where d.board_id = :board and d.id = cast(:person as uuid)) as duties,
       (select s.value from copy.setting s where s.board_id = :board and s.name = 'step_up' and s.since <= :today
        order by s.since desc limit 1) as step_up
"""
)
_DUTIES = TypeAdapter(list[Duty])


@dataclass(frozen=True)
class Asker:
    """Who asks, with the duties that hold today, and when the board asks anew who somebody is."""

    holder: Holder
    proof: StepUp


@dataclass
class Identity:
    """The running service, as its routes see it."""

    units: Units
    clock: Clock
    policies: Policies
    log: AccessLog
    codes: Codes
    origin: str
    """Where the product's own pages are."""
    real: Clock = field(default_factory=SystemClock)
    """Tokens are measured in real time, never in training days."""

    async def asker(self, session: AsyncSession, who: Principal) -> Asker:
        """The principal with what the copies say of them."""
        today = self.clock.today()
        row = await _ASKING.first(session, {"board": who.board, "person": who.person, "today": today})
        assert row is not None
        held = tuple(
            HeldDuty(duty.kind, duty.organisation, duty.class_id)
            for duty in _DUTIES.validate_python(row["duties"] or [])
            if duty.since <= today and (duty.until is None or today < duty.until)
        )
        proof = StepUp() if row["step_up"] is None else StepUp.model_validate(row["step_up"])
        return Asker(Holder(who, held), proof)

    def strong_enough(self, asker: Asker, act: ActionClass) -> None:
        """Raise the step-up problem when the sign-in is too weak; asked last, after 404 and 403 (decisions.md §4)."""
        if step_up_needed(act, asker.holder.principal, asker.proof, self.real.now()):
            raise step_up()


async def identity(request: Request) -> Identity:
    """The running service a request reached."""
    return cast("Identity", request.app.state.identity)
