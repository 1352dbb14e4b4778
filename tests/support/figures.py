"""What the running code tells of itself, as Prometheus would read it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from prometheus_client import CollectorRegistry, generate_latest

_SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_registry = CollectorRegistry()
_provided: list[MeterProvider] = []


class Figures:
    """Samples by name and labels."""

    def text(self) -> str:
        """All of them, as they travel."""
        return generate_latest(_registry).decode()

    def all(self, name: str, **labels: str) -> list[tuple[dict[str, str], float]]:
        """Samples called ``name`` that have ``labels``, and maybe more."""
        return [
            (found, value)
            for each, found, value in samples(self.text())
            if each == name and labels.items() <= found.items()
        ]

    def one(self, name: str, **labels: str) -> float:
        """The one sample called ``name`` that has ``labels``."""
        ((_, value),) = self.all(name, **labels)
        return value


def samples(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """Name, labels and value of every sample in Prometheus's text."""
    for line in text.splitlines():
        found = None if line.startswith("#") else _SAMPLE.fullmatch(line)
        if found:
            yield found[1], dict(_LABEL.findall(found[2] or "")), float(found[3])


@pytest.fixture
def figures() -> Figures:
    """What is measured in this process; once asked for it is measured to its end."""
    if not _provided:
        reader = PrometheusMetricReader(
            disable_target_info=True, scope_info_enabled=False, registry=_registry
        )
        _provided.append(MeterProvider([reader], exemplar_filter=AlwaysOffExemplarFilter()))
        metrics.set_meter_provider(_provided[0])
    return Figures()
