"""Signing in, over real HTTP with an identity authority in miniature: who gets a session, and who gets none."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest

from services.dashboard.sessions import store
from services.dashboard.sessions.rules import LOGINS, ticket
from services.dashboard.sessions.tests.conftest import sign_in
from services.dashboard.tests.origin import Origin
from shared.access.crowd import EVERY_SECONDS
from shared.access.principal import NO_BOARD


async def test_signing_in_leaves_one_cookie_and_no_token(origin: Origin, person: UUID) -> None:
    browser = origin.browser()
    begun = await browser.get("/auth/login?to=/classes/1")
    address = urlsplit(begun.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{origin.issuer.url}/authorize"
    assert asked["response_type"] == "code"
    assert asked["client_id"] == "dashboard"
    assert asked["redirect_uri"] == f"{origin.url}/auth/callback"
    assert (asked["scope"], asked["code_challenge_method"]) == ("openid dashboard", "S256")
    assert len(asked["state"]) >= 43
    assert len(asked["nonce"]) >= 43
    login_cookie = begun.headers["set-cookie"]
    assert login_cookie.startswith(f"__Host-tsumugi-login-{origin.at.port}-")
    for part in ("HttpOnly", "Secure", "Path=/", "SameSite=lax", "Max-Age=600"):
        assert part in login_cookie
    assert "Domain" not in login_cookie

    chosen = await origin.http.get(begun.headers["location"])
    back = urlsplit(chosen.headers["location"])
    ended = await browser.get(f"{back.path}?{back.query}")
    assert ended.headers["location"] == "/classes/1"
    assert ended.headers["cache-control"] == "no-store"
    kept = [c for c in ended.headers.get_list("set-cookie") if not c.startswith("__Host-tsumugi-login")]
    assert len(kept) == 1
    assert kept[0].startswith(f"__Host-tsumugi-{origin.at.port}=")
    for part in ("HttpOnly", "Secure", "Path=/", "SameSite=strict"):
        assert part in kept[0]
    assert "Max-Age" not in kept[0]
    assert "Domain" not in kept[0]
    assert list(browser.cookies) == [origin.room.cookie]
    me = await browser.read("/api/me")
    assert me["person"]["id"] == str(person)
    assert "eyJ" not in str(me)


async def test_tokens_rest_sealed_and_cookies_hashed(origin: Origin, person: UUID) -> None:
    browser = origin.browser()
    await sign_in(origin, browser)
    connection = await origin.database.server.connect(origin.database.name)
    (row,) = await connection.fetch("select * from web_session")
    await connection.close()
    held = ticket(browser.cookies[origin.room.cookie])
    assert held is not None
    assert row["secret_hash"] == store.secret_hash(held.secret)
    assert held.secret not in bytes(row["tokens"])
    assert b"eyJ" not in bytes(row["tokens"])
    assert origin.room.sessions.seal.open(bytes(row["tokens"]), f"session:{row['id']}")["access"].startswith(
        "eyJ"
    )
    assert origin.room.sessions.seal.open(bytes(row["tokens"]), f"session:{uuid4()}") is None


@pytest.mark.parametrize("how", ["no cookie", "another state", "twice", "too late", "wrong seal"])
async def test_a_sign_in_that_we_did_not_begin_begins_nothing(origin: Origin, person: UUID, how: str) -> None:
    """Login CSRF: an attacker's code must not sign the victim in as the attacker."""
    browser = origin.browser()
    begun = await browser.get("/auth/login")
    back = urlsplit((await origin.http.get(begun.headers["location"])).headers["location"])
    address = f"{back.path}?{back.query}"
    if how == "no cookie":
        browser.cookies.clear()
    elif how == "another state":
        address = address.replace("state=", "state=x")
    elif how == "twice":
        assert (await browser.get(address)).headers["location"] == "/"
        browser.cookies.clear()
    elif how == "too late":
        origin.real.ahead = timedelta(minutes=11)
    else:
        (own,) = browser.cookies
        browser.cookies[own] = "A" * 200
    answer = await browser.get(address)
    assert answer.headers["location"] == "/signed-out?why=expired"
    assert origin.room.cookie not in browser.cookies
    assert (await browser.get("/api/me")).status_code == 401


async def test_two_tabs_sign_in_at_once(origin: Origin, person: UUID) -> None:
    """Each finishes the sign-in it began, in whatever order they come back."""
    browser = origin.browser()
    begun = [await browser.get(f"/auth/login?to=/{tab}") for tab in ("one", "two")]
    for tab, answer in zip(("one", "two"), begun, strict=True):
        back = urlsplit((await origin.http.get(answer.headers["location"])).headers["location"])
        assert (await browser.get(f"{back.path}?{back.query}")).headers["location"] == f"/{tab}"
        assert (await browser.get("/api/me")).status_code == 200
    assert list(browser.cookies) == [origin.room.cookie]


