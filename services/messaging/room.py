"""What messaging's routes stand on: its rows, its clock, its policies, its access log, and who asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from fastapi import Request
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.messaging.channels.reconciler import Deliveries
from shared.access.log import AccessLog
from shared.access.policies import Policies
from shared.access.principal import HeldDuty, Holder, Principal
from shared.access.step_up import StepUp, step_up_needed
from shared.database import Statement, Units
from shared.dates import Clock, SystemClock
from shared.web import step_up

_ASKING = Statement(
    """
select (select coalesce(json_agg(json_build_object('kind', d.kind, 'organisation', d.organisation_id,
                                                   'class_id', d.class_id)), '[]')
        from copy.duty d where d.board_id = :board and d.staff_id = cast(:person as uuid)
        and d.since <= :today and (d.until is null or d.until > :today)) as duties,
       (select s.value from copy.setting s where s.board_id = :board and s.name = 'step_up' and s.since <= :today
        order by s.since desc limit 1) as step_up
"""
)
_DUTIES = TypeAdapter(tuple[HeldDuty, ...])


@dataclass(frozen=True)
class Asker:
    """Who asks, with the duties that hold today, and when the board asks anew who somebody is."""

    holder: Holder
    proof: StepUp


@dataclass
class Messaging:
    """The running service, as its routes see it."""

    units: Units
    clock: Clock
    policies: Policies
    log: AccessLog
    deliveries: Deliveries
    """What hands messages over, and knows by which ways."""
    real: Clock = field(default_factory=SystemClock)
    """Tokens are measured in real time, never in training days."""

    async def asker(self, session: AsyncSession, who: Principal) -> Asker:
        """The principal with what the copies say of them."""
        values = {"board": who.board, "person": who.person, "today": self.clock.today()}
        row = await _ASKING.first(session, values)
        assert row is not None
        proof = StepUp() if row["step_up"] is None else StepUp.model_validate(row["step_up"])
        return Asker(Holder(who, _DUTIES.validate_python(row["duties"])), proof)

    def strong_enough(self, asker: Asker) -> None:
        """Raise the step-up problem when the sign-in is too weak; asked last, after 404 and 403 (decisions.md §4)."""
        if step_up_needed("ordinary", asker.holder.principal, asker.proof, self.real.now()):
            raise step_up()


async def messaging(request: Request) -> Messaging:
    """The running service a request reached."""
    return cast("Messaging", request.app.state.messaging)
