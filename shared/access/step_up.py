"""When somebody must prove anew who they are (decisions.md §4 "Step-up").

Staff sign in with two factors once a session. The second proof must be at most five minutes old only for the few acts
whose misuse cannot be undone. Guardians and pupils read their own with one factor (the guideline asks for more only as
desirable). A board switches the rule with one dated setting; until it has said anything, the rule is on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.access.principal import Principal
from shared.contracts.registry import Setting

SETTING = "step_up"
"""Name of the board's dated setting; its value has the shape of :class:`StepUp`."""

FRESH = timedelta(minutes=5)
TWO_FACTORS = 2

ActionClass = Literal["ordinary", "export", "seal", "break_glass", "rights", "erasure"]
"""``seal``: sealing or amending 指導要録 and 調査書; ``rights``: giving or taking rights; ``ordinary``: all else."""

_IRREVOCABLE: frozenset[ActionClass] = frozenset({"export", "seal", "break_glass", "rights", "erasure"})


class StepUp(BaseModel):
    """The value of the board's setting."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enforced: bool = True


def setting_on(settings: Iterable[Setting], on: date) -> StepUp:
    """What the board's dated settings say on a business date."""
    standing = [s for s in settings if s.name == SETTING and s.since <= on]
    if not standing:
        return StepUp()
    return StepUp.model_validate(max(standing, key=lambda s: s.since).value)


def step_up_needed(action: ActionClass, principal: Principal, setting: StepUp, now: datetime) -> bool:
    """Whether ``principal`` must sign in again before an action of this class.

    ``now`` is real time, like ``auth_time``: tokens never use the training clock. Departments and services sign in with
    their own secret and no person is there to ask; what they may do is settled by the policy alone.
    """
    if not setting.enforced or principal.kind in ("department", "service"):
        return False
    if action in _IRREVOCABLE:
        return principal.acr < TWO_FACTORS or principal.auth_time is None or now - principal.auth_time > FRESH
    return principal.kind == "staff" and principal.acr < TWO_FACTORS
