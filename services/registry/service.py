"""registry (学籍): composition. What it owns, publishes and consumes: README.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import text

from services.registry import (
    attendance,
    attendance_lists,
    certificates,
    class_lists,
    duties,
    exports,
    imports,
    learning_apps,
    matching,
    moves,
    people,
    register,
    rollover,
    school_calendar,
)
from services.registry.announced.reactions import NoticesToRoll
from services.registry.attendance import api as attendance_api
from services.registry.attendance_lists import api as attendance_lists_api
from services.registry.beside import api as beside_api
from services.registry.bulk.foreman import Foreman
from services.registry.bundles import api as bundles_api
from services.registry.bundles.chores import BUNDLES
from services.registry.certificates import api as certificates_api
from services.registry.certificates import settings_api as certificate_settings_api
from services.registry.class_lists import api as class_lists_api
from services.registry.closing import api as closing_api
from services.registry.duties import api as duties_api
from services.registry.erasure import api as erasure_api
from services.registry.exports import api as exports_api
from services.registry.exports.chores import EXPORTS
from services.registry.former import api as former_api
from services.registry.gakureibo import api as gakureibo_api
from services.registry.imports import api as imports_api
from services.registry.imports import runs_api as import_runs_api
from services.registry.imports.chores import IMPORTS
from services.registry.learning_apps import api as learning_apps_api
from services.registry.learning_apps.copies import AppsCopy
from services.registry.learning_apps.looks import CONNECTIONS, Looks
from services.registry.matching import api as matching_api
from services.registry.matching import by_hand as pairs_by_hand
from services.registry.moves import api as moves_api
from services.registry.moves import arriving
from services.registry.moves import reading as moves_reading
from services.registry.people import api as people_api
from services.registry.people import commands as people_commands
from services.registry.periods import api as periods_api
from services.registry.periods.hours import api as hours_api
from services.registry.register import api as register_api
from services.registry.rollover import api as rollover_api
from services.registry.rollover import onward_api as rollover_onward_api
from services.registry.rollover import runs_api as rollover_runs_api
from services.registry.rollover import school_api as rollover_school_api
from services.registry.rollover.chores import ROLLOVERS
from services.registry.room import Registry
from services.registry.school_calendar import api as calendar_api
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
from shared.service import MakeFeed, ServiceSettings, Worker, make_workers
from shared.web import ServiceApp, make_app

MIGRATIONS = Path(__file__).parent / "migrations"
COPIES: Sequence[Copy] = (AppsCopy(),)
REACTIONS: Sequence[Reaction] = (NoticesToRoll(),)
POLICIES = [
    Path(room.__path__[0])
    for room in (
        attendance,
        attendance_lists,
        certificates,
        class_lists,
        duties,
        exports,
        imports,
        learning_apps,
        matching,
        moves,
        people,
        register,
        rollover,
        school_calendar,
    )
]


def build(settings: ServiceSettings, clock: Clock, make_feed: MakeFeed) -> FastAPI:
    """The service's application."""
    engine, feed_engine = make_engine(settings.app), make_engine(settings.feed)
    units, feed_units = Units(engine, clock), Units(feed_engine, clock)
    apps_engine = make_engine(settings.app, pool_size=CONNECTIONS)
    log = AccessLog(units)
    workers = make_workers(settings, feed_units, make_feed, COPIES, REACTIONS)
    foreman = Foreman(units, settings.worker or Worker(()), (IMPORTS, ROLLOVERS, EXPORTS, BUNDLES))

    archive = Archive("registry", feed_units, log, settings.readers)

    async def start() -> None:
        for each in (engine, feed_engine):
            await refuse_privileged(each)
        await check_schema(engine, MIGRATIONS)

    async def ready() -> bool:
        async with engine.connect() as connection:
            return bool(await connection.scalar(text("select true")))

    async def stop() -> None:
        await workers.close()
        for each in (engine, feed_engine, apps_engine):
            await each.dispose()

    app = make_app(
        ServiceApp(
            name="registry",
            verifier=TokenVerifier(settings.issuer, "registry", KeySource.of(settings.jwks_url)),
            ready=ready,
            background=[
                *workers.jobs,
                log.run,
                *((foreman.run,) if settings.worker else ()),
                lambda: each_day(clock, lambda: housekeeping(feed_units)),
            ],
            start=start,
            stop=stop,
            states=workers.states,
            parked=lambda: parked.counts(feed_units),
            files=imports_api.FILES,
        ),
        "紬 学籍（registry）",
        [
            attendance_api.router,
            beside_api.router,
            periods_api.router,
            hours_api.router,
            register_api.router,
            closing_api.router,
            bundles_api.router,
            class_lists_api.router,
            duties_api.router,
            exports_api.router,
            gakureibo_api.router,
            imports_api.router,
            import_runs_api.router,
            calendar_api.router,
            matching_api.router,
            pairs_by_hand.router,
            moves_reading.router,
            moves_api.router,
            arriving.router,
            people_api.router,
            certificates_api.router,
            certificate_settings_api.router,
            attendance_lists_api.router,
            former_api.router,
            archive_router(lambda: archive),
            rollover_api.router,
            rollover_onward_api.router,
            rollover_runs_api.router,
            rollover_school_api.router,
            people_commands.router,
            erasure_api.router,
            learning_apps_api.router,
        ],
    )
    app.state.address = settings.urls.get("registry", settings.origin)
    app.state.registry = Registry(units, clock, Policies(POLICIES), log)
    app.state.foreman = foreman
    app.state.looks = Looks(Units(apps_engine, clock), engine)
    return app
