"""What may still be said, and to whom: protection marks, lost rights, receipts that hold no more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.messaging.channels import jobs, rules
from services.messaging.channels.jobs import Job
from services.messaging.channels.tests.receivers import PushService
from services.messaging.channels.tests.test_deliveries import MOTHER, Post, own, post, send
from services.messaging.channels.tests.test_push import service, switch_on
from services.messaging.tests.town import SINCE, TODAY, said
from shared.contracts.registry import GuardianshipChanged, Protection

__all__ = ["post", "service"]

SCHOOL = "第一小学校"


async def _mark(post: Post, *kept_from: UUID, since: date = SINCE, pupil: UUID | None = None) -> None:
    """A protection mark is put on the sister."""
    town = post.messaging.town
    child = pupil or town.sister
    mark = Protection(since=since, until=None, confidential_from=list(kept_from))
    ties = town.family(child).guardians
    await post.messaging.say(GuardianshipChanged(pupil=child, guardians=ties, protections=[mark]))
    await post.messaging.catch_up(seed=4)


async def _answered(post: Post, pupil: UUID | None = None) -> UUID:
    """The mother has telephoned, and the school answers."""
    town = post.messaging.town
    notice = await post.messaging.taken(pupil or town.sister, teller={"guardian": str(town.mother)})
    path, reply = f"/v1/notices/{notice}/replies", {"seen": 1, "words": "わかりました"}
    assert (await post.messaging.send("POST", path, town.office, reply)).status_code == 200
    return notice


async def _waiting(post: Post) -> UUID:
    """The mother is to be told of a receipt, and her mail server wants it later."""
    post.server.answers[MOTHER] = "451 4.3.0 later"
    post.messaging.clock.instant += timedelta(minutes=1)  # after the code: the newest is told
    notice = await post.seen()
    await post.work()
    assert (await post.states())[-1] == ("confirmed", "waiting", "busy", 1)
    post.server.answers.clear()
    return notice


async def _last(post: Post) -> dict[str, Any]:
    (channel,) = (await own(post.messaging))["channels"]
    last: dict[str, Any] = channel["last"]
    return last


async def _told(post: Post) -> tuple[list[str | None], list[str]]:
    """What the office sees of the newest notice: why nobody was told, and by which ways they could be."""
    (shown, *_) = (await post.messaging.of(post.messaging.town.sister))["notices"]
    return [each["reason"] for each in shown["told"]], shown["reach"]


async def test_where_a_marked_child_goes_to_school_stands_in_no_mail(post: Post) -> None:
    await _mark(post, post.messaging.town.father)
    await post.confirmed()
    await post.seen()
    await post.work()
    mail = post.server.got[-1]
    assert (mail["Subject"], mail["From"]) == ("学校: 連絡を確認しました", "紬 <tsumugi@city.example.jp>")
    assert SCHOOL not in mail.as_string() + mail.get_content()
    assert mail.get_content().startswith("学校です。")


async def test_nor_on_a_telephone(post: Post, service: PushService) -> None:
    await _mark(post)
    await switch_on(post, service)
    await post.seen()
    await post.work()
    (shown,) = service.got
    assert shown["title"] == "学校: 連絡を確認しました"
    assert SCHOOL not in shown["body"]


async def test_an_address_from_before_the_mark_is_told_nothing_until_it_is_confirmed_anew(post: Post) -> None:
    """It may be one that the household shared. The other children are told of as before."""
    town = post.messaging.town
    await post.confirmed()
    await _mark(post, town.father, since=TODAY + timedelta(days=1))
    post.messaging.clock.instant += timedelta(days=1)
    await _answered(post)
    await post.work()
    assert [what for what, *_ in await post.states()] == ["code"]
    assert await _told(post) == ([], []), "the office sees that the mother is to be told otherwise"
    await _answered(post, town.brother)
    await post.work()
    assert post.server.got[-1]["Subject"] == f"{SCHOOL}: 返事があります"
    post.messaging.clock.instant += timedelta(minutes=1)
    await post.confirmed()
    await _answered(post)
    await post.work()
    assert post.server.got[-1]["Subject"] == "学校: 返事があります"
    assert (await _told(post))[1] == ["email"]


async def test_what_waits_for_an_address_from_before_the_mark_goes_nowhere(post: Post) -> None:
    await post.confirmed()
    await _waiting(post)
    await _mark(post, post.messaging.town.father, since=TODAY + timedelta(days=1))
    await post.pass_by(timedelta(days=1) - timedelta(hours=1))
    assert (await post.states())[-1] == ("confirmed", "gave_up", "no_channel", 1)


@pytest.mark.parametrize("after", [timedelta(minutes=1), rules.NEEDED])
async def test_whom_the_child_is_kept_from_never_learns_that_there_was_something(
    post: Post, after: timedelta
) -> None:
    """Neither while it waits nor when it is given up, also when it is too late besides."""
    await post.confirmed()
    await _waiting(post)
    assert (await _last(post))["what"] == "confirmed"
    await _mark(post, post.messaging.town.mother)
    assert (await _last(post))["what"] == "code"
    await post.pass_by(after)
    assert (await post.states())[-1] == ("confirmed", "gave_up", "no_right", 1)
    assert (await _last(post))["what"] == "code"
    assert len(post.server.texts(MOTHER)) == 1
    assert await _told(post) == (["no_right"], ["email"])


async def test_a_channel_that_was_taken_away_is_no_lost_right(post: Post) -> None:
    channel = await post.confirmed()
    await _waiting(post)
    assert (await send(post.messaging, f"{channel}/remove")).status_code == 200
    await post.pass_by(timedelta(minutes=1))
    assert (await post.states())[-1] == ("confirmed", "gave_up", "no_channel", 1)


async def test_nor_is_one_that_is_dead(post: Post) -> None:
    await post.confirmed()
    await _waiting(post)
    post.server.answers[MOTHER] = "550 5.1.1 no such user"
    await _answered(post, post.messaging.town.brother)
    await post.work()
    await post.pass_by(timedelta(minutes=1))
    assert ("confirmed", "gave_up", "no_channel", 1) in await post.states()


async def test_a_receipt_that_was_taken_away_is_told_when_it_is_there_again(post: Post) -> None:
    town = post.messaging.town
    await post.confirmed()
    notice = await _waiting(post)
    await post.messaging.say(town.day_seen(town.sister, 2, []))
    await post.messaging.catch_up(seed=5)
    await post.pass_by(timedelta(minutes=1))
    assert [what for what, *_ in await post.states()] == ["code"]
    await post.messaging.say(town.day_seen(town.sister, 3, [(notice, 1)]))
    await post.messaging.catch_up(seed=6)
    await post.work()
    assert (await post.states())[-1] == ("confirmed", "handed_over", None, 1)


@pytest.mark.parametrize("act", ["change", "withdraw"])
async def test_no_receipt_of_what_was_changed_or_withdrawn(post: Post, act: str) -> None:
    await post.confirmed()
    notice = await _waiting(post)
    body = (
        {"seen": 1}
        if act == "withdraw"
        else said(seen=1, kind="late", reason=None, teller={"guardian": str(post.messaging.town.mother)})
    )
    path = f"/v1/notices/{notice}/{act}"
    answer = await post.messaging.send("POST", path, post.messaging.town.office, body)
    assert answer.status_code == 200, answer.text
    await post.pass_by(timedelta(minutes=1))
    assert [what for what, *_ in await post.states()] == ["code"]
    assert len(post.server.texts(MOTHER)) == 1


def _after_claim(monkeypatch: pytest.MonkeyPatch, then: Callable[[], Awaitable[None]]) -> None:
    """Something happens when jobs have been claimed and none has been handed over."""
    real = jobs.claim

    async def claim(*args: Any, **named: Any) -> list[Job]:
        found = await real(*args, **named)
        if found:
            await then()
        return found

    monkeypatch.setattr(jobs, "claim", claim)


async def test_whoever_loses_the_right_while_it_is_in_hand_is_not_told(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.confirmed()
    await post.seen()
    _after_claim(monkeypatch, lambda: _mark(post, post.messaging.town.mother))
    await post.work()
    assert (await post.states())[-1] == ("confirmed", "gave_up", "no_right", 1)
    assert len(post.server.texts(MOTHER)) == 1


async def test_a_mark_that_comes_while_it_is_in_hand_takes_the_schools_name_away(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.confirmed()
    await post.seen()
    _after_claim(monkeypatch, lambda: _mark(post))
    await post.work()
    assert post.server.got[-1]["Subject"] == "学校: 連絡を確認しました"


async def test_whose_lease_is_nearly_over_hands_nothing_over(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another may be about to take it."""
    await post.confirmed()
    await post.seen()

    async def wait() -> None:
        post.clock.instant += rules.LEASE - timedelta(seconds=20)

    _after_claim(monkeypatch, wait)
    await post.work()
    assert len(post.server.texts(MOTHER)) == 1
    monkeypatch.undo()
    post.clock.instant += timedelta(seconds=20)
    await post.work()
    assert (await post.states())[-1] == ("confirmed", "handed_over", None, 2)
