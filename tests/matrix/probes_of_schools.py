"""How the operations of a school's desk are asked: class lists, duties (:mod:`tests.matrix.probes`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import count
from typing import Any

from services.registry.attendance_lists.rules import read
from services.registry.certificates.rules import DEFAULT_FORMS
from services.registry.roster.dated import revision
from tests.matrix.browser import Call
from tests.matrix.probe import Outcome, Probe, get
from tests.matrix.world import World
from tests.support.boards import AT_THE_SCHOOL, FAR_DAYS, HIDDEN, TODAY

_DAYS = count(1)


def _stand_in(world: World) -> Call:
    """Somebody stands in for the teacher of 2-2, every time on another day or somebody else: never the same again."""
    others, after = divmod(next(_DAYS), len(FAR_DAYS))
    ids, day = world.first.ids, FAR_DAYS[after]
    body = {
        "staff": str(ids[("subject", "homeroom", "nurse", "assistant")[others]]),
        "class": str(ids["2-2"]),
    }
    until = str(day + timedelta(days=1))
    path = f"/v1/schools/{ids['first']}/duties"
    return Call("POST", path, {**body, "kind": "substitute", "since": str(day), "until": until})


def _numbers(world: World) -> Call:
    """What the numbers of 2-1 would become if they became what they are."""
    rows = [
        {"pupil": str(world.person(who)), "number": n} for n, who in enumerate(("pupil", "p2", HIDDEN), 1)
    ]
    body = {"since": str(TODAY), "seen": world.list_seen, "numbers": rows, "dry": True}
    return Call("POST", f"/v1/classes/{world.first.ids['2-1']}/list", body)


def _undo_numbers(world: World) -> Call:
    """An act on the numbers of 2-1 that was taken back already."""
    return Call("POST", f"/v1/classes/{world.first.ids['2-1']}/list/undo", {"change": str(world.undone)})


def _end(world: World) -> Call:
    """The duty of today's substitute ends with today, as it does anyway."""
    path = f"/v1/schools/{world.first.ids['first']}/duties/{world.standing_in}/end"
    return Call("POST", path, {"until": str(TODAY + timedelta(days=1))})


_NOWHERE_NEAR: Mapping[str, Outcome] = dict.fromkeys(
    ("elsewhere", "moved", "board_staff", "lunch_staff", "system_operator", "guardian", "mother", "pupil"),
    404,
)
_READS = dict.fromkeys(AT_THE_SCHOOL, 200)
_LEADS = ("principal", "vice_principal", "office", "board_staff")
_LEADS_NOT: Mapping[str, Outcome] = {
    **dict.fromkeys(("homeroom", "subject", "nurse", "neighbour", "substitute"), 403),
    **dict.fromkeys(("lunch_staff", "system_operator"), 403),
    **dict.fromkeys(("elsewhere", "moved", "guardian", "mother", "pupil", "department"), 404),
}
# Whom the child is kept from numbers the others (class_lists/tests/test_api.py); these rows name the child.
_NUMBERS = {"homeroom": 200, "assistant": 200, "office": 200, "principal": 200, "vice_principal": 200}
_NUMBERS_NOT: Mapping[str, Outcome] = {
    **dict.fromkeys(("substitute", "subject", "nurse", "neighbour"), 403),
    **_NOWHERE_NEAR,
    "department": 404,
}
_PLAN = [["11/27", "行事", "学習発表会", ""]]
_BOARD_ALONE: Mapping[str, Outcome] = dict.fromkeys(
    (
        *(*_READS, "lunch_staff", "system_operator", "elsewhere", "moved"),
        *("guardian", "mother", "pupil", "department"),
    ),
    404,
)
_OF_THE_BOARD = ("board_staff", "lunch_staff")


def _lines(world: World) -> Call:
    """What an event would do to the year of the first school."""
    path = f"/v1/schools/{world.first.ids['first']}/calendars/2026"
    return Call("POST", path, {"rows": _PLAN, "seen": world.calendar_seen, "dry": True})


def _template(world: World) -> Call:
    """What the board's plan would do to the first school."""
    schools = [str(world.first.ids["first"])]
    path = f"/v1/boards/{world.first.id}/calendars/2026"
    return Call("POST", path, {"rows": _PLAN, "seen": world.template_seen, "schools": schools, "dry": True})


def _undo_lines(world: World) -> Call:
    """What taking back the last act on the year of the first school would do."""
    path = f"/v1/schools/{world.first.ids['first']}/calendars/2026/undo"
    return Call("POST", path, {"change": str(world.calendar_change), "dry": True})


