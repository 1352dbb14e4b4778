"""The authority ends sign-ins: at once, in every board, once a token, and only by a token that is one."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from services.dashboard.live.tests.test_live import a_school, listening
from services.dashboard.sessions.logout_token import EVENT, FRESH
from services.dashboard.sessions.store import forget_heard
from services.dashboard.tests.doubles import AUTHORITY
from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.town import TODAY, Town
from shared.access.crowd import EVERY_SECONDS
from shared.access.tokens import ALGORITHM
from shared.database import Units, make_engine
from tests.support.waiting import eventually

PATH = "/auth/backchannel-logout"


def claims(origin: Origin, **changes: Any) -> dict[str, Any]:
    """What a good token says (§2.4), with ``changes``; None takes a claim away."""
    now = int(datetime.now(UTC).timestamp())
    said = {
        "iss": origin.issuer.url,
        "aud": "dashboard",
        "iat": now,
        "exp": now + 120,
        "jti": str(uuid4()),
        "events": {EVENT: {}},
        "sid": "a sign-in",
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def signed(said: dict[str, Any], *, key: Any = AUTHORITY.key, **header: Any) -> str:
    """As the authority signs."""
    sent = {"typ": "logout+jwt", "alg": ALGORITHM, "kid": AUTHORITY.key.kid, **header}
    return jwt.encode(sent, said, key, algorithms=[sent["alg"]])


async def tell(origin: Origin, token: str) -> httpx.Response:
    """As the authority sends it: a form, no cookie, no header of ours."""
    return await origin.http.post(PATH, data={"logout_token": token})


async def status(browser: Browser) -> int:
    return (await browser.get("/api/me")).status_code


async def test_one_sign_in_ends_everywhere_and_its_streams_with_it(origin: Origin, town: Town) -> None:
    school = await a_school(origin, town)
    key = f"class-day:{school.klass}:{TODAY}"
    who = school.teacher_id
    one = await origin.enter(who, board=town.board, sid="one")
    other = await origin.enter(who, board=town.board, sid="two")
    async with listening(one, key) as ending, listening(other, key) as staying:
        # Keycloak's `sub` here is its own user's id, which is nobody's account: the sign-in alone says what is over.
        answer = await tell(origin, signed(claims(origin, sid="one", sub=str(uuid4()))))
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["cache-control"] == "no-store"
        await eventually(lambda: ending.closed, within=3)
        assert ending.end == {"reason": "signed-out"}
        assert not staying.closed
    refused = await one.get("/api/me")
    assert refused.status_code == 401
    assert refused.json()["type"].endswith("/session-revoked"), "what the browser keeps of them is wiped"
    assert await status(other) == 200
    connection = await origin.database.server.connect(origin.database.name)
    kept = await connection.fetch("select tokens, end_reason from web_session where issuer_session = 'one'")
    await connection.close()
    assert [(row["tokens"], row["end_reason"]) for row in kept] == [
        (b"", "the authority has ended the sign-in")
    ]


async def test_without_a_sign_in_all_of_the_account_end_in_every_board(origin: Origin, town: Town) -> None:
    who, elsewhere = uuid4(), uuid4()
    ending = [
        await origin.enter(who, board=board, sid=str(number))
        for number, board in enumerate((town.board, town.board, elsewhere))
    ]
    staying = await origin.enter(uuid4(), board=town.board)
    answer = await tell(origin, signed(claims(origin, sid=None, sub=f"account-{who}")))
    assert answer.status_code == 200
    assert [await status(each) for each in ending] == [401, 401, 401]
    assert await status(staying) == 200


async def test_a_token_counts_once(origin: Origin, town: Town) -> None:
    token = signed(claims(origin, sid="twice"))
    assert (await tell(origin, token)).status_code == 200
    after = await origin.enter(uuid4(), board=town.board, sid="twice")
    again = await tell(origin, token)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")
    assert await status(after) == 200
    engine = make_engine(origin.database.feed, pool_size=1)
    try:
        await forget_heard(Units(engine, origin.clock), datetime.now(UTC) + timedelta(days=1))
    finally:
        await engine.dispose()
    assert (await tell(origin, token)).status_code == 200, "what is too old to be good need not be remembered"


NOW = int(datetime.now(UTC).timestamp())
BAD: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "for another client": {"aud": "registry"},
    "for two": {"aud": ["dashboard", "registry"]},
    "for nobody": {"aud": None},
    "expired": {"exp": NOW - 60},
    "no end": {"exp": None},
    "old": {"iat": NOW - int(FRESH.total_seconds()) - 60},
    "from the future": {"iat": NOW + 3600},
    "no beginning": {"iat": None},
    "no name": {"jti": None},
    "a number for a name": {"jti": 7},
    "no event": {"events": None},
    "another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "an event without an object": {"events": {EVENT: True}},
    "events as a list": {"events": [EVENT]},
    "with a nonce": {"nonce": "n"},
    "of nobody": {"sid": None},
    "a list of sign-ins": {"sid": ["bad"]},
}


async def test_what_does_not_say_all_it_must_ends_nothing(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board, sid="bad")
    for how, changes in BAD.items():
        answer = await tell(origin, signed(claims(origin, **{"sid": "bad", **changes})))
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), how
        assert await status(browser) == 200, how
    good = await tell(origin, signed(claims(origin, sid="bad")))
    assert (good.status_code, await status(browser)) == (200, 401), "the same, saying all it must"


def hs256(said: dict[str, Any]) -> str:
    """Signed with what everybody knows, the public key; no library would do it."""
    header = {"typ": "logout+jwt", "alg": "HS256", "kid": AUTHORITY.key.kid}
    parts = b".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, said))
    mark = hmac.digest(AUTHORITY.key.as_pem(private=False), parts, "sha256")
    return (parts + b"." + urlsafe_b64encode(mark).rstrip(b"=")).decode()


FORGED: dict[str, Callable[[dict[str, Any]], str]] = {
    "nothing": lambda said: "",
    "words": lambda said: "abc",
    "another type": lambda said: signed(said, typ="JWT"),
    "an access token": lambda said: signed(said, typ="at+jwt"),
    "another key": lambda said: signed(said, key=RSAKey.generate_key(2048)),
    "an unknown key": lambda said: signed(said, kid="unknown"),
    "HS256 with the public key": hs256,
    "its signature taken off": lambda said: signed(said).rpartition(".")[0] + ".",
}


async def test_what_the_authority_has_not_signed_as_one_ends_nothing(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board, sid="forged")
    origin.room.log.crowd.ticks = count(
        step=EVERY_SECONDS
    ).__next__  # each look is a minute after the one before
    for how, forge in FORGED.items():
        assert (await tell(origin, forge(claims(origin, sid="forged")))).status_code == 400, how
        assert await status(browser) == 200, how
    connection = await origin.database.server.connect(origin.database.name)
    try:
        # A row says how many it stands for, unless it is one.
        logged = (
            "select sum(coalesce(substring(outcome from 'refused (.*) times')::int, 1)) from access.entry"
            " where action = 'backchannel-logout' and outcome like 'refused%'"
        )

        async def is_logged() -> bool:
            return bool(await connection.fetchval(logged) == len(FORGED))

        await eventually(is_logged)
    finally:
        await connection.close()


async def test_it_comes_as_a_form_and_once(origin: Origin) -> None:
    token = signed(claims(origin))
    twice = await origin.http.post(PATH, data={"logout_token": [token, token]})
    assert twice.status_code == 400
    assert (await origin.http.post(PATH, json={"logout_token": token})).status_code == 400
    assert (await origin.http.post(f"{PATH}?logout_token={token}")).status_code == 400
    file = await origin.http.post(PATH, files={"logout_token": ("a", token.encode())})
    assert file.status_code in (400, 422)
    assert (await tell(origin, token)).status_code == 200
