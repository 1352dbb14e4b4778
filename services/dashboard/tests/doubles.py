"""Other servers in miniature, over real HTTP: an identity authority and a service that records what reaches it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode
from uuid import UUID

import uvicorn
from joserfc import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from services.dashboard.sessions.issuer import EXCHANGE
from shared.access.tokens import ALGORITHM
from tests.support.tokens import Authority
from tests.support.waiting import eventually

AUTHORITY = Authority()
"""One key for the run: making one takes a while."""


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        return


class Place:
    """A port of loopback, held from the moment it is known: nobody else gets it before we serve."""

    def __init__(self) -> None:
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port = int(self.socket.getsockname()[1])
        self.url = f"http://localhost:{self.port}"


@asynccontextmanager
async def serving(app: ASGIApp, at: Place) -> AsyncIterator[uvicorn.Server]:
    """Serve ``app`` there."""
    # As the product's: at uvicorn's own five seconds it hangs up just as httpx, which keeps a line as long, asks again.
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=2, timeout_keep_alive=75
    )
    server = _Server(config)
    task = asyncio.create_task(server._serve(sockets=[at.socket]))
    try:
        await eventually(lambda: server.started or task.done(), within=20)
        if task.done():
            task.result()
        yield server
    finally:
        server.should_exit = True
        await task


@dataclass
class IssuerDouble:
    """Signs whoever it is told to sign in. Refresh tokens are good once."""

    at: Place
    client: str = "dashboard"
    secret: str = "the dashboard's secret"
    departments: dict[str, str] = field(default_factory=lambda: {"kitchen": "the kitchen's secret"})
    who: dict[str, Any] = field(default_factory=dict)
    """Claims of the person who is signed in next."""
    life: int = 300
    refuse: str | None = None
    """An OAuth error to answer every token request with."""
    away: bool = False
    """Whether it answers nothing in a way that says anything."""
    stands: int | None = None
    """Seconds for which it lets a sign-in stand, where it says so."""
    slow: asyncio.Event | None = None
    """Renewals are answered only when this is set."""
    spoil: dict[str, Any] = field(default_factory=dict)
    """Claims of the ID token that are wrong."""
    asked: Counter[str] = field(default_factory=Counter)
    """Token requests by grant type (exchange also by audience), and looks at where they go."""
    signed_out: list[dict[str, str]] = field(default_factory=list)
    """What was told when sign-ins were ended."""
    _codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    _refresh: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def clients(self) -> dict[str, str]:
        """Every client's secret."""
        return {self.client: self.secret, **self.departments}

    @property
    def url(self) -> str:
        """The issuer."""
        return self.at.url

    def app(self) -> Starlette:
        """Its five endpoints."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/jwks", self._jwks),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/logout", self._logout, methods=["POST"]),
            ]
        )

    def access(self, who: dict[str, Any], audience: str, *, life: int | None = None) -> str:
        """An access token."""
        now = int(datetime.now(UTC).timestamp())
        claims = {"iss": self.url, "exp": now + (self.life if life is None else life), **who}
        board = UUID(claims.pop("board"))
        person = UUID(claims.pop("person")) if claims.get("person") else None
        return AUTHORITY.token(audience, board, person, **claims)

    def refresh_token(self, who: dict[str, Any]) -> str:
        """A refresh token."""
        made = secrets.token_urlsafe(16)
        self._refresh[made] = who
        return made

    async def _discovery(self, request: Request) -> Response:
        self.asked["discovery"] += 1
        if self.away:
            return JSONResponse({}, 502)
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "end_session_endpoint": f"{self.url}/logout",
            }
        )

    async def _logout(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        self.signed_out.append(form)
        return RedirectResponse("/", 303)

    async def _jwks(self, request: Request) -> Response:
        return JSONResponse({"keys": [AUTHORITY.key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        code = secrets.token_urlsafe(16)
        self._codes[code] = {**asked, "who": self.who}
        return RedirectResponse(
            f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302
        )

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        basic = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        grant = form["grant_type"]
        self.asked[grant] += 1
        client, secret = [unquote_plus(half) for half in basic.split(":", 1)]
        if self.clients.get(client) != secret:
            return JSONResponse({"error": "invalid_client"}, 401)
        if grant == "refresh_token" and self.slow is not None:
            await self.slow.wait()
        if self.away:
            return JSONResponse({}, 502)
        if self.refuse is not None:
            return JSONResponse({"error": self.refuse}, 400)
        if grant == "client_credentials":
            who = {**self.who, "kind": "department", "azp": client, "acr": "1"}
            return JSONResponse({"access_token": self.access(who, form["audience"]), "expires_in": self.life})
        if grant == "authorization_code":
            return self._redeem(form)
        if grant == "refresh_token":
            who = self._refresh.pop(form["refresh_token"], {})
            return self._give(who, None) if who else JSONResponse({"error": "invalid_grant"}, 400)
        assert grant == EXCHANGE
        self.asked[form["audience"]] += 1
        claims = jwt.decode(form["subject_token"], AUTHORITY.key).claims
        who = {name: claims[name] for name in ("board", "person", "kind", "acr", "sub") if name in claims}
        return JSONResponse(
            {
                "access_token": self.access(who, form["audience"]),
                "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
                "token_type": "Bearer",
                "expires_in": self.life,
            }
        )

    def _redeem(self, form: dict[str, str]) -> Response:
        begun = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if begun is None or challenge != begun["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return self._give(begun["who"], begun["nonce"])

    def _give(self, who: dict[str, Any], nonce: str | None) -> Response:
        now = int(datetime.now(UTC).timestamp())
        identity = {
            "iss": self.url,
            "aud": self.client,
            "sub": who.get("sub", "somebody"),
            "exp": now + 300,
            "nonce": nonce,
            **self.spoil,
        }
        header = {"alg": ALGORITHM, "kid": AUTHORITY.key.kid}
        return JSONResponse(
            {
                "access_token": self.access(who, "dashboard"),
                "refresh_token": self.refresh_token(who),
                "id_token": jwt.encode(header, identity, AUTHORITY.key),
                "token_type": "Bearer",
                "expires_in": self.life,
                **({} if self.stands is None else {"refresh_expires_in": self.stands}),
            }
        )


@dataclass
class Reached:
    """A request that reached the service double."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ServiceDouble:
    """A service that answers what it is told to and remembers what it was asked."""

    at: Place
    reached: list[Reached] = field(default_factory=list)
    feeds: list[dict[str, Any]] = field(default_factory=list)
    relay: dict[str, Any] | None = None
    """What it tells of its workers."""
    answers: list[Response] = field(default_factory=list)
    """Taken from the front; without any, 200 with an empty object."""

    @property
    def url(self) -> str:
        """Its base URL."""
        return self.at.url

    def app(self) -> Starlette:
        """Every path and method."""
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return Starlette(
            routes=[
                Route("/health/live", self._live),
                Route("/health/ready", self._live),
                Route("/{path:path}", self._any, methods=methods),
            ]
        )

    async def _live(self, request: Request) -> Response:
        said = {"service": "registry", "version": "9.9", "ready": True, "feeds": self.feeds}
        return JSONResponse(said | ({"relay": self.relay} if self.relay else {}))

    async def _any(self, request: Request) -> Response:
        self.reached.append(
            Reached(
                request.method,
                request.url.path,
                request.url.query,
                dict(request.headers),
                await request.body(),
            )
        )
        return self.answers.pop(0) if self.answers else JSONResponse({})
