"""A copy's rows and its place in the feed are one fact; trouble waits, poison is parked, others go on."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import connect
from shared.database.units import sqlstate
from shared.events.copies import Copy
from shared.events.feed import Batch
from shared.events.intake import BEHIND, Displaced, UnknownEpoch, enter, store
from shared.events.tests.copied import amounts, reached, waiting
from shared.events.workers import told, transient
from tests.support.fixtures import Toy, catch_up
from tests.support.toy import COUNT, ThingChanged, ToyCopy, Whispered
from tests.support.waiting import eventually


class Killed(BaseException):
    """The process ends here."""


class TestFolding:
    @pytest.mark.parametrize("seed", range(4))
    async def test_a_copy_follows_the_log(self, toy: Toy, seed: int) -> None:
        things = [uuid4() for _ in range(5)]
        worker = toy.copy_worker(ToyCopy(), seed=seed)
        for amount in range(12):
            await toy.change(things[amount % 5], amount)
            if amount % 4 == 0:
                await catch_up(worker, limit=3)
        await catch_up(worker, limit=3)

        assert await amounts(toy) == {
            thing: max(n for n in range(12) if n % 5 == i) for i, thing in enumerate(things)
        }
        days = await toy.rows("select thing, version, amount from copy.count_day")
        assert {(row.thing, row.version, row.amount) for row in days} == {
            (thing, len(range(i, 12, 5)), max(range(i, 12, 5))) for i, thing in enumerate(things)
        }
        assert await waiting(toy) == []

    async def test_a_tombstone_empties_the_row_and_keeps_its_guard(self, toy: Toy) -> None:
        thing, worker = uuid4(), toy.copy_worker(ToyCopy())
        await toy.change(thing, 3)
        await catch_up(worker)
        async with toy.app.work(toy.scope, actor="teacher") as work:
            work.tombstone(ThingChanged, key=thing)
        await catch_up(worker)
        (row,) = await toy.rows("select label, amount, position from copy.thing_card")
        assert (row.label, row.amount, row.position) == (None, None, work.position)

    async def test_records_that_come_again_change_nothing(self, toy: Toy) -> None:
        thing, feed = uuid4(), toy.log_feed()
        for amount in (1, 2):
            await toy.change(thing, amount)
        worker = toy.copy_worker(ToyCopy(), feed)
        batch = await feed.read(None, limit=100, wait=0)
        after = await worker.take(await worker.where(), batch)
        before = await toy.rows("select * from copy.thing_card union all select * from copy.thing_card")
        await worker.take(after, batch)
        assert before == await toy.rows(
            "select * from copy.thing_card union all select * from copy.thing_card"
        )
        assert worker.state.dropped == 2, "the two facts; states are guarded by their rows"

    async def test_readers_and_pages_are_told_when_the_commit_succeeds(self, toy: Toy) -> None:
        thing, worker = uuid4(), toy.copy_worker(ToyCopy())
        heard: list[tuple[str, str]] = []
        listener = await connect(toy.database.app)
        try:
            for channel in ("reached", "live"):
                await listener.add_listener(channel, lambda _c, _p, name, body: heard.append((name, body)))
            await toy.change(thing, 3)
            await catch_up(worker)
            await eventually(lambda: {name for name, _ in heard} == {"reached", "live"})
        finally:
            await listener.close()
        named = {key for name, body in heard if name == "live" for key in orjson.loads(body)}
        assert named == {f"thing:{thing}"}

    async def test_readers_are_told_of_others_topics_too(self, toy: Toy) -> None:
        """Whoever waits until this copy has come as far as a write must not wait because nothing of it is read here."""
        worker = toy.copy_worker(ToyCopy())
        heard: list[tuple[str, str]] = []
        listener = await connect(toy.database.app)
        try:
            for channel in ("reached", "live"):
                await listener.add_listener(channel, lambda _c, _p, name, body: heard.append((name, body)))
            async with toy.app.work(toy.scope, actor="teacher") as work:
                work.publish(Whispered(thing=uuid4()), key=uuid4())
            await catch_up(worker)
            await eventually(lambda: heard)
        finally:
            await listener.close()
        assert heard == [("reached", "")]
        assert await reached(toy) == work.position

    async def test_a_thousand_views_are_named_in_several_notices(self, toy: Toy) -> None:
        heard: list[str] = []
        listener = await connect(toy.database.app)
        things = sorted(uuid4() for _ in range(400))
        try:
            await listener.add_listener("live", lambda _c, _p, _n, body: heard.append(body))
            async with toy.app.work(toy.scope, actor="import") as work:
                for thing in things:
                    work.publish(ThingChanged(thing=thing, label="a", amount=1), key=thing)
            await catch_up(toy.copy_worker(ToyCopy(), toy.log_feed()), limit=2000)
            await eventually(lambda: sum(len(orjson.loads(body)) for body in heard) == 400)
        finally:
            await listener.close()
        assert all(len(body) < 8000 for body in heard)
        assert len(heard) > 1


class TestCheckpoint:
    async def test_rows_and_checkpoint_are_stored_together(self, toy: Toy) -> None:
        copy = ToyCopy()
        await toy.change(uuid4(), 1)

        async def killed(session: AsyncSession) -> None:
            raise Killed

        copy.trouble = killed
        with pytest.raises(Killed):
            await catch_up(toy.copy_worker(copy))
        assert await amounts(toy) == {}
        assert await reached(toy) == 0
        copy.trouble = None
        await catch_up(toy.copy_worker(copy))
        assert list((await amounts(toy)).values()) == [1]
        assert await reached(toy) == 2

    async def test_a_worker_that_lost_its_place_writes_nothing(self, toy: Toy) -> None:
        one, other = (toy.copy_worker(ToyCopy(), toy.log_feed()) for _ in range(2))
        thing = uuid4()
        await toy.change(thing, 1)
        start = await one.where()
        batch = await one.feed.read(None, limit=100, wait=0)
        await toy.change(thing, 2)
        await catch_up(other)
        with pytest.raises(Displaced):
            await one.take(start, batch)
        assert await amounts(toy) == {thing: 2}
        assert await reached(toy) == 4

    async def test_without_records_too_it_moves_only_when_nobody_else_is_on_the_copy(self, toy: Toy) -> None:
        worker = toy.copy_worker(ToyCopy(), toy.log_feed())
        await toy.change(uuid4(), 1)
        await catch_up(worker)
        start = await worker.where()
        first, second = (Batch([], {"position": place}, place, 1, place) for place in (5, 6))
        async with toy.feed.maintain() as session:
            await enter(session, "things", "copy")
            taking = asyncio.create_task(worker.take(start, first))
            await eventually(
                lambda: toy.rows("select 1 from pg_locks where locktype = 'advisory' and not granted")
            )
            await store(session, start, second)
        with pytest.raises(Displaced):
            await taking
        assert await reached(toy) == 6

    async def test_an_unknown_epoch_stops_the_copy(self, toy: Toy) -> None:
        worker = toy.copy_worker(ToyCopy(), toy.log_feed())
        await toy.change(uuid4(), 1)
        await catch_up(worker)
        async with toy.engine("toy_owner").begin() as connection:
            await connection.execute(text("update log.head set epoch = 2"))
        await toy.change(uuid4(), 1)
        with pytest.raises(UnknownEpoch):
            await catch_up(worker)
        assert await reached(toy) == 2
        assert len(await amounts(toy)) == 1


class TestTrouble:
    async def test_only_the_poisoned_key_is_parked(self, toy: Toy) -> None:
        good, bad, worker = uuid4(), uuid4(), toy.copy_worker(ToyCopy(), toy.log_feed())
        await toy.change(good, 1)
        await toy.change(bad, 1, label="poison")
        await toy.change(good, 2)
        await catch_up(worker, limit=100)
        await toy.change(bad, 2)
        await toy.change(good, 3)
        await catch_up(worker)

        assert await amounts(toy) == {good: 3}
        assert {key for key, _, _ in await waiting(toy)} == {str(bad)}
        reasons = [(topic, reason) for _, topic, reason in await waiting(toy)]
        assert reasons == [("toy.count", BEHIND), ("toy.thing", BEHIND), ("toy.count", BEHIND)], (
            "the poisoned state was superseded by a newer one"
        )
        assert await reached(toy) == 10

    async def test_the_reason_tells_what_failed_and_nothing_of_the_record(self, toy: Toy) -> None:
        bad, worker = uuid4(), toy.copy_worker(ToyCopy())
        await toy.change(bad, 1, label="poison")
        await catch_up(worker)
        reasons = {reason for _, _, reason in await waiting(toy)}
        assert reasons <= {"does not fold: ValueError", BEHIND}
        assert "does not fold: ValueError" in reasons

    async def test_a_hole_parks_its_key_alone(self, toy: Toy) -> None:
        holed, whole, worker = uuid4(), uuid4(), toy.copy_worker(ToyCopy())
        await toy.change(holed, 1)
        await toy.change(whole, 1)
        async with toy.engine("toy_owner").begin() as connection:
            await connection.execute(text("delete from log.log_fact where key = :key"), {"key": str(holed)})
        await toy.change(holed, 2)
        await toy.change(whole, 2)
        await catch_up(worker)

        assert {key for key, _, _ in await waiting(toy)} == {str(holed)}
        days = await toy.rows("select thing, version from copy.count_day")
        assert [(row.thing, row.version) for row in days] == [(whole, 2)]

    async def test_an_unreadable_record_is_parked(self, toy: Toy) -> None:
        thing, worker = uuid4(), toy.copy_worker(ToyCopy())
        await toy.change(thing, 1)
        async with toy.engine("toy_owner").begin() as connection:
            await connection.execute(text('update log.log_fact set payload = \'{"amount": "神"}\''))
        await catch_up(worker)
        reasons = [reason for _, topic, reason in await waiting(toy) if topic == COUNT.name]
        assert reasons == ["toy.count.counted: thing: missing"] or reasons == [BEHIND]

    @pytest.mark.parametrize(
        "statement",
        [
            "select pg_terminate_backend(pg_backend_pid())",
            "set local statement_timeout = 1; select pg_sleep(1)",
            "set local lock_timeout = 1; lock table thing_card in access exclusive mode",
        ],
    )
    async def test_trouble_of_the_database_parks_nothing(self, toy: Toy, statement: str) -> None:
        copy, worker = ToyCopy(), None
        await toy.change(uuid4(), 1)
        holder = await connect(toy.database.feed)
        await holder.execute("begin; lock table copy.thing_card in row share mode")

        async def trouble(session: AsyncSession) -> None:
            for one in statement.split(";"):
                await session.execute(text(one))

        copy.trouble = trouble
        worker = toy.copy_worker(copy)
        try:
            with pytest.raises(DBAPIError) as error:
                await catch_up(worker)
            assert transient(error.value), sqlstate(error.value)
        finally:
            await holder.close()
        assert await waiting(toy) == []
        assert await reached(toy) == 0
        copy.trouble = None
        await catch_up(worker)
        assert len(await amounts(toy)) == 1

    async def test_a_mistake_in_sql_is_no_trouble_of_the_database(self, toy: Toy) -> None:
        with pytest.raises(DBAPIError) as error:
            await toy.rows("select 1 / 0")
        assert not transient(error.value)
        assert told(error.value) == "DBAPIError 22012"
        with pytest.raises(DBAPIError) as error:
            await toy.rows("select cast(:amount as integer)", amount=2**40)
        assert not transient(error.value)


async def test_trouble_is_told_without_what_it_was_about() -> None:
    error = asyncpg.UniqueViolationError("Key (name)=(神福) already exists")
    assert told(error) == "UniqueViolationError 23505"
    assert told(ValueError("神福")) == "ValueError"
    assert told(Displaced("things/toy")) == "things/toy"


async def test_a_copy_that_reads_facts_must_know_their_versions(toy: Toy) -> None:
    async with toy.feed.maintain() as session:
        with pytest.raises(NotImplementedError, match="ToyCopy reads facts"):
            await Copy.known_versions(ToyCopy(), session, [])
