"""How the operations of a guardian's own language are asked (:mod:`tests.matrix.probes`)."""

from __future__ import annotations

from collections.abc import Mapping

from tests.matrix.browser import Call
from tests.matrix.probe import Outcome, Probe, get

_GUARDIANS = dict.fromkeys(("guardian", "mother"), 200)
_NOBODY_ELSE: Mapping[str, Outcome] = dict.fromkeys(
    (
        *("office", "principal", "vice_principal", "homeroom", "assistant", "substitute", "subject"),
        *("nurse", "neighbour", "elsewhere", "moved", "board_staff", "lunch_staff", "system_operator"),
        *("pupil", "department"),
    ),
    404,
)
_CHOICE = {"language": "en", "furigana": False}

LANGUAGES: tuple[Probe, ...] = (
    Probe(
        "identity GET /v1/me/language",
        "bearer",
        get("/v1/me/language"),
        may=_GUARDIANS,
        may_not=_NOBODY_ELSE,
    ),
    Probe(
        "identity POST /v1/me/language",
        "bearer",
        lambda _: Call("POST", "/v1/me/language", _CHOICE),
        may=_GUARDIANS,
        may_not=_NOBODY_ELSE,
    ),
)
