"""Keys of live views, and which of them a notice from a copy is about. Pure.

A key names a class-day, a school-day, the board's day or a list, never a person. A copy knows no "today", so it may
also say "every day of this class" (``class-day:<class>:*``) or "any page of this board" (``board:<board>``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

Kind = Literal["class-day", "school-day", "board-day", "office", "duties", "operations"]

MAX_VIEWS = 100
"""Views one stream may follow: an office's list of classes and a few pages."""
COALESCE_SECONDS = 0.25
"""After a message the next one waits this long; what happens meanwhile goes into it together."""
HEARTBEAT_SECONDS = 10.0
"""A stream that is silent for twice as long is taken for lost by the browser."""


@dataclass(frozen=True)
class View:
    """A view that a stream may follow."""

    kind: Kind
    of: UUID | None = None
    on: date | None = None

    @property
    def key(self) -> str:
        """How pages and messages write it."""
        return ":".join(str(part) for part in (self.kind, self.of, self.on) if part is not None)


def view(key: str) -> View | None:
    """The view a key names; None when there is no such view."""
    kind, *rest = key.split(":")
    try:
        match kind, rest:
            case ("class-day" | "school-day" | "board-day") as of_a_day, [of, on]:
                found = View(of_a_day, UUID(of), date.fromisoformat(on))
            case ("office" | "duties") as of_all_days, [of]:
                found = View(of_all_days, UUID(of))
            case "operations", []:
                found = View("operations")
            case _:
                return None
    except ValueError:
        return None
    return found if found.key == key else None


def touched(notices: Iterable[str], key: str, board: UUID) -> bool:
    """Whether any of ``notices`` is about the view ``key`` of somebody in ``board``."""
    return any(
        notice == key
        or (notice.endswith(":*") and key.startswith(notice[:-1]))
        or (notice == f"board:{board}" and key != "operations")
        for notice in notices
    )
