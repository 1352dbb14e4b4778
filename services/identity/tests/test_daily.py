"""What a new day brings to identity."""

from __future__ import annotations

from datetime import timedelta

from services.identity.issuer.store import forget_old
from services.identity.issuer.tests.browser import Browser
from services.identity.tests.town import Identity, Town, running
from tests.support.answers import answer_commands, answers_left


async def test_sign_ins_that_are_long_over_are_forgotten(
    browser: Browser, identity: Identity, town: Town
) -> None:
    account = await identity.account(town.homeroom)
    ended = await browser.sign_in(account)
    await browser.http.get("/logout", params={"id_token_hint": ended["id_token"]})
    await browser.sign_in(account)
    now = browser.provider.real.now()
    await forget_old(identity.feed, now - timedelta(minutes=1))
    assert len(await identity.rows("select id from issuer_session")) == 2
    await forget_old(identity.feed, now + timedelta(minutes=1))
    (left,) = await identity.rows("select ended_at from issuer_session")
    assert left.ended_at is None
    for table in ("authorization_code", "refresh_token"):
        assert len(await identity.rows(f"select hash from {table}")) == 1
    await forget_old(identity.feed, now + timedelta(hours=13))
    assert await identity.rows("select id from issuer_session") == []


async def test_answers_past_their_time_are_forgotten(identity: Identity) -> None:
    await answer_commands(identity.database, identity.clock.now(), identity.board)
    async with running(identity):
        await answers_left(identity.database, identity.board, 1)
