"""The departments' grants, read from the topic on which identity tells them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from deploy.kafka.plan import Granted, granted
from shared.contracts.identity import PURPOSE, PurposeChanged
from shared.events.feed import Cursor
from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_feed import KafkaFeed
from shared.events.kafka_topics import ends_of, look_at

_LIMIT = 500


class Purposes:
    """What each department is granted, as far as the topic was read; kept in memory, from the first record on."""

    def __init__(self, access: KafkaAccess) -> None:
        self._access = access
        self._feed = KafkaFeed(PURPOSE.publisher, access, [PURPOSE.name])
        self._cursor: Cursor | None = None
        self._held: dict[str, tuple[UUID, PurposeChanged]] = {}

    async def catch_up(self) -> None:
        """Read everything that lies on the topic now: of half of it one would take rights from the other half.

        A broker without the topic knows of no grant.
        """
        broker = await look_at(self._access, [PURPOSE.name])
        if not broker.partitions:
            return
        ends = await ends_of(self._access, broker.partitions)
        while not _at(self._cursor, ends):
            await self._read(wait=0.2)

    async def wait(self, seconds: float) -> bool:
        """Whether something was told within ``seconds``."""
        return await self._read(wait=seconds)

    async def _read(self, *, wait: float) -> bool:
        batch = await self._feed.read(self._cursor, limit=_LIMIT, wait=wait)
        self._cursor = batch.cursor
        for record in batch.records:
            if record.payload is None:
                self._held.pop(record.key, None)
            else:
                self._held[record.key] = record.board, PurposeChanged.model_validate_json(record.payload)
        return bool(batch.records)

    def on(self, day: date, feeds: Iterable[str]) -> set[Granted]:
        """Who may receive which of ``feeds`` on a day."""
        known = set(feeds)
        return {
            one for board, purposes in self._held.values() for one in granted(board, purposes, known, day)
        }

    async def close(self) -> None:
        """Give back connections."""
        await self._feed.close()


def _at(cursor: Cursor | None, ends: Mapping[str, list[int]]) -> bool:
    at = (cursor or {}).get("at", {})
    return all(
        at.get(topic, {}).get(str(partition), 0) >= end
        for topic, offsets in ends.items()
        for partition, end in enumerate(offsets)
    )
