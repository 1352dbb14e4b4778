"""How the operations of notices are asked (:mod:`tests.matrix.probes`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.matrix.browser import Call
from tests.matrix.probe import Outcome, Probe, get
from tests.matrix.world import World
from tests.support.boards import TODAY

_OFFICE = dict.fromkeys(("office", "principal", "vice_principal"), 200)
_TEACHERS = dict.fromkeys(("homeroom", "assistant"), 200)
_NOT_THEIRS: Mapping[str, Outcome] = dict.fromkeys(("substitute", "subject", "nurse", "neighbour"), 403)
_NOT_THERE: Mapping[str, Outcome] = dict.fromkeys(
    (
        *("elsewhere", "moved", "board_staff", "lunch_staff", "system_operator"),
        *("guardian", "mother", "pupil", "department"),
    ),
    404,
)
_KEPT = "somebody has always changed it since; changing is shown by services/messaging/notices/tests"

SAID: Mapping[str, Any] = {
    "kind": "other",
    "reason": None,
    "since": str(TODAY),
    "until": str(TODAY + timedelta(days=1)),
    "channel": "phone",
    "teller": {"words": "祖母"},
    "words": "水泳は見学",
}
"""Says nothing about coming to school: the roll stays as it is."""


def _take(world: World) -> Call:
    return Call("POST", "/v1/notices", {**SAID, "pupils": [str(world.first.ids["pupil"])]})


def _of_one(world: World) -> UUID:
    return world.first.ids["notice"]


NOTICES: tuple[Probe, ...] = (
    Probe(
        "messaging GET /v1/pupils/{pupil}/notices",
        "bearer",
        get("/v1/pupils/{pupil}/notices"),
        may={**_OFFICE, **_TEACHERS},
        may_not={**_NOT_THEIRS, **_NOT_THERE},
    ),
    Probe(
        "messaging GET /v1/schools/{school}/notices",
        "bearer",
        get("/v1/schools/{first}/notices"),
        may=_OFFICE,
        may_not={**dict.fromkeys(_TEACHERS, 403), **_NOT_THEIRS, **_NOT_THERE},
    ),
    Probe(
        "messaging POST /v1/notices",
        "bearer",
        _take,
        may={**_OFFICE, **_TEACHERS},
        may_not={**_NOT_THEIRS, **_NOT_THERE},
    ),
    Probe(
        "messaging POST /v1/notices/{notice}/change",
        "bearer",
        lambda world: Call("POST", f"/v1/notices/{_of_one(world)}/change", {**SAID, "seen": 9}),
        may=dict.fromkeys((*_OFFICE, *_TEACHERS), 409),
        may_not={**_NOT_THEIRS, **_NOT_THERE},
        kept_because=_KEPT,
    ),
    Probe(
        "messaging POST /v1/notices/{notice}/withdraw",
        "bearer",
        lambda world: Call("POST", f"/v1/notices/{_of_one(world)}/withdraw", {"seen": 9}),
        may=dict.fromkeys((*_OFFICE, *_TEACHERS), 409),
        may_not={**_NOT_THEIRS, **_NOT_THERE},
        kept_because=_KEPT,
    ),
)
