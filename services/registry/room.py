"""What registry's routes stand on: its rows, its clock, its policies, its access log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from fastapi import Request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access.log import AccessLog
from shared.access.policies import Policies
from shared.access.principal import HeldDuty, Holder, Principal
from shared.database import Units
from shared.dates import Clock

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

    async def holder(self, session: AsyncSession, who: Principal) -> Holder:
        """The principal with the duties that hold today."""
        if who.person is None:
            return Holder(who, ())
        rows = await session.execute(
            _DUTIES, {"board": who.board, "person": who.person, "today": self.clock.today()}
        )
        return Holder(who, tuple(HeldDuty(row.kind, row.organisation_id, row.class_id) for row in rows))


def registry(request: Request) -> Registry:
    """The running service a request reached."""
    return cast("Registry", request.app.state.registry)
