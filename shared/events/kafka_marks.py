"""Watermarks: how a consumer knows that it has seen everything up to a position, though Kafka orders only partitions.

The relay keeps, for every partition, the position of the last record it has sent there. A mark tells that of all
partitions at one position of the log: whoever has seen as much of each of its own partitions as the mark names has seen
all of the log up to the mark's position, wherever the mark lay. So one a touched topic does where one in each of two
dozen partitions would else be needed, fifty times a second (docs/decisions/0007).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

Place = tuple[str, int]
"""Topic and partition."""
Sent = dict[str, list[int]]
"""Topic → by partition, the position of the last record sent there."""


@dataclass(frozen=True)
class Mark:
    """What a watermark says at its position."""

    cluster: str
    """The broker it was written to, by its cluster id."""
    sent: Sent

    def to_bytes(self) -> bytes:
        """The record's value."""
        return orjson.dumps({"cluster": self.cluster, "sent": self.sent})

    @classmethod
    def from_bytes(cls, value: bytes | None) -> Mark:
        """Raises ValueError or KeyError for what is none."""
        said = orjson.loads(value or b"")
        return cls(said["cluster"], said["sent"])


class Sending:
    """The relay's account of what it has sent where."""

    def __init__(self, start: int) -> None:
        """``start``: up to there everything was sent before. The first mark goes everywhere, and says so."""
        self._start = start
        self.sent: Sent = {}
        self.touched: dict[str, int] = {}
        """Topics with records since the last mark → the partition of the last of them."""

    def add(self, topic: str, partitions: int) -> None:
        """There is a topic."""
        self.sent[topic] = [self._start] * partitions

    def record(self, place: Place, position: int) -> None:
        """A record was sent."""
        topic, partition = place
        self.sent[topic][partition] = position
        self.touched[topic] = partition

    def places(self, *, everywhere: bool) -> list[Place]:
        """Where a mark belongs now: beside the last record of each topic touched, or in every partition."""
        touched, self.touched = list(self.touched.items()), {}
        if everywhere:
            return [(topic, n) for topic, last in self.sent.items() for n in range(len(last))]
        return touched


class Seen:
    """A consumer's account of what it has seen of its partitions, in one epoch."""

    def __init__(self, places: Iterable[Place], kept: Mapping[str, Any] | None = None) -> None:
        """``kept``: what :meth:`keep` gave, by one who stood where the consumer stands now."""
        seen = kept["seen"] if kept else {}
        self._seen = {
            (topic, partition): int(seen.get(topic, {}).get(str(partition), -1))
            for topic, partition in places
        }
        self.head: int = kept["head"] if kept else -1
        """Position of the furthest mark; -1 before the first."""
        self._sent: Sent = kept["sent"] if kept else {}
        self._reached = 0

    def keep(self) -> dict[str, Any]:
        """Everything, as JSON."""
        seen: dict[str, dict[str, int]] = {}
        for (topic, partition), position in sorted(self._seen.items()):
            seen.setdefault(topic, {})[str(partition)] = position
        return {"seen": seen, "head": self.head, "sent": self._sent}

    def record(self, place: Place, position: int) -> None:
        """Something at ``position`` was seen. What comes again says nothing new."""
        self._seen[place] = max(position, self._seen[place])

    def mark(self, place: Place, position: int, sent: Sent) -> None:
        """A mark was seen."""
        self.record(place, position)
        if position >= self.head:
            self.head = position
            self._sent = {
                topic: sent[topic] for topic in sorted({topic for topic, _ in self._seen}) if topic in sent
            }

    def reached(self) -> int:
        """Everything up to this position has been seen, or is not of these partitions."""
        # A mark may be ahead of the records it names, where an earlier one was not.
        self._reached = max(self._reached, min((self._bound(place) for place in self._seen), default=0))
        return self._reached

    def _bound(self, place: Place) -> int:
        topic, partition = place
        seen, sent = self._seen[place], self._sent.get(topic, [])
        # Beyond the last record that was sent there is nothing of this partition, up to the mark.
        complete = partition < len(sent) and seen >= sent[partition]
        return max(seen, self.head) if complete else seen
