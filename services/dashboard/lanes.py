"""In which line a request to the origin waits when everybody comes at once (shared/web/admission.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from shared.web.admission import Lane, one_lane

_FORWARDED = re.compile(r"/api/([a-z]+)/v1/")
_WAITING = "/api/feeds/"
"""Departments ask here and wait for news: few, known, and idle while they wait."""
_WORK = ("/api/", "/auth/")
"""Everything else is a file of the front end: it costs next to nothing, and without it nobody could read a refusal."""


def lanes(services: Iterable[str]) -> Lane:
    """What is passed on waits by service, so that one which hangs keeps nobody from the pages and the others."""
    known = frozenset(services)

    def lane(path: str) -> str | None:
        if path.startswith(_WAITING) or not path.startswith(_WORK):
            return None
        forwarded = _FORWARDED.match(path)
        return forwarded[1] if forwarded and forwarded[1] in known else one_lane(path)

    return lane
