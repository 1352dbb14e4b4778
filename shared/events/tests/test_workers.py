"""A worker outlives everything but its own end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from shared.events import workers
from shared.events.workers import WorkerState, lead
from tests.support.fixtures import Toy
from tests.support.waiting import eventually

Work = Callable[[asyncpg.Connection], Awaitable[None]]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(workers, "STAND_BY_SECONDS", 0.01)


def start(toy: Toy, work: Work) -> tuple[WorkerState, asyncio.Task[None]]:
    state = WorkerState("toy", "worker", "toy")
    return state, asyncio.create_task(lead(toy.database.feed, state, work))


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=10)
    assert done
    assert task.cancelled()


async def test_an_error_is_told_and_tried_again(toy: Toy) -> None:
    attempts = 0

    async def work(lock: asyncpg.Connection) -> None:
        nonlocal attempts
        attempts += 1
        raise ValueError("神福")

    state, task = start(toy, work)
    await eventually(lambda: attempts > 2)
    assert state.stopped_because == "ValueError"
    assert not task.done()
    await end(task)
    assert not state.active


async def test_a_client_that_cancels_itself_does_not_end_the_worker(toy: Toy) -> None:
    """Seen with a broker that restarts: the consumer gave up a task of its own that we were waiting for."""
    attempts = 0

    async def work(lock: asyncpg.Connection) -> None:
        nonlocal attempts
        attempts += 1
        raise asyncio.CancelledError

    state, task = start(toy, work)
    await eventually(lambda: attempts > 2)
    assert state.stopped_because == "CancelledError"
    await end(task)


async def test_a_worker_ends_even_if_cleaning_up_fails(toy: Toy) -> None:
    """Seen with a broker that was gone: closing the producer timed out, and the worker went on for ever."""
    working = asyncio.Event()

    async def work(lock: asyncpg.Connection) -> None:
        try:
            working.set()
            await asyncio.get_running_loop().create_future()
        finally:
            raise TimeoutError

    _, task = start(toy, work)
    await working.wait()
    await end(task)


async def test_only_one_leads(toy: Toy) -> None:
    async def work(lock: asyncpg.Connection) -> None:
        await asyncio.get_running_loop().create_future()

    pairs = [start(toy, work) for _ in range(3)]
    await eventually(lambda: any(state.active for state, _ in pairs))
    for left in (3, 2, 1):
        ((state, task),) = [pair for pair in pairs if pair[0].active]
        assert len(pairs) == left
        await end(task)
        pairs.remove((state, task))
        if pairs:
            await eventually(lambda: any(state.active for state, _ in pairs))


async def test_who_stands_by_holds_up_no_vacuum(toy: Toy) -> None:
    """A standby that waits inside a statement keeps its snapshot for days: nothing that died since is removed."""

    async def work(lock: asyncpg.Connection) -> None:
        await asyncio.get_running_loop().create_future()

    pairs = [start(toy, work) for _ in range(2)]
    everything = await toy.database.server.connect(toy.database.name)
    try:
        await eventually(lambda: any(state.active for state, _ in pairs))
        await eventually(lambda: _counted(everything, "query like '%advisory_lock%'", 2))
        await eventually(lambda: _counted(everything, "backend_xmin is not null", 0))
    finally:
        await everything.close()
        for _, task in pairs:
            await end(task)


async def _counted(database: asyncpg.Connection, which: str, number: int) -> bool:
    """Whether so many others are at this database of whom it is true."""
    others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    found = await database.fetchval(
        f"select count(*) {others} and backend_type = 'client backend' and {which}"
    )
    return bool(found == number)
