"""Every figure the product tells of itself, by the name Prometheus knows it by.

Where nobody asked for figures (``outlets``), all of this does nothing. Labels are words of ours, few and known before:
an address, an id or a name would tell of somebody, and make a series of its own for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import MethodType
from weakref import WeakMethod

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Observation

Labels = Mapping[str, str]
Reading = tuple[float, Labels]
Source = Callable[[], Iterable[Reading]]

serving: ContextVar[str] = ContextVar("serving", default="-")
"""The service on whose behalf this task works: in the embedded edition all share a process."""


@dataclass(frozen=True)
class Known:
    """A figure as alerts and dashboards may name it."""

    labels: tuple[str, ...]
    what: str


KNOWN: dict[str, Known] = {}
"""By the name in Prometheus, without a histogram's endings."""

_meter = metrics.get_meter("tsumugi")


def _counter(name: str, what: str, *labels: str) -> Counter:
    KNOWN[f"{name}_total"] = Known(labels, what)
    return _meter.create_counter(name, description=what)


def _seconds(name: str, what: str, bounds: tuple[float, ...], *labels: str) -> Histogram:
    KNOWN[f"{name}_seconds"] = Known(labels, what)
    return _meter.create_histogram(
        name, unit="s", description=what, explicit_bucket_boundaries_advisory=list(bounds)
    )


class Gauge:
    """A figure that is looked up when somebody asks, wherever it is watched."""

    def __init__(self, name: str, what: str, *labels: str, unit: str = "", counts: bool = False) -> None:
        """``counts``: it only grows, for as long as its process lives."""
        KNOWN[f"{name}_total" if counts else f"{name}_seconds" if unit == "s" else name] = Known(labels, what)
        self._sources: list[Callable[[], Source | None]] = []
        make = _meter.create_observable_counter if counts else _meter.create_observable_gauge
        make(name, [self._look], unit=unit, description=what)

    def watch(self, source: Source) -> None:
        """Ask ``source`` from now on; a method of something for as long as that lives."""
        self._sources.append(WeakMethod(source) if isinstance(source, MethodType) else lambda: source)

    def _look(self, _: CallbackOptions) -> Iterable[Observation]:
        # In the thread of whoever asks: sources look at plain numbers, and never wait.
        for held in list(self._sources):
            source = held()
            if source is None:
                self._sources.remove(held)
                continue
            for value, labels in source():
                yield Observation(value, dict(labels))


_ANSWERS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10)
"""The targets of answers are bounds, so that alerts read them off exactly: 20 ms, 150 ms, 1 s."""
_INSTANTS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05)
_ON_THE_WAY = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 15, 60)

REQUESTS = _seconds(
    "tsumugi_request_duration",
    "From a request's arrival at its route until its answer begins; its count is that of the requests. problem is the"
    " last part of the problem's type, - without one.",
    _ANSWERS,
    "service",
    "method",
    "route",
    "status",
    "problem",
)
"""One figure for both: each costs a request some 15 µs."""
POLICY = _seconds(
    "tsumugi_policy_duration", "Of a decision that was not remembered.", _INSTANTS, "service", "decision"
)
FOLD_DELAY = _seconds(
    "tsumugi_fold_delay",
    "From the recording of a batch's oldest fact until the copy that pages read has it.",
    _ON_THE_WAY,
    "service",
    "copy",
    "publisher",
)
SHED = _counter(
    "tsumugi_admission_shed", "Requests told to come back; nothing of them was done.", "service", "lane"
)
TURNED_AWAY = _counter(
    "tsumugi_turned_away",
    "Requests of nobody we know that were refused; the access log has a row a minute of each kind, with their number.",
    "service",
    "action",
    "resource",
)

POOL_IN_USE = Gauge("tsumugi_pool_in_use", "Connections to the database in use.", "role")
POOL_WAITING = Gauge("tsumugi_pool_waiting", "Tasks that wait for a connection to the database.", "role")
POOL_SIZE = Gauge("tsumugi_pool_size", "The most connections a pool opens.", "role")
AT_WORK = Gauge("tsumugi_admission_at_work", "Requests worked on.", "service", "lane")
IN_LINE = Gauge("tsumugi_admission_in_line", "Requests that wait for their turn.", "service", "lane")
STREAMS = Gauge("tsumugi_sse_clients", "Open streams of browsers.", "service")

_FEED = ("service", "copy", "publisher")
ACTIVE = Gauge("tsumugi_feed_active", "1 where this process does the work, 0 where it stands by.", *_FEED)
STOPPED = Gauge("tsumugi_feed_stopped", "1 while the worker says why it does not go on.", *_FEED)
APPLIED = Gauge("tsumugi_records_applied", "Records folded, reacted to or sent.", *_FEED, counts=True)
DROPPED = Gauge(
    "tsumugi_records_dropped",
    "Records that had come before, or are about somebody erased.",
    *_FEED,
    counts=True,
)
LAG = Gauge("tsumugi_feed_lag_records", "Positions of the publisher's log not yet reached.", *_FEED)
AGE = Gauge(
    "tsumugi_copy_age", "Since the copy was last known to lack nothing (freshness).", *_FEED, unit="s"
)
PARKED = Gauge("tsumugi_parked_records", "Records that wait for a person's decision.", *_FEED)
UNCHAINED = Gauge(
    "tsumugi_access_unchained", "Entries of the access log that are in no batch yet.", "service"
)
KEEPER_AGE = Gauge(
    "tsumugi_keeper_age",
    "Since topics and rights on the broker were last held to topology and grants.",
    unit="s",
)
RELAY_AGE = Gauge("tsumugi_relay_age", "Age of the oldest record not yet sent.", "service", unit="s")
