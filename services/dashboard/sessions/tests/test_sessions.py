"""Sessions and tokens, over real HTTP with an identity authority in miniature."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from sqlalchemy.exc import DBAPIError
from starlette.responses import JSONResponse

from services.dashboard.sessions import store
from services.dashboard.sessions.issuer import EXCHANGE
from services.dashboard.sessions.rules import SECRET_BYTES, Ticket, ticket
from services.dashboard.sessions.tests.conftest import sign_in
from services.dashboard.tests.origin import Browser, Origin
from services.dashboard.tests.town import Town
from tests.support.waiting import eventually


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


async def test_writes_go_on_while_the_authority_is_away_as_long_as_their_token_holds(
    origin: Origin, town: Town
) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    assert (await browser.command("/api/registry/v1/anything")).status_code == 200
    origin.issuer.away = True
    origin.real.ahead = timedelta(seconds=290)  # no token is good for long enough to be chosen by itself
    assert (await browser.command("/api/registry/v1/anything")).status_code == 200, "the one in hand serves"
    (first, last) = [reached.headers["authorization"] for reached in origin.registry.reached]
    assert first == last
    origin.real.ahead = timedelta(seconds=297)
    answer = await browser.command("/api/registry/v1/anything")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (503, "issuer-away")
    assert len(origin.registry.reached) == 2, "it would have ended on its way"
    origin.issuer.away = False
    assert (await browser.command("/api/registry/v1/anything")).status_code == 200


async def test_a_token_that_a_service_refused_does_not_serve_again(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    assert (await browser.get("/api/registry/v1/anything")).status_code == 200
    origin.issuer.away = True
    origin.registry.answers = [JSONResponse({"type": "https://tsumugi.example/problems/signed-out"}, 401)]
    answer = await browser.get("/api/registry/v1/anything")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (503, "issuer-away")


@pytest.fixture
async def slow(origin: Origin) -> AsyncIterator[asyncio.Event]:
    """An authority that answers renewals only when the event is set, and nobody's patience ends before."""
    origin.room.sessions.patience = 60
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


async def test_a_renewal_that_takes_long_is_not_lost_with_the_patience_of_who_asked(
    origin: Origin, town: Town, slow: asyncio.Event
) -> None:
    """The authority has used the token up when it answers: who does not take the answer must sign in anew."""
    origin.room.sessions.patience = 0.2
    origin.room.http.timeout = httpx.Timeout(0.2)
    browser = await origin.enter(uuid4(), board=town.board)
    origin.real.ahead = timedelta(seconds=301)
    answer = await browser.get("/api/me")
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (503, "issuer-away")
    slow.set()
    origin.room.sessions.patience = 60
    assert (await browser.get("/api/me")).status_code == 200
    assert origin.issuer.asked["refresh_token"] == 1


def full_after(writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many renewals can be written yet; then the database's disk is full."""
    renew, left = store.renew, iter(range(writes))

    async def write(*what: Any) -> None:
        if next(left, None) is None:
            error = asyncpg.PostgresError.new({"C": "53100", "M": "no"})
            raise DBAPIError("update", None, error, connection_invalidated=False)
        await renew(*what)

    monkeypatch.setattr(store, "renew", write)


async def test_the_authority_is_not_asked_for_what_the_database_has_no_room_for(
    origin: Origin, town: Town
) -> None:
    """It counts whom it has answered; whoever asked on, and on, would have to sign in anew."""
    browser = await origin.enter(uuid4(), board=town.board)
    origin.real.ahead = timedelta(seconds=301)
    with pytest.MonkeyPatch.context() as patch:
        full_after(0, patch)
        for _ in range(4):
            answer = await browser.get("/api/me")
            assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (503, "disk-full")
    assert origin.issuer.asked["refresh_token"] == 0
    assert (await browser.get("/api/me")).status_code == 200


async def test_a_renewal_that_the_database_cannot_keep_is_not_lost(origin: Origin, town: Town) -> None:
    browser = await origin.enter(uuid4(), board=town.board)
    origin.real.ahead = timedelta(seconds=301)
    with pytest.MonkeyPatch.context() as patch:
        full_after(1, patch)
        for _ in range(4):
            assert (await browser.get("/api/me")).status_code == 503
        assert origin.issuer.asked["refresh_token"] == 1
    with pytest.MonkeyPatch.context() as patch:
        full_after(1, patch)
        origin.real.ahead = timedelta(seconds=602)  # what nobody saved has ended meanwhile
        assert (await browser.get("/api/me")).status_code == 503
        assert origin.issuer.asked["refresh_token"] == 2
    assert (await browser.get("/api/me")).status_code == 200
    assert origin.issuer.asked["refresh_token"] == 2
    origin.real.ahead = timedelta(seconds=903)
    assert (await browser.get("/api/me")).status_code == 200
    assert origin.issuer.asked["refresh_token"] == 3


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
