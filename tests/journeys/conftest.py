"""The product on each transport, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.product import Product, running


@pytest.fixture(scope="session")
def product_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where deployments of the journeys keep their state."""
    return tmp_path_factory.mktemp("product")


@pytest.fixture(scope="session")
def on_log(product_home: Path) -> Iterator[Product]:
    """The product as `make up` runs it."""
    with running(product_home / "log", "log") as product:
        yield product


@pytest.fixture(scope="session")
def on_kafka(product_home: Path) -> Iterator[Product]:
    """The product as `make up TRANSPORT=kafka` runs it."""
    with running(product_home / "kafka", "kafka") as product:
        yield product


@pytest.fixture(params=["log", pytest.param("kafka", marks=pytest.mark.kafka)])
def product(request: pytest.FixtureRequest) -> Product:
    """The product on either transport."""
    found: Product = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """One headless Chromium for a file of journeys; each person has a context of their own.

    It ends with the file: as long as Playwright's synchronous interface is open it holds this thread's event loop, and
    no asynchronous test could run after it.
    """
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=str(chromium),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        yield found
        found.close()
