"""The checks before the first request: waited for while the database is only just coming, and told when they fail."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable

from shared.events.workers import RETRY_SECONDS, told, transient

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""For a database that starts beside us. Who waits longer is started again by whoever keeps us; nobody who would end us
has to wait for so long."""


async def begin(service: str, start: Callable[[], Awaitable[None]]) -> None:
    """Run ``start``. Raises what it raises, after saying why: the server logs a text that may quote rows, of which the
    log keeps nothing.
    """
    until, said = time.monotonic() + PATIENCE_SECONDS, ""
    while True:
        try:
            return await start()
        except Exception as error:
            # Our own words are written to be read by anybody.
            ours = type(error).__module__.startswith("shared.")
            why = str(error).partition("\n")[0] if ours else told(error)
            # Who the server says it is does not change while one waits.
            stranger = ssl.SSLCertVerificationError in (type(error), type(error.__cause__))
            if stranger or not transient(error) or time.monotonic() > until:
                logger.critical("%s does not start: %s", service, why)
                raise
            if why != said:
                logger.warning("%s waits for its database: %s", service, why)
                said = why
        await asyncio.sleep(RETRY_SECONDS)
