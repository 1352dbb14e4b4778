"""Homes for the servers of one test run, and the sweeping of those whose run was killed before it could tidy up."""

import fcntl
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from deploy.local.kafka import HOST, Kafka
from deploy.local.keycloak import Keycloak, Ports, stop_server
from deploy.local.postgres import Postgres
from deploy.local.state import MARK, ROOT, LocalError
from shared.database import Login

logger = logging.getLogger("tsumugi.temporary")

PREFIX = "tsumugi-test-"
# Not pytest's own temporary folders: PostgreSQL's plain user cannot enter those of root.
PLACE = Path("/tmp")  # noqa: S108 (mkdtemp makes the folder, ours alone)
MEMORY = Path("/dev/shm")  # noqa: S108 (likewise)
"""Where there is one: every test makes and drops databases of hundreds of files each, and ext4 looks past all that were
deleted lately before it makes another, which would cost each test many times the processor."""
ROOM = 4 * 1024**3
"""Bytes that servers may come to need, there and in memory as a whole. Containers often have 64 MiB there."""

SPAN = 100
"""Ports that one deployment may take, counted from its own."""
PORTS = range(20_000, 32_000, SPAN)


@contextmanager
def temporary_home(*, durable: bool = False) -> Iterator[Path]:
    """A folder for the servers of this process; servers in it are stopped and it is removed at the end.

    ``durable``: what a server says that it has written is on a disk.
    """
    sweep()
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=PLACE if durable else place()))
    home.chmod(0o711)
    try:
        yield home
    finally:
        remove(home)


def place() -> Path:
    """The folder for homes: in memory where that has room, else on disk."""
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
        return PLACE
    # What is free there is only a limit: the memory behind it may be others' by now.
    free = min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available)
    return MEMORY if free >= ROOM else PLACE


def temporary_kafka(home: Path) -> Kafka:
    """The broker of a temporary home, on ports of its own."""
    port = free_ports()
    return Kafka(home / "kafka", port=port, controller_port=port + 1)


def temporary_keycloak(home: Path, database: Login) -> Keycloak:
    """The identity authority of a temporary home, on ports of its own."""
    port = free_ports()
    return Keycloak(home / "keycloak", ports=Ports(port + 90, port + 91), database=database)


def free_ports() -> int:
    """The first of `SPAN` ports that nobody uses, and that no other process is given while this one lives.

    They lie below those that the system hands out by itself: what was free stays so until it is used.
    """
    for base in PORTS:
        # No file object: the lock ends with the process, which need not say so.
        lock = os.open(PLACE / f"{PREFIX}ports-{os.geteuid()}-{base}", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with ExitStack() as held:
                for port in (base, base + 1, base + 2, *range(base + 90, base + SPAN)):
                    held.enter_context(socket.socket()).bind((HOST, port))
        except OSError:
            os.close(lock)
            continue
        return base
    raise RuntimeError("no free ports")


def sweep() -> None:
    """Remove the homes, with their servers, of test runs that no longer live; one process at a time.

    One that cannot be removed stays, which is said: it is no matter of the tests that are to run now.
    """
    with (PLACE / f"{PREFIX}sweep-{os.geteuid()}").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        for home in abandoned():
            try:
                remove(home)
            except (OSError, LocalError, psutil.Error, subprocess.SubprocessError):
                logger.warning("%s is left of a killed test run and cannot be removed", home, exc_info=True)


def abandoned() -> list[Path]:
    """Our homes whose test run no longer lives."""
    return [
        home
        for place in (PLACE, MEMORY)
        for home in place.glob(f"{PREFIX}*")
        if (pid := home.name.removeprefix(PREFIX).partition("-")[0]).isdigit()
        and not psutil.pid_exists(int(pid))
        and owner(home) == os.geteuid()
    ]


def owner(home: Path) -> int | None:
    """Whose it is; nobody's when another process has removed it since it was listed."""
    try:
        return home.stat().st_uid
    except FileNotFoundError:
        return None


def remove(home: Path) -> None:
    """Delete it when nobody lives in it any more: first ends whoever does."""
    state = home / "state"
    if (state / MARK).exists():  # a whole deployment, whose supervisor would start again what is ended
        # A program of its own: tests put theirs in the place of modules that this one must not have taken already.
        end = [sys.executable, "-m", "deploy.local", "down"]
        told = {**os.environ, "TSUMUGI_STATE": str(state)}
        subprocess.run(end, cwd=ROOT, env=told, check=True, capture_output=True)
    stop_server(home / "keycloak")
    Postgres(home / "postgres").remove()
    for broker in ("kafka", "secured-kafka"):
        Kafka(home / broker, port=0, controller_port=0).remove()
    unmount(home)
    shutil.rmtree(home)


def unmount(place: Path) -> None:
    """Let go of the disks there that a test has put under servers (tests/support/disks.py); nobody uses them now."""
    for disk in psutil.disk_partitions(all=True):
        if Path(disk.mountpoint).is_relative_to(place):
            subprocess.run(["umount", disk.mountpoint], check=True)
