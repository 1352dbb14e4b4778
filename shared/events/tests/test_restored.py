"""A log that was restored from a backup: its lost end is told anew, with the same positions and versions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared.daily import REACTED_KEPT, housekeeping
from shared.events import parked
from shared.events.copies import CopyWorker, OtherShape
from shared.events.epochs import WHOLE, accept_epoch, how_far_the_same, in_common
from shared.events.log_feed import LogFeed
from shared.events.reactions import ReactionWorker
from shared.events.rebuild import rebuild
from shared.events.restored import accept_in_copy, begin, epochs
from tests.support.backup import back_up, restore
from tests.support.fixtures import Toy, catch_up
from tests.support.toy import Echo, ToyCopy
from tests.support.transports import Transport
from tests.support.waiting import eventually

TOPICS = ["toy.thing", "toy.count"]


async def stopped(toy: Toy, worker: CopyWorker | ReactionWorker, why: str = "1 → 2") -> None:
    """At work, it stands still and says why."""
    working = asyncio.create_task(worker.run(toy.database.feed))
    try:
        reason = await eventually(lambda: worker.state.stopped_because, within=20)
        assert why in reason
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def accept(toy: Toy, worker: CopyWorker | ReactionWorker) -> None:
    async with toy.feed.maintain() as session:
        known = await epochs(session)
        again = isinstance(worker, CopyWorker)
        assert await accept_epoch(session, worker.name, "toy", known, again=again)


async def echoed(toy: Toy) -> int:
    (row,) = await toy.rows("select coalesce(sum(amount), 0) as total from thing where label = 'echo'")
    return int(row.total)


async def waiting(toy: Toy) -> list[tuple[int, int]]:
    rows = await toy.rows("select position, cast(record ->> 'epoch' as integer) as epoch from feed.parked")
    return [(row.position, row.epoch) for row in rows]


async def counted(toy: Toy) -> dict[UUID, tuple[int, int, int]]:
    """What the copy has: thing → amount, version, epoch."""
    rows = await toy.rows("select thing, amount, version, epoch from copy.count_day")
    return {row.thing: (row.amount, row.version, row.epoch) for row in rows}


async def test_a_version_that_is_given_twice_is_folded_twice(transport: Transport, toy: Toy) -> None:
    one, other = uuid4(), uuid4()
    worker = toy.copy_worker(ToyCopy(), transport.feed(TOPICS))
    for thing in (one, other):
        position = await toy.change(thing, 1)
    await back_up(toy)
    await catch_up(worker, to=position)
    for amount in (2, 3):
        lost = await toy.change(one, amount)
    await catch_up(worker, to=lost)
    assert await counted(toy) == {one: (3, 3, 1), other: (1, 1, 1)}

    assert await restore(toy) == 2
    again = await toy.change(one, 4)
    assert again < lost
    await stopped(toy, worker)
    assert (await counted(toy))[one] == (3, 3, 1)
    await accept(toy, worker)
    await catch_up(worker, to=again)
    assert await counted(toy) == {one: (4, 2, 2), other: (1, 1, 2)}
    cards = await toy.rows("select thing, amount from copy.thing_card")
    assert {row.thing: row.amount for row in cards} == {one: 4, other: 1}

    position = await toy.change(one, 5)
    await catch_up(worker, to=position)
    assert (await counted(toy))[one] == (5, 3, 2)
    assert await toy.rows("select 1 from feed.parked") == []
    found = await rebuild(
        "toy", ToyCopy(), toy.feed, lambda _, topics: transport.feed(topics), toy.engine("toy_owner")
    )
    assert (found.different, found.parked) == (0, 0)


async def test_what_waited_of_the_lost_end_waits_no_more(transport: Transport, toy: Toy) -> None:
    """Its positions are given again; what the log still has comes again by itself."""
    thing, copy = uuid4(), ToyCopy()
    worker = toy.copy_worker(copy, transport.feed(TOPICS))
    position = await toy.change(thing, 1)
    await back_up(toy)
    position = await toy.change(thing, 2, label="poison")
    await catch_up(worker, to=position)
    assert await toy.rows("select 1 from feed.parked")
    await restore(toy)
    position = await toy.change(thing, 3)
    await stopped(toy, worker)
    await accept(toy, worker)
    await catch_up(worker, to=position)
    assert await counted(toy) == {thing: (3, 2, 2)}
    assert await toy.rows("select 1 from feed.parked") == []


async def test_a_reaction_handles_what_is_new_and_nothing_again(transport: Transport, toy: Toy) -> None:
    """Not even when it has forgotten the ids of what both epochs have in common."""
    worker = toy.reaction_worker(Echo(), transport.feed(["toy.count"]))
    began = await toy.change(uuid4(), 1)
    await back_up(toy)
    await catch_up(worker, to=began)
    lost = await toy.change(uuid4(), 2)
    await catch_up(worker, to=lost)
    await restore(toy)
    again = await toy.change(uuid4(), 4)
    await stopped(toy, worker)
    await accept(toy, worker)
    await toy.rows("delete from feed.reacted returning 1")
    await catch_up(worker, to=again)
    (row,) = await toy.rows("select sum(amount) as total from thing where label = 'echo'")
    assert row.total == 1 + 2 + 4


async def test_who_never_read_a_log_accepts_nothing(toy: Toy) -> None:
    async with toy.feed.maintain() as session:
        assert not await accept_epoch(session, "things", "toy", {1: 0, 2: 3}, again=True)
    found = await accept_in_copy(
        "toy",
        ToyCopy(),
        {"toy": {1: 0, 2: 3}},
        toy.feed,
        lambda _, topics: toy.log_feed(topics=topics),
        toy.engine("toy_owner"),
    )
    assert found is None


async def test_what_a_reaction_could_not_handle_waits_on(toy: Toy) -> None:
    """It is of what both logs have in common, so it does not come again; what waited of the lost end does not."""
    echo = Echo()
    echo.poison = {1, 4}
    worker = toy.reaction_worker(echo, toy.log_feed(topics=["toy.count"]))
    bad, lost = uuid4(), uuid4()
    first = await toy.change(bad, 1)
    await catch_up(worker, to=await toy.change(uuid4(), 2))
    await back_up(toy)
    await catch_up(worker, to=await toy.change(lost, 4))
    assert [epoch for _, epoch in await waiting(toy)] == [1, 1]
    await restore(toy)
    last = await toy.change(uuid4(), 8)
    await accept(toy, worker)
    assert await waiting(toy) == [(first, 2)]
    await catch_up(worker, to=last)
    assert await echoed(toy) == 2 + 8
    echo.poison = set()
    assert await parked.retry_reaction(toy.feed, worker, str(bad)) is None
    assert await echoed(toy) == 1 + 2 + 8


async def test_a_second_acceptance_changes_nothing(toy: Toy) -> None:
    """Two operators answer the same question, and the ids of what was done are long forgotten."""
    echo = Echo()
    worker = toy.reaction_worker(echo, toy.log_feed(topics=["toy.count"]))
    await catch_up(worker, to=await toy.change(uuid4(), 1))
    await back_up(toy)
    await catch_up(worker, to=await toy.change(uuid4(), 2))
    await restore(toy)
    bad = uuid4()
    await toy.change(bad, 4)
    last = await toy.change(uuid4(), 8)
    await accept(toy, worker)
    echo.poison = {4}
    await catch_up(worker, to=last)
    await toy.rows("delete from feed.reacted returning 1")

    async def stands() -> list[object]:
        return [
            *await toy.rows("select * from feed.checkpoint order by copy, publisher"),
            *await toy.rows("select * from feed.parked order by position"),
        ]

    before = await stands()
    await accept(toy, worker)
    assert await stands() == before
    await catch_up(worker, to=await toy.change(uuid4(), 16))
    assert await echoed(toy) == 1 + 2 + 8 + 16
    echo.poison = set()
    assert await parked.retry_reaction(toy.feed, worker, str(bad)) is None
    assert await echoed(toy) == 1 + 2 + 4 + 8 + 16


async def test_a_reaction_two_restores_behind_passes_over_nothing(toy: Toy) -> None:
    worker = toy.reaction_worker(Echo(), toy.log_feed(topics=["toy.count"]))
    await toy.change(uuid4(), 1)
    await back_up(toy)
    for _ in range(3):
        await catch_up(worker, to=await toy.change(uuid4(), 100))
    await restore(toy)
    await toy.change(uuid4(), 2)  # never read: the feed stands still
    await begin(toy.engine("toy_owner"), 2)  # and a later backup is brought back
    last = await toy.change(uuid4(), 4)
    await accept(toy, worker)
    await catch_up(worker, to=last)
    assert await echoed(toy) == 1 + 300 + 2 + 4


async def test_two_restores_of_one_backup_are_two_epochs(toy: Toy) -> None:
    """Whoever has read the first must not take the second for it."""
    worker = toy.copy_worker(ToyCopy(), toy.log_feed(topics=TOPICS))
    thing = uuid4()
    await catch_up(worker, to=await toy.change(thing, 1))
    await back_up(toy)
    assert await restore(toy) == 2
    for amount in (10, 11, 12):
        last = await toy.change(thing, amount)
    await accept(toy, worker)
    await catch_up(worker, to=last)
    assert await restore(toy) == 3
    last = await toy.change(thing, 77)
    await stopped(toy, worker, "2 → 3")
    await accept(toy, worker)
    await catch_up(worker, to=last)
    assert await counted(toy) == {thing: (77, 2, 3)}


def test_how_far_two_logs_are_the_same() -> None:
    assert in_common({1: 0}, {1: 0, 2: 5}) == 5
    assert in_common({1: 0}, {1: 0, 2: 5, 3: 20}) == 5
    assert in_common({1: 0, 2: 5}, {1: 0, 3: 10}) == 5, "the second log was never restored at 5"
    assert in_common({1: 0, 2: 5}, {1: 0, 3: 3}) == 3
    assert in_common({1: 0, 2: 5}, {1: 0, 2: 5, 4: 9}) == 9
    assert in_common({1: 0, 2: 5}, {1: 0, 2: 5}) == WHOLE
    assert how_far_the_same(2, {}, {1: 0, 2: 5, 3: 7}) == 7
    assert how_far_the_same(3, {}, {1: 0, 2: 5}) == 0, "where 3 began, neither knows"


async def test_a_copy_ends_equal_to_the_restored_log(toy: Toy) -> None:
    """Rows that only the lost end had put there are gone; its worker stands still meanwhile."""
    worker = toy.copy_worker(ToyCopy(), toy.log_feed(topics=TOPICS))
    kept, lost = uuid4(), uuid4()
    await catch_up(worker, to=await toy.change(kept, 1))
    await back_up(toy)
    await catch_up(worker, to=await toy.change(lost, 2))
    await restore(toy)
    last = await toy.change(kept, 3)
    async with toy.feed.maintain() as session:
        known = await epochs(session)

    def feeds(_: str, topics: Sequence[str]) -> LogFeed:
        return toy.log_feed(topics=topics)

    owner = toy.engine("toy_owner")
    for breaks in (True, False):
        with pytest.raises(OtherShape) if breaks else nullcontext():
            broken = no_feeds if breaks else feeds
            with suppress(ConnectionError):
                await accept_in_copy("toy", ToyCopy(), {"toy": known}, toy.feed, broken, owner)
            await worker.where()
    assert await counted(toy) == {kept: (3, 2, 2)}
    await catch_up(worker, to=last)
    found = await rebuild("toy", ToyCopy(), toy.feed, feeds, owner)
    assert (found.compared, found.different) == (True, 0)


def no_feeds(*_: object) -> LogFeed:
    raise ConnectionError


async def test_a_restore_without_a_new_epoch_is_noticed(toy: Toy) -> None:
    worker = toy.copy_worker(ToyCopy(), toy.log_feed(topics=TOPICS))
    thing = uuid4()
    await toy.change(thing, 1)
    await back_up(toy)
    for amount in (2, 3, 4):
        last = await toy.change(thing, amount)
    await catch_up(worker, to=last)
    await restore(toy, begin=False)
    await toy.change(thing, 50)
    await stopped(toy, worker, "tsumugi feed begin-epoch toy")
    assert await counted(toy) == {thing: (4, 4, 1)}


async def test_events_are_remembered_until_nothing_brings_them_again(toy: Toy) -> None:
    worker = toy.reaction_worker(Echo(), toy.log_feed(topics=["toy.count"]))
    for amount in (1, 2):
        await toy.change(uuid4(), amount)
    await catch_up(worker)

    async def remembered() -> list[int]:
        return [row.position for row in await toy.rows("select position from feed.reacted order by 1")]

    first, second = await remembered()
    toy.clock.instant += REACTED_KEPT
    await housekeeping(toy.feed)
    assert await remembered() == [first, second]
    toy.clock.instant += timedelta(seconds=1)
    # As if the process had ended, all that time, before it could store how far it was.
    await toy.rows("update feed.checkpoint set reached = :place returning 1", place=first)
    await housekeeping(toy.feed)
    assert await remembered() == [second]


async def test_what_is_no_longer_remembered_is_not_done_again(toy: Toy) -> None:
    """A deployment changes its transport, or a broker is made anew: everything comes again from the first."""
    worker = toy.reaction_worker(Echo(), toy.any_order(["toy.count"], seed=7))
    for amount in (1, 2, 4):
        await toy.change(uuid4(), amount)
    await catch_up(worker)
    toy.clock.instant += REACTED_KEPT + timedelta(seconds=1)
    await housekeeping(toy.feed)
    assert await toy.rows("select 1 from feed.reacted") == []
    await toy.rows("update feed.checkpoint set cursor = 'null' returning 1")
    await toy.change(uuid4(), 8)
    await catch_up(worker)
    (row,) = await toy.rows("select sum(amount) as total from thing where label = 'echo'")
    assert row.total == 1 + 2 + 4 + 8
