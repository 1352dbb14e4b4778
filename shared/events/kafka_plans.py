"""Kafka's topics as their contracts say. Pure, and without a client of the broker: documents are made of it."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts import Lane
from shared.contracts.catalogue import BY_TYPE

FACTS_KEPT_DAYS = 35
MAX_RECORD_BYTES = 1_000_000
_DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
class Plan:
    """How a topic is made. The number of partitions never changes: keys would move."""

    partitions: int
    lane: Lane

    @property
    def configuration(self) -> dict[str, str]:
        """Compaction for states, retention for facts (decisions.md §3); nothing of it is left to the broker."""
        always = {
            "max.message.bytes": str(MAX_RECORD_BYTES + 48_576),
            "unclean.leader.election.enable": "false",
            "message.timestamp.type": "CreateTime",
            "compression.type": "producer",
        }
        if self.lane is Lane.STATE:
            return always | {
                "cleanup.policy": "compact",
                "delete.retention.ms": str(7 * _DAY_MS),
                "max.compaction.lag.ms": str(_DAY_MS),
            }
        return always | {
            "cleanup.policy": "delete",
            "retention.ms": str(FACTS_KEPT_DAYS * _DAY_MS),
            "retention.bytes": "-1",
        }

    def on(self, replication: int) -> dict[str, str]:
        """The configuration where there are so many replicas: one of them may be away."""
        return self.configuration | {"min.insync.replicas": str(max(1, replication - 1))}


def lane_of(topic: str) -> Lane:
    """The lane of a topic by its contract; department feeds (``feed.…``) are states."""
    lanes = {contract.TOPIC.name: contract.TOPIC.lane for contract in BY_TYPE.values()}
    return lanes.get(topic, Lane.STATE)
