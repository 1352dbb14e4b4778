"""A reaction makes own facts of an event once, however often the event comes and wherever the process ends."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import Moved, Scope
from shared.events import intake
from shared.events.parked import discard, retry_reaction
from shared.events.reactions import ReactionWorker
from shared.events.workers import transient
from tests.support.fixtures import Toy, catch_up
from tests.support.toy import Change, Echo, change
from tests.support.waiting import eventually


async def echoed(toy: Toy) -> int:
    """The sum of all amounts that were echoed."""
    rows = await toy.rows("select coalesce(sum(amount), 0) as total from thing where label = 'echo'")
    return int(rows[0].total)


async def whispers(toy: Toy) -> int:
    return len(await toy.rows("select 1 from log.log_fact where topic = 'toy.secret'"))


async def parked(toy: Toy) -> int:
    return len(await toy.rows("select 1 from feed.parked"))


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("seed", range(4))
async def test_every_event_once_in_any_order(toy: Toy, seed: int) -> None:
    things = [uuid4() for _ in range(4)]
    worker = toy.reaction_worker(Echo(), seed=seed)
    for amount in range(20):
        await toy.change(things[amount % 4], amount)
        if amount % 7 == 0:
            await catch_up(worker, limit=4)
    await catch_up(worker, limit=4)
    assert await echoed(toy) == sum(range(20))
    assert await whispers(toy) == 20


async def test_a_process_that_ends_before_the_checkpoint_does_nothing_twice(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    await toy.change(uuid4(), 5)

    async def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("shared.events.intake.move", killed)
        with pytest.raises(Killed):
            await catch_up(toy.reaction_worker(Echo()))
    assert await echoed(toy) == 5
    await catch_up(toy.reaction_worker(Echo()))
    assert (await echoed(toy), await whispers(toy)) == (5, 1)


async def test_a_process_that_ends_while_reacting_leaves_nothing(toy: Toy) -> None:
    echo = Echo()
    await toy.change(uuid4(), 5)

    async def killed(session: AsyncSession) -> None:
        raise Killed

    echo.trouble = killed
    with pytest.raises(Killed):
        await catch_up(toy.reaction_worker(echo))
    assert (await echoed(toy), await whispers(toy)) == (0, 0)
    echo.trouble = None
    await catch_up(toy.reaction_worker(echo))
    assert (await echoed(toy), await whispers(toy)) == (5, 1)


async def test_boards_are_worked_apart(toy: Toy) -> None:
    boards = [Scope(uuid4()) for _ in range(3)]
    for scope in boards:
        async with toy.app.work(scope, actor="teacher") as work:
            await change(work, Change(uuid4(), 2, toy.clock.today()))
    await catch_up(toy.reaction_worker(Echo()))
    for scope in boards:
        async with toy.app.read(scope) as session:
            assert await session.scalar(text("select sum(amount) from thing where label = 'echo'")) == 2


async def test_only_the_poisoned_key_waits(toy: Toy) -> None:
    echo, good, bad = Echo(), uuid4(), uuid4()
    echo.poison = {3}
    await toy.change(good, 1)
    await toy.change(bad, 3)
    await toy.change(bad, 4)
    await toy.change(good, 8)
    await catch_up(toy.reaction_worker(echo))
    assert await echoed(toy) == 9
    assert {row.key for row in await toy.rows("select key from feed.parked")} == {str(bad)}
    assert await parked(toy) == 2


async def test_a_unit_of_work_that_came_second_is_trouble_not_poison(toy: Toy) -> None:
    """Deadlock and version races raise Moved: the record is as good as before."""
    echo = Echo()
    await toy.change(uuid4(), 5)

    async def moved(session: AsyncSession) -> None:
        raise Moved

    echo.trouble = moved
    with pytest.raises(Moved) as error:
        await catch_up(toy.reaction_worker(echo))
    assert transient(error.value)
    assert await parked(toy) == 0


async def test_a_running_reaction_follows_and_stands_by(toy: Toy) -> None:
    workers: list[ReactionWorker] = [toy.reaction_worker(Echo(), seed=seed) for seed in range(2)]
    tasks = [asyncio.create_task(worker.run(toy.database.feed)) for worker in workers]
    try:
        await toy.change(uuid4(), 5)

        async def done() -> bool:
            return await echoed(toy) == 5

        await eventually(done)
        assert sum(worker.state.active for worker in workers) == 1
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("decided", ["let through", "thrown away"])
async def test_what_was_decided_meanwhile_keeps_nothing_waiting(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, decided: str
) -> None:
    """The worker has asked what waits; before it parks what comes behind, an operator lets the key through."""
    echo, thing = Echo(), uuid4()
    echo.poison = {1}
    worker = toy.reaction_worker(echo, toy.log_feed(topics=["toy.count"]))
    await catch_up(worker, to=await toy.change(thing, 1))
    echo.poison = set()
    known = intake.known

    async def and_then(*asked: Any) -> intake.Known:
        found = await known(*asked)
        if decided == "let through":
            await retry_reaction(toy.feed, worker, str(thing))
        else:
            await discard(toy.feed, worker.name, "toy", str(thing), reason="二重", by="operator")
        return found

    last = await toy.change(thing, 2)
    with monkeypatch.context() as patch:
        patch.setattr(intake, "known", and_then)
        await catch_up(worker, to=last)
    await catch_up(worker, to=await toy.change(thing, 4))
    assert await parked(toy) == 0
    assert await echoed(toy) == (7 if decided == "let through" else 6)


async def test_what_came_before_the_bad_one_does_not_wait_with_it(toy: Toy) -> None:
    echo, thing = Echo(), uuid4()
    echo.poison = {2}
    for amount in (1, 2, 4):
        last = await toy.change(thing, amount)
    await catch_up(toy.reaction_worker(echo, toy.log_feed(topics=["toy.count"])), to=last)
    assert await echoed(toy) == 1
    assert await parked(toy) == 2
