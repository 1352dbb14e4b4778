"""What anybody can bring about without end, with no account: a row a minute of each kind, which says how many. Pure.

Every one is counted, so the access log stays true; nobody can make it grow faster than so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

EVERY_SECONDS = 60.0

Kind = tuple[str, str, str]
"""Client, action, resource: words of ours, a handful of them."""


@dataclass
class Crowd:
    """Counts by kind, in this process: several processes write a row a minute each."""

    ticks: Callable[[], float] = time.monotonic
    _untold: dict[Kind, int] = field(default_factory=dict)
    _told_at: dict[Kind, float] = field(default_factory=dict)

    def add(self, kind: Kind) -> None:
        """One more."""
        self._untold[kind] = self._untold.get(kind, 0) + 1

    def take(self, *, all: bool = False) -> dict[Kind, int]:
        """How many there were of each kind whose turn it is, or of ``all``; they are told of now."""
        now = self.ticks()
        due = [
            kind
            for kind in self._untold
            if all or kind not in self._told_at or now - self._told_at[kind] >= EVERY_SECONDS
        ]
        self._told_at |= dict.fromkeys(due, now)
        return {kind: self._untold.pop(kind) for kind in due}
