"""How 気がかりな欠席 and the board's rules of it are asked (:mod:`tests.matrix.probes`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.matrix.browser import Call
from tests.matrix.probe import NOTHING, Outcome, Probe, get
from tests.matrix.world import World
from tests.support.boards import TODAY

_NOBODY_ELSE: Mapping[str, Outcome] = dict.fromkeys(
    (
        *("office", "principal", "vice_principal", "homeroom", "nurse", "lunch_staff"),
        *("system_operator", "guardian", "mother", "pupil"),
    ),
    404,
)
_MAY = {"board_staff": 200}
_RULES, _TRIALS = "/api/board/alert-rules", "/api/board/alert-trials"
_DRAFT: dict[str, Any] = {"rules": [], "months": [TODAY.replace(day=1).isoformat()]}


def _say(world: World) -> Call:
    # A day that is past: the rules of the board stay what the other probes find.
    body = {"trial": str(world.first.ids["trial"]), "since": "2026-04-01", "reason": "ためし", "seen": ""}
    return Call("POST", _RULES, body)


def _step(world: World) -> Call:
    return Call("POST", f"{_TRIALS}/{world.first.ids['trial']}/step", {})


_HEADS = ("principal", "vice_principal", "office", "nurse")
_HEADS_NOT: Mapping[str, Outcome] = {
    **dict.fromkeys(("homeroom", "subject", "board_staff", "lunch_staff", "system_operator"), 403),
    **dict.fromkeys(("elsewhere", "moved", "guardian", "mother", "pupil"), 404),
}
_TEACHERS = ("homeroom", "assistant")
_TEACHERS_NOT: Mapping[str, Outcome] = {
    **dict.fromkeys(("principal", "office", "nurse", "substitute", "neighbour", "subject"), 403),
    **dict.fromkeys(("board_staff", "system_operator"), 403),
    **dict.fromkeys(("elsewhere", "moved", "guardian", "mother", "pupil"), 404),
}
_NO_ALERT = "no child of the world has been away for long: there is no such alert to be taken up"


def _read_class(world: World) -> Call:
    return Call("GET", f"/api/classes/{world.first.ids['2-1']}/days/{TODAY}/alerts")


def _act(at: str, of: str, pupil: str) -> Callable[[World], Call]:
    def call(world: World) -> Call:
        path = f"/api/{at}/{world.first.ids[of]}/days/{TODAY}/alerts/{world.first.ids[pupil]}"
        return Call("POST", path, {"rule": "row_3", "first": TODAY.isoformat(), "act": "seen"})

    return call


ALERTS: tuple[Probe, ...] = (
    Probe(
        "dashboard GET /api/schools/{school}/days/{day}/alerts",
        "session",
        get("/api/schools/{first}/days/{day}/alerts"),
        may=dict.fromkeys(_HEADS, 200),
        may_not=_HEADS_NOT,
    ),
    Probe(
        "dashboard POST /api/schools/{school}/days/{day}/alerts/{pupil}",
        "session",
        _act("schools", "first", "p3"),
        may=dict.fromkeys(_HEADS, 409),
        may_not=_HEADS_NOT,
        kept_because=_NO_ALERT,
    ),
    Probe(
        "dashboard GET /api/classes/{class_id}/days/{day}/alerts",
        "session",
        _read_class,
        may=dict.fromkeys(_TEACHERS, 200),
        may_not=_TEACHERS_NOT,
    ),
    Probe(
        "dashboard POST /api/classes/{class_id}/days/{day}/alerts/{pupil}",
        "session",
        _act("classes", "2-1", "pupil"),
        may=dict.fromkeys(_TEACHERS, 409),
        may_not=_TEACHERS_NOT,
        kept_because=_NO_ALERT,
    ),
    Probe(
        "dashboard GET /api/board/days/{day}/alert-counts",
        "session",
        get("/api/board/days/{day}/alert-counts"),
        _MAY,
        _NOBODY_ELSE,
        elsewhere=NOTHING,
    ),
    Probe(f"dashboard GET {_RULES}", "session", get(_RULES), _MAY, _NOBODY_ELSE, elsewhere=NOTHING),
    Probe(
        f"dashboard POST {_RULES}",
        "session",
        _say,
        may={"board_staff": 422},
        may_not=_NOBODY_ELSE,
        elsewhere=422,
        kept_because="rules that began would be others' rules for every probe after this one",
    ),
    Probe(
        f"dashboard POST {_RULES}/withdraw",
        "session",
        lambda _: Call("POST", f"{_RULES}/withdraw", {"since": "2027-04-01", "seen": ""}),
        may={"board_staff": 409},
        may_not=_NOBODY_ELSE,
        elsewhere=409,
        kept_because="nothing is about to begin that could be withdrawn",
    ),
    Probe(
        f"dashboard POST {_TRIALS}",
        "session",
        lambda _: Call("POST", _TRIALS, _DRAFT),
        _MAY,
        _NOBODY_ELSE,
        elsewhere=200,
    ),
    Probe(
        f"dashboard GET {_TRIALS}/{{trial}}",
        "session",
        get(f"{_TRIALS}/{{trial}}"),
        _MAY,
        _NOBODY_ELSE,
    ),
    Probe(f"dashboard POST {_TRIALS}/{{trial}}/step", "session", _step, _MAY, _NOBODY_ELSE),
)
