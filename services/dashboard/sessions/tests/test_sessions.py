"""Sign-in, sessions and tokens, over real HTTP with an identity authority in miniature."""

from __future__ import annotations

import asyncio
import stat
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.sessions import store
from services.dashboard.sessions.issuer import EXCHANGE
from services.dashboard.sessions.rules import LOGINS, SECRET_BYTES, Ticket, cookie_names, safe_target, ticket
from services.dashboard.sessions.seal import OpenKey, Seal
from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.town import Town
from shared.access.principal import NO_BOARD
from tests.support.waiting import eventually


@pytest.fixture
def person(origin: Origin, town: Town) -> UUID:
    """Whoever the authority signs in next."""
    made = uuid4()
    origin.issuer.who = {
        "board": str(town.board),
        "person": str(made),
        "kind": "staff",
        "acr": "2",
        "sub": f"account-{made}",
    }
    return made


async def sign_in(origin: Origin, browser: Browser, to: str = "/today") -> str:
    """Through the authority and back; returns where it ended."""
    begun = await browser.get(f"/auth/login?to={to}")
    assert begun.status_code == 302
    chosen = await origin.http.get(begun.headers["location"])
    back = urlsplit(chosen.headers["location"])
    ended = await browser.get(f"{back.path}?{back.query}")
    assert ended.status_code == 302
    return ended.headers["location"]


