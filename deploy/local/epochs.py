"""After a restore: a new epoch of a service's log, and letting those who read it go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx
from sqlalchemy import text

from deploy.deployment import Deployment
from deploy.kafka.plan import FEED, FEEDS_FROM
from deploy.local import admin
from deploy.local.state import LocalError
from deploy.topology import topology
from deploy.transport import way_to_broker
from shared.events import restored
from shared.events.epochs import Epochs, how_far_the_same
from shared.events.rebuild import Progress


async def begin(instance: Deployment, service: str, *, broker: bool) -> int:
    """Begin a new epoch of a log that was restored, higher than anybody has seen one; returns it.

    ``broker``: whether one is there that may have seen the log before.
    """
    known = 0
    for reader in topology().services:
        async with admin.feed_units(instance, reader) as units, units.maintain() as session:
            known = max(known, await restored.highest_known(session, service))
    if broker:
        # The broker's client is loaded only where it is used.
        from shared.events.kafka_topics import last_on, open_to

        async with httpx.AsyncClient() as http:
            access = way_to_broker(instance.settings(service), instance.broker, http)
            mine = [name for name in topology().topics if name.split(".", 1)[0] == service]
            if service == FEEDS_FROM:
                mine += [name for name in await open_to(access) if name.startswith(FEED)]
            known = max(known, (await last_on(access, mine))[0])
    async with admin.owner_engine(instance, service) as owner:
        return await restored.begin(owner, known)


@dataclass(frozen=True)
class StoppedFeed:
    """A consumer whose publisher's log was restored."""

    service: str
    copy: str
    publisher: str
    known: int
    """The epoch it has been reading."""
    epoch: int
    """The log's."""
    seen: int
    """The highest position it has seen."""
    began: int
    """Up to where the log is what it was before."""

    @property
    def lost(self) -> int:
        """How many positions it has seen that are no more; some of them were never its own topics'."""
        return max(0, self.seen - self.began)


async def stopped(instance: Deployment) -> list[StoppedFeed]:
    """Every consumer that stands at another epoch than its publisher's log."""
    logs: dict[str, Epochs] = {}
    for service in topology().services:
        async with admin.feed_units(instance, service) as units, units.maintain() as session:
            logs[service] = await restored.epochs(session)
    found = []
    for service in topology().services:
        async with admin.feed_units(instance, service) as units, units.maintain() as session:
            rows = await session.execute(
                text(
                    "select copy, publisher, epoch, epochs, greatest(reached, highest) as seen from feed.checkpoint"
                    " order by copy, publisher"
                )
            )
            found += [
                StoppedFeed(
                    service,
                    row.copy,
                    row.publisher,
                    row.epoch,
                    max(log),
                    int(row.seen),
                    how_far_the_same(row.epoch, row.epochs, log),
                )
                for row in rows
                if row.epoch != max(log := logs[row.publisher])
            ]
    return found


async def accept(
    instance: Deployment,
    service: str,
    copy: str,
    publisher: str,
    *,
    tell: Callable[[Progress], None] = lambda _: None,
) -> int:
    """Let a stopped feed go on with the publisher's present log, after a person has checked. Returns the epoch."""
    reaction = copy.startswith("reaction:")
    logs: dict[str, Epochs] = {}
    for name in [publisher] if reaction else admin.copy_of(service, copy).publishers():
        async with admin.feed_units(instance, name) as units, units.maintain() as session:
            logs[name] = await restored.epochs(session)
    async with admin.feed_units(instance, service) as units, admin.owner_engine(instance, service) as owner:
        if reaction:
            if not await restored.accept_in_reaction(units, copy, publisher, logs[publisher]):
                raise LocalError(f"{service} の {copy} は {publisher} をまだ読んでいません。")
        else:
            # From the logs themselves: broker, relay and publishers need not be at work for it.
            feeds = instance.make_log_feed(service)
            await restored.accept_in_copy(
                service, admin.copy_of(service, copy), logs, units, feeds, owner, tell=tell
            )
    return max(logs[publisher])
