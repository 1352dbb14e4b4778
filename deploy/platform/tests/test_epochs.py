"""After its database was brought back, a deployment is let go on from a pod: told of by its environment alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from deploy.local import cli, lifecycle
from deploy.local.instance import Instance
from deploy.local.prepare import prepare_databases
from deploy.local.state import MARK
from deploy.local.temporary import free_ports, temporary_home
from deploy.platform.settings import PREFIX
from deploy.topology import topology
from shared.events import kafka_topics
from shared.service import ServiceParts

SEEN_ON_BROKER = 4
"""An epoch that only the broker has seen: the database was brought back from before it."""


@pytest.fixture
def pod(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Instance]:
    """A deployment's database, and this process in the environment of its operator's pod."""
    for name in ("PORT", "STATE"):
        monkeypatch.delenv(PREFIX + name, raising=False)
    with temporary_home() as home:
        instance = Instance(home).choose(
            port=free_ports(), edition="platform", transport="kafka", durable=False
        )
        lifecycle.start_postgres(instance)
        try:
            asyncio.run(prepare_databases(instance))
            for service in topology().services:  # the operator has every service's secrets
                told = instance.deployed(service).told
            for name, value in told.environment().items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv(f"{PREFIX}STATE", str(tmp_path / "state"))
            yield instance
        finally:
            instance.postgres.stop()


def said(*words: str) -> str:
    done = CliRunner().invoke(cli.app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output.replace("\n", "")


def begin(instance: Instance, service: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the command says, where the broker has records of an epoch that nobody else knows of."""

    async def last_on(access: Any, topics: list[str]) -> tuple[int, int]:
        assert access.bootstrap == instance.kafka.bootstrap
        assert set(topics) == {name for name in topology().topics if name.split(".")[0] == service}
        return SEEN_ON_BROKER, 100

    monkeypatch.setattr(kafka_topics, "last_on", last_on)
    return said("feed", "begin-epoch", service)


async def have_read(instance: Instance, publisher: str) -> list[tuple[str, str]]:
    """Every copy and reaction that reads ``publisher`` has begun to; returns them with their services."""
    found = []
    for service in topology().services:
        connection: asyncpg.Connection = await instance.server.connect(service)
        try:
            for name, of in ServiceParts.of(topology().services[service].application).consumers():
                if of == publisher:
                    await connection.execute(_HAS_READ, name, publisher)
                    found.append((service, name))
        finally:
            await connection.close()
    return found


_HAS_READ = """
insert into feed.checkpoint (copy, publisher, cursor, epoch, reached, highest, began_at_zero, epochs)
values ($1, $2, '{}', 1, 0, 3, true, '{"1": 0}')
"""


def test_a_log_that_was_brought_back_begins_anew_and_its_readers_are_let_go_on(
    pod: Instance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    readers = asyncio.run(have_read(pod, "registry"))
    assert {service for service, _ in readers} == set(topology().readers_of("registry"))
    assert f"registry の記録は {SEEN_ON_BROKER + 1} 代目" in begin(pod, "registry", monkeypatch)
    told = said("feed", "accept-epoch", "--yes")
    for service, name in readers:
        assert f"{service}/{name}: registry の {SEEN_ON_BROKER + 1} 代目の記録を読みます。" in told
    assert "止まっているものはありません" in said("feed", "accept-epoch")
    assert not (tmp_path / "state" / MARK).exists(), "it has made a deployment of its own"
