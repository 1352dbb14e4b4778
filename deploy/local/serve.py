"""Running services: all in one process and loop (the embedded edition), or one in a process of its own."""

import asyncio
import errno
import gc
import importlib
import os
import resource
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

import httpx
import uvicorn
import uvloop
from fastapi import FastAPI

from deploy.deployment import Deployment
from deploy.local.state import LocalError
from deploy.topology import topology
from deploy.transport import way_to_broker
from shared.contracts.dashboard import FEED
from shared.telemetry import journal
from shared.telemetry.outlets import BadWish, Outlets

if TYPE_CHECKING:
    from shared.events.workers import WorkerState

KEEP_ALIVE_SECONDS = 75
"""Longer than a gateway keeps an idle connection (60 s, as a rule): the side that asks must be the one that hangs up,
or what it sends in that moment is lost."""
ACCEPTS = 32
"""Connections that a server takes in one turn of the loop. libuv takes one of each listening socket (libuv/libuv#3696);
where everybody comes at once a turn lasts tens of milliseconds, and who had no connection yet would wait for minutes to
be told to come back. More would cost every new connection more: each of these looks for it."""
OPEN_FILES = 10_240
"""The most that macOS gives any process; enough for every family of a city that asks at once."""
GRACE_SECONDS = 2
"""A stream that is open at shutdown is ended by its service; whoever does not let go is cut off (decisions.md §4)."""


def build(instance: Deployment, service: str) -> FastAPI:
    """The application of ``service`` on this deployment."""
    module = importlib.import_module(topology().services[service].application)
    app: FastAPI = module.build(instance.settings(service), instance.clock, instance.make_feed(service))
    return app


def publishers() -> list[str]:
    """Services whose log others read; each has a relay when the transport is Kafka."""
    return [name for name in topology().services if topology().readers_of(name)]


def senders() -> list[str]:
    """Services with a relay when the transport is Kafka: the publishers, and who fills the departments' topics."""
    return [name for name in topology().services if name in publishers() or name == FEED.publisher]


class Relay(Protocol):
    """What sends to the broker for a service."""

    state: "WorkerState"

    async def run(self) -> None:
        """Work until cancelled."""


def make_relay(instance: Deployment, service: str) -> Relay:
    """The relay that sends the log of ``service`` to the broker, or what departments may have of it."""
    from shared.events.kafka_relay import KafkaRelay  # the client is loaded only where it is used

    settings = instance.settings(service)
    access = way_to_broker(settings, instance.broker, httpx.AsyncClient())  # for as long as the process
    if service == FEED.publisher:
        module = importlib.import_module(topology().services[service].application)
        relay: Relay = module.feed_topics(settings, instance.clock, access)
        return relay
    topics = {
        name: topic.partitions for name, topic in topology().topics.items() if name.split(".")[0] == service
    }
    return KafkaRelay(service, settings.feed, access, topics, clock=instance.clock)


class _Server(uvicorn.Server):
    """A server among others: the process's signals are handled once, for all."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listening(host: str, port: int) -> list[socket.socket]:
    """Every address of ``host`` at ``port``, each :data:`ACCEPTS` times over. Raises OSError when it is taken.

    A family that is switched off on this machine is left out: containers often name ``::1`` and have no IPv6.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    missing: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            bound.append(socket.create_server(address, family=family))
        except OSError as error:
            if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                for each in bound:
                    each.close()
                raise
            missing = error
    if not bound and missing is not None:
        raise missing
    return bound + [each.dup() for each in bound for _ in range(ACCEPTS - 1)]


def more_files() -> None:
    """Raise what this process may have open to what the machine allows it, within reason.

    Six services listen with hundreds of sockets: of the 1,024 that Linux gives at first few are left for a morning's
    families, and of the 256 of macOS none.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # what a kernel refuses stays as it was
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run(instance: Deployment, services: Sequence[str], relays: Sequence[str]) -> None:
    """:func:`serve` on the quickest loop there is."""
    more_files()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(instance, services, relays))


async def serve(instance: Deployment, services: Sequence[str], relays: Sequence[str]) -> None:
    """Run services and relays until SIGTERM or SIGINT; a server that dies ends the process."""
    named = services[0] if len(services) == 1 else "tsumugi" if services else f"relay-{'-'.join(relays)}"
    journal.begin(named)
    try:
        outlets = Outlets.of(os.environ).open(named)
    except BadWish as error:
        raise LocalError(str(error)) from error
    with outlets:
        await _serve(instance, services, relays)


async def _serve(instance: Deployment, services: Sequence[str], relays: Sequence[str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    apps = [build(instance, service) for service in services]
    places = [instance.listen(service) for service in services]
    servers = [
        _Server(
            uvicorn.Config(
                app,
                host=place.host,
                port=place.port,
                ssl_certfile=place.certificate,
                ssl_keyfile=place.key,
                access_log=False,
                proxy_headers=False,  # no header of a proxy is believed (design.md §5)
                log_config=None,
                timeout_graceful_shutdown=GRACE_SECONDS,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                server_header=False,
            )
        )
        for place, app in zip(places, apps, strict=True)
    ]
    # What is loaded now stays: a collection that walks it all would hold up every request for tens of milliseconds.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 100)
    jobs = [
        asyncio.create_task(server.serve(listening(server.config.host, server.config.port)))
        for server in servers
    ]
    for service in relays:
        relay = make_relay(instance, service)
        if service in services:
            apps[services.index(service)].state.service.relay = relay.state
        jobs.append(asyncio.create_task(relay.run()))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([*jobs, stopping], return_when=asyncio.FIRST_COMPLETED)
    for app in apps:
        if hasattr(app.state, "end_streams"):
            app.state.end_streams()  # a server waits for open connections, and a stream never closes by itself
    for server in servers:
        server.should_exit = True
    for job in jobs[len(servers) :]:
        job.cancel()
    results = await asyncio.gather(*jobs, return_exceptions=True)
    stopping.cancel()
    for result in results:
        if isinstance(result, Exception):
            raise result
