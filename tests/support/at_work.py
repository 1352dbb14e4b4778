"""A service as in production but for who signs the tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from fastapi import FastAPI
from fastapi.routing import _IncludedRouter

from shared.service import ServiceSettings, Worker
from tests.support.databases import Database
from tests.support.tokens import ISSUER, Authority


def settings_of(
    service: str,
    database: Database,
    state: Path,
    *,
    urls: Mapping[str, str] | None = None,
    worker: Worker | None = None,
) -> ServiceSettings:
    """What a service is given over a database of a test's own."""
    return ServiceSettings(
        service=service,
        edition="embedded",
        origin="http://localhost:8600",
        issuer=ISSUER,
        urls=dict(urls or {}),
        app=database.app,
        feed=database.feed,
        state=state,
        worker=worker,
    )


def share_routes(app: FastAPI) -> FastAPI:
    """Let ``app`` use what FastAPI has made of the same routers for the application before it in this process.

    It makes every route anew for every application, when the first request comes: for a service 60 of them in 0.1 s,
    which is longer than most tests take. A router that an application has to itself stays its own.
    """
    for place, route in enumerate(app.router.routes):
        if isinstance(route, _IncludedRouter):
            made = vars(route.original_router).setdefault("made_for", {})
            app.router.routes[place] = made.setdefault((app.title, place), route)
    return app


@asynccontextmanager
async def at_work(app: FastAPI, service: str, authority: Authority) -> AsyncIterator[httpx.AsyncClient]:
    """The service between its start and its end, trusting ``authority``; and the way in."""
    share_routes(app).state.service.verifier = authority.verifier(service)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{service}") as http,
    ):
        yield http
