"""What a new day brings is done once a day, and not given up because the database was away."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import date, timedelta

import pytest

from services.identity.daily import each_day
from services.identity.issuer.store import forget_old
from services.identity.issuer.tests.browser import Browser
from services.identity.tests.town import Identity, Town
from shared.dates import FixedClock
from tests.support.waiting import eventually


async def test_once_at_start_and_once_a_day(clock: FixedClock) -> None:
    done: list[date] = []
    failures = [ConnectionError("the database is away")]

    async def do() -> None:
        if failures:
            raise failures.pop()
        done.append(clock.today())

    looking = asyncio.create_task(each_day(clock, do, look_every=0.001))
    first = clock.today()
    await eventually(lambda: done == [first])
    clock.instant += timedelta(hours=1)
    clock.instant += timedelta(days=1)
    await eventually(lambda: len(done) > 1)
    assert done == [first, first + timedelta(days=1)]
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking


async def test_a_mistake_of_ours_is_not_hidden(clock: FixedClock) -> None:
    async def do() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await each_day(clock, do)


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
