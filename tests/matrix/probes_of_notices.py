"""How the operations of notices are asked (:mod:`tests.matrix.probes`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

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
TOLD: Mapping[str, Any] = {name: SAID[name] for name in ("kind", "reason", "since", "until", "words")}
_ALL_STAFF: Mapping[str, Outcome] = {
    **dict.fromkeys((*_OFFICE, *_TEACHERS, *_NOT_THEIRS), 404),
    **dict.fromkeys(set(_NOT_THERE) - {"guardian", "mother"}, 404),
}
"""Duties make nobody a guardian."""


def _take(world: World) -> Call:
    return Call("POST", "/v1/notices", {**SAID, "pupils": [str(world.first.ids["pupil"])]})


def _of_one(world: World) -> UUID:
    return world.first.ids["notice"]


def _tell(world: World) -> Call:
    return Call("POST", "/v1/family/notices", {**TOLD, "pupils": [str(world.first.ids["pupil"])]})


def _act_of_a_guardian(act: str, body: Mapping[str, Any]) -> Callable[[World], Call]:
    own = "own_notice"
    return lambda world: Call("POST", f"/v1/family/notices/{world.first.ids[own]}/{act}", {**body, "seen": 9})


_DEVICE: Mapping[str, Any] = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/x",
    "p256dh": "B" * 87,
    "auth": "A" * 22,
    "label": "",
}


def _to_channel(path: str, body: Mapping[str, Any]) -> Callable[[World], Call]:
    return lambda world: Call("POST", f"/v1/family/channels/{path}", body)


def _to_own_channel(act: str, body: Mapping[str, Any]) -> Callable[[World], Call]:
    return lambda world: Call("POST", f"/v1/family/channels/{world.first.ids['channel']}/{act}", body)


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
    Probe(
        "messaging GET /v1/classes/{class_id}/notices",
        "bearer",
        get("/v1/classes/{2_1}/notices"),
        may={**_OFFICE, **_TEACHERS, "substitute": 200},
        may_not={**{who: 403 for who in _NOT_THEIRS if who != "substitute"}, **_NOT_THERE},
    ),
    Probe(
        "messaging POST /v1/notices/{notice}/replies",
        "bearer",
        lambda world: Call("POST", f"/v1/notices/{_of_one(world)}/replies", {"seen": 9, "words": "お大事に"}),
        may=dict.fromkeys((*_OFFICE, *_TEACHERS), 409),
        may_not={**_NOT_THEIRS, **_NOT_THERE},
        kept_because=_KEPT,
    ),
    Probe(
        "messaging GET /v1/family",
        "bearer",
        get("/v1/family"),
        may=dict.fromkeys(("guardian", "mother"), 200),
        may_not=_ALL_STAFF,
    ),
    Probe(
        "messaging POST /v1/family/notices",
        "bearer",
        _tell,
        may={"guardian": 200},
        may_not={**_ALL_STAFF, "mother": 404},
    ),
    *(
        Probe(
            f"messaging POST /v1/family/notices/{{notice}}/{act}",
            "bearer",
            _act_of_a_guardian(act, body),
            may={"guardian": 409},
            may_not={**_ALL_STAFF, "mother": 404},
            kept_because="somebody has always changed it since; services/messaging/family/tests changes own ones",
        )
        for act, body in (("change", TOLD), ("withdraw", {}))
    ),
    Probe(
        "messaging GET /v1/family/channels",
        "bearer",
        get("/v1/family/channels"),
        may=dict.fromkeys(("guardian", "mother"), 200),
        may_not=_ALL_STAFF,
    ),
    *(
        Probe(
            f"messaging POST /v1/family/channels/{kind}",
            "bearer",
            _to_channel(kind, body),
            may=dict.fromkeys(("guardian", "mother"), 422),
            may_not=_ALL_STAFF,
            kept_because="nothing goes out of this world; services/messaging/channels/tests adds what is told",
        )
        for kind, body in (("email", {"address": "haha@example.jp"}), ("push", _DEVICE))
    ),
    Probe(
        "messaging POST /v1/family/channels/{channel}/confirm",
        "bearer",
        _to_own_channel("confirm", {"code": "000000"}),
        may={"guardian": 200},
        may_not={**_ALL_STAFF, "mother": 404},
    ),
    Probe(
        "messaging POST /v1/family/channels/{channel}/code",
        "bearer",
        _to_own_channel("code", {}),
        may={"guardian": 422},
        may_not={**_ALL_STAFF, "mother": 404},
        kept_because="nothing goes out of this world; services/messaging/channels/tests sends codes again",
    ),
    Probe(
        "messaging POST /v1/family/channels/{channel}/remove",
        "bearer",
        lambda world: Call("POST", f"/v1/family/channels/{uuid4()}/remove", {}),
        may=dict.fromkeys(("guardian", "mother"), 200),
        may_not=_ALL_STAFF,
    ),
)
