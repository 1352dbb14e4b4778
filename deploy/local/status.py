"""What runs, how far every feed is behind, what waits for an operator."""

import asyncio
import ssl
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import psutil
from sqlalchemy import text

from deploy.deployment import Deployment
from deploy.kafka import marks as keeper
from deploy.kafka.marks import KeeperStatus
from deploy.local.instance import Instance
from deploy.local.keycloak import mark_of
from deploy.local.process import PidFile
from deploy.local.supervisor import ServiceProcess
from deploy.topology import topology
from shared.database import make_engine
from shared.database.roles import role_names
from shared.service import ServiceParts

RELAY = "relay"


@dataclass(frozen=True)
class ServiceStatus:
    """One service's HTTP face."""

    name: str
    url: str
    ready: bool
    version: str | None


@dataclass(frozen=True)
class FeedStatus:
    """How far a copy or reaction is in a publisher's log."""

    service: str
    copy: str
    publisher: str
    reached: int
    head: int
    lag: int
    parked: int
    stopped_because: str | None = None
    """Why its worker stands still, in words for the operator; None where it is not running or all is well."""
    age_seconds: float | None = None
    """Since it last was known to lack nothing, as tsumugi_copy_age_seconds tells; None where it is not running."""


@dataclass(frozen=True)
class ReconcilerStatus:
    """What keeps something up without reading a log: when it last had looked at everything, or why it cannot."""

    service: str
    name: str
    looked_at: str | None
    stopped_because: str | None


@dataclass(frozen=True)
class RelayStatus:
    """How far a service's log has been sent to the broker."""

    service: str
    reached: int
    head: int | None
    unsent_seconds: float | None
    """Age of the oldest record not yet sent, as tsumugi_relay_age_seconds tells; None where nobody knows."""
    stopped_because: str | None


@dataclass
class Status:
    """The deployment."""

    origin: str
    transport: str
    training_date: str | None
    edition: str = "embedded"
    services: list[ServiceStatus] = field(default_factory=list)
    feeds: list[FeedStatus] = field(default_factory=list)
    reconcilers: list[ReconcilerStatus] = field(default_factory=list)
    relays: list[RelayStatus] = field(default_factory=list)
    keeper: KeeperStatus | None = None
    """Who holds the broker's rights; None where there are none."""
    memory_mib: dict[str, int] = field(default_factory=dict)
    running: bool = False
    """Whether database and services are this deployment's own processes; anything may listen on a port."""

    @property
    def ready(self) -> bool:
        """Every service answers and every feed has arrived."""
        return (
            self.running
            and bool(self.feeds)
            and all(service.ready for service in self.services)
            and all(feed.lag == 0 for feed in self.feeds)
        )

    def to_json(self) -> dict[str, Any]:
        """For ``tsumugi status --json``."""
        return {**asdict(self), "ready": self.ready}


def services_pid(instance: Instance) -> PidFile:
    """The mark of the process that runs the services."""
    return PidFile(instance.state / "services.pid", names=str(instance.state))


async def status(instance: Instance, trusted: ssl.SSLContext | None = None) -> Status:
    """Ask everything once. ``trusted``: for whoever asks again and again; reading whom to trust takes longest."""
    trusted = trusted or httpx.create_ssl_context()
    result = Status(
        instance.origin, instance.choices.transport, instance.choices.training_date, instance.choices.edition
    )
    asked = await asyncio.gather(*(_ask(instance, name, trusted) for name in topology().services))
    result.services = [service for service, _ in asked]
    result.reconcilers = [
        ReconcilerStatus(service.name, one["copy"], one["looked_at"], one["stopped_because"])
        for service, workers in asked
        for one in workers
        if (one["copy"], one["publisher"]) not in _readers_of_logs(service.name) and one["copy"] != RELAY
    ]
    result.relays = [
        RelayStatus(service.name, one["reached"], one["head"], one["unsent_seconds"], one["stopped_because"])
        for service, workers in asked
        for one in workers
        if one["copy"] == RELAY
    ]
    told = {
        (service.name, one["copy"], one["publisher"]): one for service, workers in asked for one in workers
    }
    if instance.postgres.ready():
        result.feeds = [
            replace(feed, stopped_because=one.get("stopped_because"), age_seconds=one.get("age_seconds"))
            for feed in await feeds(instance)
            for one in [told.get((feed.service, feed.copy, feed.publisher), {})]
        ]
        result.running = services_pid(instance).process() is not None
    if instance.platform:
        result.keeper = keeper.read(instance.state, datetime.now(UTC))
    result.memory_mib = memory(instance)
    return result


