"""The topology file, read and checked against the contracts."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.catalogue import TOPICS
from shared.contracts.dashboard import FEED, FEEDS, ITEMS

FILE = Path(__file__).with_name("topology.toml")
ROOT = FILE.parent.parent


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Port = Annotated[int, Field(ge=1024, le=65535)]


class Service(_Entry):
    """A service: its loopback port, where its migrations are, which module builds it."""

    port: Port
    migrations: str
    application: str
    clients: tuple[str, ...] = ()
    """Clients at the identity authority whose secrets it has, beside its own."""

    def all_clients(self, name: str) -> tuple[str, ...]:
        """Its own client, ``name``, and those beside it."""
        return name, *self.clients

    @property
    def migrations_folder(self) -> Path:
        """The folder of its alembic revisions."""
        return ROOT / self.migrations


class TopicEntry(_Entry):
    """A topic's partitions and readers."""

    partitions: int = Field(ge=1)
    readers: tuple[str, ...]


class FeedEntry(_Entry):
    """A kind of department feed."""

    contract: str
    for_: str = Field(alias="for")


class Origin(_Entry):
    """The browser's address."""

    port: Port


class KafkaPorts(_Entry):
    """Loopback ports of the native broker."""

    port: Port
    controller_port: Port
    broker_port: Port


class KeycloakPorts(_Entry):
    """Loopback ports of the native identity authority."""

    port: Port
    management_port: Port


class Topology(_Entry):
    """The whole file."""

    origin: Origin
    services: dict[str, Service]
    keycloak: KeycloakPorts
    kafka: KafkaPorts
    topics: dict[str, TopicEntry]
    feeds: dict[str, FeedEntry]

    def read_by(self, consumer: str, publisher: str) -> list[str]:
        """Topics of ``publisher`` that ``consumer`` may read."""
        return sorted(
            name
            for name, topic in self.topics.items()
            if consumer in topic.readers and name.split(".", 1)[0] == publisher
        )

    def readers_by_topic(self, publisher: str) -> dict[str, frozenset[str]]:
        """Each topic of ``publisher``, with the services that may read it."""
        return {
            name: frozenset(topic.readers)
            for name, topic in self.topics.items()
            if name.split(".", 1)[0] == publisher
        }

    def readers_of(self, publisher: str) -> list[str]:
        """Services that read any topic of ``publisher``."""
        return sorted(consumer for consumer in self.services if self.read_by(consumer, publisher))


class TopologyError(ValueError):
    """The file contradicts itself or the contracts."""


def check(topology: Topology) -> Topology:
    """Raise :class:`TopologyError` where names do not meet."""
    contracts = set(TOPICS) - {FEED.name}
    if contracts != set(topology.topics):
        odd = sorted(contracts ^ set(topology.topics))
        raise TopologyError(f"topology.toml and shared/contracts disagree about topics: {', '.join(odd)}")
    types = {name: contract.TYPE for name, contract in ITEMS.items()}
    other = {name for name, feed in topology.feeds.items() if feed.contract != types.get(name)}
    if odd_feeds := other | (set(FEEDS) ^ set(topology.feeds)):
        raise TopologyError(
            f"topology.toml and shared/contracts disagree about feeds: {', '.join(sorted(odd_feeds))}"
        )
    for name, topic in topology.topics.items():
        unknown = [s for s in (name.split(".", 1)[0], *topic.readers) if s not in topology.services]
        if unknown:
            raise TopologyError(f"topology.toml: topic {name} names unknown services: {', '.join(unknown)}")
    if topology.services["dashboard"].port != topology.origin.port:
        raise TopologyError("topology.toml: the origin is the dashboard's port")
    return topology


@cache
def topology() -> Topology:
    """The product's topology."""
    return check(Topology.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8"))))
