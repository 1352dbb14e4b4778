"""What registry's routes stand on: its rows, its clock, its policies, its access log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from fastapi import Request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access.log import AccessLog
from shared.access.policies import Policies
from shared.access.principal import HeldDuty, Holder, Principal
from shared.access.step_up import ActionClass, StepUp, step_up_needed
from shared.database import Units
from shared.dates import Clock, SystemClock
from shared.web import step_up

_DUTIES = text(
    "select kind, organisation_id, class_id from duty_period where board_id = :board and subject_id = :person"
    " and voided_at is null and valid @> cast(:today as date)"
)


@dataclass
class Registry:
    """The running service, as its routes see it."""

    units: Units
    clock: Clock
    policies: Policies
    log: AccessLog
    real: Clock = field(default_factory=SystemClock)
    """Tokens are measured in real time, never in training days."""

    def strong_enough(self, who: Principal, setting: StepUp, action: ActionClass = "ordinary") -> None:
        """Raise the step-up problem when the sign-in is too weak; asked last, after 404 and 403 (decisions.md §4)."""
        if step_up_needed(action, who, setting, self.real.now()):
            raise step_up()

    async def holder(self, session: AsyncSession, who: Principal) -> Holder:
        """The principal with the duties that hold today."""
        if who.person is None:
            return Holder(who, ())
        rows = await session.execute(
            _DUTIES, {"board": who.board, "person": who.person, "today": self.clock.today()}
        )
        return Holder(who, tuple(HeldDuty(row.kind, row.organisation_id, row.class_id) for row in rows))


async def registry(request: Request) -> Registry:
    """The running service a request reached."""
    return cast("Registry", request.app.state.registry)
