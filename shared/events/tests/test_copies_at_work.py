"""Workers of copies that run: one at a time, through restarts and trouble, and what an operator sees of them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID, uuid4

from sqlalchemy import text

from shared.events.copies import CopyWorker
from shared.events.tests.copied import waiting
from shared.events.workers import WAIT_SECONDS
from tests.support.fixtures import Toy, catch_up
from tests.support.toy import ToyCopy
from tests.support.waiting import eventually


class TestRun:
    """Workers as processes run them: one active, the other standing by."""

    def start(self, toy: Toy, count: int) -> tuple[list[CopyWorker], list[asyncio.Task[None]]]:
        workers = [
            toy.copy_worker(ToyCopy(), toy.any_order(["toy.thing", "toy.count"], n)) for n in range(count)
        ]
        return workers, [asyncio.create_task(worker.run(toy.database.feed)) for worker in workers]

    async def end(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def until(self, toy: Toy, expected: dict[UUID, int]) -> None:
        async def same() -> bool:
            async with toy.app.read(toy.scope) as session:
                rows = await session.execute(text("select thing, amount from copy.thing_card"))
                return {row.thing: row.amount for row in rows} == expected

        await eventually(same)

    async def backends(self, toy: Toy, condition: str) -> list[int]:
        connection = await toy.database.server.connect(toy.database.name)
        try:
            rows = await connection.fetch(
                "select a.pid from pg_stat_activity a where a.datname = current_database()"
                f" and a.pid <> pg_backend_pid() and {condition}"
            )
        finally:
            await connection.close()
        return [row["pid"] for row in rows]

    async def kill(self, toy: Toy, condition: str) -> int:
        pids = await self.backends(toy, condition)
        connection = await toy.database.server.connect()
        try:
            for pid in pids:
                await connection.execute("select pg_terminate_backend($1)", pid)
        finally:
            await connection.close()
        return len(pids)

    async def test_one_is_active_and_the_other_takes_over(self, toy: Toy) -> None:
        thing = uuid4()
        workers, tasks = self.start(toy, 2)
        try:
            await toy.change(thing, 1)
            await self.until(toy, {thing: 1})
            (active,) = [worker for worker in workers if worker.state.active]
            index = workers.index(active)
            await self.end([tasks[index]])
            assert not active.state.active
            await toy.change(thing, 2)
            await self.until(toy, {thing: 2})
            assert workers[1 - index].state.active
        finally:
            await self.end(tasks)

    async def test_connections_that_are_cut_are_made_again(self, toy: Toy) -> None:
        thing = uuid4()
        _, tasks = self.start(toy, 2)
        try:
            for amount in (1, 2, 3):
                await toy.change(thing, amount)
                await self.until(toy, {thing: amount})
                assert await self.kill(toy, "usename in ('toy_feed', 'toy_reader')") > 0
            await toy.change(thing, 4)
            await self.until(toy, {thing: 4})
            assert await waiting(toy) == []
        finally:
            await self.end(tasks)

    async def test_the_operator_sees_why_a_copy_stands(self, toy: Toy) -> None:
        (worker,), tasks = self.start(toy, 1)
        try:
            thing = uuid4()
            await toy.change(thing, 1)
            await self.until(toy, {thing: 1})
            async with toy.engine("toy_owner").begin() as connection:
                await connection.execute(text("update log.head set epoch = 2"))
            await toy.change(thing, 2)
            because = await eventually(lambda: worker.state.stopped_because)
            assert (
                because == "toy のログが復元されています（世代 1 → 2）。確認するまで、この写しは進みません。"
            )
            async with toy.engine("toy_owner").begin() as connection:
                await connection.execute(text("update log.head set epoch = 1"))
            await self.until(toy, {thing: 2})
            await eventually(lambda: worker.state.stopped_because is None)
        finally:
            await self.end(tasks)

    async def test_a_restored_log_without_news_is_noticed_too(self, toy: Toy) -> None:
        """Its positions may all be below where this copy stands: nothing would ever seem to arrive."""
        (worker,), tasks = self.start(toy, 1)
        try:
            thing = uuid4()
            await toy.change(thing, 1)
            await self.until(toy, {thing: 1})
            async with toy.engine("toy_owner").begin() as connection:
                await connection.execute(text("update log.head set epoch = 2, position = 0"))
                await connection.execute(text("select pg_notify('log', '')"))
            because = await eventually(lambda: worker.state.stopped_because)
            assert "1 → 2" in because
        finally:
            await self.end(tasks)

    async def test_where_a_copy_stands_is_known_at_its_first_look(self, toy: Toy) -> None:
        """After a start nothing may be new for a while: the operator does not wait for it."""
        position = await toy.change(uuid4(), 1)
        await catch_up(toy.copy_worker(ToyCopy(), toy.log_feed(topics=["toy.thing", "toy.count"])))
        worker = toy.copy_worker(ToyCopy(), toy.log_feed(topics=["toy.thing", "toy.count"]))
        task = asyncio.create_task(worker.run(toy.database.feed))
        try:
            await eventually(lambda: worker.state.head == position, within=WAIT_SECONDS * 0.6)
        finally:
            await self.end([task])

    async def test_ending_a_worker_leaves_no_session(self, toy: Toy) -> None:
        _, tasks = self.start(toy, 2)
        await toy.change(uuid4(), 1)
        await eventually(lambda: self.backends(toy, "a.query like '%advisory_lock%'"))
        await self.end(tasks)

        async def none_left() -> bool:
            return not await self.backends(toy, "a.query like '%advisory_lock%'")

        await eventually(none_left)
