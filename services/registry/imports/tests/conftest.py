"""registry at work, with what looks at packages that come over the web."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
from fastapi import FastAPI

from services.registry import service
from services.registry.bulk.tests.threads import work_in_threads
from services.registry.imports.tests.web import Web, school_town
from services.registry.oneroster.importing import import_package
from shared.database import Units
from shared.dates import FixedClock
from shared.service import ServiceSettings, Worker
from tests.support.at_work import settings_of, share_routes
from tests.support.databases import Database
from tests.support.feeds import silent_feed
from tests.support.tokens import Authority


@pytest.fixture
async def web(
    units: Units,
    registry_database: Database,
    clock: FixedClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Web]:
    """The service over a small imported town, reached by signed-in people."""
    work_in_threads(monkeypatch, registry_database, clock)
    async with at_work(units, registry_database, clock, tmp_path) as found:
        yield found


@pytest.fixture
async def web_of_processes(
    units: Units, registry_database: Database, clock: FixedClock, tmp_path: Path
) -> AsyncIterator[Web]:
    """The same with processes of its own, as a deployment has them."""
    async with at_work(units, registry_database, clock, tmp_path) as found:
        yield found


@asynccontextmanager
async def at_work(units: Units, database: Database, clock: FixedClock, folder: Path) -> AsyncIterator[Web]:
    """The service, started as in production but for who signs the tokens."""
    town = await import_package(units, school_town())
    login = json.dumps(asdict(database.app) | {"password": database.app.password})
    module = "services.registry.imports.tests.process"
    worker = Worker([sys.executable, "-m", module, login, clock.instant.isoformat()])
    settings = settings_of("registry", database, folder, worker=worker)
    authority = Authority()
    web = Web(units, town.board, database, authority, lambda: make(settings, clock, authority))
    await web.start()
    yield web
    await web.stop()


def make(settings: ServiceSettings, clock: FixedClock, authority: Authority) -> FastAPI:
    """The service's application."""
    app = share_routes(service.build(settings, clock, silent_feed))
    app.state.service.verifier = authority.verifier("registry")
    return app
