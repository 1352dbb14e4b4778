"""How the operations of exports are asked (:mod:`tests.matrix.probes`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.matrix.browser import Call
from tests.matrix.exporting import TICKET
from tests.matrix.probe import NOTHING, Outcome, Probe, get
from tests.matrix.world import World
from tests.support.boards import WITHOUT_OFFICE

_THE_OFFICE = {"board_staff": 200}
_NOBODY_ELSE: Mapping[str, Outcome] = dict.fromkeys(
    (*WITHOUT_OFFICE, "office", "kept_from", "principal", "vice_principal", "elsewhere", "junior_office"), 404
)
_IN_A_BROWSER = {who: outcome for who, outcome in _NOBODY_ELSE.items() if who != "department"}


def _post(rest: str, of: str, body: Mapping[str, Any]) -> Callable[[World], Call]:
    """A command to a package that stands since the world began."""
    return lambda world: Call("POST", f"/v1/exports/{world.first.ids[of]}/{rest}", dict(body))


EXPORTS: tuple[Probe, ...] = (
    Probe(
        "registry GET /v1/exports",
        "bearer",
        get("/v1/exports"),
        may=_THE_OFFICE,
        may_not=dict.fromkeys(_NOBODY_ELSE, NOTHING),
        elsewhere=NOTHING,
    ),
    Probe(
        "registry POST /v1/exports",
        "bearer",
        lambda _: Call("POST", "/v1/exports", {"purpose": "ためし"}),
        may=_THE_OFFICE,
        may_not=_NOBODY_ELSE,
        elsewhere=200,  # their own board's
        elsewhere_without_right=404,
    ),
    Probe(
        "registry POST /v1/exports/{export}/ticket",
        "bearer",
        _post("ticket", "export_asked", {}),
        may=_THE_OFFICE,
        may_not=_NOBODY_ELSE,
    ),
    Probe(
        "registry POST /v1/exports/{export}/remove",
        "bearer",
        _post("remove", "export_gone", {}),
        may=_THE_OFFICE,
        may_not=_NOBODY_ELSE,
    ),
    Probe(
        "registry GET /v1/exports/{export}/file",
        "bearer",
        get(f"/v1/exports/{{export}}/file?ticket={TICKET}"),
        may=_THE_OFFICE,
        may_not=_NOBODY_ELSE,
    ),
    Probe(
        "dashboard GET /api/registry/v1/exports/{export}/file",
        "session",
        get(f"/api/registry/v1/exports/{{export}}/file?ticket={TICKET}"),
        may=_THE_OFFICE,
        may_not=_IN_A_BROWSER,
    ),
)
