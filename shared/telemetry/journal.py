"""How a line of the log looks: one event, one line of JSON, with service and trace.

Our own words are written to be read by anybody. Those of libraries are not: a driver quotes rows, the loop quotes
what an exception said. Of theirs the pattern is kept and what would be filled into it is not; of any error its type and
where it happened.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from datetime import UTC, datetime

import orjson
from opentelemetry import trace

from shared.telemetry.meters import serving

_OURS = ("tsumugi", "shared", "services", "deploy")
_FILLED_IN = (*_OURS, "aiokafka")
"""aiokafka names brokers, topics and errors of the protocol."""
_QUIET = ("httpx", "aiokafka", "uvicorn.access")
"""Libraries that would write addresses with what was asked for, or a line a record."""
_REPEATING = ("aiokafka",)
"""Libraries that say several times a second that a server is away, as long as it is."""
SPELL_SECONDS = 15.0
"""What has not been said for so long is over."""
_SPELLS = 200
"""Of so many at most is it known; what comes beyond them is written as it comes."""


class Line(logging.Formatter):
    """A record as a line."""

    def __init__(self, process: str) -> None:
        """``process``: the service of lines that belong to no request and no worker."""
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        service = serving.get()
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._process if service == "-" else service,
            "logger": record.name,
            "event": _words(record),
        }
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            line["trace"] = format(context.trace_id, "032x")
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, frames = record.exc_info
            line["error"] = kind.__name__
            line["where"] = [f"{each.filename}:{each.lineno}" for each in traceback.extract_tb(frames)]
        return orjson.dumps(line, default=str).decode()


def _words(record: logging.LogRecord) -> str:
    if record.name.split(".", 1)[0] in _FILLED_IN:
        return record.getMessage()
    return str(record.msg).partition("\n")[0]


class Spells(logging.Filter):
    """Of what a library repeats word for word the first is written, and when it is over, how often it came."""

    def __init__(self, seconds: float = SPELL_SECONDS) -> None:
        super().__init__()
        self._seconds = seconds
        self._times: dict[tuple[str, str], tuple[int, float]] = {}
        """Logger and words → how often, and when last, by the loop's clock."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write it."""
        if record.name.split(".", 1)[0] not in _REPEATING or hasattr(record, "over"):
            return True
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return True  # nobody here could say that it is over
        said = (record.name, record.getMessage())
        times, _ = self._times.get(said, (0, 0.0))
        if times == 0:
            if len(self._times) >= _SPELLS:
                return True
            loop.call_later(self._seconds, self._look, loop, said)
        self._times[said] = (times + 1, loop.time())
        return times == 0

    def _look(self, loop: asyncio.AbstractEventLoop, said: tuple[str, str]) -> None:
        times, last = self._times[said]
        left = last + self._seconds - loop.time()
        if left > 0:
            loop.call_later(left, self._look, loop, said)
            return
        del self._times[said]
        if times > 1:
            logger, words = said
            told = "no more since %.0f seconds, %d times in all: %s"
            logging.getLogger(logger).warning(told, self._seconds, times, words, extra={"over": True})


def begin(process: str) -> None:
    """Write this process's log as lines of JSON to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(Line(process))
    handler.addFilter(Spells())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    quiet()


def quiet() -> None:
    """Libraries that would write addresses with what was asked for, or a line a record, keep that to themselves."""
    for noisy in _QUIET:
        logging.getLogger(noisy).setLevel(logging.WARNING)
