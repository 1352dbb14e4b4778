"""Where figures and traces go is the operator's choice; a wrong choice is told by its name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from opentelemetry.sdk.trace import TracerProvider

from shared.events.trace import context_of
from shared.ids import time_ordered_id
from shared.telemetry.outlets import BadWish, Outlets, wished
from shared.telemetry.sampling import share_of_all
from tests.support.fixtures import MORNING


def test_nobody_asked() -> None:
    assert Outlets.of({}) == Outlets(None, collector=False)


@pytest.mark.parametrize(
    ("given", "address"), [("localhost:9464", ("localhost", 9464)), ("[::]:9464", ("::", 9464))]
)
def test_an_address_for_prometheus(given: str, address: tuple[str, int]) -> None:
    assert Outlets.of({"TSUMUGI_METRICS": given}).metrics == address


@pytest.mark.parametrize("given", ["9464", "localhost", "localhost:", ":9464", "localhost:0", "localhost:x"])
def test_what_is_no_address_is_told(given: str) -> None:
    with pytest.raises(BadWish, match=f"TSUMUGI_METRICS={given} "):
        Outlets.of({"TSUMUGI_METRICS": given})


def test_a_collector_is_wished_for_by_the_standards_own_variable() -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "PATH": "/bin"}
    assert Outlets.of(environment).collector
    assert wished(environment) == ["OTEL_EXPORTER_OTLP_ENDPOINT"]


@pytest.mark.parametrize(
    ("sampler", "given", "share"),
    [("parentbased_traceidratio", "0.05", 0.05), ("parentbased_traceidratio", "0", 0.0), ("", "0.05", None)],
)
def test_a_share_of_all_traces_is_wished_for_by_the_standards_own_variables(
    sampler: str, given: str, share: float | None
) -> None:
    environment = {"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": given}
    assert Outlets.of(environment).share == share


@pytest.mark.parametrize("given", ["5%", "-0.1", "1.5", "nan"])
def test_what_is_no_share_is_told(given: str) -> None:
    environment = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": given}
    with pytest.raises(BadWish, match=f"OTEL_TRACES_SAMPLER_ARG={given} "):
        Outlets.of(environment)


@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_browser_decides_no_trace(flags: str) -> None:
    """Its ids are those of commands (UUIDv7), whose second halves all begin alike."""
    ids = [time_ordered_id(MORNING + timedelta(seconds=number)).hex for number in range(2_000)]

    def kept(share: float) -> set[str]:
        tracer = TracerProvider(share_of_all(share)).get_tracer("test")
        return {
            id
            for id in ids
            if tracer.start_span("POST", context_of(f"00-{id}-{id[16:]}-{flags}")).is_recording()
        }

    assert kept(0) == set()
    if flags == "00":
        return  # who asks not to be traced is not
    assert 50 <= len(kept(0.05)) <= 150
    assert kept(0.05) < kept(0.5) < kept(1) == set(ids)


def test_below_a_span_all_are_as_it_was() -> None:
    tracer = TracerProvider(share_of_all(0.5)).get_tracer("test")
    for _ in range(50):
        with tracer.start_as_current_span("above") as above:
            assert tracer.start_span("below").is_recording() == above.is_recording()
