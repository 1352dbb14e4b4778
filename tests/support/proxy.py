"""A way between two servers that can be made bad: refused, cut, delayed, throttled, silent, and made good again.

It passes bytes on and understands none of them: TLS goes through as it is.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests.support.waiting import for_a_while

T = TypeVar("T")
CHUNK = 64 * 1024
FAREWELL_SECONDS = 0.5
"""Whoever loses no more than a farewell has hung up by then."""
ENDING_SECONDS = 60
"""For what is done in the proxies' thread, which takes none of them: a test that waits for ever tells nothing."""

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
    met: Counter[str] = field(default_factory=Counter)
    """Fault → how often it did something to a line: one that finds nobody on the way has tried nothing."""
    _lines: set[asyncio.Task[None]] = field(default_factory=set)
    _forgotten: dict[asyncio.Task[None], bool] = field(default_factory=dict)
    """Lines, and whether anything was lost on them yet."""
    _heard: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._heard.set()

    def _missed(self, line: asyncio.Task[None]) -> None:
        if line in self._forgotten:
            self.met["forgotten"] += 1

    @property
    def open(self) -> int:
        """Lines that are open now."""
        return len(self._lines)

    def heal(self) -> None:
        """Make the way good again; lines that were cut stay cut."""
        self.delay, self.rate, self.refusing = 0.0, None, False
        self.speak()

    def refuse(self) -> None:
        """Close every line, and new ones as soon as they are opened."""
        self.refusing = True
        self.met["refused"] += self._close()

    def slow_down(self) -> None:
        """Be a bad line to a far place."""
        self.delay, self.rate = 0.05, 100_000.0

    def fall_silent(self) -> None:
        """Pass nothing on and close nothing: as behind a firewall that forgot the line."""
        self._heard.clear()

    def speak(self) -> None:
        """Pass on what has waited."""
        self._heard.set()

    def cut(self) -> int:
        """Close every open line, whatever was under way on it; returns how many."""
        closed = self._close()
        self.met["cut"] += closed
        return closed

    def forget(self) -> int:
        """Drop whatever comes on the lines that are open, for ever, and leave them open: only new ones work."""
        self._forgotten = dict.fromkeys(self._lines, False) | self._forgotten
        return len(self._lines)

    def _close(self) -> int:
        for line in self._lines:
            line.cancel()
        return len(self._lines)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        self.carried += 1
        writers = [writer]
        try:
            if self.refusing:
                self.met["refused"] += 1
                return
            further, back = await _connect(self.there)
            writers.append(back)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(reader, back, task))
                both.create_task(self._pass_on(further, writer, task))
        except* (OSError, asyncio.CancelledError):
            pass  # one side has hung up, or does not answer, or it is cut; who is left is told by the closing below
        finally:
            self._lines.discard(task)
            self._forgotten.pop(task, None)
            for each in writers:
                each.transport.abort()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: asyncio.Task[None]
    ) -> None:
        while chunk := await reader.read(CHUNK):
            if self.delay or self.rate is not None:
                self.met["slow"] += 1
                await for_a_while(self.delay + (len(chunk) / self.rate if self.rate else 0.0))
            if not self._heard.is_set():
                self.met["silent"] += 1
                await self._heard.wait()
            if line not in self._forgotten:
                writer.write(chunk)
                await writer.drain()
            elif not self._forgotten[line]:
                self._forgotten[line] = True
                asyncio.get_running_loop().call_later(FAREWELL_SECONDS, self._missed, line)
        if writer.can_write_eof():
            with suppress(OSError):
                writer.write_eof()


BAD: dict[str, Callable[[Proxy], object]] = {
    "refused": Proxy.refuse,
    "cut": Proxy.cut,
    "slow": Proxy.slow_down,
    "silent": Proxy.fall_silent,
    "forgotten": Proxy.forget,
}
"""What a way may become, by the names under which it counts whom that met."""


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
        proxy._close()
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
        return asyncio.run_coroutine_threadsafe(work, loop).result(ENDING_SECONDS)

    # A daemon: whatever is wrong with it, the tests end.
    thread = threading.Thread(target=loop.run_forever, name="ways", daemon=True)
    thread.start()
    standing = AsyncExitStack()
    try:
        yield {
            name: Way(there(standing.enter_async_context(proxied(*place))), loop)
            for name, place in places.items()
        }
    finally:
        try:
            there(standing.aclose())
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(ENDING_SECONDS)
            loop.close()  # which refuses one that runs still


async def _connect(there: Place) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(there, Path):
        return await asyncio.open_unix_connection(there)
    return await asyncio.open_connection(*there)
