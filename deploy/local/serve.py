"""Running services: all in one process and loop (the embedded edition), or one in a process of its own."""

import asyncio
import gc
import importlib
import logging
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn
import uvloop
from fastapi import FastAPI

from deploy.local.instance import Instance
from deploy.topology import topology
from shared.web.app import configure_tracing

if TYPE_CHECKING:
    from shared.events.kafka_relay import KafkaRelay

HOST = "localhost"
GRACE_SECONDS = 2
"""A stream that is open at shutdown is ended by its service; whoever does not let go is cut off (decisions.md §4)."""


def build(instance: Instance, service: str) -> FastAPI:
    """The application of ``service`` on this deployment."""
    module = importlib.import_module(topology().services[service].application)
    app: FastAPI = module.build(instance.settings(service), instance.clock, instance.make_feed(service))
    return app


def publishers() -> list[str]:
    """Services whose log others read; each has a relay when the transport is Kafka."""
    return [name for name in topology().services if topology().readers_of(name)]


def make_relay(instance: Instance, service: str) -> "KafkaRelay":
    """The relay that sends the log of ``service`` to the broker."""
    from shared.events.kafka_relay import KafkaRelay  # the client is loaded only where it is used

    topics = {
        name: topic.partitions for name, topic in topology().topics.items() if name.split(".")[0] == service
    }
    return KafkaRelay(service, instance.settings(service).feed, instance.kafka.bootstrap, topics)


class _Server(uvicorn.Server):
    """A server among others: the process's signals are handled once, for all."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def quiet() -> None:
    """Libraries that would write addresses with what was asked for, or a line a record, keep that to themselves."""
    for noisy in ("httpx", "aiokafka", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def run(instance: Instance, services: Sequence[str], relays: Sequence[str]) -> None:
    """:func:`serve` on the quickest loop there is."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(instance, services, relays))


async def serve(instance: Instance, services: Sequence[str], relays: Sequence[str]) -> None:
    """Run services and relays until SIGTERM or SIGINT; a server that dies ends the process."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    quiet()
    configure_tracing("tsumugi" if len(services) != 1 else services[0])
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    apps = [build(instance, service) for service in services]
    servers = [
        _Server(
            uvicorn.Config(
                app,
                host=HOST,
                port=instance.port(service),
                access_log=False,
                proxy_headers=False,  # no header of a proxy is believed (design.md §5)
                log_config=None,
                timeout_graceful_shutdown=GRACE_SECONDS,
                server_header=False,
            )
        )
        for service, app in zip(services, apps, strict=True)
    ]
    # What is loaded now stays: a collection that walks it all would hold up every request for tens of milliseconds.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 100)
    jobs = [asyncio.create_task(server.serve()) for server in servers]
    jobs += [asyncio.create_task(make_relay(instance, service).run()) for service in relays]
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
