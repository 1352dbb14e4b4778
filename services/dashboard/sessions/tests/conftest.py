"""Somebody who signs in through an identity authority in miniature."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest

from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.town import Town


@pytest.fixture
def person(origin: Origin, town: Town) -> UUID:
    """Whoever the authority signs in next."""
    made = uuid4()
    origin.issuer.who = {
        "board": str(town.board),
        "person": str(made),
        "kind": "staff",
        "acr": "2",
        "sub": f"account-{made}",
    }
    return made


async def sign_in(origin: Origin, browser: Browser, to: str = "/today") -> str:
    """Through the authority and back; returns where it ended."""
    begun = await browser.get(f"/auth/login?to={to}")
    assert begun.status_code == 302
    chosen = await origin.http.get(begun.headers["location"])
    back = urlsplit(chosen.headers["location"])
    ended = await browser.get(f"{back.path}?{back.query}")
    assert ended.status_code == 302
    return ended.headers["location"]
