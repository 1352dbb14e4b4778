"""Fixtures that every test may use: the real servers, one of each for a whole run, started when first asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from deploy.local import browser
from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from deploy.local.temporary import temporary_home, temporary_kafka

pytest_plugins = [
    "tests.support.fixtures",
    "tests.support.spans",
    "tests.support.transports",
    "tests.support.product",
]

# A machine that has much else to do is no defect: how long one example took proves nothing.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

WORLDS = {"product": "product", "on_log": "product", "on_kafka": "product", "deployment": "matrix"}
"""Fixtures that take long to make, and by what name the tests that share them run together."""


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


@pytest.fixture(scope="session")
def kafka(servers_home: Path) -> Kafka:
    """A running Kafka, started natively; make topics of your own in it.

    Tests use `bootstrap` only, so that a broker in a container can stand behind this fixture later.
    """
    server = temporary_kafka(servers_home)
    server.start()
    return server


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The Chromium for Playwright's `executable_path`. Without one the test is skipped loudly, and fails in CI."""
    found = browser.find()
    if found is None and browser.required():
        pytest.fail(browser.MISSING)
    if found is None:
        pytest.skip(browser.MISSING)
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for Kafka or a browser is marked so: `make test-fast` leaves out neither more nor less.

    With several workers each runs whole files, and all that share one costly world run in one of them.
    """
    for item in items:
        needs = item.fixturenames if isinstance(item, pytest.Function) else []
        for fixture, marker in (("kafka", "kafka"), ("chromium", "browser")):
            if fixture in needs:
                item.add_marker(marker)
        world = next((world for fixture, world in WORLDS.items() if fixture in needs), None)
        item.add_marker(pytest.mark.xdist_group(world or item.nodeid.partition("::")[0]))