def _readers_of_logs(service: str) -> set[tuple[str, str]]:
    return set(ServiceParts.of(topology().services[service].application).consumers())


async def _ask(
    instance: Instance, name: str, trusted: ssl.SSLContext
) -> tuple[ServiceStatus, list[dict[str, Any]]]:
    """A service's face, and what it says of its workers."""
    url = instance.url(name)
    try:
        async with httpx.AsyncClient(base_url=url, timeout=2, verify=trusted) as client:
            ready = await client.get("/health/ready")
            version = (await client.get("/health/live")).json()["version"]
            said = ready.json()
            workers = [*said.get("feeds", []), *([said[RELAY]] if RELAY in said else [])]
    except (httpx.HTTPError, ValueError):
        return ServiceStatus(name, url, False, None), []
    return ServiceStatus(name, url, ready.status_code == 200, version), workers


_CHECKPOINTS = text(
    "select c.copy, c.publisher, c.reached, (select count(distinct key) from feed.parked p"
    " where p.copy = c.copy and p.publisher = c.publisher) as parked from feed.checkpoint c order by 1, 2"
)
_HEAD = text("select position from log.head")


async def feeds(instance: Deployment) -> list[FeedStatus]:
    """Every copy and reaction there is, whether it has begun to read or not."""
    heads: dict[str, int] = {}
    stored: dict[tuple[str, str, str], Any] = {}
    for service in topology().services:
        engine = make_engine(instance.login(service, role_names(service)[2]), pool_size=1)
        try:
            async with engine.connect() as connection:
                heads[service] = (await connection.execute(_HEAD)).scalar_one()
                for row in await connection.execute(_CHECKPOINTS):
                    stored[service, row.copy, row.publisher] = row
        finally:
            await engine.dispose()
    found = []
    for service, entry in topology().services.items():
        for name, publisher in ServiceParts.of(entry.application).consumers():
            known = stored.get((service, name, publisher))
            head, reached = heads[publisher], known.reached if known else 0
            parked = known.parked if known else 0
            found.append(FeedStatus(service, name, publisher, reached, head, max(0, head - reached), parked))
    return found


def families(instance: Instance) -> dict[str, list[psutil.Process]]:
    """The processes of each part that runs: its own, then those that it has started."""
    marks = {
        "services": services_pid(instance),
        "postgres": instance.postgres.pid_file,
        "kafka": instance.kafka.pid_file,
        "keycloak": mark_of(instance.state / "keycloak"),
    }
    if instance.platform:
        marks |= {name: ServiceProcess(name, instance.state, {}).pid_file for name in topology().services}
    parts = {name: process for name, mark in marks.items() if (process := mark.process()) is not None}
    heads = {process.pid for process in parts.values()}
    return {
        name: [
            process,
            # The supervisor's children are named by themselves.
            *(child for child in process.children(recursive=True) if child.pid not in heads),
        ]
        for name, process in parts.items()
    }


def memory(instance: Instance) -> dict[str, int]:
    """Memory of each part in MiB, without counting shared pages twice."""
    return {name: sum(map(_own, family)) // 2**20 for name, family in families(instance).items()}


def _own(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.Error, AttributeError):
        return 0
