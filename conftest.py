"""Fixtures that every test may use: the real servers, one of each for a whole run, started when first asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.postgres import Postgres
from deploy.local.temporary import temporary_home


@pytest.fixture(scope="session")
def servers_home() -> Iterator[Path]:
    """The folder of this run's servers."""
    with temporary_home() as home:
        yield home


@pytest.fixture(scope="session")
def postgres(servers_home: Path) -> Postgres:
    """A running PostgreSQL without crash safety. Make a database of your own in it; never use `postgres` itself."""
    server = Postgres(servers_home / "postgres", durable=False)
    server.start()
    return server
