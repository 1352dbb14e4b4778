"""A broker, relays and a feed of the toy's log, for tests of Kafka as transport."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from deploy.local.kafka import Kafka
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_feed import KafkaFeed
from shared.events.tests.relays import Relays
from tests.support.fixtures import Toy
from tests.support.transports import forget_topics


@pytest.fixture
async def broker(kafka: Kafka) -> str:
    """An address of a broker without the toy's topics."""
    await forget_topics(kafka.bootstrap)
    return kafka.bootstrap


@pytest.fixture
async def relays(toy: Toy, broker: str) -> AsyncIterator[Relays]:
    """Relays of the toy's log, to be started."""
    relays = Relays(toy, broker)
    yield relays
    await relays.close()


@pytest.fixture
async def feed(broker: str) -> AsyncIterator[KafkaFeed]:
    """A feed of what the toy's copy reads."""
    feed = KafkaFeed("toy", KafkaAccess(broker), ["toy.thing", "toy.count"])
    yield feed
    await feed.close()
