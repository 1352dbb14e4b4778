"""What `make bench-stack` stands on: people who get in at Keycloak by HTTP alone, and read pages over TLS."""

from __future__ import annotations

import pytest

from benchmarks import load
from benchmarks.cost import cost_of
from benchmarks.deployment import describe
from benchmarks.pages import reading
from benchmarks.stack import keycloak_pages
from benchmarks.stack.edition import Stack
from deploy.local.authority import trusting
from tests.support.product import Product


@pytest.mark.kafka
@pytest.mark.keycloak
async def test_who_signed_in_at_keycloak_reads_pages(
    on_platform: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = on_platform.instance
    for name, value in trusting(instance.authority).items():
        monkeypatch.setenv(name, value)
    load.trusted.cache_clear()
    deployed = Stack(instance, *await describe(instance))
    teacher = deployed.classes[-1].teacher  # journeys are played by those of larger ones; a code counts once
    (name,) = (await deployed.names([teacher])).values()
    cookie = await keycloak_pages.session(instance.origin, name, deployed.way)
    asking = load.saturated(instance.origin, reading("/api/today", cookie), seconds=0.2, connections=2)
    found, cost = await cost_of(deployed, asking)
    assert found.well > 0
    assert found.errors == 0
    assert {"dashboard", "postgres", "kafka", "keycloak"} <= cost.parts.keys()
    nobody = {"cookie": cookie["cookie"][:-4]}
    refused = await load.saturated(
        instance.origin, reading("/api/today", nobody), seconds=0.05, connections=1
    )
    assert refused.well == 0
