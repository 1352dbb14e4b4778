"""A feed on which nothing ever comes: for tests of a service's own routes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from shared.events.feed import Batch, Cursor, Feed


class SilentFeed:
    """A publisher that says nothing."""

    def __init__(self, publisher: str) -> None:
        self.publisher = publisher
        self._closed = asyncio.Event()

    async def read(self, cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        """Nothing, after the wait."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), wait)
        return Batch([], cursor or {}, 0, None)

    async def close(self) -> None:
        """End every wait."""
        self._closed.set()


def silent_feed(publisher: str, topics: Sequence[str]) -> Feed:
    """A feed for ``service.build``."""
    return SilentFeed(publisher)
