"""Brings the broker to what topology and grants say, and keeps it there: idempotent, without input.

A grant that begins or ends today is in force by the next look, half a minute later at the latest; one that somebody
makes or ends, as soon as identity has told it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from aiokafka.errors import KafkaError

from deploy.kafka.broker import Broker
from deploy.kafka.plan import Drift, Wanted, drift, wanted
from deploy.kafka.purposes import Purposes
from deploy.local.state import LocalError
from deploy.topology import Topology
from shared.access.own_token import NoToken
from shared.dates import Clock
from shared.events.feed import Stopped
from shared.events.kafka_access import KafkaAccess

logger = logging.getLogger("tsumugi.kafka")

LOOK_SECONDS = 30.0
SETTLE_SECONDS = 20.0
"""A broker tells what it was given only when its controller has written it."""
_POLL_SECONDS = 0.1
_RETRY_SECONDS = 2.0
STUCK_SECONDS = 120.0
"""A look that takes so long is one that hangs: clients of the broker may be alive and receive nothing for ever."""


class ForPeople(LocalError):
    """What is left to people: other partitions, replicas, rights of kinds we never give."""


@dataclass
class Reconciler:
    """For one broker. ``access`` and ``broker`` are both its administrator's."""

    topology: Topology
    access: KafkaAccess
    broker: Broker
    clock: Clock
    replication: int = 1

    async def look(self) -> tuple[Wanted, Drift]:
        """What should be, and how what is differs."""
        purposes = Purposes(self.access)
        try:
            return await self._look(purposes)
        finally:
            await purposes.close()

    async def apply(self) -> Drift:
        """Mend what differs, and wait until the broker says so. Returns what differed.

        Raises ForPeople with what is left, which people must decide: other partitions, replicas, rights of odd kinds.
        """
        purposes = Purposes(self.access)
        try:
            return await self._apply(purposes)
        finally:
            await purposes.close()

    async def keep(
        self, done: Callable[[Drift], None], turned: Callable[[bool, str], None] = lambda *_: None
    ) -> None:
        """Apply for ever; trouble is told and tried again. ``turned`` hears of every look whether all was held,
        and what there is to say.
        """
        told = ""
        while True:
            purposes = Purposes(self.access)
            try:
                while True:
                    said = ""
                    try:
                        async with asyncio.timeout(STUCK_SECONDS):
                            if (found := await self._apply(purposes)).hinders:
                                done(found)
                    except (
                        ForPeople
                    ) as left:  # what could be mended is, and the rest changes by nobody's trying
                        said = str(left)
                    told = _tell(said, told)
                    turned(True, said)
                    await purposes.wait(LOOK_SECONDS)
            except (LocalError, Stopped, NoToken, KafkaError, TimeoutError, OSError) as error:
                told = _tell(str(error) or type(error).__name__, told)
                turned(False, told)
                await asyncio.sleep(_RETRY_SECONDS)
            finally:
                await purposes.close()

    async def _look(self, purposes: Purposes) -> tuple[Wanted, Drift]:
        try:
            await purposes.catch_up()
        except KafkaError as error:
            raise LocalError(f"Kafka（{self.access.bootstrap}）が応じません（{error}）。") from error
        granted = purposes.on(self.clock.today(), self.topology.feeds)
        should = wanted(self.topology, granted)
        found = await asyncio.to_thread(self.broker.look)
        return should, drift(should, found, replication=self.replication)

    async def _apply(self, purposes: Purposes) -> Drift:
        should, told = await self._look(purposes)
        if not told.mendable:
            left = told
        else:
            await asyncio.to_thread(self.broker.mend, told, should, replication=self.replication)
            left = await self._left(should)
            for _ in range(int(SETTLE_SECONDS / _POLL_SECONDS)):
                if not left.mendable:
                    break
                await asyncio.sleep(_POLL_SECONDS)
                left = await self._left(should)
        if left.hinders:
            raise ForPeople("\n".join(["Kafka で、人が決めることが残っています。", *left.lines()]))
        return told

    async def _left(self, should: Wanted) -> Drift:
        return drift(should, await asyncio.to_thread(self.broker.look), replication=self.replication)


def _tell(said: str, before: str) -> str:
    """Tell of trouble when it is another than before; returns what there is now."""
    if said and said != before:
        logger.warning("%s", said)
    return said
