"""registry with a small town of people, asked as different ones of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry import service
from services.registry.people.tests.town import Town, make_town
from shared.database import Units
from shared.dates import FixedClock
from tests.support.at_work import at_work, settings_of
from tests.support.databases import Database
from tests.support.feeds import silent_feed
from tests.support.tokens import Authority


class Asking:
    """Somebody of the town who asks registry."""

    def __init__(self, http: httpx.AsyncClient, authority: Authority, town: Town) -> None:
        self.http, self.authority, self.town = http, authority, town

    def _headers(self, who: str, **claims: Any) -> dict[str, str]:
        token = self.authority.token("registry", self.town.board, self.town[who], **claims)
        return {"authorization": f"Bearer {token}"}

    async def get(self, who: str, path: str, /, **params: Any) -> httpx.Response:
        return await self.http.get(path, params=params, headers=self._headers(who))

    async def post(
        self, who: str, path: str, body: dict[str, Any], *, key: UUID | None = None, **claims: Any
    ) -> httpx.Response:
        headers = {**self._headers(who, **claims), "idempotency-key": str(key or uuid4())}
        return await self.http.post(path, json=body, headers=headers)

    async def names(self, who: str, q: str = "", **params: Any) -> list[str]:
        answer = await self.get(who, "/v1/people", q=q, **params)
        assert answer.status_code == 200, answer.text
        return ["".join((p["person"]["family"], p["person"]["given"])) for p in answer.json()["people"]]

    async def card(self, who: str, person: str, **params: Any) -> dict[str, Any]:
        answer = await self.get(who, f"/v1/people/{self.town[person]}", **params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def town(units: Units) -> Town:
    """Three schools."""
    return await make_town(units)


@pytest.fixture
async def asking(
    registry_database: Database, clock: FixedClock, town: Town, tmp_path: Path
) -> AsyncIterator[Asking]:
    """The service as in production but for who signs the tokens."""
    authority = Authority()
    app = service.build(settings_of("registry", registry_database, tmp_path), clock, silent_feed)
    async with at_work(app, "registry", authority) as http:
        yield Asking(http, authority, town)
