"""Codes that confirm an address, and what an erasure takes away with it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import text

from services.messaging.channels import rules
from services.messaging.channels.tests.test_deliveries import MOTHER, Post, own, post, send
from shared.contracts.registry import PersonErased
from tests.support.waiting import eventually

__all__ = ["post"]


async def test_a_code_holds_for_half_an_hour_and_five_tries(post: Post) -> None:
    channel = await post.asked()
    await post.work()
    good = post.code()
    wrong = f"{(int(good) + 1) % 1_000_000:06}"
    for left in (4, 3, 2, 1, 0):
        answer = await send(post.messaging, f"{channel}/confirm", code=wrong)
        assert answer.json() == {
            "channel": str(channel),
            "confirmed": False,
            "tries_left": left,
            "after": None,
        }
    assert not (await send(post.messaging, f"{channel}/confirm", code=good)).json()["confirmed"]
    assert (await send(post.messaging, f"{channel}/code")).status_code == 200
    await post.work()
    assert post.code() != good
    post.messaging.clock.instant += rules.CODE_HOLDS + timedelta(seconds=1)
    assert not (await send(post.messaging, f"{channel}/confirm", code=post.code())).json()["confirmed"]


async def test_nobody_is_written_to_for_long_who_has_not_asked(post: Post) -> None:
    for number in range(rules.CODES_A_DAY):
        channel = await post.asked(f"dareka{number}@example.jp")
        await post.work()
        assert (await send(post.messaging, f"{channel}/remove")).status_code == 200
    assert (await send(post.messaging, "email", address=MOTHER)).status_code == 422


async def test_codes_are_counted_when_they_are_asked_for(post: Post) -> None:
    """Also those that nothing has been made of yet, and those that are asked for at the same time."""
    channel = await post.asked()
    answers = await asyncio.gather(
        *(send(post.messaging, f"{channel}/code") for _ in range(rules.CODES_A_DAY + 2))
    )
    assert sorted(each.status_code for each in answers) == [200] * (rules.CODES_A_DAY - 1) + [422] * 3
    assert (await send(post.messaging, "email", address="hoka@example.jp")).status_code == 422
    assert [each["address"] for each in (await own(post.messaging))["channels"]] == [MOTHER]
    post.messaging.clock.instant += timedelta(days=1)
    await post.asked("hoka@example.jp")


async def test_a_job_that_is_just_being_made_does_not_stand_in_an_erasures_way(post: Post) -> None:
    town = post.messaging.town
    channel = await post.confirmed()
    notice = await post.messaging.taken(town.sister, teller={"guardian": str(town.mother)})
    await post.messaging.say(PersonErased(person=town.sister))
    async with post.messaging.feed.maintain() as making:
        await making.execute(
            text(
                "insert into delivery (id, board_id, channel_id, guardian_id, kind, receiver, what, about,"
                " notice_id, made_at, due_at, until) values (:id, :board, :channel, :mother, 'email', 'example.jp',"
                " 'confirmed', 'x', :notice, :at, :at, :at)"
            ),
            {
                "id": uuid4(),
                "board": town.board,
                "channel": channel,
                "mother": town.mother,
                "notice": notice,
                "at": post.messaging.clock.now(),
            },
        )
        erasing = asyncio.ensure_future(post.messaging.catch_up(seed=5))
        await eventually(lambda: _waits(post))
    await erasing
    (left,) = await post.messaging.rows(
        "select (select count(*) from notice), (select count(*) from delivery where notice_id is not null)"
    )
    assert tuple(left) == (0, 0)


async def _waits(post: Post) -> bool:
    (row,) = await post.messaging.rows("select exists (select from pg_locks where not granted) as waits")
    return bool(row.waits)


async def test_an_erasure_empties_addresses_and_what_was_on_its_way(post: Post) -> None:
    town = post.messaging.town
    await post.confirmed()
    await post.confirmed("chichi@example.jp", town.father)
    await post.seen()
    await post.work()
    for gone, channels, jobs in ((town.sister, 2, 2), (town.mother, 1, 1)):
        await post.messaging.say(PersonErased(person=gone))
        await post.messaging.catch_up(seed=5)
        (counted,) = await post.messaging.rows(
            "select (select count(*) from channel), (select count(*) from delivery)"
        )
        assert tuple(counted) == (channels, jobs)
    (counted,) = await post.messaging.rows("select guardian_id from code_count")
    assert counted.guardian_id == town.father
    (left,) = await post.messaging.rows("select address from channel")
    assert left.address == "chichi@example.jp"
