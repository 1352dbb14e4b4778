"""The feed port: how a consumer reads a publisher's log, whichever transport carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from shared.events.records import Record

Cursor = dict[str, Any]
"""The transport's own place, JSON. Only the feed that made it understands it; to another it means: from the first."""


def first_of(epoch: int) -> Cursor:
    """Before the first record of ``epoch``; what a transport still has of earlier ones is passed over."""
    return {"epoch": epoch}


class Stopped(RuntimeError):
    """Why a feed or its consumer does not go on; the text is for the operator and holds no personal data."""


@dataclass(frozen=True)
class Batch:
    """What one read brought."""

    records: list[Record]
    cursor: Cursor
    """Where to read on once the records are accounted for."""
    reached: int
    """Every position up to this one has been seen or is not of these topics."""
    epoch: int | None
    """Epoch of the publisher's log; None while nothing has been seen of it."""
    head: int | None = None
    """Last position of the publisher's log, where the transport knows it."""
    whole: bool = True
    """Of a first read: whether it began with the first fact there ever was."""
    level: bool = False
    """Whether nothing was left behind it, at a moment while it was read; where the transport does not know: no."""

    def news(self, cursor: Cursor | None) -> bool:
        """Whether a consumer that stood at ``cursor`` has anything to account for."""
        return self.epoch is not None and (bool(self.records) or self.cursor != cursor)


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
