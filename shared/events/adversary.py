"""A feed that delivers any order Kafka may legally deliver; the default in tests.

Order holds only within (topic, key): records of different keys are interleaved at random, a topic may run far ahead of
another, records come twice, superseded state records vanish as compaction makes them vanish. Code that silently stands
on a total order fails here instead of on the first busy morning.
"""

from __future__ import annotations

from collections import defaultdict
from random import Random

from shared.contracts import Lane
from shared.events.feed import Batch, Cursor, Feed
from shared.events.records import Record


class AdversarialFeed:
    """Wraps a feed and deals its records anew, chunk by chunk."""

    def __init__(self, inner: Feed, seed: int) -> None:
        self._inner = inner
        self._random = Random(seed)
        self.publisher = inner.publisher

    async def read(self, cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        batch = await self._inner.read(cursor, limit=limit, wait=wait)
        return Batch(self._deal(batch.records), batch.cursor, batch.reached, batch.epoch, batch.head)

    def _deal(self, records: list[Record]) -> list[Record]:
        queues: dict[tuple[str, str], list[Record]] = defaultdict(list)
        for record in records:
            queues[record.topic, record.key].append(record)
        for key, queue in queues.items():
            if queue[0].lane is Lane.STATE and self._random.random() < 0.5:
                queues[key] = queue[-1:]
        dealt: list[Record] = []
        waiting = [queue for queue in queues.values() if queue]
        while waiting:
            queue = self._random.choice(waiting)
            record = queue.pop(0)
            dealt.append(record)
            if self._random.random() < 0.1:
                # At-least-once: the sender repeats from an earlier record, in order.
                queue[:0] = [record]
            if not queue:
                waiting.remove(queue)
        return dealt

    async def close(self) -> None:
        await self._inner.close()