async def test_sign_ins_that_nobody_finished_make_way(origin: Origin, person: UUID) -> None:
    browser = origin.browser()
    first = await browser.get("/auth/login?to=/first")
    for minute in range(1, LOGINS):
        origin.real.ahead = timedelta(minutes=minute)
        await browser.get("/auth/login")
    assert len(browser.cookies) == LOGINS
    old = set(browser.cookies)
    last = await browser.get("/auth/login?to=/last")
    assert len(browser.cookies) == LOGINS
    assert len(old - set(browser.cookies)) == 1
    for answer, ends in ((last, "/last"), (first, "/signed-out?why=expired")):
        back = urlsplit((await origin.http.get(answer.headers["location"])).headers["location"])
        assert (await browser.get(f"{back.path}?{back.query}")).headers["location"] == ends


@pytest.mark.parametrize(
    "spoil",
    [
        {"nonce": "another"},
        {"aud": "registry"},
        {"iss": "http://localhost:1"},
        {"exp": 1},
    ],
)
async def test_an_id_token_for_another_sign_in_is_refused(
    origin: Origin, person: UUID, spoil: dict[str, object]
) -> None:
    origin.issuer.spoil = spoil
    browser = origin.browser()
    assert await sign_in(origin, browser) == "/signed-out?why=refused"
    assert browser.cookies == {}


async def test_refusals_and_other_authorities_sign_nobody_in(origin: Origin, person: UUID) -> None:
    browser = origin.browser()
    begun = await browser.get("/auth/login")
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    answer = await browser.get(f"/auth/callback?error=access_denied&state={state}")
    assert answer.headers["location"] == "/signed-out?why=refused"
    begun = await browser.get("/auth/login")
    back = urlsplit((await origin.http.get(begun.headers["location"])).headers["location"])
    answer = await browser.get(f"{back.path}?{back.query}&iss=http://localhost:1")
    assert answer.headers["location"] == "/signed-out?why=refused"
    origin.issuer.refuse = "invalid_grant"
    assert await sign_in(origin, browser) == "/signed-out?why=refused"


async def test_every_refused_sign_in_is_in_the_access_log_and_nobody_in_it(
    origin: Origin, person: UUID
) -> None:
    """Counted: whoever tries without end makes no more rows than one a minute."""
    crowd = origin.room.log.crowd
    crowd.ticks = lambda: 0.0
    browser = origin.browser()
    await browser.get("/auth/callback?code=x&state=y")  # never begun
    begun = await browser.get("/auth/login")
    await browser.get("/auth/callback?code=x&state=another")
    begun = await browser.get("/auth/login")
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    await browser.get(f"/auth/callback?error=access_denied&state={state}")  # an unknown account
    origin.issuer.refuse = "invalid_grant"
    await sign_in(origin, browser)
    origin.issuer.refuse = None
    assert await sign_in(origin, browser) == "/today"
    await origin.http.post("/auth/backchannel-logout", data={"logout_token": "x"})
    connection = await origin.database.server.connect(origin.database.name)
    await origin.room.log.flush()
    rows = await connection.fetch("select * from access.entry where outcome <> 'allowed'")
    assert len(rows) == 3, "one of each kind"
    crowd.ticks = lambda: EVERY_SECONDS
    for _ in range(20):
        await browser.get("/auth/callback?code=x&state=y")
    await origin.room.log.flush()
    rows = await connection.fetch("select * from access.entry where outcome <> 'allowed'")
    await connection.close()
    assert len(rows) in (4, 5), "and one more, a minute later, of each that came again"
    tried: Counter[tuple[str, str]] = Counter()
    for row in rows:
        _, _, times = row["outcome"].partition("refused ")
        tried[row["action"], row["resource"]] += int(times.removesuffix(" times") or 1)
    waiting = sum(crowd.take(all=True).values())
    assert tried["sign-in", "login-state"] + waiting == 22
    assert tried["sign-in", "authority-answer"] == 2
    assert tried["backchannel-logout", "session"] == 1
    for row in rows:
        assert (row["principal"], row["person"], row["client"]) == ("nobody", None, "dashboard")
        assert (row["board_id"], row["resource_id"], row["subjects"]) == (NO_BOARD, None, [])


async def test_nobody_is_sent_to_an_authority_that_is_away(
    origin: Origin, person: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser would show an error of its own there; here a page says what is the matter, and tries again."""
    monkeypatch.setattr("services.dashboard.sessions.issuer._HEARD_SECONDS", 0.0)
    browser = origin.browser()
    assert (await browser.get("/auth/login?to=/today")).status_code == 302
    origin.issuer.away = True
    answer = await browser.get("/auth/login?to=/today", accept="text/html,*/*")
    assert (answer.status_code, answer.headers["refresh"]) == (503, "5")
    assert "サインインのしくみが、いま止まっています。" in answer.text
    origin.issuer.away = False
    assert await sign_in(origin, browser) == "/today"
