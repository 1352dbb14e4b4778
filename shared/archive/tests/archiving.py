"""The toy's log as an archive over HTTP, and consumers of it with tokens of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import httpx

from shared.access.log import AccessLog
from shared.access.principal import NO_BOARD
from shared.archive.api import Archive, router
from shared.archive.feed import HttpArchive
from shared.web import ServiceApp, make_app
from tests.support.fixtures import Toy
from tests.support.tokens import Authority
from tests.support.toy import COUNT, SECRET, THING

READERS = {
    THING.name: frozenset({"toy", "peer"}),
    COUNT.name: frozenset({"toy"}),
    SECRET.name: frozenset({"toy"}),
}
AUTHORITY = Authority()


def service_token(client: str, *, kind: str = "service", audience: str = "toy") -> str:
    """The token of a service, for no board."""
    return AUTHORITY.token(audience, NO_BOARD, None, kind=kind, azp=client)


def always(token: str) -> Callable[[], Awaitable[str]]:
    """A source of this token."""

    async def give() -> str:
        return token

    return give


@asynccontextmanager
async def serving(toy: Toy) -> AsyncIterator[httpx.AsyncClient]:
    """The toy's archive, at work."""
    log = AccessLog(toy.app)

    async def ready() -> bool:
        return True

    archive = Archive("toy", toy.feed, log, READERS)
    app = make_app(
        ServiceApp(name="toy", verifier=AUTHORITY.verifier("toy"), ready=ready, background=[log.run]),
        "toy",
        [router(lambda: archive)],
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://toy") as http,
    ):
        yield http


def archive_of(http: httpx.AsyncClient, consumer: str = "toy") -> HttpArchive:
    """The archive as ``consumer`` reads it."""
    return HttpArchive("toy", "http://toy", http, always(service_token(consumer)))


async def ask(http: httpx.AsyncClient, topic: str, token: str | None = None, **query: int) -> httpx.Response:
    """One page."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return await http.get(f"/log/{topic}", params=query, headers=headers)


def person_token(board: UUID, person: UUID) -> str:
    """A teacher's token."""
    return AUTHORITY.token("toy", board, person)
