"""A desk in front of the running service."""

from __future__ import annotations

import pytest

from services.identity.invitations.tests.desk import Desk
from services.identity.issuer.tests.browser import Browser
from services.identity.tests.town import Identity, Town


@pytest.fixture
async def desk(browser: Browser, identity: Identity, town: Town) -> Desk:
    """The principal of the first school, at the page of invitations."""
    return Desk(browser, identity, town)
