"""identity (統合ID): composition. What it owns, publishes and consumes: README.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import text

from services.identity import invitations
from services.identity.accounts.copies import Directory
from services.identity.accounts.reactions import KeepAccounts
from services.identity.accounts.reconciler import reconcile
from services.identity.invitations import api as invitations_api
from services.identity.invitations.attempts import forget_windows
from services.identity.invitations.codes import codes
from services.identity.invitations.copies import Families
from services.identity.invitations.reactions import Forget
from services.identity.invitations.signing_in import Paper
from services.identity.issuer import api as issuer_api
from services.identity.issuer import brokered_api, paper_api
from services.identity.issuer.brokered import KEYCLOAK, Brokered, keycloak
from services.identity.issuer.keys import signing_key
from services.identity.issuer.loopback import LoopbackOnly, refuse_other_addresses
from services.identity.issuer.provider import Provider
from services.identity.issuer.rules import Client, hash_of
from services.identity.issuer.store import forget_old
from services.identity.issuer.tokens import Mint
from services.identity.keycloak import admin as keycloak_admin
from services.identity.keycloak.admin import Admin
from services.identity.keycloak.reconciler import Reconciler
from services.identity.keycloak.training import NotForTraining, training
from services.identity.languages import api as languages_api
from services.identity.room import Identity
from shared.access.log import AccessLog
from shared.access.policies import Policies
from shared.access.principal import COMMAND_LINE
from shared.access.tokens import KeySource, TokenVerifier
from shared.archive.api import Archive
from shared.archive.api import router as archive_router
from shared.daily import each_day, housekeeping
from shared.database import Units, make_engine, refuse_privileged
from shared.database.migrate import check_schema
from shared.dates import Clock, SystemClock, TrainingClock
from shared.events import parked
from shared.events.copies import Copy
from shared.events.reactions import Reaction
from shared.service import MakeFeed, ServiceSettings, make_workers
from shared.web import ServiceApp, make_app

MIGRATIONS = Path(__file__).parent / "migrations"
COPIES: Sequence[Copy] = (Directory(), Families())
REACTIONS: Sequence[Reaction] = (KeepAccounts(), Forget())
POLICIES = [Path(invitations.__path__[0])]

APPLICATION = "dashboard"
"""The service that signs people in; it is the origin."""
REMEMBERED = timedelta(days=30)
"""How long a sign-in that is over is kept."""


class MissingSecret(RuntimeError):
    """A client has no secret; the service refuses to start."""


def clients(settings: ServiceSettings) -> dict[str, Client]:
    """The clients that are there from the beginning: every service, and the command line."""
    comes_back = {
        APPLICATION: (f"{settings.origin}/auth/callback",),
        COMMAND_LINE: (command_line_redirect(settings),),
    }
    wanted = [*settings.urls, COMMAND_LINE]
    _must_have(settings, *wanted)
    return {
        id: Client(
            id,
            "service",
            hash_of(settings.secrets[id]),
            redirect_uris=comes_back.get(id, ()),
            after_logout=(f"{settings.origin}/",) if id == APPLICATION else (),
        )
        for id in wanted
    }


def _must_have(settings: ServiceSettings, *ids: str) -> None:
    if missing := [id for id in ids if not settings.secrets.get(id)]:
        raise MissingSecret(
            f"identity に {', '.join(missing)} の秘密がありません。配備の設定を確かめてください。"
        )


def command_line_redirect(settings: ServiceSettings) -> str:
    """Where the command line's codes would go; it takes them out of the redirect and never follows it."""
    return f"{settings.issuer}/command-line"


def make_provider(settings: ServiceSettings, units: Units, clock: Clock, paper: Paper) -> Provider:
    """The embedded edition's issuer. Refuses any address but this machine's."""
    refuse_other_addresses(settings.edition, [settings.issuer, settings.origin, *settings.urls.values()])
    return Provider(
        units=units,
        clock=clock,
        real=SystemClock(),
        mint=Mint(settings.issuer, signing_key(settings.state)),
        clients=clients(settings),
        services=frozenset(settings.urls),
        paper=paper,
    )


