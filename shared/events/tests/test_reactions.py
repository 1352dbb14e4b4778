"""A reaction makes own facts of an event once, however often the event comes and wherever the process ends."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import Moved, Scope
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
