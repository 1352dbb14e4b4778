"""How the operations of people are asked (:mod:`tests.matrix.probes`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.matrix.browser import Call
from tests.matrix.probe import NOTHING, Outcome, Probe, get
from tests.matrix.world import World
from tests.support.boards import AT_THE_SCHOOL

_READS = dict.fromkeys(AT_THE_SCHOOL, 200)
_NO_PEOPLE: Mapping[str, Outcome] = dict.fromkeys(
    ("lunch_staff", "system_operator", "guardian", "mother", "pupil", "department"), NOTHING
)


def _birth_date(world: World, rest: str, born: str) -> Call:
    """A correction of a child's birth date."""
    body = {"act": "correct_basics", "seen": 1, "birth_date": born, "sex": "unspecified", "reason": "聞いた"}
    return Call("POST", f"/v1/people/{world.first.ids['pupil']}/changes{rest}", body)


def _erasure(rest: str = "") -> Callable[[World], Call]:
    """To erase the child, who is enrolled and so stays."""
    body = {"ground": "by_mistake", "name": "別の人"}
    return lambda world: Call("POST", f"/v1/people/{world.first.ids['pupil']}/erasure{rest}", body)


_CHANGES_NOT: Mapping[str, Outcome] = {
    **dict.fromkeys(
        (
            "homeroom",
            "assistant",
            "substitute",
            "principal",
            "vice_principal",
            "nurse",
            "subject",
            "neighbour",
        ),
        403,
    ),
    **dict.fromkeys(
        (
            *("elsewhere", "moved", "lunch_staff", "system_operator"),
            *("guardian", "mother", "pupil", "department"),
        ),
        404,
    ),
}

_EVERYBODY = (*_CHANGES_NOT, "office")

PEOPLE: tuple[Probe, ...] = (
    Probe(
        "registry POST /v1/people/{person}/changes/preview",
        "bearer",
        lambda world: _birth_date(world, "/preview", "2018-05-06"),
        may={"office": 200, "board_staff": 200},
        may_not=_CHANGES_NOT,
    ),
    Probe(
        "registry POST /v1/people/{person}/changes",
        "bearer",
        lambda world: _birth_date(world, "", "2018-05-05"),  # as it is: nothing is written
        may={"office": 200, "board_staff": 200},
        may_not=_CHANGES_NOT,
    ),
    Probe(
        "registry POST /v1/people/{person}/erasure/preview",
        "bearer",
        _erasure("/preview"),
        may={"board_staff": 422},
        kept_because="whoever is still here stays; erasing is shown by services/registry/erasure/tests",
        may_not={**_CHANGES_NOT, "office": 403},
    ),
    Probe(
        "registry POST /v1/people/{person}/erasure",
        "bearer",
        _erasure(),
        may={"board_staff": 422},
        kept_because="whoever is still here stays; erasing is shown by services/registry/erasure/tests",
        may_not={**_CHANGES_NOT, "office": 403},
    ),
    Probe(
        "registry GET /v1/erasures",
        "bearer",
        get("/v1/erasures"),
        may={"board_staff": 200},
        may_not=dict.fromkeys(_EVERYBODY, NOTHING),
        elsewhere=NOTHING,
    ),
    Probe(
        "registry GET /v1/people",
        "bearer",
        get("/v1/people?rows=1000"),
        may=dict.fromkeys((*_READS, "elsewhere", "board_staff"), 200),
        may_not=_NO_PEOPLE,
        elsewhere=NOTHING,
    ),
    Probe(
        "registry GET /v1/people/places",
        "bearer",
        get("/v1/people/places"),
        may=dict.fromkeys((*_READS, "elsewhere", "board_staff"), 200),
        may_not=_NO_PEOPLE,
        elsewhere=NOTHING,
    ),
    Probe(
        "registry GET /v1/people/{person}",
        "bearer",
        get("/v1/people/{pupil}"),
        may={**_READS, "board_staff": 200},
        may_not={
            **dict.fromkeys(("elsewhere", "moved", "lunch_staff", "system_operator"), 404),
            **dict.fromkeys(("guardian", "mother", "pupil", "department"), 404),
        },
    ),
)
