"""A log that was restored from a backup: its lost end is told anew, with the same positions and versions."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

from shared.daily import REACTED_KEPT, housekeeping
from shared.events.copies import CopyWorker
from shared.events.intake import accept_epoch
from shared.events.reactions import ReactionWorker
from shared.events.rebuild import rebuild
from tests.support.backup import back_up, restore
from tests.support.fixtures import Toy, catch_up
from tests.support.toy import Echo, ToyCopy
from tests.support.transports import Transport
from tests.support.waiting import eventually

TOPICS = ["toy.thing", "toy.count"]


async def stopped(toy: Toy, worker: CopyWorker | ReactionWorker) -> None:
    """At work, it stands still and says why."""
    working = asyncio.create_task(worker.run(toy.database.feed))
    try:
        reason = await eventually(lambda: worker.state.stopped_because, within=20)
        assert "1 → 2" in reason
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def accept(toy: Toy, worker: CopyWorker | ReactionWorker, *, handled: int = 0) -> None:
    async with toy.feed.maintain() as session:
        assert await accept_epoch(session, worker.name, "toy", 2, handled=handled)


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
    await accept(toy, worker, handled=began)
    await toy.rows("delete from feed.reacted returning 1")
    await catch_up(worker, to=again)
    (row,) = await toy.rows("select sum(amount) as total from thing where label = 'echo'")
    assert row.total == 1 + 2 + 4


async def test_who_never_read_a_log_accepts_nothing(toy: Toy) -> None:
    async with toy.feed.maintain() as session:
        assert not await accept_epoch(session, "things", "toy", 2)


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
