"""A way between two servers that can be made bad: refused, cut, delayed, throttled, silent, and made good again.

It passes bytes on and understands none of them: TLS goes through as it is.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.support.waiting import for_a_while

T = TypeVar("T")
CHUNK = 64 * 1024

Place = tuple[str, int] | Path
"""A host and a port, or a socket."""


@dataclass
class Proxy:
    """Listens at ``here`` and passes on to ``there``. What is set holds for lines that are open, too."""

    here: Place
    there: Place
    delay: float = 0.0
    """Seconds that every chunk waits, each way."""
    rate: float | None = None
    """Bytes a second, each way of each line; None: as fast as it goes."""
    refusing: bool = False
    """New lines are closed as soon as they are opened."""
    carried: int = 0
    """Lines so far."""
    _lines: set[asyncio.Task[None]] = field(default_factory=set)
    _forgotten: set[asyncio.Task[None]] = field(default_factory=set)
    _heard: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._heard.set()

    @property
    def open(self) -> int:
        """Lines that are open now."""
        return len(self._lines)

    def heal(self) -> None:
        """Make the way good again; lines that were cut stay cut."""
        self.delay, self.rate, self.refusing = 0.0, None, False
        self.speak()

    def fall_silent(self) -> None:
        """Pass nothing on and close nothing: as behind a firewall that forgot the line."""
        self._heard.clear()

    def speak(self) -> None:
        """Pass on what has waited."""
        self._heard.set()

    def cut(self) -> int:
        """Close every open line, whatever was under way on it; returns how many."""
        for line in self._lines:
            line.cancel()
        return len(self._lines)

    def forget(self) -> int:
        """Drop whatever comes on the lines that are open, for ever, and leave them open: only new ones work."""
        self._forgotten |= self._lines
        return len(self._lines)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        self.carried += 1
        writers = [writer]
        try:
            if self.refusing:
                return
            further, back = await _connect(self.there)
            writers.append(back)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(reader, back, task))
                both.create_task(self._pass_on(further, writer, task))
        except* OSError:
            pass  # one side has hung up, or does not answer; the other is told by the closing below
        finally:
            self._lines.discard(task)
            self._forgotten.discard(task)
            for each in writers:
                each.transport.abort()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: asyncio.Task[None]
    ) -> None:
        while chunk := await reader.read(CHUNK):
            if self.delay:
                await for_a_while(self.delay)
            if self.rate is not None:
                await for_a_while(len(chunk) / self.rate)
            await self._heard.wait()
            if line not in self._forgotten:
                writer.write(chunk)
                await writer.drain()
        if writer.can_write_eof():
            with suppress(OSError):
                writer.write_eof()


@asynccontextmanager
async def proxied(here: Place, there: Place) -> AsyncIterator[Proxy]:
    """A proxy at work."""
    proxy = Proxy(here, there)
    if isinstance(here, Path):
        here.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(proxy._carry, here)
    else:
        server = await asyncio.start_server(proxy._carry, *here)
    try:
        yield proxy
    finally:
        server.close()
        lines = list(proxy._lines)
        proxy.cut()
        await asyncio.gather(*lines, return_exceptions=True)


@dataclass
class Way:
    """A proxy that works in a thread of its own: neither it nor who tells it what to be holds up the other."""

    proxy: Proxy
    loop: asyncio.AbstractEventLoop

    def become(self, change: Callable[[Proxy], object]) -> None:
        """Make it bad, or good again."""
        self.loop.call_soon_threadsafe(change, self.proxy)


@contextmanager
def ways(places: Mapping[str, tuple[Place, Place]]) -> Iterator[dict[str, Way]]:
    """Proxies at work, each from here to there."""
    loop = asyncio.new_event_loop()

    def there(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    standing = AsyncExitStack()
    try:
        yield {
            name: Way(there(standing.enter_async_context(proxied(*place))), loop)
            for name, place in places.items()
        }
    finally:
        there(standing.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _connect(there: Place) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(there, Path):
        return await asyncio.open_unix_connection(there)
    return await asyncio.open_connection(*there)
