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
    "tests.support.figures",
    "tests.support.fixtures",
    "tests.support.keycloak",
    "tests.support.spans",
    "tests.support.transports",
    "tests.support.secured",
    "tests.support.product",
]

# A machine that has much else to do is no defect: how long one example took proves nothing.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

WORLDS = ("on_log", "on_platform", "deployment", "keycloak", "secured")
"""Fixtures that take long to make: the tests that share one run together, in one worker."""
SERVERS = tuple(world for world in WORLDS if world != "deployment")
"""Those of them that are processes at work: each ends after the last test that asks for it, not with the run."""


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


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for Kafka or a browser is marked so: `make test-fast` leaves out neither more nor less.

    With several workers each runs whole files, and all that share one costly world run in one of them.
    """
    for item in items:
        needs = item.fixturenames if isinstance(item, pytest.Function) else []
        marked = (
            ("kafka", "kafka"),
            ("secured", "kafka"),
            ("keycloak", "keycloak"),
            ("chromium", "browser"),
        )
        for fixture, marker in marked:
            if fixture in needs:
                item.add_marker(marker)
        item.add_marker(pytest.mark.xdist_group(_world(item) or item.nodeid.partition("::")[0]))


_last_of: dict[str, pytest.Item] = {}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Find the last test of each world, of those that were not deselected."""
    if hasattr(session.config, "workerinput") and not all("@" in item.nodeid for item in session.items):
        # It was so for days with pytest 9.2: every worker made every world, and only the clock told.
        raise pytest.UsageError(
            "pytest-xdist does not see the groups: files and worlds would be split over workers"
        )
    _last_of.update((world, item) for item in session.items if (world := _world(item)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """End the servers that no later test asks for: idle they would cost the rest of the run a third of a core each."""
    yield
    for world in SERVERS:
        if _last_of.get(world) is item:
            for fixture in item.session._fixturemanager.getfixturedefs(world, item) or ():
                fixture.finish(item._request)  # type: ignore[attr-defined]


def _world(item: pytest.Item) -> str | None:
    if not isinstance(item, pytest.Function):
        return None
    # A file may have a product of its own, of no edition.
    edition = item.callspec.params.get("product") if hasattr(item, "callspec") else None
    if edition is not None and "product" in item.fixturenames:
        return f"on_{edition}"
    return next((world for world in WORLDS if world in item.fixturenames), None)
