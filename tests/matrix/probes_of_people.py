"""How the operations of people are asked (:mod:`tests.matrix.probes`)."""

from __future__ import annotations

from collections.abc import Mapping

from tests.matrix.probe import NOTHING, Outcome, Probe, get

_READS = dict.fromkeys(
    (
        "homeroom",
        "assistant",
        "substitute",
        "office",
        "principal",
        "vice_principal",
        "nurse",
        "subject",
        "neighbour",
    ),
    200,
)
_NO_PEOPLE: Mapping[str, Outcome] = dict.fromkeys(
    ("system_operator", "guardian", "mother", "pupil", "department"), NOTHING
)

PEOPLE: tuple[Probe, ...] = (
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
            **dict.fromkeys(("elsewhere", "moved", "system_operator", "guardian", "mother", "pupil"), 404),
            "department": 404,
        },
    ),
)
