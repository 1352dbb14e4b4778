"""How long each part takes to answer once it is begun, while `tsumugi up` starts them all; and their memory."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from benchmarks.load import Figure
from deploy.local.instance import Instance
from deploy.local.status import memory
from deploy.local.supervisor import ServiceProcess
from deploy.topology import topology

SERVERS = ("PostgreSQL", "Keycloak", "Kafka")
_LOOK_SECONDS = 0.1


class Starts:
    """Watches parts come up. What `tsumugi up` says tells when a server is begun; of a service its process does."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._begun: dict[str, float] = {}
        self.seconds: dict[str, float] = {}
        """By part, from its beginning to its first answer."""

    def heard(self, words: str) -> str:
        """What `tsumugi up` has just said, which is returned."""
        for name in SERVERS:
            if name in words:
                self._begun.setdefault(name, time.time())
        return words

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch meanwhile."""
        over = threading.Event()
        watch = threading.Thread(target=self._watch, args=(over,))
        watch.start()
        try:
            yield
        finally:
            over.set()
            watch.join()

    def _watch(self, over: threading.Event) -> None:
        instance = self._instance
        servers: dict[str, Callable[[], bool]] = {
            "PostgreSQL": instance.postgres.ready,
            "Keycloak": instance.keycloak.ready,
            "Kafka": instance.kafka.ready,
        }
        while not over.wait(_LOOK_SECONDS):
            for name, ready in servers.items():
                if name in self._begun and name not in self.seconds and ready():
                    self.seconds[name] = time.time() - self._begun[name]
            for name in topology().services:
                process = ServiceProcess(name, instance.state, {}).pid_file.process()
                if process is not None and name not in self.seconds and _answers(instance.url(name)):
                    self.seconds[name] = time.time() - process.create_time()


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    asked = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=2, context=ssl.create_default_context()
    )
    try:
        asked.request("GET", "/health/ready")
        return asked.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


def figure(what: str, seconds: float, starts: Starts, most: float) -> Figure:
    """All together, and each part."""
    parts = ", ".join(f"{name} {took:.1f}" for name, took in starts.seconds.items())
    return Figure(what, f"{seconds:.0f} s (each: {parts})", f"≤ {most:.0f} s", seconds <= most)


def memory_figure(instance: Instance, when: str) -> Figure:
    """Of each part; pages that several processes share are counted once."""
    used = memory(instance)
    parts = ", ".join(f"{name} {mib}" for name, mib in sorted(used.items(), key=lambda one: -one[1]))
    return Figure(f"memory {when}", f"{sum(used.values()):,} MiB ({parts})")
