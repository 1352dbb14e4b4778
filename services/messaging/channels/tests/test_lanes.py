"""Who is slow, silent or mad holds up nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import orjson
import pytest

from services.messaging.channels import reconciler, rules
from services.messaging.channels.rules import Outcome, again, of_push
from services.messaging.channels.settings import PASSWORD, Channels
from services.messaging.channels.tests.receivers import PushService
from services.messaging.channels.tests.test_deliveries import Post, mail_of, post
from services.messaging.channels.tests.test_push import service, switch_on
from shared.database import connect
from tests.support.waiting import eventually

__all__ = ["post", "service"]


class _Lock:
    """The connection that holds the lock, without one."""

    async def add_listener(self, channel: str, callback: object) -> None:
        pass

    def is_closed(self) -> bool:
        return False


@asynccontextmanager
async def _silent() -> AsyncIterator[int]:
    """A mail relay that takes a connection and says nothing; its port."""
    over = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(take, "localhost", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        over.set()
        server.close()


def _mail_goes_to(post: Post, port: int) -> None:
    set_ = post.settings.read()
    assert set_.mail is not None
    post.settings.write(Channels(mail=set_.mail.model_copy(update={"port": port}), push=set_.push))


async def test_a_silent_mail_relay_holds_up_no_telephone(
    post: Post, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what is due with it nor what comes while it is still waited for."""
    monkeypatch.setattr(reconciler, "AT_ONCE", 1)
    await post.confirmed()
    await switch_on(post, service)
    await post.seen()
    async with _silent() as port:
        _mail_goes_to(post, port)
        office = post.office()
        lock: Any = _Lock()
        working = asyncio.ensure_future(office._work(lock))
        try:
            await eventually(lambda: len(service.got) == 1)
            await post.seen(version=2)
            office.wake()
            await eventually(lambda: _handed_over(post, 2))
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
    assert {row.state for row in await _of(post, "email") if row.what != "code"} == {"waiting"}


async def _handed_over(post: Post, pushes: int) -> bool:
    return [row.state for row in await _of(post, "push")] == ["handed_over"] * pushes


async def _of(post: Post, kind: str) -> list[Any]:
    return await post.messaging.rows("select what, state from delivery where kind = :kind", kind=kind)


async def test_nobody_is_waited_for_for_ever(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    await post.confirmed()
    await post.seen()
    monkeypatch.setattr(reconciler, "HAND_OVER", timedelta(seconds=0.2))
    async with _silent() as port:
        _mail_goes_to(post, port)
        await post.work()
    assert (await post.states())[-1] == ("confirmed", "waiting", "unreachable", 1)


def test_a_batch_is_done_long_before_others_may_take_it() -> None:
    one_after_the_other = reconciler.MOST / reconciler.AT_ONCE
    assert one_after_the_other * reconciler.HAND_OVER * 2 < rules.LEASE


async def test_one_look_is_for_all_that_wake_it(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    office, looks = post.office(), 0

    async def look(kind: str, http: object) -> bool:
        nonlocal looks
        looks += 1
        office.wake()  # something else was saved meanwhile
        return False

    monkeypatch.setattr(office, "_look", look)
    monkeypatch.setattr(reconciler, "BREATH_SECONDS", 0.2)
    lock: Any = _Lock()
    with suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            await office._work(lock)
    assert 4 <= looks <= 6, "each way: at once, and every 0.2 s"


async def test_a_saved_day_without_a_notice_wakes_nobody(post: Post) -> None:
    town, heard = post.messaging.town, list[str]()
    listener = await connect(post.messaging.database.app)
    try:
        await listener.add_listener("live", lambda _c, _p, _n, body: heard.append(body))
        for version in (1, 2):
            await post.messaging.say(town.day_seen(town.brother, version, []))
            await post.messaging.catch_up(seed=version)
        await post.seen()
        await eventually(lambda: heard)
    finally:
        await listener.close()
    assert [orjson.loads(each) for each in heard] == [["seen"]]


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("1800", timedelta(minutes=30)),
        ("100000000000000000000", rules.LONGEST_WAIT),
        ("9" * 5000, rules.LONGEST_WAIT),
        ("²", timedelta()),
        ("-1", timedelta()),
        ("Fri, 20 Nov 2026 08:00:00 GMT", timedelta()),
        (None, timedelta()),
    ],
)
def test_however_long_a_push_service_wants_us_to_wait(said: str | None, wait: timedelta) -> None:
    assert of_push(429, said) == again("busy", wait)
    assert of_push(201, said) == Outcome("handed_over")


async def test_a_mad_push_service_holds_up_nobody(post: Post, service: PushService) -> None:
    await post.confirmed()
    await switch_on(post, service)
    service.answers.append((503, {"retry-after": "1" * 21}))
    await post.seen()
    await post.work()
    assert {row.state for row in await _of(post, "email")} == {"handed_over"}
    assert {row.state for row in await _of(post, "push")} == {"waiting"}


async def test_a_password_that_others_can_read_waits_for_the_operator(
    post: Post, service: PushService
) -> None:
    await post.confirmed()
    await switch_on(post, service)
    set_ = post.settings.read()
    post.settings.write(Channels(mail=mail_of(post.server, user="tsumugi"), push=set_.push))
    post.settings.keep_password("correct horse")
    (post.settings.folder / PASSWORD).chmod(0o644)
    await post.seen()
    office = post.office()
    await post.work(office)
    assert len(service.got) == 1
    assert ("confirmed", "waiting", "not_let_in", 1) in await post.states()
    assert "chmod 600" in (office.state.stopped_because or "")
