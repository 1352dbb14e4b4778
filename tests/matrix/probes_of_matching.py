"""How the operations of 名寄せ are asked (:mod:`tests.matrix.probes`)."""

from __future__ import annotations

from collections.abc import Mapping

from tests.matrix.browser import Call
from tests.matrix.probe import NOTHING, Outcome, Probe, get
from tests.support.boards import AT_THE_SCHOOL

_NOT_THE_OFFICE: Mapping[str, Outcome] = dict.fromkeys(
    (
        *AT_THE_SCHOOL,
        "elsewhere",
        "moved",
        "system_operator",
        "guardian",
        "mother",
        "pupil",
        "department",
    ),
    404,
)
_LISTS_NOT: Mapping[str, Outcome] = dict.fromkeys(_NOT_THE_OFFICE, NOTHING)

MATCHING: tuple[Probe, ...] = (
    Probe(
        "registry GET /v1/same-people",
        "bearer",
        get("/v1/same-people"),
        may={"board_staff": 200},
        may_not=_LISTS_NOT,
        elsewhere=NOTHING,
    ),
    Probe(
        "registry POST /v1/same-people",
        "bearer",
        lambda world: Call(
            "POST",
            "/v1/same-people",
            {"one": str(world.first.ids["pupil"]), "other": str(world.first.ids["p2"])},
        ),
        # Whoever may ask is told that this pair is asked about already; 200: matching/tests/test_by_hand.py.
        may={"board_staff": 409},
        kept_because="asked again it is asked already; asking is shown by services/registry/matching/tests",
        may_not={**_NOT_THE_OFFICE, **dict.fromkeys(AT_THE_SCHOOL, 403)},
    ),
    Probe(
        "registry GET /v1/same-people/{question}",
        "bearer",
        get("/v1/same-people/{question}"),
        may={"board_staff": 200},
        may_not=_NOT_THE_OFFICE,
    ),
    Probe(
        "registry POST /v1/same-people/{question}/answer",
        "bearer",
        lambda world: Call(
            "POST",
            f"/v1/same-people/{world.first.ids['question']}/answer",
            {"seen": 1, "answer": "waiting"},  # said again it changes nothing
        ),
        may={"board_staff": 200},
        may_not=_NOT_THE_OFFICE,
    ),
    Probe(
        "registry POST /v1/same-people/mergings/{merging}/undo",
        "bearer",
        lambda world: Call(
            "POST",
            f"/v1/same-people/mergings/{world.first.ids['merging']}/undo",
            {"note": "別の子"},  # they are two again already
        ),
        may={"board_staff": 200},
        may_not=_NOT_THE_OFFICE,
    ),
)
