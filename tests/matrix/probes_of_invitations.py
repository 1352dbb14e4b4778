"""How the operations of guardians' first sign-in are asked (:mod:`tests.matrix.probes`)."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from tests.matrix.browser import Call
from tests.matrix.probe import Outcome, Probe, get
from tests.matrix.world import World

_OFFICE = dict.fromkeys(("office", "principal", "vice_principal"), 200)
_NOT_THEIRS: Mapping[str, Outcome] = dict.fromkeys(
    ("homeroom", "assistant", "substitute", "subject", "nurse", "neighbour"), 403
)
_NOT_THERE: Mapping[str, Outcome] = dict.fromkeys(
    (
        *("elsewhere", "moved", "board_staff", "lunch_staff", "system_operator"),
        *("guardian", "mother", "pupil", "department"),
    ),
    404,
)


def _print(world: World) -> Call:
    # Nobody's guardian: nothing is printed, whoever may ask.
    sheet = {"guardian": str(UUID(int=7)), "pupil": str(world.first.ids["pupil"]), "seen": None}
    return Call("POST", f"/v1/schools/{world.first.ids['first']}/invitations/sheets", {"sheets": [sheet]})


INVITATIONS: tuple[Probe, ...] = (
    Probe(
        "identity GET /v1/schools/{school}/invitations",
        "bearer",
        get("/v1/schools/{first}/invitations"),
        may=_OFFICE,
        may_not={**_NOT_THEIRS, **_NOT_THERE},
    ),
    Probe(
        "identity GET /v1/schools/{school}/invitations/guardians",
        "bearer",
        get("/v1/schools/{first}/invitations/guardians"),
        may=_OFFICE,
        may_not={**_NOT_THEIRS, **_NOT_THERE},
    ),
    Probe(
        "identity POST /v1/schools/{school}/invitations/sheets",
        "bearer",
        _print,
        may=_OFFICE,
        may_not={**_NOT_THEIRS, **_NOT_THERE},
    ),
    Probe(
        "identity POST /v1/invitations/{invitation}/withdraw",
        "bearer",
        lambda world: Call("POST", f"/v1/invitations/{world.first.ids['invitation']}/withdraw", {}),
        may=_OFFICE,  # once it is withdrawn, whoever presses again is told the same
        may_not={**_NOT_THEIRS, **_NOT_THERE},
    ),
)
