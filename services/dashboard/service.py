"""dashboard: composition. What it owns, publishes and consumes: README.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard import alert_rules, feeds, operations, school_day
from services.dashboard.accounts.copies import AccountsCopy
from services.dashboard.alert_rules.api import router as alert_rules_router
from services.dashboard.alert_rules.counts_api import router as alert_counts_router
from services.dashboard.alert_rules.rules import TRIED_DAYS
from services.dashboard.alert_rules.store import forget as forget_trials
from services.dashboard.alerts.api import router as alerts_router
from services.dashboard.feeds.absence_feed import AbsenceFeed
from services.dashboard.feeds.api import router as feeds_router
from services.dashboard.feeds.reconciler import LunchFeed
from services.dashboard.feeds.store import everybody
from services.dashboard.forward.api import FILES
from services.dashboard.forward.api import router as forward_router
from services.dashboard.forward.stopping import router as stopping_router
from services.dashboard.lanes import lanes
from services.dashboard.live.api import router as live_router
from services.dashboard.live.hub import Hub
from services.dashboard.operations.api import router as operations_router
from services.dashboard.operations.parked import router as parked_router
from services.dashboard.operations.watch import Watch
from services.dashboard.overview.api import router as overview_router
from services.dashboard.room import Dashboard, Parking
from services.dashboard.roster.api import router as me_router
from services.dashboard.roster.copies import RosterCopy
from services.dashboard.school_day.api import router as school_day_router
from services.dashboard.school_day.copies import SchoolDayCopy
from services.dashboard.sessions.api import router as sessions_router
from services.dashboard.sessions.backchannel import router as backchannel_router
from services.dashboard.sessions.issuer import Issuer
from services.dashboard.sessions.logout_token import LogoutTokens
from services.dashboard.sessions.rules import cookie_names
from services.dashboard.sessions.seal import Seal
from services.dashboard.sessions.service import Sessions
from services.dashboard.sessions.store import forget_heard, forget_sessions
from services.dashboard.shell import FrontEnd, Shell
from services.dashboard.unannounced.api import router as unannounced_router
from services.dashboard.unannounced.reactions import Forget
from services.dashboard.unannounced.rules import KEPT_DAYS
from services.dashboard.unannounced.store import forget
from shared.access.log import AccessLog
from shared.access.policies import Policies
from shared.access.tokens import KeySource, TokenVerifier
from shared.contracts.dashboard import feed_topic
from shared.daily import each_day, housekeeping
from shared.database import Units, make_engine, refuse_privileged
from shared.database.migrate import check_schema
from shared.dates import Clock, SystemClock, TrainingClock
from shared.events import parked
from shared.events.copies import Copy
from shared.events.reactions import Reaction
from shared.service import MakeFeed, ServiceSettings, make_workers
from shared.web import ServiceApp, make_app
from shared.web.admission import Bounds

if TYPE_CHECKING:
    from services.dashboard.feeds.topics import FeedTopics
    from shared.events.kafka_access import KafkaAccess

MIGRATIONS = Path(__file__).parent / "migrations"
COPIES: Sequence[Copy] = (RosterCopy(), SchoolDayCopy(), AccountsCopy())
REACTIONS: Sequence[Reaction] = (Forget(),)
POLICIES = [Path(room.__path__[0]) for room in (school_day, alert_rules, feeds, operations)]
CLIENT = "dashboard"
SEAL_KEY = "sessions.key"


def build(
    settings: ServiceSettings,
    clock: Clock,
    make_feed: MakeFeed,
    *,
    real: Clock | None = None,
    front_end: FrontEnd | None = None,
) -> FastAPI:
    """The origin's application: BFF, pages, feeds, front end, and the workers that keep its copies."""
    real = real or SystemClock()
    app_engine, feed_engine = make_engine(settings.app, pool_size=16), make_engine(settings.feed)
    units, feed_units = Units(app_engine, clock), Units(feed_engine, clock)
    log = AccessLog(units)
    hub = Hub(settings.app, real.now())
    # As many as all lines together let through, and as many again: a service that hangs keeps nobody from the others.
    connections = 2 * Bounds.at_work * len(settings.urls)
    http = httpx.AsyncClient(limits=httpx.Limits(max_connections=connections, max_keepalive_connections=40))
    keys = KeySource.of(settings.jwks_url)
    issuer = Issuer(
        settings.issuer,
        CLIENT,
        settings.secrets.get(CLIENT, ""),
        f"{settings.origin}/auth/callback",
        keys,
        http,
    )
    workers = make_workers(settings, feed_units, make_feed, COPIES, REACTIONS)
    department_feeds = [LunchFeed(feed_units, hub), AbsenceFeed(feed_units, hub)]
    states = [*workers.states, *(each.state for each in department_feeds)]
    cookie, login_cookie = cookie_names(settings.origin)
    room = Dashboard(
        settings=settings,
        units=units,
        clock=clock,
        policies=Policies(POLICIES),
        log=log,
        sessions=Sessions(units, issuer, Seal.of(settings.state / SEAL_KEY), real),
        hub=hub,
        http=http,
        cookie=cookie,
        login_cookie=login_cookie,
        copies=_by_publisher(COPIES),
        parking=Parking(feed_units, {copy.name: copy for copy in COPIES}),
        training=isinstance(clock, TrainingClock),
        started_at=clock.now(),
    )

    async def start() -> None:
        await refuse_privileged(app_engine)
        await refuse_privileged(feed_engine)
        await check_schema(app_engine, MIGRATIONS)

    async def ready() -> bool:
        async with app_engine.connect() as connection:
            return bool(await connection.scalar(text("select true"))) and hub.connected.is_set()

    async def stop() -> None:
        await workers.close()
        await http.aclose()
        await app_engine.dispose()
        await feed_engine.dispose()

    service = ServiceApp(
        name=settings.service,
        verifier=TokenVerifier(settings.issuer, settings.service, keys),
        ready=ready,
        background=[
            log.run,
            hub.run,
            Watch(feed_units, lambda: [*states, *([service.relay] if service.relay else [])]).run,
            *(partial(each.run, settings.feed) for each in department_feeds),
            lambda: each_day(clock, lambda: housekeeping(feed_units)),
            lambda: each_day(clock, lambda: forget(feed_units, clock.today() - timedelta(days=KEPT_DAYS))),
            lambda: each_day(
                clock, lambda: forget_trials(feed_units, clock.now() - timedelta(days=TRIED_DAYS))
            ),
            lambda: each_day(clock, lambda: forget_heard(feed_units, real.now() - timedelta(days=1))),
            lambda: each_day(real, lambda: forget_sessions(feed_units, real.now())),
            *workers.jobs,
        ],
        start=start,
        stop=stop,
        states=states,
        parked=lambda: parked.counts(feed_units),
        files=FILES,
        lane=lanes(settings.urls),
        streams=lambda: sum(room.streams.values()),
    )
    app = make_app(
        service,
        "紬 ダッシュボード（dashboard）",
        [
            sessions_router,
            backchannel_router,
            me_router,
            school_day_router,
            overview_router,
            unannounced_router,
            alerts_router,
            alert_rules_router,
            alert_counts_router,
            operations_router,
            parked_router,
            live_router,
            feeds_router,
            forward_router,
            stopping_router,
        ],
    )
    app.state.dashboard = room
    app.state.logout_tokens = LogoutTokens(settings.issuer, CLIENT, keys)
    # Open streams and long polls end when this is called; a server that is told to stop calls it first.
    app.state.end_streams = room.ending.set
    app.mount("/", front_end or FrontEnd())
    app.add_middleware(Shell, origin=settings.origin)
    return app


def feed_topics(settings: ServiceSettings, clock: Clock, access: KafkaAccess) -> FeedTopics:
    """What is sent to the broker: not the log, which holds more than a department may have."""
    from services.dashboard.feeds.topics import FeedTopics  # the client is loaded only where it is used

    return FeedTopics(settings.feed, Units(make_engine(settings.feed, pool_size=1), clock), access)


async def topics_due(session: AsyncSession, day: date) -> list[str]:
    """The topics that are filled on a day. ``session`` works as the feed role."""
    return [feed_topic(one.board, one.department, feed).name for feed, one in await everybody(session, day)]


def _by_publisher(copies: Sequence[Copy]) -> dict[str, tuple[str, ...]]:
    publishers = sorted({publisher for copy in copies for publisher in copy.publishers()})
    return {
        publisher: tuple(f"{copy.name}/{publisher}" for copy in copies if publisher in copy.publishers())
        for publisher in publishers
    }
