"""Signing in at Keycloak's pages as people do, by HTTP alone: a password; of staff then an authenticator app's code."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import re
import secrets
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx

from benchmarks.load import trusted
from services.dashboard.sessions.issuer import Issuer, Tokens
from services.dashboard.sessions.rules import cookie_names
from services.identity.keycloak.training import Training
from shared.contracts.identity import AccountKind

SECONDS = 60.0
"""How long a browser waits for an answer."""
PERIOD_SECONDS = 30.0
"""How long an authenticator app shows a code."""
_FORM = re.compile(r'<form[^>]*\baction="([^"]+)"')


class NotIn(Exception):
    """A sign-in that ended elsewhere; the text says where."""


def browser() -> httpx.AsyncClient:
    """A browser that nobody has signed in with."""
    return httpx.AsyncClient(verify=trusted(), timeout=SECONDS)


async def session(origin: str, name: str, way: Training) -> dict[str, str]:
    """Sign in at the product in a new browser; the header that every request then carries. Raises :class:`NotIn`."""
    async with browser() as http:
        await enter(http, origin, name, way)
        cookie, _ = cookie_names(origin)
        return {"cookie": f"{cookie}={http.cookies[cookie]}"}


async def enter(
    http: httpx.AsyncClient, origin: str, name: str, way: Training, kind: AccountKind = "staff"
) -> None:
    """Sign in at the product in ``http``, which follows no redirect by itself.

    Who is told to come back does. Raises :class:`NotIn`.
    """
    again = "&again=true" if kind == "staff" else ""
    page = await _patiently(http, f"{origin}/auth/login?to=/{again}")
    back = await _proven(http, _location(page), name, way, kind, back=f"{origin}/auth/callback")
    done = await _patiently(http, back)
    if done.headers.get("location") != "/":
        raise NotIn(f"the way back ended with {done.status_code} {done.headers.get('location')}")


async def tokens(issuer: Issuer, back: str, name: str, way: Training) -> Tokens:
    """Sign in as the BFF's client, with its way ``back``, for the tokens that a browser never sees."""
    verifier, state, nonce = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    address = await issuer.sign_in_address(state=state, nonce=nonce, challenge=challenge, again=True)
    async with browser() as http:
        returned = await _proven(http, address, name, way, "staff", back=back)
    (code,) = parse_qs(urlsplit(returned).query)["code"]
    found, _ = await issuer.redeem(code, verifier, nonce, datetime.now(UTC))
    return found


async def _patiently(http: httpx.AsyncClient, address: str) -> httpx.Response:
    """The answer of who comes back when told to."""
    while True:
        answer = await http.get(address)
        if answer.status_code != 503:
            return answer
        await asyncio.sleep(float(answer.headers.get("retry-after", "5")))


async def _proven(
    http: httpx.AsyncClient, address: str, name: str, way: Training, kind: AccountKind, *, back: str
) -> str:
    """Answer Keycloak's pages; the address that it sends the browser back to."""
    page = await _onward(http, await http.get(address), back)
    page = await _answered(http, page, {"username": name, "password": way.password}, back)
    if kind == "staff":
        page = await _answered(http, page, {"otp": way.code(datetime.now(UTC))}, back)
        if page.next_request is None and _FORM.search(page.text):
            # A code counts once: who has signed in just now waits for the next, as people do.
            await asyncio.sleep(PERIOD_SECONDS - time.time() % PERIOD_SECONDS)
            page = await _answered(http, page, {"otp": way.code(datetime.now(UTC))}, back)
    return _location(page)


async def _answered(
    http: httpx.AsyncClient, page: httpx.Response, form: dict[str, str], back: str
) -> httpx.Response:
    found = _FORM.search(page.text)
    if found is None:
        raise NotIn(f"no form at {page.url.path}: {page.status_code}")
    return await _onward(http, await http.post(html.unescape(found[1]), data=form), back)


async def _onward(http: httpx.AsyncClient, page: httpx.Response, back: str) -> httpx.Response:
    while page.next_request is not None and not str(page.next_request.url).startswith(back):
        page = await http.send(page.next_request)
    return page


def _location(page: httpx.Response) -> str:
    if page.next_request is None:
        raise NotIn(f"{page.status_code} at {page.url.path}")
    return str(page.next_request.url)
