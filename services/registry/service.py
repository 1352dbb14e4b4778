"""registry (学籍): composition. What it owns, publishes and consumes: README.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import text

from services.registry import attendance
from services.registry.attendance import api as attendance_api
from services.registry.room import Registry
from shared.access.log import AccessLog
from shared.access.policies import Policies
from shared.access.tokens import KeySource, TokenVerifier
from shared.database import Units, make_engine, refuse_privileged
from shared.database.migrate import check_schema
from shared.dates import Clock
from shared.events.copies import Copy
from shared.events.reactions import Reaction
from shared.service import MakeFeed, ServiceSettings
from shared.web import ServiceApp, make_app

MIGRATIONS = Path(__file__).parent / "migrations"
COPIES: Sequence[Copy] = ()
REACTIONS: Sequence[Reaction] = ()
POLICIES = [Path(attendance.__file__).parent]


def build(settings: ServiceSettings, clock: Clock, make_feed: MakeFeed) -> FastAPI:
    """The service's application. It reads no other service's log yet."""
    engine = make_engine(settings.app)
    units = Units(engine, clock)
    log = AccessLog(units)

    async def start() -> None:
        await refuse_privileged(engine)
        await check_schema(engine, MIGRATIONS)

    async def ready() -> bool:
        async with engine.connect() as connection:
            return bool(await connection.scalar(text("select true")))

    app = make_app(
        ServiceApp(
            name="registry",
            verifier=TokenVerifier(settings.issuer, "registry", KeySource.of(settings.jwks_url)),
            ready=ready,
            background=[log.run],
            start=start,
            stop=engine.dispose,
        ),
        "紬 学籍（registry）",
        [attendance_api.router],
    )
    app.state.registry = Registry(units, clock, Policies(POLICIES), log)
    return app
