"""The running application on a port of its own, and browsers that use it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from services.dashboard import service
from services.dashboard.room import Dashboard
from services.dashboard.roster.store import copies_standing
from services.dashboard.sessions.issuer import Tokens
from services.dashboard.shell import FrontEnd
from services.dashboard.tests.doubles import IssuerDouble, Place, ServiceDouble, serving
from services.dashboard.tests.publishers import Publisher
from shared.access.principal import Principal
from shared.database import Scope
from shared.dates import FixedClock
from shared.events.feed import Feed
from shared.service import ServiceSettings
from tests.support.at_work import share_routes
from tests.support.databases import Database
from tests.support.waiting import eventually


@dataclass
class RealClock:
    """Real time, or a while later."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def today(self) -> Any:
        return self.now().date()


@dataclass
class Browser:
    """Sends what a browser at the origin would send."""

    origin: str
    http: httpx.AsyncClient
    cookies: dict[str, str] = field(default_factory=dict)

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Any request, with the cookies; nothing is followed."""
        headers = dict(more.pop("headers", {}))
        if self.cookies:
            headers.setdefault("cookie", "; ".join(f"{n}={v}" for n, v in self.cookies.items()))
        answer = await self.http.request(method, path, headers=headers, **more)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """A read. Underscores in header names stand for hyphens."""
        return await self.send("GET", path, headers={n.replace("_", "-"): v for n, v in headers.items()})

    async def read(self, path: str, **headers: str) -> Any:
        """A read that succeeds."""
        answer = await self.get(path, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def command(
        self, path: str, body: Any = None, *, without: Sequence[str] = (), **headers: str
    ) -> httpx.Response:
        """An unsafe request the way our own pages send it, or ``without`` some of its headers."""
        sent = {"origin": self.origin, "x-tsumugi": "1", "idempotency-key": str(uuid4())}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in sent.items() if name not in without}
        return await self.send("POST", path, json=body, headers=kept)


class Origin:
    """dashboard, running."""

    def __init__(
        self,
        database: Database,
        publishers: Mapping[str, Publisher],
        clock: FixedClock,
        state: Path,
        front_end: FrontEnd | None = None,
    ) -> None:
        self.database = database
        self.publishers = publishers
        self.clock = clock
        self.real = RealClock()
        self.at = Place()
        self.url = self.at.url
        self.issuer = IssuerDouble(Place())
        self.registry = ServiceDouble(Place())
        self._state = state
        self._front_end = front_end
        self.app: FastAPI
        self.http: httpx.AsyncClient

    @property
    def room(self) -> Dashboard:
        """Its inside."""
        room: Dashboard = self.app.state.dashboard
        return room

    def settings(self) -> ServiceSettings:
        """What it is given."""
        return ServiceSettings(
            service="dashboard",
            edition="embedded",
            origin=self.url,
            issuer=self.issuer.url,
            urls={"dashboard": self.url, "registry": self.registry.url},
            app=self.database.app,
            feed=self.database.feed,
            state=self._state,
            secrets={"dashboard": self.issuer.secret},
        )

    def make_feed(self, publisher: str, topics: Sequence[str]) -> Feed:
        """Feeds in any legal order."""
        return self.publishers[publisher].feed(topics)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything on its port until the end of the block."""
        async with AsyncExitStack() as stack:
            issuer_server = await stack.enter_async_context(serving(self.issuer.app(), self.issuer.at))
            self.registry_server = await stack.enter_async_context(
                serving(self.registry.app(), self.registry.at)
            )
            self.app = share_routes(
                service.build(
                    self.settings(), self.clock, self.make_feed, real=self.real, front_end=self._front_end
                )
            )
            self.server = await stack.enter_async_context(serving(self.app, self.at))
            stack.callback(self.app.state.end_streams)
            self.http = await stack.enter_async_context(httpx.AsyncClient(base_url=self.url, timeout=20))
            await eventually(self.room.hub.connected.is_set)
            try:
                yield
            finally:
                for server in (issuer_server, self.registry_server, self.server):
                    server.should_exit = True  # all at once: each looks ten times a second

    def browser(self) -> Browser:
        """Nobody yet."""
        return Browser(self.url, self.http)

    async def enter(
        self,
        person: UUID | None = None,
        *,
        board: UUID,
        kind: str = "staff",
        acr: int = 2,
        life: int = 300,
        sid: str = "sid",
    ) -> Browser:
        """A browser of somebody who has signed in."""
        who = {"board": str(board), "kind": kind, "acr": str(acr), "sub": f"account-{person}"}
        if person is not None:
            who["person"] = str(person)
        expires_at = datetime.now(UTC) + timedelta(seconds=life)
        tokens = Tokens(
            self.issuer.access(who, "dashboard", life=life), self.issuer.refresh_token(who), None, expires_at
        )
        principal = Principal(
            subject=who["sub"],
            kind=kind,  # type: ignore[arg-type]
            board=board,
            person=person,
            client="dashboard",
            acr=acr,
            auth_time=datetime.now(UTC),
            session=sid,
            expires_at=expires_at,
        )
        ticket, _ = await self.room.sessions.begin(tokens, principal)
        return Browser(self.url, self.http, {self.room.cookie: ticket.cookie()})

    async def caught_up(self) -> None:
        """Wait until the copies have all that was published."""

        async def reached() -> bool:
            async with self.room.units.read(Scope(uuid4())) as session:
                now = self.room.reached(await copies_standing(session))
            return all(now[name] >= publisher.position for name, publisher in self.publishers.items())

        await eventually(reached)
