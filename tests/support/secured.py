"""A broker with access control, and an authority whose tokens it believes: one for a whole run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from deploy.kafka.broker import Broker
from deploy.kafka.plan import Right, Wanted, drift
from deploy.local.authority import Authority
from deploy.local.kafka import Kafka
from deploy.local.kafka_security import ADMIN, Security
from deploy.local.temporary import free_ports
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_plans import Plan
from shared.events.kafka_topics import ensure_topics
from tests.support.issuer import ToyIssuer
from tests.support.waiting import eventually

REAUTH_MS = 2_000
"""Far less than in production, so that a test of a few seconds crosses the end of many sessions."""
SESSION_SECONDS = 1.2


@dataclass
class Secured:
    """The broker at a test's disposal."""

    kafka: Kafka
    issuer: ToyIssuer

    @property
    def authority(self) -> Authority:
        """Who signed its certificate."""
        return self.issuer.authority

    def access(self, client: str, **more: Any) -> KafkaAccess:
        """The way of ``client``; its connections are replaced in time."""
        return self.issuer.access(
            self.kafka.bootstrap, client, **{"session_seconds": SESSION_SECONDS, **more}
        )

    def broker(self) -> Broker:
        """It as its administrator sees it."""
        return Broker(self.kafka.bootstrap, lambda: self.issuer.token(ADMIN), self.authority.certificate)

    async def make(self, topics: dict[str, Plan]) -> None:
        """Make topics."""
        await ensure_topics(replace(self.access(ADMIN), makes_topics=True), topics)

    async def give(self, rights: Iterable[Right]) -> None:
        """Add rights, and wait until they hold."""
        broker, rights = self.broker(), set(rights)
        broker.give(rights)

        async def given() -> bool:
            return rights <= broker.look().rights

        await eventually(given)


@pytest.fixture(scope="session")
def secured(servers_home: Path) -> Iterator[Secured]:
    """The broker, running."""
    authority = Authority(servers_home / "authority")
    authority.make()
    with ToyIssuer(authority) as issuer:
        port = free_ports()
        security = Security(authority, issuer.url, issuer.jwks_url, port + 2, REAUTH_MS)
        kafka = Kafka(servers_home / "secured-kafka", port=port, controller_port=port + 1, security=security)
        kafka.start()
        try:
            yield Secured(kafka, issuer)
        finally:
            kafka.stop()


def settled(should: Wanted, broker: Broker, *, replication: int = 1) -> bool:
    """Whether all is as it should be."""
    return not drift(should, broker.look(), replication=replication)
