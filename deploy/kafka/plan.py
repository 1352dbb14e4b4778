"""What there should be on the broker: each topic as its contract says, and who may read and write it. Pure.

Nothing by wildcard and nothing by prefix: every right names one client and one topic. The broker itself adds to a
right to read or to write that of looking at the topic, and to the latter that of an idempotent producer (KIP-679).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from deploy.topology import Topology
from shared.contracts.dashboard import feed_topic
from shared.contracts.identity import Grant, PurposeChanged
from shared.events.kafka_plans import Plan, lane_of

Operation = Literal["READ", "WRITE"]
Kind = Literal["topic", "group"]
REPLICATION = "replication.factor"
"""Told among a topic's settings, though it is none that can be set."""
FEED = "feed."
"""With what the topics of departments begin."""
FEEDS_FROM = "dashboard"
"""The service that writes the departments' feeds."""
_CLIENT = re.compile(r"dept-[a-z0-9]+(-[a-z0-9]+)*")
"""A department's client. A service's name would give it the service's rights, and `*` would be everybody."""


class Right(NamedTuple):
    """One client may do one thing with one topic, or read as a consumer group of its own name."""

    client: str
    operation: Operation
    name: str
    kind: Kind = "topic"

    def __str__(self) -> str:
        return f"{self.client} {self.operation} {self.kind} {self.name}"


class Granted(NamedTuple):
    """A department may receive a feed now."""

    board: UUID
    department: UUID
    client: str
    feed: str

    @property
    def topic(self) -> str:
        """The topic that is this department's alone."""
        return feed_topic(self.board, self.department, self.feed).name


@dataclass
class Wanted:
    """All that should be there."""

    topics: dict[str, Plan] = field(default_factory=dict)
    rights: set[Right] = field(default_factory=set)


def wanted(topology: Topology, granted: Iterable[Granted] = ()) -> Wanted:
    """Topics and rights of the services, and of the departments that hold a grant."""
    found = Wanted()
    for name, topic in topology.topics.items():
        found.topics[name] = Plan(topic.partitions, lane_of(name))
        found.rights |= _written_by(name.split(".", 1)[0], name)
        found.rights |= {Right(reader, "READ", name) for reader in topic.readers}
    for grant in granted:
        found.topics[grant.topic] = Plan(1, lane_of(grant.topic))
        found.rights |= _written_by(FEEDS_FROM, grant.topic)
        if _CLIENT.fullmatch(grant.client):
            found.rights.add(Right(grant.client, "READ", grant.topic))
            # Kafka's own tools read as a group; nobody else has this one.
            found.rights.add(Right(grant.client, "READ", grant.client, "group"))
    return found


def _written_by(service: str, topic: str) -> set[Right]:
    # The relay reads the end of what it has sent: a log that was restored is shorter.
    return {Right(service, "WRITE", topic), Right(service, "READ", topic)}


def granted(board: UUID, purposes: PurposeChanged, feeds: Iterable[str], on: date) -> set[Granted]:
    """The feeds that a department may receive on a day."""
    known = set(feeds)
    return {
        Granted(board, purposes.department, purposes.client, grant.feed)
        for grant in purposes.grants
        if grant.feed in known and _holds(grant, on)
    }


def _holds(grant: Grant, on: date) -> bool:
    return grant.since <= on and (grant.until is None or on < grant.until)


@dataclass(frozen=True)
class Topic:
    """A topic as it is on the broker."""

    partitions: int
    replication: int
    configuration: Mapping[str, str]


@dataclass(frozen=True)
class Found:
    """All that is there. ``odd``: rights of kinds that we never give (wildcards, prefixes, denials, the cluster's)."""

    topics: Mapping[str, Topic]
    rights: set[Right]
    odd: list[str] = field(default_factory=list)


@dataclass
class Drift:
    """How what is there differs from what should be."""

    missing_topics: list[str] = field(default_factory=list)
    unknown_topics: list[str] = field(default_factory=list)
    """Nobody writes or reads them: they are another release's, or a mistake. They are never deleted by themselves."""
    partitions: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Topic → there are, there should be."""
    configuration: dict[str, dict[str, tuple[str | None, str]]] = field(default_factory=dict)
    missing_rights: list[Right] = field(default_factory=list)
    surplus_rights: list[Right] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(vars(self).values())

    @property
    def hinders(self) -> bool:
        """Whether anything is wrong for who serves. A release that was gone back from has left topics that harm nobody,
        and going back must come to its end.
        """
        return any(found for name, found in vars(self).items() if name != "unknown_topics")

    @property
    def mendable(self) -> bool:
        """Whether anything of it is mended without asking anybody."""
        settings = (settings.keys() - {REPLICATION} for settings in self.configuration.values())
        return any((self.missing_topics, *settings, self.missing_rights, self.surplus_rights))

    def lines(self) -> list[str]:
        """For the operator."""
        return [
            *(f"トピックがない: {name}" for name in self.missing_topics),
            *(f"知らないトピック: {name}" for name in self.unknown_topics),
            *(
                f"区画の数が違う: {name} は {there}、あるべきは {should}"
                for name, (there, should) in self.partitions.items()
            ),
            *(
                f"設定が違う: {topic} の {name} は {there}、あるべきは {should}"
                for topic, settings in self.configuration.items()
                for name, (there, should) in settings.items()
            ),
            *(f"許可がない: {right}" for right in self.missing_rights),
            *(f"余計な許可: {right}" for right in self.surplus_rights),
            *(f"つけたことのない種類の許可: {told}" for told in self.odd),
        ]


def drift(should: Wanted, found: Found, *, replication: int) -> Drift:
    """Compare. Department topics that are no longer wanted stay: what was given was given."""
    told = Drift(odd=sorted(found.odd))
    told.missing_topics = sorted(should.topics.keys() - found.topics.keys())
    told.unknown_topics = sorted(
        name for name in found.topics.keys() - should.topics.keys() if not name.startswith(FEED)
    )
    for name, plan in should.topics.items():
        there = found.topics.get(name)
        if there is None:
            continue
        if there.partitions != plan.partitions:
            told.partitions[name] = there.partitions, plan.partitions
        config = plan.on(replication).items()
        if wrong := {
            n: (there.configuration.get(n), v) for n, v in config if there.configuration.get(n) != v
        }:
            told.configuration[name] = wrong
        if there.replication != replication:
            told.configuration.setdefault(name, {})[REPLICATION] = str(there.replication), str(replication)
    # Of a feed that nobody may receive now the dashboard still can tell what it sent.
    of_feeds = (_written_by(FEEDS_FROM, name) for name in found.topics if name.startswith(FEED))
    rights = should.rights.union(*of_feeds)
    told.missing_rights = sorted(rights - found.rights)
    told.surplus_rights = sorted(found.rights - rights)
    return told
