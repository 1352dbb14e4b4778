"""The issuer, started as in production, and a client of another make against it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.identity.issuer.tests.browser import Browser
from services.identity.tests.town import Identity, Town, running


@pytest.fixture
async def browser(identity: Identity, town: Town) -> AsyncIterator[Browser]:
    """A browser in front of the running issuer, and the dashboard behind it."""
    async with running(identity) as app:
        made = Browser(app, town.board)
        try:
            yield made
        finally:
            await made.close()
