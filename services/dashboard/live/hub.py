"""What this process hears from the database: every BFF process listens for itself, so none depends on another.

Channels: ``live`` (views that changed; the copy's transaction notifies), ``reached`` (a copy went on), ``session`` (a
session ended), ``log`` (own events were appended: department feeds). After a lost connection everything may have
changed, and every listener is told so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from shared.database import Login, connect
from shared.events.copies import TRACE
from shared.events.workers import transient

logger = logging.getLogger(__name__)

CHANNELS = ("live", "reached", "session", "log")
RETRY_SECONDS = 0.5

Listener = Callable[[str, str | None], None]
"""Called with a channel and what was said on it; None: anything may have been said."""


class Hub:
    """One connection that listens, for the whole process."""

    def __init__(self, login: Login, started_at: datetime) -> None:
        self._login = login
        self.revision = int(started_at.timestamp() * 1000)
        """Grows with every notice, and from one start of a process to the next."""
        self._listeners: set[Listener] = set()
        self._pulse = {channel: asyncio.Event() for channel in CHANNELS}
        self.connected = asyncio.Event()

    def add(self, listener: Listener) -> None:
        """Tell ``listener`` from now on."""
        self._listeners.add(listener)

    def remove(self, listener: Listener) -> None:
        """Tell it no more."""
        self._listeners.discard(listener)

    def next(self, channel: str) -> asyncio.Event:
        """An event that is set when something is said on ``channel`` after this call."""
        return self._pulse[channel]

    async def run(self) -> None:
        """Listen until cancelled; a lost connection is made anew."""
        while True:
            try:
                await self._listen()
            except Exception as error:
                if not transient(error):
                    raise
                logger.warning("no connection to listen on: %s", type(error).__name__)
            self.connected.clear()
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        lost = asyncio.Event()
        connection = await connect(self._login)
        try:
            connection.add_termination_listener(lambda _: lost.set())
            for channel in CHANNELS:
                await connection.add_listener(channel, self._heard)
            self.connected.set()
            for channel in CHANNELS:
                self._tell(channel, None)
            await lost.wait()
        finally:
            connection.terminate()

    def _heard(self, connection: Any, pid: int, channel: str, payload: object) -> None:
        self._tell(channel, str(payload))

    def _tell(self, channel: str, said: str | None) -> None:
        self.revision += channel == "live"
        waiting, self._pulse[channel] = self._pulse[channel], asyncio.Event()
        waiting.set()
        for listener in list(self._listeners):
            listener(channel, said)


def notices(said: str) -> list[str]:
    """The keys in a message of the channel ``live``."""
    return [key for key in orjson.loads(said) if not key.startswith(TRACE)]


def cause_of(said: str) -> str | None:
    """The traceparent of what led to a message of the channel ``live``."""
    return next((word.removeprefix(TRACE) for word in orjson.loads(said) if word.startswith(TRACE)), None)
