"""A guardian with a sheet, all the way through a real Keycloak: its page sends them here, and knows who came back."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import uvicorn

from services.identity.invitations import rules
from services.identity.invitations.tests.desk import Desk
from services.identity.issuer.rules import challenge_of
from services.identity.issuer.tests.browser import Browser, Page
from services.identity.keycloak.admin import CLIENT
from services.identity.keycloak.reconciler import Reconciler
from services.identity.keycloak.tests.conftest import SECRET, Realm
from services.identity.tests.town import SECRETS, Identity, Town, running
from tests.support.waiting import eventually

BACK = "http://localhost:9/back"


@asynccontextmanager
async def served(identity: Identity, realm: Realm) -> AsyncIterator[str]:
    """identity of the platform edition at an address of its own, known to the realm."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        origin = f"http://localhost:{place.getsockname()[1]}"
        told: dict[str, Any] = {
            "edition": "platform",
            "origin": origin,
            "issuer": realm.issuer,
            "secrets": {**SECRETS, "keycloak": "x", CLIENT: SECRET},
        }
        async with running(identity, **told) as app:
            server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
            task = asyncio.create_task(server.serve(sockets=[place]))
            try:
                await eventually(lambda: server.started, within=20)
                yield f"{origin}/paper"
            finally:
                server.should_exit = True
                await task


def known(realm: Realm, paper: str) -> None:
    """The realm's provider leads there, and a client signs people in."""
    provider = realm.admin.get_idp("paper")
    provider["config"] |= {
        "issuer": paper,
        "authorizationUrl": f"{paper}/authorize",
        "tokenUrl": f"{paper}/token",
        "jwksUrl": f"{paper}/jwks",
        "useJwksUrl": "true",
        "validateSignature": "true",
        "clientAuthMethod": "client_secret_basic",
        "clientSecret": "x",
        "defaultScope": "openid",
        "pkceEnabled": "true",
        "pkceMethod": "S256",
        "disableUserInfo": "true",
    }
    realm.admin.update_idp("paper", provider)
    client = {"clientId": "app-browser", "secret": "y", "publicClient": False, "redirectUris": [BACK]}
    realm.admin.create_client({**client, "defaultClientScopes": ["tsumugi"]})


async def come(realm: Realm, code: str) -> tuple[httpx.Response, str]:
    """As a browser: to Keycloak, from there to the page, and back with the code; the last answer, and the verifier."""
    verifier = secrets.token_urlsafe(48)
    asked = {
        "client_id": "app-browser",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid",
        "state": "s",
        "kc_idp_hint": "paper",
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    cookies: dict[str, str] = {}
    async with httpx.AsyncClient(timeout=60) as http:

        async def go(method: str, address: str, **more: Any) -> httpx.Response:
            """Follow to a page, or to where the application would take over."""
            while True:
                # Browsers send cookies of localhost that are for TLS alone; the library does not.
                headers = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
                answer = await http.request(method, address, headers=headers, **more)
                for line in answer.headers.get_list("set-cookie"):
                    cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
                address = answer.headers.get("location", "")
                if not answer.is_redirect or address.startswith(BACK):
                    return answer
                method, more = "GET", {}

        opened = await go("GET", f"{realm.issuer}/protocol/openid-connect/auth?{urlencode(asked)}")
        assert opened.status_code == 200, opened.text
        page = opened.url
        origin = f"{page.scheme}://{page.netloc.decode()}"
        form = {**Page(opened.text).hidden, "paper_code": code, "sure": "yes"}
        answer = await go("POST", f"{origin}/paper/authorize/paper", data=form)
    return answer, verifier


async def test_a_sheet_leads_through_keycloak_to_the_account(
    realm: Realm, reconciler: Reconciler, identity: Identity, town: Town, browser: Browser
) -> None:
    desk = Desk(browser, identity, town)
    code = await desk.code()
    await reconciler.reconcile()
    async with served(identity, realm) as paper:
        known(realm, paper)
        answer, verifier = await come(realm, code)
        assert answer.headers.get("location", "").startswith(BACK), answer.text
        told = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        form = {
            "grant_type": "authorization_code",
            "code": told["code"],
            "redirect_uri": BACK,
            "code_verifier": verifier,
        }
        claims = await realm.claims(await realm._token(form, ("app-browser", "y")))
        assert (claims["sub"], claims["person"], claims["kind"], claims["board"]) == (
            str(await identity.account(town.guardian)),
            str(town.guardian),
            "guardian",
            str(town.board),
        )
        wrong, _ = await come(realm, rules.make())
        assert (wrong.status_code, "入れません" in wrong.text) == (422, True)
