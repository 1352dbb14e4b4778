"""A small load generator: keep-alive HTTP/1.1 over asyncio streams, open or closed loop, on loopback only.

Own code because the generator shares two cores with what it measures: a general client costs about as much CPU a
request as the service does.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

SECONDS = 8.0
"""How long a figure is measured."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    head: str = ""
    """Status line and headers in lower case."""

    def header(self, name: str, otherwise: str = "") -> str:
        """A header's value; ``name`` in lower case."""
        lines = (line.partition(":") for line in self.head.split("\r\n")[1:])
        return next((value.strip() for key, _, value in lines if key == name), otherwise)

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@cache
def trusted() -> ssl.SSLContext:
    """Whom this process trusts, by its environment (deploy/local/authority.py ``trust``)."""
    return ssl.create_default_context()


class Connection:
    """One keep-alive connection to a loopback server; by TLS where its address says so."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.hostname not in ("localhost", "127.0.0.1"):
            raise ValueError("load stays on this machine")
        self._tls = trusted() if parts.scheme == "https" else None
        self._host, self._port = parts.hostname, parts.port or (443 if self._tls else 80)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """One request and its whole answer."""
        if self._streams is None or self._streams[0].at_eof():  # the server hangs up on who has been idle
            self.close()
            self._streams = await asyncio.open_connection(self._host, self._port, limit=2**22, ssl=self._tls)
        reader, writer = self._streams
        lines = [
            f"{method} {path} HTTP/1.1",
            f"host: {self._host}:{self._port}",
            f"content-length: {len(body)}",
        ]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        if "transfer-encoding: chunked" in head:
            return Answer(status, await _chunks(reader), head)
        length = next(
            (int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:")), 0
        )
        return Answer(status, await reader.readexactly(length), head)

    def close(self) -> None:
        """Hang up, without the farewell of TLS: nobody would stay to hear its answer."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    whole = b""
    while True:
        size = int(await reader.readline(), 16)
        whole += await reader.readexactly(size)
        await reader.readline()
        if size == 0:
            return whole


@dataclass
class Timings:
    """Latencies in milliseconds, and what went wrong."""

    milliseconds: list[float] = field(default_factory=list)
    """Of everything that was asked; of what was given up, until then."""
    errors: int = 0
    seconds: float = 0.0
    given_up: int = 0
    """What had no answer when the patience with it ended."""

    def percentile(self, share: float) -> float:
        """The latency that ``share`` of the requests did not exceed."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")

    @property
    def rate(self) -> float:
        """Requests answered a second."""
        return (len(self.milliseconds) - self.given_up) / self.seconds if self.seconds else 0.0

    @property
    def done(self) -> float:
        """Requests answered well a second."""
        return self.well / self.seconds if self.seconds else 0.0

    @property
    def well(self) -> int:
        """How many were answered well."""
        return len(self.milliseconds) - self.given_up - self.errors


def latency(timings: Timings) -> str:
    """What a figure says of latencies."""
    return (
        f"p50 {timings.percentile(0.5):.1f}, p95 {timings.percentile(0.95):.1f}, p99 {timings.percentile(0.99):.1f} ms"
        f" at {timings.rate:.0f}/s, {timings.errors} errors"
    )


Act = Callable[[Connection, int], Awaitable[bool]]
"""One request on a connection, numbered; whether it went well."""


async def offered(
    url: str,
    act: Act,
    *,
    rate: float,
    seconds: float,
    connections: int = 32,
    began: float | None = None,
    patience: float | None = None,
) -> Timings:
    """Open loop: ``rate`` requests a second whatever the answers do; latency counts from when each was due.

    Request ``number`` is due ``number / rate`` seconds after ``began`` (now). ``patience``: what is not answered so
    many seconds after the last was due is given up.
    """
    timings = Timings()
    began = time.perf_counter() if began is None else began
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        free.put_nowait(Connection(url))

    async def one(number: int, due: float) -> None:
        connection = await free.get()
        try:
            well = await act(connection, number)
        except (OSError, asyncio.IncompleteReadError):
            well = False
        except asyncio.CancelledError:
            connection.close()
            raise
        finally:
            free.put_nowait(connection)
        timings.milliseconds.append((time.perf_counter() - due) * 1000)
        timings.errors += not well

    tasks = {}
    for number in range(int(rate * seconds)):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks[asyncio.create_task(one(number, due))] = due
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=patience)
        now = time.perf_counter()
        for task in late:
            task.cancel()
            timings.milliseconds.append((now - tasks[task]) * 1000)
        timings.given_up = len(late)
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
    timings.seconds = time.perf_counter() - began
    while not free.empty():
        free.get_nowait().close()
    return timings


async def saturated(url: str, act: Act, *, seconds: float, connections: int) -> Timings:
    """Closed loop: each connection asks again as soon as it is answered."""
    timings = Timings()
    began = time.perf_counter()

    async def worker(number: int) -> None:
        turn = 0
        with closing(Connection(url)) as connection:
            while time.perf_counter() - began < seconds:
                at = time.perf_counter()
                try:
                    well = await act(connection, number + turn * connections)
                except (OSError, asyncio.IncompleteReadError):
                    well = False
                timings.milliseconds.append((time.perf_counter() - at) * 1000)
                timings.errors += not well
                turn += 1

    await asyncio.gather(*(worker(number) for number in range(connections)))
    timings.seconds = time.perf_counter() - began
    return timings


@dataclass(frozen=True)
class Figure:
    """One line of the report."""

    what: str
    measured: str
    target: str = "–"
    met: bool | None = None
    """Whether the target was; None: there is none, or it is for the reader to judge."""

    @property
    def verdict(self) -> str:
        """The target, and whether it was met."""
        return self.target if self.met is None else f"{self.target}: {'met' if self.met else '**missed**'}"


def report(figures: Sequence[Figure]) -> str:
    """A Markdown table."""
    rows = [f"| {figure.what} | {figure.measured} | {figure.verdict} |" for figure in figures]
    return "\n".join(["| what | measured | target |", "|---|---|---|", *rows])
