"""The ways out of a process for its figures and traces, as its operator asked for them.

Without a wish nothing leaves and nothing is kept: spans have real ids, so that a trace goes through the log, and that
is all they cost.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from threading import Event
from typing import Self

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from shared.telemetry import sampling

METRICS = "TSUMUGI_METRICS"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
SAMPLER, SHARE = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
BY_SHARE = "parentbased_traceidratio"


def wished(environment: Mapping[str, str]) -> list[str]:
    """Names of the variables that say where figures and traces go, the standard's own among them."""
    return [name for name in environment if name == METRICS or name.startswith("OTEL_")]


class BadWish(ValueError):
    """An address or a share that is none; said in a sentence for the operator."""


@dataclass(frozen=True)
class Outlets:
    """Where figures and traces go."""

    metrics: tuple[str, int] | None = None
    """Where Prometheus may ask, apart from the API."""
    collector: bool = False
    """Whether a collector takes both (OTLP over HTTP; the standard's own variables say where)."""
    share: float | None = None
    """Of all traces so many are kept; None: as the standard's own variables say otherwise, which is all."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """As the environment of a process says. Raises :class:`BadWish`."""
        share = _share(environment.get(SHARE, "1")) if environment.get(SAMPLER) == BY_SHARE else None
        return cls(_address(environment.get(METRICS, "")), bool(environment.get(ENDPOINT)), share)

    def open(self, service: str) -> ExitStack:
        """Give the process its providers; closing what is returned sends what waits and ends them. Once a process."""
        resource = Resource.create({"service.name": service, "service.version": version("tsumugi")})
        closing = ExitStack()
        sampler = None if self.share is None else sampling.share_of_all(self.share)
        tracers = TracerProvider(sampler, resource)
        readers: list[MetricReader] = []
        if self.metrics is not None:
            readers.append(_for_prometheus(self.metrics, closing))
        if self.collector:
            # Loaded only where they are wanted: they bring a client of HTTP and one of protobuf.
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
            readers.append(PeriodicExportingMetricReader(OTLPMetricExporter()))
            # A collector that is away is told of by its own client, with every batch.
            logging.getLogger("opentelemetry").setLevel(logging.ERROR)
        closing.callback(tracers.shutdown)
        trace.set_tracer_provider(tracers)
        if readers:
            meters = MeterProvider(readers, resource, exemplar_filter=AlwaysOffExemplarFilter())
            closing.callback(meters.shutdown)
            metrics.set_meter_provider(meters)
            _measured.set()
        return closing


_measured = Event()


def measured() -> bool:
    """Whether anybody asked this process for figures."""
    return _measured.is_set()


def _address(given: str) -> tuple[str, int] | None:
    if not given:
        return None
    host, _, port = given.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise BadWish(
            f"{METRICS}={given} は住所になりません。「localhost:9464」のように、ホストとポートを書いてください。"
        )
    return host.strip("[]"), int(port)


def _share(given: str) -> float:
    try:
        share = float(given)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise BadWish(
            f"{SHARE}={given} は割合になりません。0 から 1 までの数（0.05 なら20に1つ）を書いてください。"
        )
    return share


def _for_prometheus(address: tuple[str, int], closing: ExitStack) -> MetricReader:
    from opentelemetry.exporter.prometheus import PrometheusMetricReader
    from prometheus_client import CollectorRegistry, start_http_server

    registry = CollectorRegistry()
    reader = PrometheusMetricReader(disable_target_info=True, scope_info_enabled=False, registry=registry)
    host, port = address
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise BadWish(
            f"{METRICS}={host}:{port} で待ち受けられません（{error.strerror}）。ほかのポートにしてください。"
        ) from error

    def close() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    closing.callback(close)
    return reader