def make_brokered(settings: ServiceSettings, units: Units, clock: Clock, paper: Paper) -> Brokered:
    """The platform edition's provider of codes on paper, for Keycloak alone."""
    _must_have(settings, KEYCLOAK)
    return Brokered(
        units=units,
        clock=clock,
        real=SystemClock(),
        mint=Mint(settings.paper_issuer, signing_key(settings.state)),
        clients={KEYCLOAK: keycloak(settings.issuer, settings.secrets[KEYCLOAK])},
        paper=paper,
        trial=isinstance(clock, TrainingClock),
        onward=(settings.origin,),
    )


def make_reconciler(settings: ServiceSettings, feed_units: Units, clock: Clock) -> tuple[Reconciler, Admin]:
    """What keeps users and departments' clients in the platform edition's Keycloak, and its way in."""
    _must_have(settings, keycloak_admin.CLIENT)
    admin = Admin(settings.issuer, settings.secrets[keycloak_admin.CLIENT])
    try:
        way_in = training(settings.state, settings.origin, clock)
    except NotForTraining:
        way_in = None
    return Reconciler(feed_units, admin, training=way_in), admin


def build(settings: ServiceSettings, clock: Clock, make_feed: MakeFeed) -> FastAPI:
    """The service's application. In the platform edition Keycloak is the issuer, and brokers the codes on paper."""
    engine, feed_engine = make_engine(settings.app), make_engine(settings.feed)
    units, feed_units = Units(engine, clock), Units(feed_engine, clock)
    hashes = codes(settings.state)
    embedded = settings.edition == "embedded"
    make = make_provider if embedded else make_brokered
    log = AccessLog(units)
    provider = make(settings, units, clock, Paper(units, clock, SystemClock(), hashes, log))
    at_keycloak = None if embedded else make_reconciler(settings, feed_units, clock)
    workers = make_workers(settings, feed_units, make_feed, COPIES, REACTIONS)
    archive = Archive("identity", feed_units, log, settings.readers)

    async def start() -> None:
        for each in (engine, feed_engine):
            await refuse_privileged(each)
        await check_schema(engine, MIGRATIONS)

    async def ready() -> bool:
        async with engine.connect() as connection:
            return bool(await connection.scalar(text("select true")))

    async def new_day() -> None:
        await housekeeping(feed_units)
        await reconcile(feed_units)
        await forget_old(feed_units, SystemClock().now() - REMEMBERED)
        await forget_windows(feed_units, SystemClock().now() - timedelta(days=1))

    async def stop() -> None:
        await workers.close()
        if at_keycloak is not None:
            await at_keycloak[1].close()
        for each in (engine, feed_engine):
            await each.dispose()

    app = make_app(
        ServiceApp(
            name="identity",
            verifier=TokenVerifier(settings.issuer, "identity", KeySource.of(settings.jwks_url)),
            ready=ready,
            background=[
                log.run,
                *workers.jobs,
                lambda: each_day(clock, new_day),
                *([partial(at_keycloak[0].run, settings.feed)] if at_keycloak else []),
            ],
            start=start,
            stop=stop,
            states=[*workers.states, *([at_keycloak[0].state] if at_keycloak else [])],
            parked=lambda: parked.counts(feed_units),
        ),
        "紬 統合ID（identity）",
        [
            *([issuer_api.router, paper_api.router] if embedded else [brokered_api.router]),
            invitations_api.router,
            languages_api.router,
            archive_router(lambda: archive),
        ],
    )
    app.state.identity = Identity(units, clock, Policies(POLICIES), log, hashes, settings.origin)
    app.state.provider, app.state.origin = provider, settings.origin
    if embedded:
        app.add_middleware(LoopbackOnly)
    return app
