"""Every address that can be read, with everything that exists put into it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import product
from typing import Any
from urllib.parse import quote

from tests.matrix.exporting import TICKET
from tests.matrix.importing import RUN
from tests.matrix.operations import operations
from tests.matrix.probes import PUBLIC
from tests.matrix.world import LUNCH, World
from tests.support.boards import HIDDEN, HIDDEN_KANA, LEAVING, TODAY, YESTERDAY

_FORWARD = "{path:path}"


def addresses(world: World, service: str, days: Sequence[date] = (TODAY, YESTERDAY)) -> list[str]:
    """The addresses of ``service`` for all that the first board has; whatever the origin passes on is among its own."""
    return _of(world, service, days, set())


def guarded(world: World, service: str) -> list[str]:
    """Those of today that are not open to everybody."""
    return _of(world, service, (TODAY,), set(PUBLIC))


def _of(world: World, service: str, days: Sequence[date], without: set[str]) -> list[str]:
    found = []
    for operation in sorted(operations(world.apps) - without):
        of, method, template = operation.split(" ", 2)
        if of == service and method in ("GET", "ANY"):
            found += list(_expanded(world, template, days))
    return found


def _expanded(world: World, template: str, days: Sequence[date]) -> Iterator[str]:
    """A template with every value of its parameters. A new parameter needs its values here."""
    if template == "/api/live":
        yield f"{template}?views={quote(','.join(_live_keys(world)))}"
        return
    if template.endswith(_FORWARD):
        start = template.removesuffix("/v1/" + _FORWARD).replace("{service}", "registry")
        yield from (
            start + address for address in addresses(world, "registry", days) if address.startswith("/v1/")
        )
        return
    ids = world.first.ids
    values: dict[str, Sequence[Any]] = {
        "class_id": [ids[word] for word in ("2-1", "2-2", "6-1", "other")],
        "school": [ids[word] for word in ("first", "second", "junior")],
        "board": [world.first.id],
        "day": days,
        "on": days,
        "name": [LUNCH],
        "person": sorted(set(ids.values())),
        "upload": [ids["upload"], ids["waiting"]],
        "number": [1, RUN],
        "export": [ids["export"]],
        "bundle": [ids["bundle"]],
        "trial": [ids["trial"]],
        "move": [ids[word] for word in ("move", "undone_move", "hidden_move")],
        "question": [ids[word] for word in ("question", "hidden_question")],
        "year": [TODAY.year, TODAY.year + 1],
        "month": [f"{TODAY:%Y-%m}"],
        "certificate": [ids[word] for word in ("certificate", "hidden_certificate")],
        "pupil": [ids[word] for word in ("pupil", HIDDEN, LEAVING)],
        "copy": ["school_day", "roster"],
        "publisher": ["registry"],
        "key": [ids["pupil"]],
        "token": ["somebody"],
        "topic": ["registry.person", "registry.attendance", "identity.account", "messaging.notice"],
        "asked:path": [
            *("orgs", "classes", "users", "students", "teachers", "enrollments", "demographics"),
            *(f"users/{ids[word]}" for word in ("pupil", HIDDEN, LEAVING)),
            *(f"demographics/{ids[word]}" for word in ("pupil", HIDDEN, LEAVING)),
            *(f"classes/{ids[word]}/students" for word in ("2-1", "2-2", "6-1")),
            f"schools/{ids['first']}/students",
        ],
    }
    template += _ASKED_WITH.get(template, "")
    names = re.findall(r"\{([^}]+)\}", template)
    for chosen in product(*(values[name] for name in names)):
        filled = template
        for name, value in zip(names, chosen, strict=True):
            filled = filled.replace("{" + name + "}", str(value))
        yield filled.replace("/*", "/today") + ("?find=職" if filled.endswith("/candidates") else "")


_ASKED_WITH = {
    "/v1/imports/uploads/{upload}/changes": "?kind=card",
    "/v1/exports/{export}/file": f"?ticket={TICKET}",
    "/api/registry/v1/exports/{export}/file": f"?ticket={TICKET}",
    "/v1/moves/pupils": f"?q={quote(HIDDEN_KANA[0])}",
    "/v1/schools/{school}/rooms": "?on={day}&grade=P2",
    "/v1/moves/{move}/textbooks": "?on={day}",
}
"""Addresses that need a question, with one that would find the protected child."""


def _live_keys(world: World) -> list[str]:
    ids = world.first.ids
    keys = [
        f"class-day:{ids[word]}:{day}"
        for word in ("2-1", "2-2", "6-1", "other")
        for day in (TODAY, YESTERDAY)
    ]
    keys += [f"school-day:{ids[word]}:{TODAY}" for word in ("first", "second")]
    return [*keys, f"board-day:{world.first.id}:{TODAY}", f"duties:{world.first.id}", "operations"]
