"""How each operation is asked, who gets an answer, who gets which refusal. One probe for each operation.

A new operation without a probe fails the build. Write one here: it is then asked without a token, with every bad token
or without a session, as somebody without the right, from another board and as somebody with the right. An operation
that is open to everybody stands in :data:`PUBLIC` with the reason. Nothing is ever added to ``uncovered.txt``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from tests.matrix.browser import Call
from tests.matrix.probe import NOTHING, Outcome, Probe, get
from tests.matrix.probes_of_alerts import ALERTS
from tests.matrix.probes_of_exports import EXPORTS
from tests.matrix.probes_of_imports import IMPORTS
from tests.matrix.probes_of_invitations import INVITATIONS
from tests.matrix.probes_of_languages import LANGUAGES
from tests.matrix.probes_of_lessons import LESSONS
from tests.matrix.probes_of_matching import MATCHING
from tests.matrix.probes_of_moves import MOVES
from tests.matrix.probes_of_notices import NOTICES
from tests.matrix.probes_of_people import PEOPLE
from tests.matrix.probes_of_rollover import ROLLOVER
from tests.matrix.probes_of_schools import SCHOOLS
from tests.matrix.world import LUNCH, World
from tests.support.boards import TODAY


def _forwarded(method: str) -> Callable[[World], Call]:
    def call(world: World) -> Call:
        roll = world.roll(service="dashboard")
        return Call(method, roll.path, roll.json if method in ("POST", "PUT", "PATCH") else None)

    return call


_PARKED_PATH = "/api/operations/parked/{copy}/{publisher}/{key}"


def _parked(method: str, act: str) -> Callable[[World], Call]:
    """Nothing waits of this key: whoever may ask is told so."""

    def call(world: World) -> Call:
        path = _PARKED_PATH.format(copy="school_day", publisher="registry", key=UUID(int=7))
        return Call(method, path + act, {"reason": "ためし"} if act == "/discard" else None)

    return call


_MISSING_PATH = "/api/schools/{school}/days/{day}/unannounced"
_CALLS = ("principal", "vice_principal", "office", "nurse")
_CALLS_NOT: Mapping[str, Outcome] = {
    **dict.fromkeys(("homeroom", "subject", "board_staff", "lunch_staff", "system_operator"), 403),
    **dict.fromkeys(("elsewhere", "moved", "guardian", "mother", "pupil"), 404),
}


def _call_home(act: str, **body: object) -> Callable[[World], Call]:
    """What somebody does about the call for a child of whom nobody has said anything."""

    def call(world: World) -> Call:
        ids = world.first.ids
        path = _MISSING_PATH.format(school=ids["first"], day=TODAY)
        return Call("POST", f"{path}/{ids['p3']}/{act}", body)

    return call


_ROLL_PATH = "/v1/classes/{class_id}/days/{on}/roll"
_FORWARD = "dashboard {method} /api/{{service}}/v1/{{path:path}}"
_ALIKE = "registry has no operation of this method yet: whoever is signed in gets its 405"
_TAKES = {"homeroom": 200, "assistant": 200, "substitute": 200, "office": 200}
_TAKES_NOT: Mapping[str, Outcome] = {
    "principal": 403,
    "vice_principal": 403,
    "nurse": 403,
    "subject": 403,
    "neighbour": 403,
    "elsewhere": 404,
    "moved": 404,
    "board_staff": 404,
    "lunch_staff": 404,
    "system_operator": 404,
    "guardian": 404,
    "mother": 404,
    "pupil": 404,
}
_READS = dict.fromkeys((*_TAKES, "principal", "vice_principal", "nurse", "subject", "neighbour"), 200)
_READS_NOT: Mapping[str, Outcome] = dict.fromkeys(
    ("elsewhere", "moved", "board_staff", "lunch_staff", "system_operator", "guardian", "mother", "pupil"),
    404,
)
_DEPARTMENTS_ALONE: Mapping[str, Outcome] = dict.fromkeys(
    ("homeroom", "board_staff", "lunch_staff", "system_operator", "guardian"), 404
)
_SERVICES_ALONE: Mapping[str, Outcome] = dict.fromkeys(
    (
        *("homeroom", "principal", "board_staff", "lunch_staff", "system_operator"),
        *("guardian", "mother", "pupil", "department"),
    ),
    404,
)
_OPERATORS_ALONE: Mapping[str, Outcome] = dict.fromkeys(
    ("principal", "board_staff", "lunch_staff", "homeroom", "guardian", "mother"), 404
)
_NO_PERSON = "a department proves itself with its secret; nobody is there to ask"

PROBES: tuple[Probe, ...] = (
    # ---- registry: a token for it, made by the issuer ----
    Probe(
        "registry GET /v1/classes",
        "bearer",
        get("/v1/classes"),
        may={"homeroom": 200, "principal": 200},
        may_not={
            "board_staff": NOTHING,
            "lunch_staff": NOTHING,
            "guardian": NOTHING,
            "mother": NOTHING,
            "pupil": NOTHING,
            "department": NOTHING,
        },
        elsewhere=NOTHING,
    ),
    Probe(
        f"registry GET {_ROLL_PATH}",
        "bearer",
        get("/v1/classes/{2_1}/days/{day}/roll"),
        may=_READS,
        may_not={**_READS_NOT, "department": 404},
    ),
    Probe(
        f"registry POST {_ROLL_PATH}",
        "bearer",
        lambda world: world.roll(),
        may=_TAKES,
        may_not={**_TAKES_NOT, "department": 404},
    ),
    Probe(
        "registry POST /v1/classes/{class_id}/days/{on}/beside",
        "bearer",
        lambda world: Call(
            "POST", f"/v1/classes/{world.first.ids['2-1']}/days/{TODAY}/beside", {"marks": []}
        ),
        may=_TAKES,
        may_not={**_TAKES_NOT, "department": 404},
    ),
    *LESSONS,
    *SCHOOLS,
    *IMPORTS,
    *MATCHING,
    *EXPORTS,
    *MOVES,
    *PEOPLE,
    *ROLLOVER,
    *NOTICES,
    *INVITATIONS,
    *LANGUAGES,
    *ALERTS,
    # ---- logs: a service's own token, for the topics that deploy/topology.toml lets it read ----
    *(
        Probe(
            f"{service} GET /log/{{topic}}",
            "bearer",
            get(f"/log/{topic}"),
            may={"reader": 200},
            may_not=_SERVICES_ALONE,
            no_step_up_because="no person is there to ask",
        )
        for service, topic in (
            ("registry", "registry.person"),
            ("identity", "identity.account"),
            ("messaging", "messaging.notice"),
        )
    ),
    # ---- dashboard: a session of the browser ----
    Probe(
        "dashboard GET /api/me",
        "session",
        get("/api/me"),
        may={"homeroom": 200, "guardian": 200, "pupil": 200, "system_operator": 200},
        elsewhere=NOTHING,
        everybody_because="it tells who is signed in",
        no_step_up_because="the frame must know who is there to ask them for the second factor",
    ),
    Probe(
        "dashboard GET /api/today",
        "session",
        get("/api/today"),
        may={"homeroom": 200, "substitute": 200, "office": 200, "board_staff": 200, "lunch_staff": 200},
        may_not={"guardian": 404, "mother": 404, "pupil": 404},
        elsewhere=NOTHING,
    ),
    Probe(
        "dashboard GET /api/classes/{class_id}/days/{day}/roll",
        "session",
        get("/api/classes/{2_1}/days/{day}/roll"),
        may=_READS,
        may_not=_READS_NOT,
    ),
    Probe(
        "dashboard GET /api/schools/{school}/days/{day}",
        "session",
        get("/api/schools/{first}/days/{day}"),
        may=dict.fromkeys(
            ("principal", "vice_principal", "office", "nurse", "board_staff", "lunch_staff"), 200
        ),
        may_not={
            "homeroom": 403,
            "subject": 403,
            "system_operator": 403,
            "elsewhere": 404,
            "moved": 404,
            "guardian": 404,
            "mother": 404,
            "pupil": 404,
        },
    ),
    Probe(
        f"dashboard GET {_MISSING_PATH}",
        "session",
        get("/api/schools/{first}/days/{day}/unannounced"),
        may=dict.fromkeys(_CALLS, 200),
        may_not=_CALLS_NOT,
    ),
    *(
        Probe(
            f"dashboard POST {_MISSING_PATH}/{{pupil}}/{operation}",
            "session",
            call,
            # A call is one person's: whoever presses after the office is told so.
            may={"office": 200} if operation == "claim" else dict.fromkeys(_CALLS, status),
            may_not=_CALLS_NOT,
            kept_because="there is no such call, and only who made one takes it back"
            if status == 409
            else "",
        )
        for operation, call, status in (
            ("claim", _call_home("claim"), 200),
            ("calls", _call_home("calls", outcome="no_answer"), 200),
            # There is no such call to be taken back.
            ("calls/{call}/undo", _call_home(f"calls/{UUID(int=7)}/undo"), 409),
            ("release", _call_home("release"), 200),
        )
    ),
    Probe(
        "dashboard GET /api/board/days/{day}",
        "session",
        get("/api/board/days/{day}"),
        may={"board_staff": 200, "lunch_staff": 200},
        may_not={"principal": 404, "homeroom": 404, "system_operator": 404, "guardian": 404, "mother": 404},
        elsewhere=NOTHING,
    ),
    Probe(
        "dashboard GET /api/operations",
        "session",
        get("/api/operations"),
        may={"system_operator": 200},
        may_not=_OPERATORS_ALONE,
        elsewhere=NOTHING,
    ),
    *(
        Probe(
            f"dashboard {method} {_PARKED_PATH}{act}",
            "session",
            _parked(method, act),
            may={"system_operator": 200},
            may_not=_OPERATORS_ALONE,
            elsewhere=NOTHING,
        )
        for method, act in (("GET", ""), ("POST", "/retry"), ("POST", "/discard"))
    ),
    Probe(
        "dashboard GET /api/live",
        "session",
        get("/api/live?views=class-day:{2_1}:{day},school-day:{first}:{day}"),
        may={"homeroom": 200, "principal": 200, "board_staff": 200, "lunch_staff": 200},
        may_not={
            "elsewhere": 404,
            "moved": 404,
            "system_operator": 404,
            "guardian": 404,
            "mother": 404,
            "pupil": 404,
        },
    ),
    Probe(
        _FORWARD.format(method="GET"),
        "session",
        get("/api/registry/v1/classes/{2_1}/days/{day}/roll"),
        may=_READS,
        may_not=_READS_NOT,
    ),
    Probe(_FORWARD.format(method="POST"), "session", _forwarded("POST"), may=_TAKES, may_not=_TAKES_NOT),
    *(
        Probe(
            _FORWARD.format(method=method),
            "session",
            _forwarded(method),
            may={"homeroom": 405},
            elsewhere=405,
            everybody_because=_ALIKE,
            no_step_up_because=_ALIKE,
        )
        for method in ("PUT", "PATCH", "DELETE")
    ),
    # ---- registry: a learning app's own token ----
    Probe(
        "registry GET /ims/oneroster/rostering/v1p2/{asked:path}",
        "bearer",
        get("/ims/oneroster/rostering/v1p2/users"),
        may={"app": 200},
        may_not=dict.fromkeys(
            (
                *("homeroom", "office", "board_staff", "lunch_staff", "system_operator"),
                *("guardian", "pupil", "department"),
            ),
            404,
        ),
        no_step_up_because=_NO_PERSON,
    ),
    # ---- dashboard: a department's own token ----
    Probe(
        "dashboard GET /api/feeds/{name}/items",
        "bearer",
        get(f"/api/feeds/{LUNCH}/items"),
        may={"department": 200},
        may_not=_DEPARTMENTS_ALONE,
        no_step_up_because=_NO_PERSON,
    ),
    Probe(
        "dashboard POST /api/feeds/{name}/acks",
        "bearer",
        lambda _: Call("POST", f"/api/feeds/{LUNCH}/acks", {"position": 1}),
        may={"department": 200},
        may_not=_DEPARTMENTS_ALONE,
        no_step_up_because=_NO_PERSON,
    ),
)


@dataclass(frozen=True)
class Open:
    """An operation that is open to everybody."""

    because: str
    path: str
    status: int
    """What a stranger gets who sends nothing with it."""


_DESCRIPTION = "the description of the interface: no data"
_HEALTH = "whether the service has started, lives, is ready and keeps up: no data"
_PROTOCOL = "OpenID Connect: the protocol itself says who may"


def _of_every(service: str) -> dict[str, Open]:
    return {
        f"{service} GET /openapi.json": Open(_DESCRIPTION, "/openapi.json", 200),
        f"{service} HEAD /openapi.json": Open(_DESCRIPTION, "/openapi.json", 200),
        f"{service} GET /health/started": Open(_HEALTH, "/health/started", 200),
        f"{service} GET /health/live": Open(_HEALTH, "/health/live", 200),
        f"{service} GET /health/ready": Open(_HEALTH, "/health/ready", 200),
        f"{service} GET /health/reached": Open(_HEALTH, "/health/reached", 200),
    }


_MAIL_LINK = "ends mails by the signed link that is in them (RFC 8058): whoever has the mail may"
_STRANGE_LINK = "/stop/" + "A" * 64
PUBLIC: Mapping[str, Open] = {
    **_of_every("registry"),
    **_of_every("identity"),
    **_of_every("messaging"),
    **_of_every("dashboard"),
    "identity GET /.well-known/openid-configuration": Open(
        "what the issuer can do and where, public by its protocol", "/.well-known/openid-configuration", 200
    ),
    "identity GET /jwks": Open("public keys", "/jwks", 200),
    "identity GET /assets/{name}": Open("the sign-in page's style and mark", "/assets/icon.svg", 200),
    "identity GET /authorize": Open(
        "the sign-in page: nobody is signed in yet; on this machine only (LoopbackOnly)", "/authorize", 400
    ),
    "identity POST /authorize": Open(
        "choosing on the sign-in page: nobody is signed in yet; the code is good for the client alone",
        "/authorize",
        400,
    ),
    "identity POST /authorize/paper": Open(
        "a guardian's code on paper: nobody is signed in yet; tries are counted", "/authorize/paper", 400
    ),
    "identity POST /token": Open(_PROTOCOL + ": a client proves itself with its secret", "/token", 401),
    "identity GET /logout": Open(_PROTOCOL + ": the ID token in the request", "/logout", 400),
    "identity POST /logout": Open(_PROTOCOL + ": the ID token in the request", "/logout", 400),
    "messaging GET /stop/{token}": Open(_MAIL_LINK, _STRANGE_LINK, 404),
    "messaging POST /stop/{token}": Open(_MAIL_LINK, _STRANGE_LINK, 404),
    "dashboard GET /stop/{token}": Open(_MAIL_LINK + "; passed on to messaging", _STRANGE_LINK, 404),
    "dashboard POST /stop/{token}": Open(_MAIL_LINK + "; passed on to messaging", _STRANGE_LINK, 404),
    "dashboard GET /auth/login": Open("begins a sign-in", "/auth/login", 302),
    "dashboard GET /auth/callback": Open(
        "ends a sign-in; without the sealed state of its beginning it leads nowhere", "/auth/callback", 302
    ),
    "dashboard POST /auth/logout": Open(
        "ends the session that it is sent with, if any; guarded by origin and header", "/auth/logout", 200
    ),
    "dashboard POST /auth/backchannel-logout": Open(
        _PROTOCOL + ": a logout token that the authority has signed", "/auth/backchannel-logout", 400
    ),
    "dashboard ANY /*": Open("the front end's files, the same for everybody", "/today", 200),
}
"""Operation → why everybody may ask, and a way to ask it."""
