"""A browser, and the people at it.

All journeys of a run share one town of each edition: a class whose roll one of them takes is taken for all. Whoever
begins a roll here has a class of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright


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


@pytest.fixture
def people() -> Iterator[ExitStack]:
    """Everybody who was met: their browsers are closed at the end."""
    with ExitStack() as stack:
        yield stack
