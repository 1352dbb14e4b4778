"""Where figures and traces go is the operator's choice; a wrong choice is told by its name."""

from __future__ import annotations

import pytest

from shared.telemetry.outlets import BadAddress, Outlets, wished


def test_nobody_asked() -> None:
    assert Outlets.of({}) == Outlets(None, collector=False)


@pytest.mark.parametrize(
    ("given", "address"), [("localhost:9464", ("localhost", 9464)), ("[::]:9464", ("::", 9464))]
)
def test_an_address_for_prometheus(given: str, address: tuple[str, int]) -> None:
    assert Outlets.of({"TSUMUGI_METRICS": given}).metrics == address


@pytest.mark.parametrize("given", ["9464", "localhost", "localhost:", ":9464", "localhost:0", "localhost:x"])
def test_what_is_no_address_is_told(given: str) -> None:
    with pytest.raises(BadAddress, match=f"TSUMUGI_METRICS={given} "):
        Outlets.of({"TSUMUGI_METRICS": given})


def test_a_collector_is_wished_for_by_the_standards_own_variable() -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "PATH": "/bin"}
    assert Outlets.of(environment).collector
    assert wished(environment) == ["OTEL_EXPORTER_OTLP_ENDPOINT"]
