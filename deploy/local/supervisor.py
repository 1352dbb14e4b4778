"""The platform edition's processes on one machine, one a service, and the servers under them: the dead start again.

A reconciler: it looks which of its parts live, by the marks they leave in files, and starts those that do not. So it
may itself be killed and started again, and takes over what still runs. On a cluster Kubernetes does this.

    python -m deploy.local.supervisor STATE    what `tsumugi up --edition platform` starts
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy.kafka.commands import reconciler
from deploy.kafka.marks import Marks
from deploy.local.authority import trust, trusting
from deploy.local.instance import Instance
from deploy.local.process import PidFile, end, inherited, launch
from deploy.local.state import ROOT, LocalError
from deploy.topology import topology
from shared.telemetry import outlets

logger = logging.getLogger("tsumugi.supervisor")

LOOK_SECONDS = 0.2
STOP_SECONDS = 15.0
SHORTEST, LONGEST = 0.5, 10.0
"""Seconds between two starts of a part that dies at once."""
STEADY_SECONDS = 30.0
"""Who lived so long has not died of its start."""


class Part(Protocol):
    """A process that is to live."""

    @property
    def pid_file(self) -> PidFile:
        """Its mark."""

    def start(self) -> None:
        """Start it, unless it runs. Raises LocalError."""


@dataclass(frozen=True)
class ServiceProcess:
    """A service in a process of its own."""

    name: str
    state: Path
    environment: Mapping[str, str]

    @property
    def home(self) -> Path:
        """Its own folder, which its command names: by that it is found again."""
        return self.state / "services" / self.name

    @property
    def pid_file(self) -> PidFile:
        """Its mark."""
        return PidFile(self.home.with_suffix(".pid"), names=str(self.home))

    @property
    def log(self) -> Path:
        """What it says."""
        return self.home.with_suffix(".log")

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.pid_file.process() is None:
            launch(
                [sys.executable, "-m", "deploy.local", "serve", self.name, "--state", str(self.home)],
                log=self.log,
                environment={
                    **inherited("PATH", "HOME", "LANG"),
                    "PYTHONPATH": str(ROOT),
                    "PYTHONUNBUFFERED": "1",
                    **self.environment,
                },
                mark=self.pid_file,
            )

    def stop(self) -> None:
        """End it, if it runs."""
        process = self.pid_file.process()
        if process is not None:
            end(
                process, (signal.SIGCONT, 0.0), (signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)
            )


def processes(instance: Instance) -> list[ServiceProcess]:
    """The services' processes of the platform edition."""
    return [
        ServiceProcess(
            service,
            instance.state,
            {
                **instance.deployed(service).told.environment(),
                **trusting(instance.authority),
                **_outlets(instance.port(service) - instance.choices.port),
            },
        )
        for service in topology().services
    ]


def _outlets(offset: int) -> dict[str, str]:
    """Where a service's figures and traces go as this process was told, its own port so far from the one named: they
    cannot all listen at one.
    """
    told = {name: os.environ[name] for name in outlets.wished(os.environ)}
    try:
        metrics = outlets.Outlets.of(told).metrics
    except outlets.BadWish as error:
        raise LocalError(str(error)) from None
    if metrics is not None:
        host, port = metrics
        told[outlets.METRICS] = f"{host}:{port + offset}"
    return told


def supervise(
    services: Sequence[ServiceProcess],
    servers: Mapping[str, Part],
    besides: Sequence[Callable[[threading.Event], None]] = (),
) -> None:
    """Keep everything alive until SIGTERM or SIGINT, then end the services; the servers stay for who started them.

    ``besides``: what else is done meanwhile, each in a thread of its own, until it is told to stop.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("tsumugi").setLevel(logging.INFO)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    parts: dict[str, Part] = {**servers, **{service.name: service for service in services}}
    keepers = [threading.Thread(target=_keep, args=(name, part, stop)) for name, part in parts.items()]
    keepers += [threading.Thread(target=each, args=(stop,)) for each in besides]
    for keeper in keepers:
        keeper.start()
    dead: int | None = None
    while not stop.wait(LOOK_SECONDS):  # a signal is handled between two waits of the main thread
        dead = _bury(dead)
    for keeper in keepers:
        keeper.join()
    enders = [threading.Thread(target=service.stop) for service in services]
    for ender in enders:
        ender.start()
    for ender in enders:
        ender.join()


def _keep(name: str, part: Part, stop: threading.Event) -> None:
    pause, begun = SHORTEST, 0.0
    known: int | None = None
    while not stop.is_set():
        process = part.pid_file.process()
        if process is not None:
            known = process.pid
            stop.wait(LOOK_SECONDS)
            continue
        if known is not None:
            logger.warning("%s (process %s) has ended", name, known)
            pause = SHORTEST if time.monotonic() - begun > STEADY_SECONDS else min(2 * pause, LONGEST)
            known = None
            if stop.wait(pause):
                return
        begun = time.monotonic()
        try:
            part.start()
            started = part.pid_file.process()
            known = started.pid if started else None  # it may be gone again before the next look
            logger.info("%s is started", name)
        except Exception as error:  # whatever it is, it is tried again: nobody else would
            logger.warning("%s does not start: %s", name, error, exc_info=not isinstance(error, LocalError))
            pause = min(2 * pause, LONGEST)
            stop.wait(pause)


def _keep_rights(instance: Instance, stop: threading.Event) -> None:
    """Hold topics and rights on the broker to the topology and the departments' grants (`tsumugi kafka keep`).

    Here, and in no process of its own: whoever starts the broker is its administrator, and has loaded the most of what
    this takes. Measured, with modules alone: 4 MiB more here, 138 for a process of the command line.
    """

    marks = Marks(instance.state)

    async def keep() -> None:
        keeping = asyncio.create_task(
            reconciler(instance).keep(
                lambda found: logger.info("Kafka: %s", "; ".join(found.lines())), marks.looked
            )
        )
        while not stop.is_set() and not keeping.done():
            await asyncio.wait([keeping], timeout=LOOK_SECONDS)
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping

    while not stop.is_set():
        try:
            asyncio.run(keep())
        except LocalError as error:
            logger.warning("Kafka's rights are not kept: %s", error)
            marks.looked(False, str(error))
            stop.wait(LONGEST)
        except Exception as error:  # as of the parts: nobody else would try again
            logger.warning("Kafka's rights are not kept", exc_info=True)
            marks.looked(False, f"許可を保てません（{type(error).__name__}）。services.log を見てください。")
            stop.wait(LONGEST)


def _bury(seen: int | None) -> int | None:
    """Take a child that has ended out of the system's table; returns one that has ended and was not ``seen`` before.

    While it stands there a number counts as a living process: PostgreSQL, killed, would never start again over the lock
    file of its own dead. Whoever is waited for by a start that is under way is gone by the second look.
    """
    try:
        if seen is not None:
            os.waitpid(seen, os.WNOHANG)
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # it was waited for, or there is none
        return None
    return ended.si_pid if ended else None


def main(state: Path) -> None:
    """Keep the platform edition in ``state`` alive."""
    instance = Instance(state)
    trust(instance.authority)
    servers: dict[str, Part] = {
        "PostgreSQL": instance.postgres,
        "Keycloak": instance.keycloak,
        "Kafka": instance.kafka,
    }
    supervise(processes(instance), servers, besides=[lambda stop: _keep_rights(instance, stop)])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
