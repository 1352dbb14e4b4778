"""A person at a browser and the dashboard behind it (Authlib's OAuth client), for tests of the issuer."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import authlib.deprecate
import httpx
from fastapi import FastAPI

from services.identity.issuer.provider import Provider
from services.identity.issuer.rules import EXCHANGE
from services.identity.tests.town import ISSUER, ORIGIN, SECRETS
from shared.access.principal import Principal
from shared.access.tokens import KeySource, TokenVerifier

with warnings.catch_warnings():
    # Authlib would rather have httpx2, which nothing else here uses, and says so at every import.
    warnings.simplefilter("ignore", authlib.deprecate.AuthlibDeprecationWarning)
    from authlib.integrations.httpx_client import AsyncOAuth2Client as AsyncOAuth2Client

BACK = f"{ORIGIN}/auth/callback"


class Page(HTMLParser):
    """What a page has to press and to carry."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.hidden: dict[str, str] = {}
        self.buttons: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden":
            self.hidden[found["name"] or ""] = found["value"] or ""
        if tag == "button" and found.get("name") == "choice":
            self.buttons.append(found["value"] or "")

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(data.strip())


class Browser:
    """Signs in and gets tokens."""

    def __init__(self, app: FastAPI, board: UUID) -> None:
        self.app = app
        self.board = board
        self.provider: Provider = app.state.provider
        self.transport = httpx.ASGITransport(app)
        self.http = httpx.AsyncClient(transport=self.transport, base_url=ISSUER)
        self.dashboard = self.client("dashboard")

    def client(self, id: str, secret: str | None = None) -> AsyncOAuth2Client:
        """An OAuth client."""
        return AsyncOAuth2Client(
            client_id=id,
            client_secret=secret or SECRETS[id],
            scope="openid",
            redirect_uri=BACK,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic",
            transport=self.transport,
        )

    def start(self, **extra: str) -> tuple[str, str, str]:
        """Address to open, state and PKCE verifier of a new sign-in."""
        verifier = secrets.token_urlsafe(48)
        url, state = self.dashboard.create_authorization_url(
            f"{ISSUER}/authorize", code_verifier=verifier, nonce="nonce", **extra
        )
        return str(url), str(state), verifier

    async def page(self, **extra: str) -> Page:
        """The list of people."""
        url, _, _ = self.start(**extra)
        answer = await self.http.get(url)
        assert answer.status_code == 200, answer.text
        return Page(answer.text)

    async def choose(
        self, account: UUID, kind: str = "staff", *, two_factors: bool = True, board: UUID | None = None
    ) -> tuple[httpx.Response, str, str]:
        """Open the page and press a button; the answer, the state and the verifier."""
        url, state, verifier = self.start()
        page = Page((await self.http.get(url)).text)
        form = {**page.hidden, "choice": f"{board or self.board}.{account}.{kind}"}
        if two_factors:
            form["two_factors"] = "yes"
        answer = await self.http.post("/authorize", data=form, headers={"origin": ISSUER})
        return answer, state, verifier

    async def sign_in(
        self, account: UUID, kind: str = "staff", *, two_factors: bool = True
    ) -> dict[str, Any]:
        """The tokens the dashboard holds after somebody signed in."""
        answer, state, verifier = await self.choose(account, kind, two_factors=two_factors)
        assert answer.status_code == 303, answer.text
        tokens = await self.dashboard.fetch_token(
            f"{ISSUER}/token",
            authorization_response=answer.headers["location"],
            state=state,
            code_verifier=verifier,
        )
        return dict(tokens)

    async def token(self, client: str, secret: str | None = None, **form: str) -> httpx.Response:
        """A plain request to the token endpoint."""
        auth = httpx.BasicAuth(client, secret or SECRETS.get(client, ""))
        return await self.http.post("/token", data=form, auth=auth)

    async def exchange(self, token: str, audience: str, client: str = "dashboard") -> httpx.Response:
        """A token of the same person for another service."""
        return await self.token(
            client,
            grant_type=EXCHANGE,
            subject_token=token,
            subject_token_type="urn:ietf:params:oauth:token-type:access_token",
            audience=audience,
        )

    def verifier(self, audience: str) -> TokenVerifier:
        """How a service verifies tokens, with the keys from the issuer's own address."""

        async def fetch() -> dict[str, Any]:
            answer = await self.http.get("/jwks")
            return dict(answer.json())

        return TokenVerifier(ISSUER, audience, KeySource(fetch))

    async def read(self, token: str, audience: str) -> Principal:
        """What a service makes of a token."""
        return await self.verifier(audience).verify(token)

    async def close(self) -> None:
        """Give back connections."""
        await self.http.aclose()
        await self.dashboard.aclose()


def answer_of(response: httpx.Response) -> dict[str, str]:
    """What a redirect tells the application."""
    return dict(parse_qsl(urlsplit(response.headers["location"]).query))


def choices(page: Page) -> Iterator[tuple[UUID, UUID, str]]:
    """Board, account and hat of every button of a page."""
    for value in page.buttons:
        board, account, kind = value.split(".")
        yield UUID(board), UUID(account), kind
