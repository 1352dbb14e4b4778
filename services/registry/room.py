"""What registry's routes stand on: its rows, its clock, its policies, its access log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from fastapi import Request
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access.log import AccessLog
from shared.access.policies import Policies
from shared.access.principal import HeldDuty, Holder, Principal
from shared.access.step_up import ActionClass, StepUp, step_up_needed
from shared.database import Statement, Units
from shared.dates import Clock, SystemClock, TrainingClock
from shared.web import step_up

ASKING = """
       (select coalesce(json_agg(json_build_object('kind', p.kind, 'organisation', p.organisation_id,
                                                   'class_id', p.class_id)), '[]')
        from duty_period p where p.board_id = :board and p.subject_id = cast(:person as uuid)
        and p.voided_at is null and p.valid @> cast(:today as date)) as duties,
       (select s.value from setting s where s.board_id = :board and s.name = 'step_up' and s.since <= :today
        order by s.since desc limit 1) as step_up"""
"""Columns of any statement: what ``:person`` holds on ``:today``, and when the board asks anew who somebody is.

Whatever is decided about somebody stands on these duties: read with :data:`DUTIES` and :func:`proof`.
"""
DUTIES = TypeAdapter(tuple[HeldDuty, ...])
_HOLDER = Statement(f"select {ASKING}")


def proof(value: object) -> StepUp:
    """The board's setting out of a row of :data:`ASKING`; on until it has said anything."""
    return StepUp() if value is None else StepUp.model_validate(value)


@dataclass
class Registry:
    """The running service, as its routes see it."""

    units: Units
    clock: Clock
    policies: Policies
    log: AccessLog
    real: Clock = field(default_factory=SystemClock)
    """Tokens are measured in real time, never in training days."""

    @property
    def training(self) -> bool:
        """Whether the days are training days: what is printed then is no record of anybody."""
        return isinstance(self.clock, TrainingClock)

    def strong_enough(self, who: Principal, setting: StepUp, action: ActionClass = "ordinary") -> None:
        """Raise the step-up problem when the sign-in is too weak; asked last, after 404 and 403 (decisions.md §4)."""
        if step_up_needed(action, who, setting, self.real.now()):
            raise step_up()

    async def holder(self, session: AsyncSession, who: Principal) -> Holder:
        """The principal with the duties that hold today."""
        if who.person is None:
            return Holder(who, ())
        values = {"board": who.board, "person": who.person, "today": self.clock.today()}
        row = await _HOLDER.first(session, values)
        assert row is not None
        return Holder(who, DUTIES.validate_python(row["duties"]))


async def registry(request: Request) -> Registry:
    """The running service a request reached."""
    return cast("Registry", request.app.state.registry)
