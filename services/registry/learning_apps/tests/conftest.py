"""registry with the small package, as a learning app meets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from services.registry import service
from services.registry.learning_apps.objects import BASE
from services.registry.learning_apps.tests.standard import READS
from services.registry.oneroster.importing import import_package
from services.registry.oneroster.tests.packages import small_package
from shared.access.principal import ONEROSTER_SCOPES
from shared.database import Units, make_engine
from shared.dates import FixedClock
from tests.support.at_work import at_work, settings_of
from tests.support.databases import Database
from tests.support.feeds import silent_feed
from tests.support.tokens import Authority

APP = "app-drill"


@dataclass
class App:
    """A learning app that asks."""

    http: httpx.AsyncClient
    authority: Authority
    database: Database
    board: UUID
    service: FastAPI
    _noted: set[UUID] = field(default_factory=set)

    async def grant(self, *fields: str, until: date | None = None, **more: Any) -> None:
        """The record of purpose as the copy has it."""
        engine = make_engine(self.database.feed, pool_size=1)
        values = {"schools": None, "grades": None, "protected": False, **more}
        app = uuid4()
        async with engine.begin() as rows:
            await rows.execute(text("delete from copy.app_grant"))
            await rows.execute(text("delete from copy.app"))
            await rows.execute(
                text(
                    "insert into copy.app (app_id, board_id, epoch, position, client)"
                    " values (:app, :board, 1, 1, :client)"
                ),
                {"app": app, "board": self.board, "client": APP},
            )
            await rows.execute(
                text(
                    "insert into copy.app_grant (app_id, board_id, purpose_id, fields, schools, grades, protected,"
                    " since, until) values (:app, :board, :purpose, to_jsonb(cast(:fields as text[])),"
                    " to_jsonb(cast(:schools as text[])), to_jsonb(cast(:grades as text[])), :protected, :since,"
                    " cast(:until as date))"
                ),
                {
                    "app": app,
                    "board": self.board,
                    "purpose": uuid4(),
                    "fields": list(fields),
                    "since": date(2026, 4, 1),
                    "until": until,
                    **values,
                },
            )
        await engine.dispose()

    async def ask(
        self, path: str, *, scopes: tuple[str, ...] = ONEROSTER_SCOPES, client: str = APP, **params: Any
    ) -> httpx.Response:
        claims: dict[str, Any] = {"scope": " ".join(scopes), "azp": client, "acr": "1"}
        token = self.authority.token("registry", self.board, kind="department", **claims)
        return await self.http.get(
            f"{BASE}/{path}", params=params, headers={"authorization": f"Bearer {token}"}
        )

    async def seen(self) -> set[UUID]:
        """Whom the answers since this was last asked were about, as the access log has it."""
        await self.service.state.registry.log.flush()
        engine = make_engine(self.database.feed, pool_size=1)
        async with engine.begin() as rows:
            found = await rows.execute(
                text("select id, subjects from access.entry where action = 'ReadAppRoster'")
            )
            fresh = {row.id: row.subjects for row in found if row.id not in self._noted}
        await engine.dispose()
        assert fresh
        self._noted |= set(fresh)
        return {each for subjects in fresh.values() for each in subjects}

    async def all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every record of a collection, page by page, each one of the standard's shape."""
        name = READS.get(path) or READS[path.split("?")[0]]
        found: list[dict[str, Any]] = []
        while True:
            answer = await self.ask(path, **{"limit": "7", **params, "offset": str(len(found))})
            assert answer.status_code == 200, answer.text
            records = answer.json()[name]
            found += records
            if not records:
                assert int(answer.headers["x-total-count"]) == len(found)
                return found


@pytest.fixture
async def app(
    units: Units, registry_database: Database, clock: FixedClock, tmp_path: Path
) -> AsyncIterator[App]:
    """registry with the small package, as in production but for who signs the tokens."""
    board = (await import_package(units, small_package())).board
    authority = Authority()
    urls = {"registry": "http://localhost:8601"}
    settings = settings_of("registry", registry_database, tmp_path, urls=urls)
    built = service.build(settings, clock, silent_feed)
    async with at_work(built, "registry", authority) as http:
        yield App(http, authority, registry_database, board, built)
