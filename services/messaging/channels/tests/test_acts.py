"""What was told of several children in one act is one message, and says no more than one alone."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from services.messaging.channels import rules
from services.messaging.channels.tests.test_deliveries import MOTHER, Post, post

__all__ = ["post"]

NEVER = ("妹", "弟", "兄", "病", "欠席", "組", "人", "子")


async def told(post: Post, *pupils: UUID) -> list[UUID]:
    """The mother tells the same of each of these children, in one act."""
    answer = await post.messaging.take(*pupils, teller={"guardian": str(post.messaging.town.mother)})
    assert answer.status_code == 200, answer.text
    return [UUID(each["notice"]) for each in answer.json()["notices"]]


async def seen(post: Post, pupil: UUID, notice: UUID, seed: int, revision: int = 1) -> None:
    await post.messaging.say(post.messaging.town.day_seen(pupil, seed, [(notice, revision)]))
    await post.messaging.catch_up(seed=seed)


def receipts(post: Post) -> list[str]:
    """The texts of all receipts, above what every mail ends with."""
    return [
        each.get_content().partition("\n\n")[0]
        for each in post.server.got
        if "確認しました" in each["Subject"]
    ]


async def test_one_act_is_one_mail_that_names_it(post: Post) -> None:
    town = post.messaging.town
    await post.confirmed()
    first, second = await told(post, town.sister, town.brother)
    await seen(post, town.sister, first, 1)
    await post.work()
    assert receipts(post) == [], "it waits for the other child's"
    await seen(post, town.brother, second, 2)
    await post.work()
    (text,) = receipts(post)
    assert text.endswith("11月20日 8:00にいただいた連絡を、どれも担任が確認しました。")
    for never in NEVER:
        assert never not in text.replace("担任", ""), never
    assert [each[:2] for each in await post.states()] == [
        ("code", "handed_over"),
        ("confirmed", "handed_over"),
        ("confirmed", "handed_over"),
    ], "the office reads of each child that it was told"
    await post.pass_by(timedelta(hours=1))
    assert len(post.server.texts(MOTHER)) == 2, "the code and the receipt, once"


async def test_a_receipt_does_not_wait_for_ever_and_says_that_it_is_a_part(post: Post) -> None:
    town = post.messaging.town
    await post.confirmed()
    first, second = await told(post, town.sister, town.brother)
    await seen(post, town.sister, first, 1)
    await post.work()
    await post.pass_by(rules.TOGETHER - timedelta(seconds=1))
    assert receipts(post) == []
    await post.pass_by(timedelta(seconds=1))
    (text,) = receipts(post)
    assert "連絡の一部を、担任が確認しました" in text
    await seen(post, town.brother, second, 2)
    await post.work()
    assert "どれも担任が確認しました" in receipts(post)[1]


async def test_two_acts_are_two_mails(post: Post) -> None:
    town = post.messaging.town
    await post.confirmed()
    (first,) = await told(post, town.sister)
    post.messaging.clock.instant += timedelta(seconds=1)
    (second,) = await told(post, town.brother)
    await seen(post, town.sister, first, 1)
    await seen(post, town.brother, second, 2)
    await post.work()
    assert len(receipts(post)) == 2
    assert all("いただいた連絡を、担任が確認しました" in text for text in receipts(post))


async def test_what_was_taken_back_is_not_waited_for(post: Post) -> None:
    town = post.messaging.town
    await post.confirmed()
    first, second = await told(post, town.sister, town.brother)
    await seen(post, town.sister, first, 1)
    await post.work()
    taken_back = await post.messaging.send("POST", f"/v1/notices/{second}/withdraw", town.office, {"seen": 1})
    assert taken_back.status_code == 200, taken_back.text
    await post.work()
    (text,) = receipts(post)
    assert "いただいた連絡を、担任が確認しました" in text


async def test_refused_for_good_it_is_told_to_the_guardian_and_of_each_child_to_the_school(
    post: Post,
) -> None:
    """A bounce while we talk to the server (5xx): the address gets nothing more, and everybody concerned reads so."""
    town = post.messaging.town
    await post.confirmed()
    post.server.answers[MOTHER] = "550 5.1.1 no such user"
    first, second = await told(post, town.sister, town.brother)
    await seen(post, town.sister, first, 1)
    await seen(post, town.brother, second, 2)
    await post.work()
    for pupil in (town.sister, town.brother):
        (shown,) = (await post.messaging.of(pupil))["notices"]
        assert [(each["state"], each["reason"]) for each in shown["told"]] == [("gone", "no_such_address")]
        assert shown["reach"] == []
