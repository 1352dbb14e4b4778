"""Homes for the servers of one test run, and the sweeping of those whose run was killed before it could tidy up."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from deploy.local.kafka import HOST, Kafka
from deploy.local.postgres import Postgres

PREFIX = "tsumugi-test-"
# Not pytest's own temporary folders: PostgreSQL's plain user cannot enter those of root.
PLACE = Path("/tmp")  # noqa: S108 (mkdtemp makes the folder, ours alone)


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A folder for the servers of this process; servers in it are stopped and it is removed at the end."""
    sweep()
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=PLACE))
    home.chmod(0o711)
    try:
        yield home
    finally:
        remove(home)


def temporary_kafka(home: Path) -> Kafka:
    """The broker of a temporary home, on two ports that are free now."""
    with socket.socket() as one, socket.socket() as other:  # held together, so that they differ
        for probe in (one, other):
            probe.bind((HOST, 0))
        return Kafka(home / "kafka", port=one.getsockname()[1], controller_port=other.getsockname()[1])


def sweep() -> None:
    """Remove the homes, with their servers, of test runs that no longer live."""
    for home in abandoned():
        remove(home)


def abandoned() -> list[Path]:
    """Our homes whose test run no longer lives."""
    return [
        home
        for home in PLACE.glob(f"{PREFIX}*")
        if (pid := home.name.removeprefix(PREFIX).partition("-")[0]).isdigit()
        and not psutil.pid_exists(int(pid))
        and home.stat().st_uid == os.geteuid()
    ]


def remove(home: Path) -> None:
    Postgres(home / "postgres").remove()
    temporary_kafka(home).remove()
    shutil.rmtree(home)
