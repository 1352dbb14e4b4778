"""traceparent (W3C Trace Context), carried from the browser's request through the log to every copy."""

from __future__ import annotations

from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()


def current_traceparent() -> str | None:
    """The traceparent of the span under way, or None outside of one."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent")


def context_of(traceparent: str | None) -> context.Context:
    """The context a span continues from when a record carries ``traceparent``."""
    return _PROPAGATOR.extract({"traceparent": traceparent} if traceparent else {}, context.Context())


tracer = trace.get_tracer("tsumugi")
