"""Codes on paper in the platform edition: an OpenID provider for Keycloak alone, and nothing else of the issuer."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import KeySet

from services.identity.invitations import rules
from services.identity.invitations.tests.desk import Desk
from services.identity.issuer.tests.browser import AsyncOAuth2Client, Page, answer_of
from services.identity.service import MissingSecret
from services.identity.tests.town import SECRETS, Identity, Town, guardianship, running, tie
from tests.matrix.operations import operations
from tests.support.waiting import eventually

ORIGIN = "https://tsumugi.example"
REALM = "https://login.example/realms/tsumugi"
PAPER = f"{ORIGIN}/paper"
BACK = f"{REALM}/broker/paper/endpoint"
SECRET = "the secret of keycloak here"
PLATFORM: dict[str, Any] = {
    "edition": "platform",
    "origin": ORIGIN,
    "issuer": REALM,
    "secrets": {"identity": SECRETS["identity"], "keycloak": SECRET, "identity-admin": "x"},
}


@dataclass
class Guardian:
    """A guardian whom Keycloak has sent here, and Keycloak behind them."""

    app: FastAPI
    http: httpx.AsyncClient
    keycloak: AsyncOAuth2Client

    def start(self, **extra: str) -> tuple[str, str, str]:
        """Address to open, state and PKCE verifier."""
        verifier = secrets.token_urlsafe(48)
        url, state = self.keycloak.create_authorization_url(
            f"{PAPER}/authorize", code_verifier=verifier, nonce="nonce", **extra
        )
        return str(url), str(state), verifier

    async def enter(self, code: str, url: str, **more: str) -> httpx.Response:
        """Type a code on the page, and press the first button, or ``sure``."""
        page = Page((await self.http.get(url)).text)
        form = {**page.hidden, "paper_code": code, **more}
        return await self.http.post("/paper/authorize/paper", data=form, headers={"origin": ORIGIN})

    async def come(self, code: str) -> tuple[httpx.Response, str, str]:
        """All of the page; the answer, state and verifier."""
        url, state, verifier = self.start()
        return await self.enter(code, url, sure="yes"), state, verifier

    async def token(self, secret: str = SECRET, **form: str) -> httpx.Response:
        """A plain request to the token endpoint."""
        return await self.http.post("/paper/token", data=form, auth=("keycloak", secret))

    async def claims(self, token: str) -> dict[str, Any]:
        """An ID token, verified with the published key."""
        keys = KeySet.import_key_set((await self.http.get("/paper/jwks")).json())
        decoded = jwt.decode(token, keys, algorithms=["RS256"])
        assert decoded.header["typ"] == "JWT"
        return dict(decoded.claims)


@pytest.fixture
async def guardian(identity: Identity, town: Town) -> AsyncIterator[Guardian]:
    """In front of the platform edition."""
    async with running(identity, **PLATFORM) as app:
        transport = httpx.ASGITransport(app)
        client = AsyncOAuth2Client(
            client_id="keycloak",
            client_secret=SECRET,
            scope="openid",
            redirect_uri=BACK,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic",
            transport=transport,
        )
        async with client, httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
            yield Guardian(app, http, client)


async def test_a_code_becomes_an_id_token_about_the_account(
    guardian: Guardian, desk: Desk, identity: Identity, town: Town
) -> None:
    known = (await guardian.http.get("/paper/.well-known/openid-configuration")).json()
    assert known["issuer"] == PAPER
    assert known["authorization_endpoint"] == f"{PAPER}/authorize"
    code = await desk.code()
    url, state, verifier = guardian.start()
    asked = await guardian.enter(code, url)
    assert "中村 マリア" in asked.text
    assert "own_device" not in asked.text, "how long it stands is Keycloak's to say"
    assert "れんしゅう" not in asked.text
    answer = await guardian.enter(code, url, sure="yes")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{BACK}?")
    assert answer_of(answer)["iss"] == PAPER
    tokens = await guardian.keycloak.fetch_token(
        known["token_endpoint"],
        authorization_response=answer.headers["location"],
        state=state,
        code_verifier=verifier,
    )
    assert "refresh_token" not in tokens
    claims = await guardian.claims(tokens["id_token"])
    now = datetime.now(UTC).timestamp()
    assert 0 <= now - claims.pop("iat") < 60
    assert 0 <= now - claims.pop("auth_time") < 60
    assert 0 < claims.pop("exp") - now <= 300
    assert claims.pop("sid")
    assert claims == {
        "iss": PAPER,
        "aud": "keycloak",
        "sub": str(await identity.account(town.guardian)),
        "board": str(town.board),
        "person": str(town.guardian),
        "kind": "guardian",
        "acr": "1",
        "nonce": "nonce",
    }
    assert tokens["access_token"].count(".") == 0, "it opens nothing"
    rows = await identity.rows("select ended_at, end_reason from issuer_session where client_id = 'keycloak'")
    assert [(row.ended_at is not None, row.end_reason) for row in rows] == [(True, "handed over")]
    again, _, _ = await guardian.come(code)
    assert (again.status_code, "入れません" in again.text) == (422, True)


async def test_what_is_stolen_on_its_way_is_worth_nothing(
    guardian: Guardian, desk: Desk, identity: Identity, town: Town
) -> None:
    answer, _, verifier = await guardian.come(await desk.code())
    grant = {"grant_type": "authorization_code", "code": answer_of(answer)["code"], "redirect_uri": BACK}
    wrong = await guardian.token("another secret", **grant, code_verifier=verifier)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    stolen = await guardian.token(**grant, code_verifier=secrets.token_urlsafe(48))
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    late = await guardian.token(**grant, code_verifier=verifier)
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant"), "it ended with the theft"

    again, _, verifier = await guardian.come(await desk.code())
    grant["code"] = answer_of(again)["code"]
    await identity.say(guardianship(town.pupil, tie(town.mother_teacher)))

    async def heard() -> bool:
        return town.guardian not in await identity.kinds()

    await eventually(heard)
    ended = await guardian.token(**grant, code_verifier=verifier)
    assert (ended.status_code, ended.json()["error"]) == (400, "invalid_grant"), "no guardian any more"


async def test_no_other_way_of_the_issuer_is_open(guardian: Guardian) -> None:
    routed = {name.removeprefix("identity ") for name in operations({"identity": guardian.app})}
    own = ("/v1/", "/health/", "/openapi.json", "/log/")
    assert {name for name in routed if not any(part in name for part in own)} == {
        "GET /paper/.well-known/openid-configuration",
        "GET /paper/jwks",
        "GET /paper/assets/{name}",
        "GET /paper/authorize",
        "POST /paper/authorize/paper",
        "POST /paper/token",
    }
    for grant in ("refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"):
        answer = await guardian.token(grant_type=grant, audience="registry")
        assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


async def test_nobody_else_is_sent_back_to(guardian: Guardian, desk: Desk) -> None:
    url, _, _ = guardian.start()
    for change in (
        {"redirect_uri": "https://evil.example/"},
        {"client_id": "dashboard"},
        {"client_id": "dashboard", "redirect_uri": f"{ORIGIN}/auth/callback"},
    ):
        asked = dict(httpx.QueryParams(urlsplit(url).query)) | change
        answer = await guardian.http.get(f"/paper/authorize?{urlencode(asked)}")
        assert answer.status_code == 400
        assert "location" not in answer.headers
    plain = dict(httpx.QueryParams(urlsplit(url).query)) | {"code_challenge_method": "plain"}
    refused = await guardian.http.get(f"/paper/authorize?{urlencode(plain)}")
    assert answer_of(refused)["error"] == "invalid_request", "PKCE with S256 also for Keycloak"
    page = Page((await guardian.http.get(url)).text)
    foreign = await guardian.http.post(
        "/paper/authorize/paper", data=page.hidden, headers={"origin": "https://evil.example"}
    )
    assert foreign.status_code == 403


async def test_the_page_stands_under_its_own_path(guardian: Guardian) -> None:
    url, _, _ = guardian.start(ui_locales="vi")
    answer = await guardian.http.get(url)
    assert '<html lang="vi">' in answer.text
    assert 'action="/paper/authorize/paper"' in answer.text
    policy = answer.headers["content-security-policy"]
    # A browser holds the form to every address it is sent on to: Keycloak, and from there the product's own pages.
    assert policy.rstrip().endswith(f"form-action 'self' https://login.example {ORIGIN}")
    for name in ("sign-in.css", "icon.svg", "paper.js"):
        assert f'"/paper/assets/{name}"' in answer.text
        assert (await guardian.http.get(f"/paper/assets/{name}")).status_code == 200


async def test_wrong_codes_are_counted_as_ever(guardian: Guardian, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.identity.invitations.attempts.WRONG_FROM_ONE", 2)
    statuses = [(await guardian.come(rules.make()))[0].status_code for _ in range(3)]
    assert statuses == [422, 422, 429]


async def test_it_does_not_start_without_keycloak_s_secret(identity: Identity) -> None:
    with pytest.raises(MissingSecret, match="keycloak"):
        async with running(identity, **{**PLATFORM, "secrets": SECRETS}):
            pass
