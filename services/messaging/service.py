"""messaging (連絡): composition. What it owns, publishes and consumes: README.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import text

from services.messaging import channels, family, notices
from services.messaging.channels import api as channels_api
from services.messaging.channels import stopping
from services.messaging.channels.reconciler import Deliveries
from services.messaging.channels.settings import Settings
from services.messaging.family import api as family_api
from services.messaging.notices import api as notices_api
from services.messaging.notices.copies import ReceiptsCopy
from services.messaging.notices.reactions import Forget
from services.messaging.room import Messaging
from services.messaging.roster.copies import RosterCopy
from shared.access.log import AccessLog
from shared.access.policies import Policies
from shared.access.tokens import KeySource, TokenVerifier
from shared.archive.api import Archive
from shared.archive.api import router as archive_router
from shared.daily import each_day, housekeeping
from shared.database import Units, make_engine, refuse_privileged
from shared.database.migrate import check_schema
from shared.dates import Clock
from shared.events import parked
from shared.events.copies import Copy
from shared.events.reactions import Reaction
from shared.service import MakeFeed, ServiceSettings, make_workers
from shared.web import ServiceApp, make_app

MIGRATIONS = Path(__file__).parent / "migrations"
COPIES: Sequence[Copy] = (RosterCopy(), ReceiptsCopy())
REACTIONS: Sequence[Reaction] = (Forget(),)
POLICIES = [Path(room.__path__[0]) for room in (notices, family, channels)]


def build(settings: ServiceSettings, clock: Clock, make_feed: MakeFeed) -> FastAPI:
    """The service's application."""
    engine, feed_engine = make_engine(settings.app), make_engine(settings.feed)
    units, feed_units = Units(engine, clock), Units(feed_engine, clock)
    log = AccessLog(units)
    workers = make_workers(settings, feed_units, make_feed, COPIES, REACTIONS)
    channel_settings = Settings.of(settings, clock)
    deliveries = Deliveries(feed_units, channel_settings, settings.origin)
    deliveries.vapid()  # made with the deployment; a key that others can read stops the start
    archive = Archive("messaging", feed_units, log, settings.readers)

    async def start() -> None:
        for each in (engine, feed_engine):
            await refuse_privileged(each)
        await check_schema(engine, MIGRATIONS)

    async def ready() -> bool:
        async with engine.connect() as connection:
            return bool(await connection.scalar(text("select true")))

    async def stop() -> None:
        await workers.close()
        for each in (engine, feed_engine):
            await each.dispose()

    app = make_app(
        ServiceApp(
            name="messaging",
            verifier=TokenVerifier(settings.issuer, "messaging", KeySource.of(settings.jwks_url)),
            ready=ready,
            background=[
                *workers.jobs,
                log.run,
                lambda: deliveries.run(settings.feed),
                lambda: each_day(clock, lambda: housekeeping(feed_units)),
            ],
            start=start,
            stop=stop,
            states=[*workers.states, deliveries.state],
            parked=lambda: parked.counts(feed_units),
        ),
        "紬 連絡（messaging）",
        [
            notices_api.router,
            channels_api.router,
            stopping.router,
            family_api.router,
            archive_router(lambda: archive),
        ],
    )
    app.state.messaging = Messaging(units, clock, Policies(POLICIES), log, deliveries)
    return app
