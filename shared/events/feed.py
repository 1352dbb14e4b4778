"""The feed port: how a consumer reads a publisher's log, whichever transport carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from shared.events.records import Record

Cursor = dict[str, Any]
"""The transport's own place, JSON. Only the feed that made it understands it."""


@dataclass(frozen=True)
class Batch:
    """What one read brought."""

    records: list[Record]
    cursor: Cursor
    """Where to read on once the records are accounted for."""
    reached: int
    """Every position up to this one has been seen or is not of these topics."""
    epoch: int
    """Epoch of the publisher's log."""
    head: int | None = None
    """Last position of the publisher's log, where the transport knows it."""


class Feed(Protocol):
    """One consumer's view of one publisher."""

    publisher: str

    async def read(self, cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        """The next records after ``cursor`` (None: from the beginning), at most about ``limit``.

        Waits up to ``wait`` seconds for something new. The batch may be empty.
        """
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...
