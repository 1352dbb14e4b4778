"""What is to live lives: started, started again, taken over by the next supervisor, ended with the last."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.instance import Instance
from deploy.local.process import PidFile, is_alive
from deploy.local.state import ROOT
from deploy.local.supervisor import processes
from tests.support.waiting import eventually

# A supervisor of two parts: a server that sleeps, and one whose program does not exist.
PROGRAM = """
import sys
from dataclasses import dataclass
from pathlib import Path
from deploy.local.process import PidFile, is_alive, launch
from deploy.local.state import LocalError
from deploy.local.supervisor import ServiceProcess, supervise

home = Path(sys.argv[1])

@dataclass(frozen=True)
class Sleeper(ServiceProcess):
    def start(self):
        if self.pid_file.process() is None:
            launch(["/bin/sh", "-c", "sleep 600; exit", str(self.home)],
                log=self.log, environment={"PATH": "/bin:/usr/bin"}, mark=self.pid_file)

class Broken:
    pid_file = PidFile(home / "broken.pid", names=str(home / "broken"))
    def start(self):
        raise LocalError("it cannot")

(home / "services").mkdir(exist_ok=True)
supervise([Sleeper("registry", home, {})], {"Kafka": Broken()})
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    begun: list[subprocess.Popen[bytes]] = []
    yield begun
    for process in begun:
        process.kill()
        process.wait(10)
    if (left := mark(tmp_path).process()) is not None:
        left.kill()


def begin(home: Path, begun: list[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    with log_of(home, len(begun)).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(home)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )
    begun.append(process)
    return process


def log_of(home: Path, number: int) -> Path:
    return home / f"supervisor{number}.log"


def mark(home: Path) -> PidFile:
    return PidFile(home / "services" / "registry.pid", names=str(home / "services" / "registry"))


async def alive(home: Path, *, but: int | None = None) -> psutil.Process:
    def look() -> psutil.Process | None:
        found = mark(home).process()
        return None if found is None or found.pid == but else found

    await eventually(lambda: look() is not None, within=20)
    found = look()
    assert found is not None
    return found


async def test_who_dies_is_started_again_and_ends_with_the_supervisor(
    tmp_path: Path, supervisor: list[subprocess.Popen[bytes]]
) -> None:
    process = begin(tmp_path, supervisor)
    first = await alive(tmp_path)
    first.send_signal(signal.SIGKILL)
    second = await alive(tmp_path, but=first.pid)
    # A number that is still in the system's table counts as alive, for PostgreSQL's lock file for one.
    await eventually(lambda: not psutil.pid_exists(first.pid), within=20)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert not is_alive(second)
    assert mark(tmp_path).process() is None
    said = log_of(tmp_path, 0).read_text(encoding="utf-8")
    assert f"registry (process {first.pid}) has ended" in said
    assert "Kafka does not start: it cannot" in said


async def test_a_supervisor_that_was_killed_leaves_its_parts_to_the_next(
    tmp_path: Path, supervisor: list[subprocess.Popen[bytes]]
) -> None:
    process = begin(tmp_path, supervisor)
    first = await alive(tmp_path)
    process.kill()
    process.wait(10)
    other = begin(tmp_path, supervisor)
    await eventually(
        lambda: "Kafka does not start" in log_of(tmp_path, 1).read_text(encoding="utf-8"),
        within=20,
    )
    found = mark(tmp_path).process()
    assert found is not None
    assert found.pid == first.pid
    other.send_signal(signal.SIGTERM)
    assert other.wait(20) == 0
    assert mark(tmp_path).process() is None


def test_each_service_shows_its_figures_at_a_port_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = Instance(tmp_path / "state").choose(edition="platform", port=8700)
    assert not [name for one in processes(instance) for name in one.environment if "METRICS" in name]
    monkeypatch.setenv("TSUMUGI_METRICS", "localhost:9464")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")
    told = {one.name: one.environment for one in processes(instance)}
    assert {name: each["TSUMUGI_METRICS"] for name, each in told.items()} == {
        "dashboard": "localhost:9464",
        "registry": "localhost:9465",
        "identity": "localhost:9466",
        "messaging": "localhost:9467",
    }
    assert {each["OTEL_EXPORTER_OTLP_ENDPOINT"] for each in told.values()} == {"http://localhost:4318"}
