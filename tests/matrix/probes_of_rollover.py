"""How the operations of the board's 年度更新 are asked (:mod:`tests.matrix.probes`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.matrix.browser import Call
from tests.matrix.probe import NOTHING, Outcome, Probe, get
from tests.matrix.rolling import RUN, YEAR
from tests.matrix.world import World

_NOT_THE_SCHOOLS: Mapping[str, Outcome] = dict.fromkeys(
    (
        *("homeroom", "assistant", "substitute", "nurse", "subject", "moved", "elsewhere"),
        *("lunch_staff", "system_operator", "guardian", "mother", "pupil", "department"),
    ),
    404,
)
_NOT_THE_BOARD: Mapping[str, Outcome] = {
    **{who: outcome for who, outcome in _NOT_THE_SCHOOLS.items() if who != "lunch_staff"},
    **dict.fromkeys(("office", "principal", "vice_principal"), 404),
}
_THE_BOARD = {"board_staff": 200, "lunch_staff": 200}
_THE_OFFICE = {"board_staff": 200}
_NOT_THE_OFFICE: Mapping[str, Outcome] = {**_NOT_THE_BOARD, "lunch_staff": 403}
_NEVER_SHOWN = 409
"""What was shown to nobody of a board is applied by nobody there."""


def _post(path: str, body: Mapping[str, Any]) -> Callable[[World], Call]:
    """A command to what stands since the world began; it changes nothing more."""
    return lambda _: Call("POST", f"/v1/rollover/{path}", dict(body))


_COMMANDS: tuple[tuple[str, str, Mapping[str, Any], Outcome], ...] = (
    ("{year}/looks", f"{YEAR}/looks", {}, 200),  # elsewhere: their own board's
    ("{year}/apply", f"{YEAR}/apply", {"preview": "seen"}, _NEVER_SHOWN),
    ("{year}/onward", f"{YEAR}/onward", {"seen": {}, "told": {}}, NOTHING),
    ("runs/{number}/resume", f"runs/{RUN}/resume", {}, 404),
    ("runs/{number}/revert", f"runs/{RUN}/revert", {}, 404),
)

ROLLOVER: tuple[Probe, ...] = (
    Probe(
        "registry GET /v1/rollover/{year}",
        "bearer",
        get(f"/v1/rollover/{YEAR}"),
        may=_THE_BOARD,
        may_not=dict.fromkeys(_NOT_THE_BOARD, NOTHING),
        elsewhere=NOTHING,
    ),
    Probe(
        "registry GET /v1/rollover/{year}/schools/{school}",
        "bearer",
        get(f"/v1/rollover/{YEAR}/schools/{{first}}"),
        may={"board_staff": 200, "office": 200, "principal": 200, "vice_principal": 200},
        may_not=_NOT_THE_SCHOOLS,
    ),
    Probe(
        "registry GET /v1/rollover/{year}/onward",
        "bearer",
        get(f"/v1/rollover/{YEAR}/onward"),
        may=_THE_BOARD,
        may_not=_NOT_THE_BOARD,
        elsewhere=NOTHING,
        elsewhere_without_right=404,
    ),
    Probe(
        "registry GET /v1/rollover/runs/{number}",
        "bearer",
        get(f"/v1/rollover/runs/{RUN}"),
        may=_THE_BOARD,
        may_not=_NOT_THE_BOARD,
    ),
    Probe(
        "registry GET /v1/rollover/runs/{number}/revert",
        "bearer",
        get(f"/v1/rollover/runs/{RUN}/revert"),
        may=_THE_OFFICE,
        may_not=_NOT_THE_OFFICE,
    ),
    *(
        Probe(
            f"registry POST /v1/rollover/{template}",
            "bearer",
            _post(path, body),
            may=_THE_OFFICE,
            may_not=_NOT_THE_OFFICE,
            elsewhere=elsewhere,
            elsewhere_without_right=404,
        )
        for template, path, body, elsewhere in _COMMANDS
    ),
)
