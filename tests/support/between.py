"""The platform edition whose ways to PostgreSQL, Kafka and Keycloak lead through others (proxy.py), on small disks.

The product knows nothing of it: the three servers are told to listen elsewhere than everybody is told that they are, by
an `Instance` that the product's own programs find in the place of theirs. Its realm is made with short tokens: so even
the first ones are.

    python -m tests.support.between deploy.local up …    `tsumugi up …` of such an edition
"""

from __future__ import annotations

import runpy
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil

from deploy.keycloak import realm
from deploy.local import instance, process
from deploy.local.instance import Choices, Instance
from deploy.local.kafka import HOST, Kafka
from deploy.local.keycloak import Keycloak
from deploy.local.postgres import Postgres
from deploy.local.state import make_folder
from deploy.platform.deployed import Deployed
from tests.support.disks import Disk, NoDisk
from tests.support.product import Product
from tests.support.proxy import Place

POSTGRESQL, KAFKA = "PostgreSQL", "Kafka"
MEGABYTES = {POSTGRESQL: 768, KAFKA: 256}
"""On the disk of each, when it is not full."""
LITTLE_WAL = "max_wal_size = '96MB'\nmin_wal_size = '32MB'\n"
"""So that PostgreSQL has no store of its log that lasts for longer than a disk is full."""
BEHIND = 5
"""How far the servers' own ports lie from those that are told."""
SUPERVISOR = "deploy.local.supervisor"
TAKERS = {"deploy.local.lifecycle", SUPERVISOR}
"""Modules that keep what they took from others as they were loaded."""
TOKEN_SECONDS = 33
"""How long every token lives: services take none that has less than half a minute before it."""
GIVEN = ("CODE_TO_TOKEN", "REFRESH_TOKEN", "TOKEN_EXCHANGE", "CLIENT_LOGIN")
"""What Keycloak notes, so that it can be counted."""


class Between(Instance):
    """Tells everybody the ways, and the servers where they listen; of their disks no program is told."""

    def __init__(self, state: Path | None = None, choices: Choices | None = None) -> None:
        super().__init__(state, choices)
        disk = self.disks()[POSTGRESQL]
        self.postgres = _OnADisk(disk, self.postgres.home, durable=self.choices.durable)

    def disks(self) -> dict[str, Disk]:
        """Under PostgreSQL and Kafka; not there where none can be mounted, which the figures tell (nemesis.py)."""
        place = self.state.parent / "disks"
        logs = {
            POSTGRESQL: self.state / "postgres" / "postgres.log",
            KAFKA: self.state / "kafka" / "kafka.log",
        }
        return {name: Disk(place / name, log) for name, log in logs.items()}

    @cached_property
    def kafka(self) -> Kafka:
        """The broker; clients are told the way."""
        return _Behind(super().kafka, self.disks()[KAFKA])

    @cached_property
    def keycloak(self) -> Keycloak:
        """The identity authority; its tokens and its pages name the way."""
        keycloak = super().keycloak
        keycloak.ports = replace(keycloak.ports, main=keycloak.ports.main + BEHIND)
        return keycloak

    def deployed(self, service: str) -> Deployed:
        """As ever, but for PostgreSQL's socket."""
        told = super().deployed(service).told
        return Deployed(told.model_copy(update={"database_host": str(self.way_to_postgres)}))

    @property
    def way_to_postgres(self) -> Path:
        """The folder of the socket that services are told."""
        return make_folder(self.postgres.home / "way")

    def places(self) -> dict[str, tuple[Place, Place]]:
        """Server → from where everybody is told that it is, to where it is."""
        socket = f".s.PGSQL.{self.postgres.port}"
        ports = {KAFKA: self.kafka.port, "Keycloak": self.keycloak.ports.main}
        return {
            POSTGRESQL: (self.way_to_postgres / socket, self.postgres.host / socket),
            **{name: ((HOST, port - BEHIND), (HOST, port)) for name, port in ports.items()},
        }


class _OnADisk(Postgres):
    """Has its data on a disk of a size."""

    def __init__(self, disk: Disk, home: Path, *, durable: bool) -> None:
        super().__init__(home, durable=durable)
        self._disk = disk

    def _create(self, binaries: Path) -> None:
        # Beside: the data folder shall be there when it is on its disk, and told of it, and not before.
        beside = Postgres(self.home, durable=self.durable)
        beside.data = beside.room / "data.whole"
        shutil.rmtree(beside.data, ignore_errors=True)
        beside._create(binaries)
        with (beside.data / "postgresql.auto.conf").open("a", encoding="ascii") as settings:
            settings.write(LITTLE_WAL)
        _lay(self._disk, beside.data, self.data, MEGABYTES[POSTGRESQL])


class _Behind(Kafka):
    """Listens elsewhere than it tells its clients, and has its data on a disk of a size."""

    def __init__(self, told: Kafka, disk: Disk) -> None:
        self._disk = disk
        super().__init__(
            told.home, port=told.port + BEHIND, controller_port=told.controller_port, security=told.security
        )
        self._here, self.bootstrap = f"CLIENTS://{self.bootstrap}", told.bootstrap

    def _listeners(self) -> dict[str, str]:
        settings = super()._listeners()
        advertised = settings["advertised.listeners"]
        assert self._here in advertised
        told = advertised.replace(self._here, f"CLIENTS://{self.bootstrap}")
        return settings | {"advertised.listeners": told}

    def _format(self, java: list[str]) -> None:
        data = self.home / "data"
        if not data.exists():
            whole = self.home / "data.whole"
            whole.mkdir(exist_ok=True)
            _lay(self._disk, whole, data, MEGABYTES[KAFKA])
        super()._format(java)


def _lay(disk: Disk, whole: Path, data: Path, megabytes: int) -> None:
    """Have what is in ``whole`` at ``data``: on that disk, where one can be had."""
    try:
        disk.mount(whole, data, megabytes)
    except NoDisk:
        whole.rename(data)


@dataclass
class ProductBetween(Product):
    """The product started so."""

    @property
    def instance(self) -> Between:
        """The same, for whoever looks into it."""
        return Between(self.state)

    def command(self, *words: str) -> list[str]:
        """A `tsumugi` command."""
        return _between([sys.executable, "-m", "deploy.local", *words])


def _between(command: Sequence[str]) -> list[str]:
    """The same program of the product, with our instance in it."""
    python, flag, *program = command
    return [python, flag, __spec__.name, *program]


def main(program: str, *words: str) -> None:
    """Run a program of the product."""
    assert not TAKERS & sys.modules.keys(), "they have the product's own already, and not ours"
    start = process.launch

    def launch(command: Sequence[str], **how: Any) -> psutil.Process:
        return start(_between(command) if SUPERVISOR in command else command, **how)

    sys.argv[1:] = words
    events = realm._events()
    noted = [*events["enabledEventTypes"], *GIVEN]
    with (
        # Before any other module has taken the product's own. Who keeps the parts alive is one of us, too.
        patch.object(instance, "Instance", Between),
        patch.object(process, "launch", launch),
        patch.object(realm, "TOKEN", timedelta(seconds=TOKEN_SECONDS)),
        patch.object(realm, "_events", lambda: events | {"enabledEventTypes": noted}),
    ):
        runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
