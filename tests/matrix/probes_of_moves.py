"""How the operations of moves are asked (:mod:`tests.matrix.probes`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.matrix.browser import Call
from tests.matrix.probe import NOTHING, Outcome, Probe, get
from tests.matrix.world import World
from tests.support.boards import TODAY, WITHOUT_OFFICE

_MOVE_READS = dict.fromkeys(
    ("office", "kept_from", "principal", "vice_principal", "board_staff", "elsewhere"), 200
)
_MOVE_READS_NOT: Mapping[str, Outcome] = dict.fromkeys(WITHOUT_OFFICE, 404)
_MOVE_LISTS_NOT: Mapping[str, Outcome] = dict.fromkeys(_MOVE_READS_NOT, NOTHING)
_MOVE_MAKES = {"office": 200, "kept_from": 200, "board_staff": 200}
_MOVE_MAKES_NOT: Mapping[str, Outcome] = {**_MOVE_READS_NOT, "principal": 403, "vice_principal": 403}
_OFFICES_ALONE: Mapping[str, Outcome] = {**_MOVE_READS_NOT, "principal": 404, "vice_principal": 404}


_NOT_THE_LEAVING: Mapping[str, Outcome] = {
    **_MOVE_READS_NOT,
    **dict.fromkeys(("principal", "vice_principal", "board_staff", "elsewhere"), 403),
}
_NOT_THE_LEAVING_ELSEWHERE: Mapping[str, Outcome] = {**_NOT_THE_LEAVING, "elsewhere": 404}
_CERTIFICATE = {"kind": "enrolment", "issued_on": str(TODAY)}


_NOT_THE_SCHOOLS: Mapping[str, Outcome] = {
    **_MOVE_READS_NOT,
    **dict.fromkeys(("board_staff", "elsewhere"), 404),
}


def _plan(rest: str, body: Mapping[str, Any]) -> Callable[[World], Call]:
    """A command about a plan of next year's classes, which stays as empty as it is."""
    return lambda world: Call(
        "POST", f"/v1/schools/{world.first.ids['first']}/class-plans/2027{rest}", dict(body)
    )


def _move(rest: str, body: Mapping[str, Any], of: str = "move") -> Callable[[World], Call]:
    """A command to the move that stands since the world began; it changes nothing more."""
    return lambda world: Call("POST", f"/v1/moves/{world.first.ids[of]}/{rest}", dict(body))


def _void(world: World) -> Call:
    return Call("POST", f"/v1/certificates/{world.first.ids['certificate']}/void", {"reason": "書き損じ"})


_OF_CERTIFICATES: tuple[tuple[str, Callable[[World], Call], Mapping[str, Outcome]], ...] = (
    ("GET /v1/moves/{move}/certificates", get("/v1/moves/{move}/certificates"), _NOT_THE_LEAVING),
    ("GET /v1/moves/{move}/textbooks", get("/v1/moves/{move}/textbooks?on={day}"), _NOT_THE_LEAVING),
    (
        "POST /v1/moves/{move}/certificates/preview",
        _move("certificates/preview", _CERTIFICATE),
        _NOT_THE_LEAVING,
    ),
    ("POST /v1/moves/{move}/certificates", _move("certificates", _CERTIFICATE), _NOT_THE_LEAVING),
    (
        "GET /v1/certificates/{certificate}/pdf",
        get("/v1/certificates/{certificate}/pdf"),
        _NOT_THE_LEAVING_ELSEWHERE,
    ),
    ("POST /v1/certificates/{certificate}/void", _void, _NOT_THE_LEAVING_ELSEWHERE),
)
"""Operation, how it is asked, who may not: the office of the school that the child leaves, and nobody else."""


