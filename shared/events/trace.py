"""traceparent (W3C Trace Context), carried from the browser's request through the log to every copy and reaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()
_LINKS = 32
"""To how many other traces a span points: a rebuild takes up thousands in one batch."""


def current_traceparent() -> str | None:
    """The traceparent of the span under way, or None outside of one."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def context_of(traceparent: str | None) -> context.Context:
    """The context a span continues from when a record carries ``traceparent``."""
    return _PROPAGATOR.extract({"traceparent": traceparent} if traceparent else {}, context.Context())


@contextmanager
def following(name: str, traceparents: Sequence[str | None]) -> Iterator[None]:
    """A span for what records have led to: it belongs to the last one's trace and points to the others'.

    What an error says stays out of it, as it stays out of the log: a database quotes rows.
    """
    known = list(dict.fromkeys(each for each in reversed(traceparents) if each))[::-1]
    links = [
        trace.Link(trace.get_current_span(context_of(each)).get_span_context())
        for each in islice(reversed(known[:-1]), _LINKS)
    ]
    with tracer.start_as_current_span(
        name,
        context=context_of(known[-1] if known else None),
        links=links,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield
        except BaseException:
            span.set_status(trace.StatusCode.ERROR)
            raise


tracer = trace.get_tracer("tsumugi")
