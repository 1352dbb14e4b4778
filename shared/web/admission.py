"""Who is served now, who waits a moment, and who is told to come back.

At eight in the morning everybody comes at once. A service that takes up everything that comes answers everything late;
one that takes up what it can do, lets a little wait and refuses the rest in words answers those it takes as ever, and
is itself again as soon as the rush is over (decisions/0022). What is refused has done nothing.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.telemetry import meters
from shared.telemetry.meters import Reading
from shared.web.problems import Problem

logger = logging.getLogger(__name__)
MAX_BODY_BYTES = 1_000_000
"""Of a request that is no file."""

Lane = Callable[[str], str | None]
"""Path → the lane in which its requests wait; None: it never waits."""

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_COME_BACK = (2, 6)
"""Seconds, spread so that those who were refused together do not return together."""
_TOLD_EVERY = 10.0
"""Seconds between two lines of the log."""
BODY_SECONDS = 10.0
"""A command has come in whole by then, also over a telephone's slow uplink, or is told to begin anew."""
_BODIES_BYTES = 64_000_000
"""Of commands that are on their way in at once."""
FILES = "files"
"""The lane of whole files: these come in for as long as a school's line takes, and their route reads them itself."""


@dataclass(frozen=True)
class Bounds:
    """Of each lane."""

    at_work: int = 64
    """Requests worked on at once. More than a service has connections to its database, because some wait for a copy to
    come as far as its asker's own write, and those that are passed on wait for another service."""
    in_line: int = 512
    """Commands, and as many readings, that wait at most."""
    reads_wait: float = 1.0
    """Seconds a reading waits at most: a page that is not there by then is asked for again."""
    commands_wait: float = 3.0
    """Seconds a command waits at most. The device keeps it and sends it again."""


@dataclass
class _Line:
    """One lane's places and those who wait for one; commands go before readings."""

    bounds: Bounds
    at_work: int = 0
    commands: deque[asyncio.Future[None]] = field(default_factory=deque)
    reads: deque[asyncio.Future[None]] = field(default_factory=deque)

    async def enter(self, *, command: bool) -> bool:
        """Take a place, after waiting if need be; False: none came free in time."""
        if self.at_work < self.bounds.at_work:
            self.at_work += 1
            return True
        line = self.commands if command else self.reads
        if len(line) >= self.bounds.in_line:
            return False
        turn = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await asyncio.wait(
                (turn,), timeout=self.bounds.commands_wait if command else self.bounds.reads_wait
            )
        except asyncio.CancelledError:
            if turn.done():
                self.leave()
            else:
                line.remove(turn)
            raise
        if not turn.done():
            line.remove(turn)
        return turn.done()

    def leave(self) -> None:
        """Give the place to whoever waits first, or back."""
        line = self.commands or self.reads
        if line:
            line.popleft().set_result(None)
        else:
            self.at_work -= 1


def one_lane(path: str) -> str | None:
    """Everything in one line; whether a service lives can be asked at any time."""
    return None if path.startswith("/health/") else ""


class Admission:
    """The outermost part of a service: a refusal must cost next to nothing."""

    def __init__(
        self, app: ASGIApp, service: str, lane: Lane, bounds: Bounds, body_seconds: float = BODY_SECONDS
    ) -> None:
        self.app = app
        self._service = service
        self._lane = lane
        self._bounds = bounds
        self._body_seconds = body_seconds
        self._coming_in = 0
        self._lines: dict[str, _Line] = {}
        self._refused = 0
        self._told_at = float("-inf")
        meters.AT_WORK.watch(self._at_work)
        meters.IN_LINE.watch(self._in_line)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lane = self._lane(scope["path"]) if scope["type"] == "http" else None
        if lane is None:
            await self.app(scope, receive, send)
            return
        command = scope["method"] not in _READS
        if command and lane != FILES:
            # Before it waits for a place: one whose end never comes must not hold one.
            whole = await self._whole(scope, receive, lane)
            if isinstance(whole, Problem):
                await whole.response()(scope, receive, send)
                return
            receive = whole
        line = self._lines.setdefault(lane, _Line(self._bounds))
        if not await line.enter(command=command):
            self._note_refusal(lane)
            await busy().response()(scope, receive, send)
            return
        inside = True

        def leave() -> None:
            nonlocal inside
            if inside:
                inside = False
                line.leave()

        async def answer(message: Message) -> None:
            # The work is done when the answer begins; a stream must not keep the place for as long as it is open.
            if message["type"] == "http.response.start":
                leave()
            await send(message)

        try:
            await self.app(scope, receive, answer)
        finally:
            leave()

    async def _whole(self, scope: Scope, receive: Receive, lane: str) -> Receive | Problem:
        """``receive`` with the whole body at hand, but for what is too large anyway: that is refused further in."""
        told = dict(scope["headers"]).get(b"content-length", b"")
        length = int(told) if told.isdigit() else MAX_BODY_BYTES
        if length > MAX_BODY_BYTES:
            return receive
        if self._coming_in + length > _BODIES_BYTES:
            self._note_refusal(lane)
            return busy()
        parts: deque[Message] = deque()
        self._coming_in += length
        try:
            async with asyncio.timeout(self._body_seconds):
                size, more = 0, True
                while more and size <= MAX_BODY_BYTES:
                    parts.append(message := await receive())
                    size += len(message.get("body", b""))
                    more = message.get("more_body", False)
        except TimeoutError:
            return too_slow()
        finally:
            self._coming_in -= length

        async def at_hand() -> Message:
            return parts.popleft() if parts else await receive()

        return at_hand

    def _at_work(self) -> Iterable[Reading]:
        return ((line.at_work, self._named(lane)) for lane, line in list(self._lines.items()))

    def _in_line(self) -> Iterable[Reading]:
        return (
            (len(line.commands) + len(line.reads), self._named(lane))
            for lane, line in list(self._lines.items())
        )

    def _named(self, lane: str) -> dict[str, str]:
        return {"service": self._service, "lane": lane or "-"}

    def _note_refusal(self, lane: str) -> None:
        meters.SHED.add(1, self._named(lane))
        self._refused += 1
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= _TOLD_EVERY:
            logger.warning("%s is full: %d requests were told to come back", self._service, self._refused)
            self._told_at, self._refused = now, 0


def busy() -> Problem:
    """More came than can be served within a moment. Nothing was done."""
    return Problem(
        503,
        "busy",
        "ただいま混み合っています",
        "いまの操作は、まだ何も保存していません。数秒待って、もう一度お試しください。",
        headers={"retry-after": str(random.randint(*_COME_BACK))},  # noqa: S311 (not a secret)
    )


def too_slow() -> Problem:
    """A command that did not come in whole. Nothing was done."""
    return Problem(
        408,
        "too-slow",
        "通信が途中で止まりました",
        "いまの操作は、まだ何も保存していません。電波のよいところで、もう一度お試しください。",
        headers={"connection": "close"},
    )
