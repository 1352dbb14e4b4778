"""A client's own token: what is asked, how seldom, and what is told when there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from urllib.parse import parse_qsl

import httpx
import pytest

from shared.access.own_token import LEAST_SECONDS, NoToken, OwnToken

URL = "https://issuer/token"


class Issuer:
    """Gives tokens that last 300 seconds, or what it is told to answer."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answer: Callable[[], httpx.Response] | None = None
        self.lasts = 300

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        await asyncio.sleep(0)  # others get their turn while this one is being answered
        if self.answer:
            return self.answer()
        body = {"access_token": f"token-{len(self.asked)}", "expires_in": self.lasts}
        return httpx.Response(200, json=body)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test sets."""
    time = [1000.0]
    monkeypatch.setattr("shared.access.own_token.time", SimpleNamespace(monotonic=lambda: time[0]))
    return time


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


def token_of(issuer: Issuer, client: str = "dashboard", secret: str = "s") -> OwnToken:
    http = httpx.AsyncClient(transport=httpx.MockTransport(issuer))
    return OwnToken(http, URL, client, secret, "registry")


async def test_a_token_is_asked_for_with_audience_and_scope(issuer: Issuer) -> None:
    assert await token_of(issuer, "a:b", "c d")() == "token-1"
    (asked,) = issuer.asked
    assert (asked.method, str(asked.url)) == ("POST", URL)
    assert dict(parse_qsl(asked.content.decode())) == {
        "grant_type": "client_credentials",
        "audience": "registry",
        "scope": "registry",
    }
    assert asked.headers["authorization"] == httpx.BasicAuth("a%3Ab", "c+d")._auth_header


async def test_many_who_ask_at_once_cost_one_request(issuer: Issuer) -> None:
    token = token_of(issuer)
    assert set(await asyncio.gather(*(token() for _ in range(20)))) == {"token-1"}
    assert len(issuer.asked) == 1


async def test_a_token_is_renewed_when_half_its_life_is_over(issuer: Issuer, now: list[float]) -> None:
    token = token_of(issuer)
    await token()
    now[0] += 149
    assert await token() == "token-1"
    now[0] += 2
    assert await token() == "token-2"


async def test_a_token_that_lasts_less_than_what_must_be_left_is_asked_for_each_time(
    issuer: Issuer, now: list[float]
) -> None:
    issuer.lasts = int(LEAST_SECONDS)
    token = token_of(issuer)
    assert [await token(), await token()] == ["token-1", "token-2"]


@pytest.mark.parametrize("status", [200, 503])
async def test_while_the_issuer_is_away_the_last_token_serves_as_long_as_it_is_good(
    issuer: Issuer, now: list[float], status: int
) -> None:
    token = token_of(issuer)
    await token()
    issuer.answer = lambda: httpx.Response(status, text="proxy error")
    now[0] += 200
    assert [await token(), await token()] == ["token-1", "token-1"]
    assert len(issuer.asked) == 2  # not at every call
    now[0] += 300 - 200 - LEAST_SECONDS
    with pytest.raises(NoToken):
        await token()
    issuer.answer = None
    assert await token() == "token-4"


def _gone() -> httpx.Response:
    raise httpx.ConnectError("no")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda: httpx.Response(401, json={"error": "invalid_client"}), "401 invalid_client"),
        (lambda: httpx.Response(200, json={"token": 1}), "200、読めない答え"),
        (lambda: httpx.Response(502, text="<html>"), "502、読めない答え"),
        (lambda: httpx.Response(200, json=[1]), "200、読めない答え"),
        (_gone, "ConnectError"),
    ],
)
async def test_what_is_told_names_issuer_and_client_and_no_secret(
    issuer: Issuer, answer: Callable[[], httpx.Response], why: str
) -> None:
    issuer.answer = answer
    with pytest.raises(NoToken) as raised:
        await token_of(issuer, secret="very-secret")()
    said = str(raised.value)
    assert all(part in said for part in (URL, "dashboard", "registry", why))
    assert "very-secret" not in said
