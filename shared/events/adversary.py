"""A feed that delivers any order Kafka may legally deliver; the default in tests.

Order holds only within (topic, key). The log's records are dealt into lanes by their topic and key, as into partitions;
one lane may run far ahead of another, lanes are interleaved at random, records come again with all that followed them
(a relay that was killed repeats itself), superseded state records vanish as compaction makes them vanish. Code that
silently stands on a total order fails here instead of on the first busy morning.
"""

from __future__ import annotations

from collections import defaultdict
from random import Random
from zlib import crc32

from shared.contracts import Lane
from shared.events.feed import Batch, Cursor, Feed
from shared.events.records import Record

_LANES = 5
_REMEMBERED = 8


class AdversarialFeed:
    """Deals the records of a feed that keeps positions in order (``LogFeed``) anew."""

    def __init__(self, inner: Feed, seed: int) -> None:
        self._inner = inner
        self._random = Random(seed)  # noqa: S311 (a seed makes a failure happen again)
        self._sent: dict[str, list[Record]] = defaultdict(list)
        self.publisher = inner.publisher

    async def read(self, cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        place = cursor.get("inner") if cursor else None
        ahead: dict[str, int] = dict(cursor.get("ahead", {})) if cursor else {}
        window = await self._inner.read(place, limit=limit, wait=0 if ahead else wait)
        waiting: dict[str, list[Record]] = defaultdict(list)
        for record in window.records:
            lane = _lane(record)
            if record.position > ahead.get(lane, 0):
                waiting[lane].append(record)
        chosen = {lane: queue for lane, queue in waiting.items() if self._random.random() < 0.6} or waiting
        dealt: dict[str, list[Record]] = {}
        for lane, queue in chosen.items():
            count = self._random.randint(1, len(queue))
            fresh, waiting[lane] = queue[:count], queue[count:]
            ahead[lane] = fresh[-1].position
            dealt[lane] = self._compacted([*self._again(lane), *fresh])
            self._sent[lane] = [*self._sent[lane], *fresh][-_REMEMBERED:]
        left = [queue[0].position for queue in waiting.values() if queue]
        records = self._interleaved(dealt)
        if left:
            return Batch(
                records,
                {"inner": place, "ahead": ahead},
                min(left) - 1,
                window.epoch,
                window.head,
                window.whole,
            )
        return Batch(
            records,
            {"inner": window.cursor, "ahead": {}},
            window.reached,
            window.epoch,
            window.head,
            window.whole,
            window.level,
        )

    def _again(self, lane: str) -> list[Record]:
        """At least once: the sender repeats from an earlier record, in order."""
        if self._random.random() < 0.3:
            return self._sent[lane][-self._random.randint(1, _REMEMBERED) :]
        return []

    def _compacted(self, queue: list[Record]) -> list[Record]:
        last = {(record.topic, record.key): record for record in queue}
        return [
            record
            for record in queue
            if record.lane is Lane.FACT
            or record is last[record.topic, record.key]
            or self._random.random() < 0.5
        ]

    def _interleaved(self, dealt: dict[str, list[Record]]) -> list[Record]:
        queues = [queue for queue in dealt.values() if queue]
        records: list[Record] = []
        while queues:
            queue = self._random.choice(queues)
            records.append(queue.pop(0))
            queues = [queue for queue in queues if queue]
        return records

    async def close(self) -> None:
        await self._inner.close()


def _lane(record: Record) -> str:
    return f"{record.topic}/{crc32(record.key.encode()) % _LANES}"
