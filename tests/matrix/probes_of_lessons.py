"""How rolls of lessons are asked for: who reads them, who takes one, who settles what contradicts the day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.matrix.browser import Call
from tests.matrix.probe import Outcome, Probe, get
from tests.matrix.world import World
from tests.support.boards import TODAY

_OFF = (
    "no board of this world has lessons' rolls taken; services/registry/periods/tests takes and settles them"
)
_HIDDEN: Mapping[str, Outcome] = dict.fromkeys(
    (
        *("elsewhere", "moved", "board_staff", "lunch_staff", "system_operator"),
        *("guardian", "mother", "pupil", "department"),
    ),
    404,
)
_TAKE = ("homeroom", "assistant", "substitute", "office", "subject")
_READ = ("principal", "vice_principal", "nurse", "neighbour")
_SETTLE = ("homeroom", "assistant")


def _post(what: str, body: Callable[[World], dict[str, Any]]) -> Callable[[World], Call]:
    def call(world: World) -> Call:
        return Call("POST", f"/v1/classes/{world.first.ids['2-1']}/days/{TODAY}/periods/{what}", body(world))

    return call


LESSONS: tuple[Probe, ...] = (
    Probe(
        "registry GET /v1/classes/{class_id}/days/{on}/periods",
        "bearer",
        get("/v1/classes/{2_1}/days/{day}/periods"),
        may=dict.fromkeys((*_TAKE, *_READ), 200),
        may_not=_HIDDEN,
    ),
    Probe(
        "registry POST /v1/classes/{class_id}/days/{on}/periods/{period}",
        "bearer",
        _post("1", lambda _: {"marks": []}),
        may=dict.fromkeys(_TAKE, 422),
        may_not={**_HIDDEN, **dict.fromkeys(_READ, 403)},
        kept_because=_OFF,
    ),
    Probe(
        "registry POST /v1/classes/{class_id}/days/{on}/periods/settled",
        "bearer",
        _post("settled", lambda world: {"pupil": str(world.first.ids["pupil"]), "seen": "x"}),
        may=dict.fromkeys(_SETTLE, 422),
        may_not={
            **_HIDDEN,
            **dict.fromkeys((*_READ, "substitute", "office", "subject"), 403),
        },
        kept_because=_OFF,
    ),
)
