"""registry over a database of its own, reached as a browser's command reaches it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.registry import service
from services.registry.attendance.tests.school import School, make_school
from shared.database import Units
from shared.dates import FixedClock
from tests.support.at_work import at_work, settings_of
from tests.support.databases import Database
from tests.support.feeds import silent_feed
from tests.support.tokens import Authority

TODAY = date(2026, 11, 20)


@dataclass
class Client:
    """Asks registry as different people."""

    http: httpx.AsyncClient
    authority: Authority
    board: UUID

    def headers(self, person: UUID | None, **claims: Any) -> dict[str, str]:
        """The bearer header of a person."""
        return {"authorization": f"Bearer {self.authority.token('registry', self.board, person, **claims)}"}

    async def get(self, path: str, person: UUID | None, **claims: Any) -> httpx.Response:
        """Read as ``person``."""
        return await self.http.get(path, headers=self.headers(person, **claims))

    async def post(
        self, path: str, person: UUID | None, body: dict[str, Any], *, key: UUID | None = None, **claims: Any
    ) -> httpx.Response:
        """Send a command as ``person``."""
        headers = {**self.headers(person, **claims), "idempotency-key": str(key or uuid4())}
        return await self.http.post(path, json=body, headers=headers)

    async def roll(
        self,
        person: UUID,
        class_id: UUID,
        marks: list[dict[str, Any]],
        *,
        on: date = TODAY,
        taken: bool = False,
        key: UUID | None = None,
        **claims: Any,
    ) -> httpx.Response:
        """Save a class's roll as ``person``."""
        path, body = f"/v1/classes/{class_id}/days/{on}/roll", {"marks": marks, "taken": taken}
        return await self.post(path, person, body, key=key, **claims)


@pytest.fixture
async def school(units: Units, board: UUID) -> School:
    """A small school."""
    return await make_school(units, board, TODAY)


@pytest.fixture
async def client(
    registry_database: Database, clock: FixedClock, board: UUID, tmp_path: Path
) -> AsyncIterator[Client]:
    """The service, started as in production but for who signs the tokens."""
    authority = Authority()
    app = service.build(settings_of("registry", registry_database, tmp_path), clock, silent_feed)
    async with at_work(app, "registry", authority) as http:
        yield Client(http, authority, board)
