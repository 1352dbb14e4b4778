"""The layout of a city: every service, and on Kafka every relay, in a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import psutil

from deploy.local.instance import Instance
from deploy.local.process import tail
from deploy.local.serve import publishers
from deploy.local.state import ROOT
from deploy.local.status import status
from deploy.topology import topology

Layout = Literal["one process", "a process a service"]
LAYOUTS: tuple[Layout, ...] = ("one process", "a process a service")
READY_SECONDS = 60.0


@contextmanager
def apart(instance: Instance) -> Iterator[dict[str, int]]:
    """The services of ``instance``, none of which runs, each in its own process, by name; ended at the end."""
    roles = [("serve", name) for name in topology().services]
    if instance.choices.transport == "kafka":
        roles += [("relay", name) for name in publishers()]
    running: list[subprocess.Popen[bytes]] = []
    try:
        for role in roles:
            with (instance.state / f"{'-'.join(role)}.log").open("ab") as output:
                running.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "deploy.local", *role, "--state", str(instance.state)],
                        cwd=ROOT,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                    )
                )
        _wait(instance, running)
        pids = {role: process.pid for role, process in zip(roles, running, strict=True)}
        yield {name: pid for (role, name), pid in pids.items() if role == "serve"}
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def _wait(instance: Instance, running: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        now = asyncio.run(status(instance))
        if all(one.ready for one in now.services) and now.feeds and not any(one.lag for one in now.feeds):
            return
        if time.monotonic() > deadline or any(process.poll() is not None for process in running):
            said = [tail(log) for log in sorted(instance.state.glob("*-*.log"))]
            raise RuntimeError("not ready\n" + "\n".join(said))
        time.sleep(0.2)


def memory(pid: int) -> float:
    """MiB of a process and of those it has started."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(float(one.memory_info().rss) for one in family) / 2**20
    except psutil.NoSuchProcess:
        return 0.0
