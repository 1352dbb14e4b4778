"""The operator's hands on feeds and copies: parked records, rebuilds, epochs."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.deployment import Deployment
from deploy.local import faults
from deploy.local.state import LocalError
from deploy.topology import topology
from shared.database import Units, make_engine
from shared.database.roles import role_names
from shared.events import intake, parked
from shared.events.copies import Copy, CopyWorker
from shared.events.parked import Waiting, waiting
from shared.events.reactions import Reaction, ReactionWorker
from shared.events.rebuild import Progress, Rebuilt, rebuild
from shared.events.workers import BATCH
from shared.service import MakeFeed, ServiceParts


def parts(service: str) -> ServiceParts:
    """Copies and reactions of a service."""
    if service not in topology().services:
        raise LocalError(f"{service} というサービスはありません: {', '.join(topology().services)}")
    return ServiceParts.of(topology().services[service].application)


def copy_of(service: str, name: str) -> Copy:
    """The copy ``name`` of a service."""
    for copy in parts(service).copies:
        if copy.name == name:
            return copy
    known = ", ".join(copy.name for copy in parts(service).copies) or "なし"
    raise LocalError(f"{service} に {name} という写しはありません: {known}")


def reaction_of(service: str, name: str) -> Reaction:
    """The reaction whose checkpoint and parked records stand under ``name``."""
    for reaction in parts(service).reactions:
        if f"reaction:{reaction.name}" == name:
            return reaction
    known = ", ".join(f"reaction:{reaction.name}" for reaction in parts(service).reactions) or "なし"
    raise LocalError(f"{service} に {name} という反応はありません: {known}")


async def retry(
    instance: Deployment,
    units: Units,
    service: str,
    name: str,
    publisher: str,
    key: str,
    *,
    also: parked.Also,
) -> str | None:
    """Take a key's parked records in now, and ``also`` in the same transaction. Returns why they still wait, or None.

    ``units`` works as the feed role of the service.
    """
    if not name.startswith("reaction:"):
        return await parked.retry(units, copy_of(service, name), publisher, key, also=also)
    reaction = reaction_of(service, name)
    feed = instance.make_feed(service)(publisher, reaction.topics_of(publisher))
    worker = ReactionWorker(service, reaction, feed, units)
    try:
        return await parked.retry_reaction(units, worker, key, also=also)
    finally:
        await feed.close()


async def rebuild_copy(
    instance: Deployment,
    service: str,
    name: str,
    *,
    swap: bool = False,
    anyway: bool = False,
    tell: Callable[[Progress], None] = lambda _: None,
    make_feed: MakeFeed | None = None,
) -> Rebuilt:
    """Build a copy anew beside the live one; ``make_feed``: from elsewhere than the deployment's transport."""
    async with feed_units(instance, service) as units, owner_engine(instance, service) as owner:
        feeds = make_feed or instance.make_feed(service)
        return await rebuild(
            service, copy_of(service, name), units, feeds, owner, swap=swap, anyway=anyway, tell=tell
        )


@asynccontextmanager
async def owner_engine(instance: Deployment, service: str) -> AsyncIterator[AsyncEngine]:
    """The role that owns a service's tables; for the deploying step and the operator, never for a service."""
    engine = make_engine(instance.login(service, role_names(service)[0]), pool_size=2)
    try:
        yield engine
    finally:
        await engine.dispose()


@asynccontextmanager
async def feed_units(instance: Deployment, service: str) -> AsyncIterator[Units]:
    """Rows of a service as its feed role."""
    engine = make_engine(instance.settings(service).feed, pool_size=2)
    try:
        yield Units(engine, instance.clock)
    finally:
        await engine.dispose()


@asynccontextmanager
async def app_units(instance: Deployment, service: str) -> AsyncIterator[Units]:
    """Rows of a service as its app role, whose walls are those of a request."""
    engine = make_engine(instance.settings(service).app, pool_size=2)
    try:
        try:
            async with engine.connect():
                pass
        except OSError as error:
            raise LocalError(f"データベースが答えません。{faults.remedy()}") from error
        yield Units(engine, instance.clock)
    finally:
        await engine.dispose()


async def all_waiting(instance: Deployment) -> list[tuple[str, Waiting]]:
    """Every key that waits, in every service."""
    found: list[tuple[str, Waiting]] = []
    for service in topology().services:
        async with feed_units(instance, service) as units, units.maintain() as session:
            found += [(service, item) for item in await waiting(session)]
    return found


async def settle(instance: Deployment) -> None:
    """Let every copy and reaction read what there is, without the services being at work."""
    for service in topology().services:
        async with feed_units(instance, service) as units:
            for worker in _workers(instance, service, units):
                try:
                    checkpoint = await worker.where()
                    while True:
                        batch = await worker.feed.read(checkpoint.cursor, limit=BATCH, wait=0)
                        intake.check_epoch(checkpoint, batch)
                        if batch.news(checkpoint.cursor):
                            checkpoint = await worker.take(checkpoint, batch)
                        if checkpoint.reached >= (batch.head or 0):
                            break
                finally:
                    await worker.feed.close()


def _workers(instance: Deployment, service: str, units: Units) -> Iterator[CopyWorker | ReactionWorker]:
    make_feed = instance.make_log_feed(service)
    for copy in parts(service).copies:
        for publisher in copy.publishers():
            yield CopyWorker(service, copy, make_feed(publisher, copy.topics_of(publisher)), units)
    for reaction in parts(service).reactions:
        for publisher in reaction.publishers():
            yield ReactionWorker(
                service, reaction, make_feed(publisher, reaction.topics_of(publisher)), units
            )