_FIRST = {"since": "2026-04-01", "seen": revision([])}
"""A first version: said once more, it changes nothing."""
_NEVER = {"since": "2027-04-02", "seen": ""}
"""A day of which nobody has said anything: nothing is withdrawn."""
_OF_FORMS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("certificate-forms", "POST", {**_FIRST, "forms": DEFAULT_FORMS.model_dump()}),
    ("certificate-forms/sample", "POST", {"kind": "enrolment", "form": DEFAULT_FORMS.enrolment.model_dump()}),
    ("certificate-forms/withdraw", "POST", _NEVER),
    ("textbooks", "POST", {**_FIRST, "rows": [["小2", "国語", "38 光村", "国語 209", "こくご二上"]]}),
    ("textbooks/withdraw", "POST", _NEVER),
)
_KIN = [row._asdict() for row in read("bereavement", None).rows]


_OF_LISTS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("attendance-lists/{which}", "POST", {**_FIRST, "rows": _KIN}),
    ("attendance-lists/{which}/withdraw", "POST", _NEVER),
)


def _of_forms(what: str, body: Mapping[str, Any]) -> Callable[[World], Call]:
    what = what.replace("{which}", "bereavement")
    return lambda world: Call("POST", f"/v1/boards/{world.first.id}/{what}", dict(body))


# The month and the year are for fewer than the roll of a day: the class's teachers, the school's heads and office.
_REGISTER_NOT: Mapping[str, Outcome] = {
    **dict.fromkeys(("substitute", "subject", "nurse", "neighbour"), 403),
    **_NOWHERE_NEAR,
    "department": 404,
}


def _registers() -> tuple[Probe, ...]:
    """出席簿, and 欠課時数 beside it."""
    return tuple(
        Probe(
            f"registry GET /v1/classes/{{class_id}}/{sheet}/{what}",
            "bearer",
            get(f"/v1/classes/{{2_1}}/{sheet}/" + what.replace("{month}", f"{TODAY:%Y-%m}")),
            may=_NUMBERS,
            may_not=_REGISTER_NOT,
        )
        for sheet in ("register", "lessons")
        for what in (of + form for of in ("months/{month}", "year") for form in ("", "/pdf", "/xlsx"))
    )


def _months_end() -> tuple[Probe, ...]:
    """Nothing is closed here: who may is told that the month is another one than was seen, or still open."""

    def ask(act: str, body: Mapping[str, Any]) -> Callable[[World], Call]:
        path = f"register/months/{TODAY:%Y-%m}/{act}"
        return lambda world: Call("POST", f"/v1/classes/{world.first.ids['2-1']}/{path}", dict(body))

    teachers, heads = ("homeroom", "assistant"), ("principal", "vice_principal")
    return tuple(
        Probe(
            f"registry POST /v1/classes/{{class_id}}/register/months/{{month}}/{act}",
            "bearer",
            ask(act, body),
            may=dict.fromkeys(those, 409),
            kept_because="the month is another one than was seen; closing is shown by services/registry/closing/tests",
            may_not={**_REGISTER_NOT, **dict.fromkeys((*others, "office"), 403)},
        )
        for act, body, those, others in (
            ("close", {"seen": "nothing"}, teachers, heads),
            ("check", {"seen": "nothing"}, heads, teachers),
            ("return", {"revision": 1, "sentence": "5日"}, heads, teachers),
        )
    )


_BUNDLES = "/v1/schools/{school}/register/bundles"
_HEADS = ("office", "principal", "vice_principal")
_NO_BUNDLES: Mapping[str, Outcome] = {
    **dict.fromkeys(("homeroom", "assistant"), 403),
    **_REGISTER_NOT,
}


def _bundles() -> tuple[Probe, ...]:
    """A file is for whoever asked for it: here the principal."""

    def post(rest: str, body: Mapping[str, Any]) -> Callable[[World], Call]:
        def call(world: World) -> Call:
            ids = world.first.ids
            path = _BUNDLES.replace("{school}", str(ids["first"])) + rest
            return Call("POST", path.replace("{bundle}", str(ids["bundle_gone"])), dict(body))

        return call

    others: Mapping[str, Outcome] = {**_NO_BUNDLES, **dict.fromkeys(("office", "vice_principal"), 404)}
    here = _BUNDLES.replace("{school}", "{first}")
    return (
        Probe(
            f"registry GET {_BUNDLES}",
            "bearer",
            get(here),
            may=dict.fromkeys(_HEADS, 200),
            may_not=_NO_BUNDLES,
        ),
        Probe(
            f"registry POST {_BUNDLES}",
            "bearer",
            post("", {"month": "2099-01"}),
            may=dict.fromkeys(_HEADS, 422),
            kept_because="the month has not begun; printing is shown by services/registry/bundles/tests",
            may_not=_NO_BUNDLES,
        ),
        Probe(
            f"registry GET {_BUNDLES}/{{bundle}}/pdf",
            "bearer",
            get(f"{here}/{{bundle}}/pdf"),
            may={"principal": 200},
            may_not=others,
        ),
        Probe(
            f"registry POST {_BUNDLES}/{{bundle}}/remove",
            "bearer",
            post("/{bundle}/remove", {}),
            may={"principal": 200},
            may_not=others,
        ),
    )


