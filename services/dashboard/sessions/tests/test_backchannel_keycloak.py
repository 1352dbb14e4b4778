"""The same from a real Keycloak: its own logout tokens, sent by itself when a sign-in is over there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.keycloak import FIRST_ADMIN, Keycloak
from services.dashboard.sessions.backchannel import PATH
from services.dashboard.sessions.logout_token import LogoutTokens
from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.town import Town
from shared.access.tokens import KeySource, header_of
from tests.support.waiting import eventually

USER = {
    "username": "s-somebody",
    "enabled": True,
    "firstName": "x",
    "lastName": "y",
    "email": "x@example.jp",
    "credentials": [{"type": "password", "value": "a password", "temporary": False}],
}


@dataclass
class Realm:
    """A realm whose client ``dashboard`` may, for once, send passwords: no browser is needed to sign in."""

    server: Keycloak
    name: str
    http: httpx.AsyncClient

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Of the Admin API."""
        tokens = f"{self.server.issuer('master')}/protocol/openid-connect/token"
        auth = (FIRST_ADMIN, self.server.admin_secret)
        token = (await self.http.post(tokens, data={"grant_type": "client_credentials"}, auth=auth)).json()
        answer = await self.http.request(
            method,
            f"{self.server.url}/admin/realms{path}",
            json=body,
            headers={"authorization": f"Bearer {token['access_token']}"},
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def sign_in(self) -> str:
        """Somebody signs in; the sign-in's name."""
        answer = await self.http.post(
            f"{self.server.issuer(self.name)}/protocol/openid-connect/token",
            data={
                "grant_type": "password",
                "username": "s-somebody",
                "password": "a password",
                "scope": "openid",
            },
            auth=("dashboard", "secret"),
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["session_state"])

    async def user(self) -> str:
        """Keycloak's own number of the user."""
        return str((await self.ask("GET", f"/{self.name}/users"))[0]["id"])


@pytest.fixture
async def realm(keycloak: Keycloak, origin: Origin) -> AsyncIterator[Realm]:
    """The realm, and a dashboard that believes it."""
    name = f"dashboard-{uuid4().hex[:8]}"
    client = {
        "clientId": "dashboard",
        "secret": "secret",
        "publicClient": False,
        "directAccessGrantsEnabled": True,
        "attributes": {
            "backchannel.logout.url": f"{origin.url}{PATH}",
            "backchannel.logout.session.required": "true",
        },
    }
    async with httpx.AsyncClient(timeout=30) as http:
        made = Realm(keycloak, name, http)
        shape = {"realm": name, "enabled": True, "sslRequired": "none", "clients": [client], "users": [USER]}
        await made.ask("POST", "", shape)
        issuer = keycloak.issuer(name)
        keys = KeySource.of(f"{issuer}/protocol/openid-connect/certs")
        origin.app.state.logout_tokens = LogoutTokens(issuer, "dashboard", keys)
        try:
            yield made
        finally:
            await made.ask("DELETE", f"/{name}")


async def gone(browser: Browser) -> bool:
    return (await browser.get("/api/me")).status_code == 401


async def test_a_sign_in_that_ends_there_ends_here(origin: Origin, town: Town, realm: Realm) -> None:
    who = uuid4()
    one, two = await realm.sign_in(), await realm.sign_in()
    first = await origin.enter(who, board=town.board, sid=one)
    second = await origin.enter(who, board=town.board, sid=two)
    await realm.ask("DELETE", f"/{realm.name}/sessions/{one}")

    async def first_gone() -> bool:
        return await gone(first)

    await eventually(first_gone)
    assert not await gone(second)

    # As identity shuts an account: the user is disabled, and all its sign-ins are over.
    user = await realm.user()
    await realm.ask("PUT", f"/{realm.name}/users/{user}", {"enabled": False})
    await realm.ask("POST", f"/{realm.name}/users/{user}/logout")

    async def second_gone() -> bool:
        return await gone(second)

    await eventually(second_gone)


async def test_its_tokens_say_what_they_are(origin: Origin, realm: Realm) -> None:
    """What is pinned is what this version sends: an upgrade that changes it fails here, and not in a school."""
    heard: list[dict[str, Any]] = []
    tokens = origin.app.state.logout_tokens
    read = tokens.read

    async def listening(token: str, now: Any) -> Any:
        heard.append(header_of(token))
        return await read(token, now)

    tokens.read = listening
    sid = await realm.sign_in()
    await realm.ask("DELETE", f"/{realm.name}/sessions/{sid}")
    await eventually(lambda: heard)
    assert (heard[0]["typ"], heard[0]["alg"]) == ("logout+jwt", "RS256")