MOVES: tuple[Probe, ...] = (
    Probe(
        "registry GET /v1/moves",
        "bearer",
        get("/v1/moves"),
        may=_MOVE_READS,
        may_not=_MOVE_LISTS_NOT,
        elsewhere=NOTHING,
    ),
    Probe(
        "registry GET /v1/moves/{move}",
        "bearer",
        get("/v1/moves/{move}"),
        may=_MOVE_READS,
        may_not=_MOVE_READS_NOT,
    ),
    Probe(
        "registry GET /v1/moves/pupils",
        "bearer",
        get("/v1/moves/pupils?q=紬"),
        may={"office": 200, "board_staff": 200},
        may_not={**_MOVE_LISTS_NOT, "principal": NOTHING, "vice_principal": NOTHING},
        elsewhere=NOTHING,
    ),
    Probe(
        "registry GET /v1/pupils/{pupil}/move-options",
        "bearer",
        get("/v1/pupils/{pupil}/move-options"),
        may={"office": 200, "board_staff": 200},
        may_not={**_OFFICES_ALONE, "elsewhere": 404},
    ),
    Probe(
        "registry GET /v1/schools/{school}/rooms",
        "bearer",
        get("/v1/schools/{second}/rooms?on={day}&grade=P2"),
        may={"office": 200, "elsewhere": 200, "board_staff": 200},
        may_not=_OFFICES_ALONE,
    ),
    Probe(
        "registry POST /v1/moves",
        "bearer",
        lambda world: Call("POST", "/v1/moves", world.move_of("p4")),
        may=_MOVE_MAKES,
        may_not={**_MOVE_MAKES_NOT, "principal": 403, "elsewhere": 404},
    ),
    Probe(
        "registry POST /v1/arrivals",
        "bearer",
        lambda world: Call("POST", "/v1/arrivals", world.arrival()),
        may=_MOVE_MAKES,
        may_not={**_MOVE_READS_NOT, **dict.fromkeys(("principal", "vice_principal", "elsewhere"), 404)},
    ),
    Probe(
        "registry POST /v1/moves/{move}/dates",
        "bearer",
        _move("dates", {"seen": 1}),
        may={**_MOVE_MAKES, "elsewhere": 200},
        may_not=_MOVE_MAKES_NOT,
    ),
    Probe(
        "registry POST /v1/moves/{move}/place",
        "bearer",
        lambda world: _move("place", {"seen": 1, "class_id": str(world.first.ids["other"]), "number": 9})(
            world
        ),
        may={"elsewhere": 200},
        may_not={**_MOVE_MAKES_NOT, "office": 403, "board_staff": 403},
    ),
    Probe(
        "registry POST /v1/moves/{move}/steps",
        "bearer",
        _move("steps", {"step": "records_sent", "on": str(TODAY)}),
        may={"office": 200},
        may_not=_NOT_THE_LEAVING,
    ),
    Probe(
        "registry POST /v1/moves/{move}/undo",
        "bearer",
        _move("undo", {"seen": 2}, "undone_move"),
        may={**_MOVE_MAKES, "elsewhere": 200},
        may_not=_MOVE_MAKES_NOT,
    ),
    Probe(
        "registry GET /v1/certificates",
        "bearer",
        get("/v1/certificates"),
        may={"office": 200},
        may_not={**_MOVE_LISTS_NOT, **dict.fromkeys(("principal", "elsewhere", "board_staff"), NOTHING)},
        elsewhere=NOTHING,
    ),
    *(
        Probe(f"registry {operation}", "bearer", ask, may={"office": 200}, may_not=may_not)
        for operation, ask, may_not in _OF_CERTIFICATES
    ),
    *(
        Probe(
            f"registry {method} /v1/schools/{{school}}/class-plans/{{year}}{rest}",
            "bearer",
            ask,
            may={"office": 200, "principal": 200, "vice_principal": 200},
            may_not=_NOT_THE_SCHOOLS,
        )
        for method, rest, ask in (
            ("GET", "", get("/v1/schools/{first}/class-plans/2027")),
            ("POST", "", _plan("", {"seen": 0, "plan": {}})),
            ("POST", "/proposal", _plan("/proposal", {"plan": {}, "grades": ["P3"]})),
            ("POST", "/rows", _plan("/rows", {"plan": {}, "text": ""})),
        )
    ),
)
