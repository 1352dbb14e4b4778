"""A run yields to the morning: it pauses while a reader of registry's log is behind (decisions.md §3 "Bulk yields").

What a reader has reached is what its service says of its own copies; a reader that does not answer, or that stands
still for an operator, is waited for by nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

import httpx
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import text

from shared.database import Scope, Units

RECORDS = 2_000
SECONDS = 1.0
"""How far behind a reader may be (decisions.md §3)."""
NAP_SECONDS = 0.1
_TIMEOUT = httpx.Timeout(2.0)
_HEAD = text("select position from log.head")


class Reader(NamedTuple):
    """A copy or reaction that reads registry's log."""

    name: str
    reached: int


class Behind(NamedTuple):
    """A reader that is too far behind."""

    name: str
    records: int
    seconds: float


Look = Callable[[], Awaitable[tuple[int, Sequence[Reader]]]]
"""The head of the log, and where its readers are."""


@dataclass(slots=True)
class Pace:
    """Waits, before each part of a run, until every reader has come near enough."""

    look: Look
    tell: Callable[[Sequence[Behind]], None] | None = None
    """Told who is waited for; of nobody when the run goes on."""
    nap: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], float] | None = None
    _seen: deque[tuple[int, float]] = field(default_factory=deque)

    async def __call__(self, position: int | None) -> None:
        """Return when nobody is too far behind."""
        waited = False
        while True:
            head, readers = await self.look()
            now = asyncio.get_running_loop().time() if self.now is None else self.now()
            slow = self.behind(max(head, position or 0), readers, now)
            if slow or waited:
                waited = bool(slow)
                if self.tell is not None:
                    self.tell(slow)
            if not slow:
                return
            await self.nap(NAP_SECONDS)

    def behind(self, head: int, readers: Sequence[Reader], now: float) -> list[Behind]:
        """Who is too far behind, in records or in time since the first head that was not reached was seen."""
        if not self._seen or head > self._seen[-1][0]:
            self._seen.append((head, now))
        reached = min((each.reached for each in readers), default=head)
        while len(self._seen) > 1 and self._seen[0][0] <= reached:
            self._seen.popleft()
        slow = []
        for each in readers:
            since = next((at for position, at in self._seen if position > each.reached), now)
            records, seconds = head - each.reached, now - since
            if records > RECORDS or (records > 0 and seconds > SECONDS):
                slow.append(Behind(each.name, records, seconds))
        return slow


@dataclass(frozen=True)
class _Feed:
    """A worker as its service tells of it."""

    copy: str
    publisher: str
    reached: int
    stopped_because: str | None


_FEEDS = TypeAdapter(list[_Feed])


def readers_over_http(units: Units, urls: Mapping[str, str], client: httpx.AsyncClient) -> Look:
    """Asks the other services, at their addresses, how far their copies of registry's log are."""

    async def look() -> tuple[int, Sequence[Reader]]:
        async with units.read(Scope(UUID(int=0))) as session:
            head = int((await session.execute(_HEAD)).scalar_one())
        found = await asyncio.gather(*(_readers(client, name, url) for name, url in urls.items()))
        return head, [each for readers in found for each in readers]

    return look


async def _readers(client: httpx.AsyncClient, service: str, url: str) -> list[Reader]:
    try:
        answer = await client.get(f"{url}/health/reached", timeout=_TIMEOUT)
        feeds = _FEEDS.validate_python(answer.json())
    except (httpx.HTTPError, ValueError, ValidationError):
        return []
    return [
        Reader(f"{service}/{each.copy}", each.reached)
        for each in feeds
        if each.publisher == "registry" and each.stopped_because is None
    ]