SCHOOLS: tuple[Probe, ...] = (
    *_bundles(),
    *_registers(),
    *_months_end(),
    Probe(
        "registry POST /v1/classes/{class_id}/register/year/former",
        "bearer",
        lambda world: Call(
            "POST",
            f"/v1/classes/{world.first.ids['2-1']}/register/year/former",
            {"pupil": str(world.first.ids["pupil"]), "seen": 0, "said": None},
        ),
        may={"office": 200},
        may_not={
            **_REGISTER_NOT,
            **dict.fromkeys(("homeroom", "assistant", "principal", "vice_principal"), 403),
        },
    ),
    *(
        Probe(
            f"registry {method} /v1/boards/{{board}}/{what}",
            "bearer",
            ask,
            may={"board_staff": 200},
            may_not=_BOARD_ALONE,
        )
        for method, what, ask in (
            ("GET", "certificate-forms", get("/v1/boards/{board}/certificate-forms")),
            ("GET", "textbooks", get("/v1/boards/{board}/textbooks")),
            ("GET", "attendance-lists", get("/v1/boards/{board}/attendance-lists")),
            *((method, what, _of_forms(what, body)) for what, method, body in (*_OF_FORMS, *_OF_LISTS)),
        )
    ),
    Probe(
        "registry GET /v1/schools/{school}/calendars/{year}",
        "bearer",
        get("/v1/schools/{first}/calendars/2026"),
        may={**_READS, **dict.fromkeys(_OF_THE_BOARD, 200)},
        may_not={who: 404 for who in (*_NOWHERE_NEAR, "department") if who not in _OF_THE_BOARD},
    ),
    Probe(
        "registry POST /v1/schools/{school}/calendars/{year}",
        "bearer",
        _lines,
        may=dict.fromkeys(_LEADS, 200),
        may_not={**_LEADS_NOT, "system_operator": 404},
    ),
    Probe(
        "registry POST /v1/schools/{school}/calendars/{year}/undo",
        "bearer",
        _undo_lines,
        may=dict.fromkeys(_LEADS, 200),
        may_not={**_LEADS_NOT, "system_operator": 404},
    ),
    Probe(
        "registry GET /v1/boards/{board}/calendars/{year}",
        "bearer",
        get("/v1/boards/{board}/calendars/2026"),
        may={"board_staff": 200},
        may_not=_BOARD_ALONE,
    ),
    Probe(
        "registry POST /v1/boards/{board}/calendars/{year}",
        "bearer",
        _template,
        may={"board_staff": 200},
        may_not=_BOARD_ALONE,
    ),
    Probe(
        "registry GET /v1/classes/{class_id}/list",
        "bearer",
        get("/v1/classes/{2_1}/list"),
        may=_READS,
        may_not={**_NOWHERE_NEAR, "department": 404},
    ),
    Probe(
        "registry POST /v1/classes/{class_id}/list",
        "bearer",
        _numbers,
        may=_NUMBERS,
        may_not=_NUMBERS_NOT,
    ),
    Probe(
        "registry POST /v1/classes/{class_id}/list/undo",
        "bearer",
        _undo_numbers,
        may=_NUMBERS,
        may_not=_NUMBERS_NOT,
    ),
    Probe(
        "registry GET /v1/schools/{school}/duties",
        "bearer",
        get("/v1/schools/{first}/duties"),
        may=dict.fromkeys((*_LEADS, "lunch_staff"), 200),
        may_not={who: outcome for who, outcome in _LEADS_NOT.items() if who != "lunch_staff"},
    ),
    Probe(
        "registry GET /v1/schools/{school}/candidates",
        "bearer",
        get("/v1/schools/{first}/candidates?find=職"),
        may={"board_staff": 200},
        may_not={**_LEADS_NOT, **dict.fromkeys(("principal", "vice_principal", "office"), 403)},
    ),
    Probe(
        "registry POST /v1/schools/{school}/duties",
        "bearer",
        _stand_in,
        may=dict.fromkeys(_LEADS, 200),
        may_not=_LEADS_NOT,
    ),
    Probe(
        "registry POST /v1/schools/{school}/duties/{duty}/end",
        "bearer",
        _end,
        may=dict.fromkeys(_LEADS, 200),
        may_not=_LEADS_NOT,
    ),
)
