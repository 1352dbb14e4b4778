"""Relays at a test's command."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from shared.events.kafka_access import KafkaAccess
from shared.events.kafka_relay import KafkaRelay
from tests.support.fixtures import Toy
from tests.support.transports import PARTITIONS
from tests.support.waiting import eventually


class Relays:
    """Relays that are started and killed at will."""

    def __init__(self, toy: Toy, bootstrap: str) -> None:
        self._toy = toy
        self._bootstrap = bootstrap
        self._running: dict[KafkaRelay, asyncio.Task[None]] = {}

    def start(self, more: Mapping[str, int] | None = None) -> KafkaRelay:
        """A relay at work; of topics ``more`` than the toy's, with their partitions."""
        topics = {**PARTITIONS, **(more or {})}
        relay = KafkaRelay("toy", self._toy.database.feed, KafkaAccess(self._bootstrap), topics)
        self._running[relay] = asyncio.create_task(relay.run())
        return relay

    async def kill(self, relay: KafkaRelay) -> None:
        """End its work at once."""
        task = self._running.pop(relay)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def close(self) -> None:
        """End all of them."""
        for relay in list(self._running):
            await self.kill(relay)


async def sent_up_to(toy: Toy, position: int) -> None:
    """Wait until the relay has the broker's answer for everything up to ``position``."""

    async def stored() -> bool:
        (row,) = await toy.rows("select position from feed.relayed")
        return bool(row.position >= position)

    await eventually(stored)
