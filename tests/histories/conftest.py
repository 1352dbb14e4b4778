"""A deployment for histories of the product, and the choices they are played with.

The seed is printed; TSUMUGI_SEED plays the same choices again (the machine's timing is not ours to repeat).
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Iterator

import pytest

from deploy.local.example import import_example, training_day
from deploy.local.instance import Instance, Transport
from deploy.local.prepare import prepare_databases
from deploy.local.temporary import free_ports, temporary_home
from shared.dates import SystemClock
from tests.histories.product import PUPILS, deployment


@pytest.fixture
def seed() -> int:
    seed = int(os.environ.get("TSUMUGI_SEED") or secrets.randbelow(2**32))
    print(f"TSUMUGI_SEED={seed}")  # noqa: T201 (shown with a failure)
    return seed


@pytest.fixture(params=["log", pytest.param("kafka", marks=pytest.mark.kafka)])
def transport(request: pytest.FixtureRequest) -> Transport:
    """How events travel."""
    found: Transport = request.param
    return found


@pytest.fixture
def durable() -> bool:
    """Whether the database may be killed, too; a file of tests says otherwise for itself."""
    return False


@pytest.fixture
def instance(transport: Transport, durable: bool, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """A prepared deployment with a small town; its services do not run yet."""
    monkeypatch.delenv("TSUMUGI_PORT", raising=False)
    with temporary_home(durable=durable) as home:
        instance = deployment(
            home, free_ports(), transport, training_day(SystemClock().today()), durable=durable
        )

        async def prepare() -> None:
            await prepare_databases(instance)
            await import_example(instance, instance.clock.today(), pupils=PUPILS)

        asyncio.run(prepare())
        yield instance