async def test_signing_in_leaves_one_cookie_and_no_token(origin: Origin, person: UUID) -> None:
    browser = origin.browser()
    begun = await browser.get("/auth/login?to=/classes/1")
    address = urlsplit(begun.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{origin.issuer.url}/authorize"
    assert asked["response_type"] == "code"
    assert asked["client_id"] == "dashboard"
    assert asked["redirect_uri"] == f"{origin.url}/auth/callback"
    assert (asked["scope"], asked["code_challenge_method"]) == ("openid", "S256")
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
    await origin.room.log.flush()
    connection = await origin.database.server.connect(origin.database.name)
    rows = await connection.fetch("select * from access.entry")
    await connection.close()
    assert Counter((row["action"], row["resource"], row["outcome"]) for row in rows) == {
        ("sign-in", "login-state", "refused"): 2,
        ("sign-in", "authority-answer", "refused"): 2,
    }
    for row in rows:
        assert (row["principal"], row["person"], row["client"]) == ("nobody", None, "dashboard")
        assert (row["board_id"], row["resource_id"], row["subjects"]) == (NO_BOARD, None, [])


async def test_signing_in_anew_ends_the_session_before(origin: Origin, person: UUID) -> None:
    browser = origin.browser()
    await sign_in(origin, browser)
    first = dict(browser.cookies)
    await sign_in(origin, browser)
    assert browser.cookies != first
    assert (await browser.get("/api/me")).status_code == 200
    old = Browser(origin.url, origin.http, first)
    answer = await old.get("/api/me")
    assert answer.status_code == 401
    assert answer.json()["type"].endswith("/signed-out")


async def test_signing_out_ends_it_everywhere(origin: Origin, person: UUID) -> None:
    browser = origin.browser()
    await sign_in(origin, browser)
    kept = dict(browser.cookies)
    answer = await browser.command("/auth/logout")
    assert answer.json() == {"redirect": "/signed-out"}
    assert "eyJ" not in answer.text
    (told,) = origin.issuer.signed_out
    assert told["client_id"] == "dashboard"
    assert told["id_token_hint"].count(".") == 2
    assert browser.cookies == {}
    assert (await Browser(origin.url, origin.http, kept).get("/api/me")).status_code == 401
    again = await browser.command("/auth/logout")
    assert again.json() == {"redirect": "/signed-out"}
    assert len(origin.issuer.signed_out) == 1


async def test_a_page_that_outlived_its_session_signs_nobody_else_out(origin: Origin, town: Town) -> None:
    before, after = uuid4(), uuid4()
    browser = await origin.enter(after, board=town.board)
    answer = await browser.command("/auth/logout", x_tsumugi=str(before))
    assert answer.json() == {"redirect": "/signed-out"}
    assert (await browser.get("/api/me")).status_code == 200
    assert (await browser.command("/auth/logout", x_tsumugi=str(after))).status_code == 200
    assert (await browser.get("/api/me")).status_code == 401


async def test_sessions_end_by_themselves(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    assert (await browser.get("/api/me")).status_code == 200
    origin.real.ahead = timedelta(hours=1, minutes=59)
    assert (await browser.get("/api/me")).status_code == 200
    origin.real.ahead = timedelta(hours=3, minutes=58)
    assert (await browser.get("/api/me")).status_code == 200
    origin.real.ahead = timedelta(hours=6)
    assert (await browser.get("/api/me")).status_code == 401
    busy = await origin.enter(uuid4(), board=town.board)
    for hours in range(1, 13):
        origin.real.ahead = timedelta(hours=6 + hours)
        expected = 200 if hours < 12 else 401
        assert (await busy.get("/api/me")).status_code == expected


async def test_the_page_of_a_shut_account_is_told_to_wipe_its_device(origin: Origin, town: Town) -> None:
    person = await town.staff("閉", ("principal", await town.school(), None))
    browser = await origin.enter(person, board=town.board)
    await town.account(person)
    await origin.caught_up()
    assert (await browser.get("/api/me")).status_code == 200
    await town.account(person, enabled=False)
    await origin.caught_up()
    origin.issuer.refuse = (
        "invalid_grant"  # as an authority does that has heard of it; the wiping comes first
    )
    origin.real.ahead = timedelta(minutes=10)
    for _ in range(2):
        answer = await browser.get("/api/me")
        assert (answer.status_code, answer.headers["x-tsumugi"]) == (401, str(person))
        assert answer.json()["type"].endswith("/session-revoked")


async def test_no_cookie_of_another_board_or_shape_opens_anything(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    held = ticket(browser.cookies[origin.room.cookie])
    assert held is not None
    for wrong in (
        Ticket(uuid4(), held.session, held.secret).cookie(),
        Ticket(held.board, uuid4(), held.secret).cookie(),
        Ticket(held.board, held.session, b"x" * SECRET_BYTES).cookie(),
        "",
        "nonsense",
        "A" * 4000,
    ):
        browser.cookies[origin.room.cookie] = wrong
        answer = await browser.get("/api/me")
        assert answer.status_code == 401
        assert answer.json()["type"].endswith("/signed-out")


async def test_tokens_are_renewed_once_for_everybody(origin: Origin, town: Town) -> None:
    """A refresh token is good once; ten requests at the same moment must not spend it twice."""
    browser = await origin.enter(uuid4(), board=town.board, life=10)
    answers = await asyncio.gather(*(browser.get("/api/registry/v1/anything") for _ in range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert origin.issuer.asked["refresh_token"] == 1
    assert origin.issuer.asked[EXCHANGE] == 1
    assert len({reached.headers["authorization"] for reached in origin.registry.reached}) == 1


async def test_exchanged_tokens_are_kept_until_just_before_they_expire(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    for _ in range(3):
        await browser.get("/api/registry/v1/anything")
    assert origin.issuer.asked["registry"] == 1
    origin.real.ahead = timedelta(seconds=269)
    await browser.get("/api/registry/v1/anything")
    assert origin.issuer.asked["registry"] == 1
    origin.real.ahead = timedelta(seconds=272)
    await browser.get("/api/registry/v1/anything")
    assert (origin.issuer.asked["registry"], origin.issuer.asked["refresh_token"]) == (2, 1)


async def test_the_authoritys_no_ends_the_session(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board, life=10)
    origin.issuer.refuse = "invalid_grant"
    answer = await browser.get("/api/registry/v1/anything")
    assert answer.status_code == 401
    assert answer.json()["type"].endswith("/signed-out")
    assert (await browser.get("/api/me")).status_code == 401


async def test_a_wrong_setup_at_the_authority_ends_no_session(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    origin.issuer.refuse = "invalid_target"
    assert (await browser.get("/api/registry/v1/anything")).status_code == 503
    assert (await browser.get("/api/me")).status_code == 200


async def test_a_page_that_needs_no_token_ends_with_the_sign_in_too(origin: Origin, town: Town) -> None:
    """Whoever the authority has shut out reads for no longer than the token in hand holds."""
    browser = await origin.enter(uuid4(), board=town.board)
    origin.issuer.refuse = "invalid_grant"
    assert (await browser.get("/api/me")).status_code == 200
    assert origin.issuer.asked["refresh_token"] == 0
    origin.real.ahead = timedelta(seconds=271)
    answer = await browser.get("/api/me")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (401, "signed-out")
    origin.issuer.refuse = None
    origin.real.ahead = timedelta(0)
    assert (await browser.get("/api/me")).status_code == 401, "it has ended for good"


async def test_a_sign_in_that_stands_is_asked_for_once_a_token(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    for minutes in (5, 10):
        origin.real.ahead = timedelta(minutes=minutes)
        answers = await asyncio.gather(*(browser.get("/api/me") for _ in range(5)))
        assert [answer.status_code for answer in answers] == [200] * 5
    assert origin.issuer.asked["refresh_token"] == 2


@pytest.mark.parametrize("trouble", [{"away": True}, {"refuse": "invalid_client"}])
async def test_an_authority_that_says_nothing_ends_no_session_and_opens_no_page(
    origin: Origin, town: Town, trouble: dict[str, Any]
) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    for name, value in trouble.items():
        setattr(origin.issuer, name, value)
    origin.real.ahead = timedelta(seconds=290)
    assert (await browser.get("/api/me")).status_code == 200, "the token in hand is its word"
    origin.real.ahead = timedelta(seconds=301)
    answer = await browser.get("/api/me")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (503, "issuer-away")
    origin.issuer.away, origin.issuer.refuse = False, None
    assert (await browser.get("/api/me")).status_code == 200


@pytest.fixture
async def slow(origin: Origin) -> AsyncIterator[asyncio.Event]:
    """An authority that answers renewals only when the event is set, and nobody's patience ends before."""
    origin.room.http.timeout = httpx.Timeout(60)
    origin.issuer.slow = asyncio.Event()
    yield origin.issuer.slow
    origin.issuer.slow.set()


async def test_a_slow_authority_keeps_one_session_waiting_and_nobody_else(
    origin: Origin, town: Town, slow: asyncio.Event
) -> None:
    """However many requests of a session wait, they take one connection and one turn."""
    one, other = [await origin.enter(uuid4(), board=town.board, life=20) for _ in range(2)]
    fresh = await origin.enter(uuid4(), board=town.board)
    waiting = [asyncio.create_task(one.get("/api/me")) for _ in range(40)]
    await eventually(lambda: origin.issuer.asked["refresh_token"] == 1)
    assert (await asyncio.wait_for(fresh.get("/api/me"), 15)).status_code == 200
    waiting.append(asyncio.create_task(other.get("/api/me")))
    await eventually(lambda: origin.issuer.asked["refresh_token"] == 2)
    slow.set()
    assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}
    assert origin.issuer.asked["refresh_token"] == 2


async def test_many_sessions_at_a_slow_authority_leave_the_pages_their_connections(
    origin: Origin, town: Town, slow: asyncio.Event
) -> None:
    due = [await origin.enter(uuid4(), board=town.board, life=20) for _ in range(40)]
    fresh = await origin.enter(uuid4(), board=town.board)
    waiting = [asyncio.create_task(browser.get("/api/me")) for browser in due]
    await eventually(lambda: origin.issuer.asked["refresh_token"] > 0)
    assert (await asyncio.wait_for(fresh.get("/api/me"), 15)).status_code == 200
    # Who gets no turn goes on with the token in hand while that holds.
    await eventually(
        lambda: sum(task.done() for task in waiting) == 40 - origin.issuer.asked["refresh_token"]
    )
    assert origin.issuer.asked["refresh_token"] <= 16
    slow.set()
    assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}


def test_cookies_of_two_deployments_do_not_meet() -> None:
    assert cookie_names("http://localhost:8600") == ("__Host-tsumugi-8600", "__Host-tsumugi-login-8600")
    assert cookie_names("https://tsumugi.example")[0] == "__Host-tsumugi-443"


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\tevil",
        "/a\n/b",
        "/auth/login",
        "/api/me",
        "",
        "today",
        "/" + "x" * 600,
        None,
    ],
)
def test_sign_in_leads_nowhere_else(to: str | None) -> None:
    assert safe_target(to) == "/"


@given(st.text(max_size=40))
def test_no_target_leaves_the_origin(to: str) -> None:
    found = safe_target(to)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert urlsplit(found).netloc == ""


@given(st.uuids(), st.uuids(), st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES))
def test_tickets_are_read_as_they_were_written(board: UUID, session: UUID, secret: bytes) -> None:
    made = Ticket(board, session, secret)
    assert ticket(made.cookie()) == made


@given(st.text(max_size=120))
def test_no_text_breaks_the_reader_of_tickets(cookie: str) -> None:
    found = ticket(cookie)
    assert found is None or found.cookie() == cookie


def test_the_seals_key_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "sessions.key"
    sealed = Seal.of(file).close({"a": 1}, "here")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Seal.of(file).open(sealed, "here") == {"a": 1}
    assert Seal.of(file).open(sealed, "there") is None
    assert Seal.of(file).open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "here") is None
    assert Seal.of(tmp_path / "another.key").open(sealed, "here") is None
    file.chmod(0o644)
    with pytest.raises(OpenKey, match=r"sessions\.key"):
        Seal.of(file)
