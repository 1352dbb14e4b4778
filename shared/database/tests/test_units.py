"""The unit of work: state and events together or not at all, last statement last, commands once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.database import AlreadyDone, Command, Moved, Scope, connect
from shared.database.units import CommandReused, narrow, sqlstate
from shared.dates import FixedClock
from tests.support.fixtures import Toy
from tests.support.toy import COUNT, THING, Change, Counted, Thing, ThingChanged, change, day_stream
from tests.support.waiting import eventually

TODAY = date(2026, 11, 20)


class Answer(BaseModel):
    amount: int


def command(**changes: Any) -> Command:
    return replace(Command("teacher", uuid4(), "hash of the request"), **changes)


async def logged(toy: Toy) -> list[Any]:
    async with toy.feed.maintain() as session:
        rows = await session.execute(
            text(
                "select topic, key, position, stream, stream_version, type, payload, actor, recorded_at, board_id"
                " from log.log_state union all"
                " select topic, key, position, stream, stream_version, type, payload, actor, recorded_at, board_id"
                " from log.log_fact order by position"
            )
        )
        return list(rows)


async def head(toy: Toy) -> int:
    async with toy.app.read(toy.scope) as session:
        position = await session.scalar(text("select position from log.head"))
    assert isinstance(position, int)
    return position


async def things(toy: Toy) -> dict[UUID, int]:
    async with toy.app.read(toy.scope) as session:
        return {row.id: row.amount for row in await session.execute(text("select id, amount from thing"))}


async def blocked(toy: Toy) -> bool:
    """Whether a session of the app role waits for a lock."""
    async with toy.app.read(toy.scope) as session:
        found = await session.scalar(
            text(
                "select exists (select from pg_stat_activity where datname = current_database()"
                " and usename = current_user and wait_event_type = 'Lock')"
            )
        )
    return bool(found)


class TestAppend:
    async def test_rows_and_events_are_committed_together(self, toy: Toy) -> None:
        thing = uuid4()
        async with toy.app.work(toy.scope, actor="teacher") as work:
            await change(work, Change(thing, 3, TODAY, label="神福都"))

        assert await things(toy) == {thing: 3}
        state, fact = await logged(toy)
        assert (state.topic, state.type, state.stream, state.stream_version) == (
            "toy.thing",
            "toy.thing.changed",
            thing,
            1,
        )
        assert (fact.topic, fact.stream) == ("toy.count", day_stream(toy.board, thing, TODAY))
        assert state.payload == {"thing": str(thing), "label": "神福都", "amount": 3}
        assert {row.key for row in (state, fact)} == {str(thing)}
        assert {row.actor for row in (state, fact)} == {"teacher"}
        assert {row.recorded_at for row in (state, fact)} == {toy.clock.now()}
        assert {row.board_id for row in (state, fact)} == {toy.board}
        assert work.position == fact.position == await head(toy)

    async def test_state_lane_keeps_one_row_a_key_and_the_fact_lane_all(self, toy: Toy) -> None:
        thing = uuid4()
        for amount in (1, 2, 3):
            async with toy.app.work(toy.scope, actor="teacher") as work:
                await change(work, Change(thing, amount, TODAY))

        rows = await logged(toy)
        assert [(row.topic, row.stream_version) for row in rows] == [
            ("toy.count", 1),
            ("toy.count", 2),
            ("toy.thing", 3),
            ("toy.count", 3),
        ]

    async def test_nothing_is_half_written_when_the_block_raises(self, toy: Toy) -> None:
        once = command()
        with pytest.raises(ZeroDivisionError):
            async with toy.app.work(toy.scope, actor="teacher", command=once) as work:
                await change(work, Change(uuid4(), 3, TODAY))
                await work.session.flush()
                raise ZeroDivisionError

        assert await things(toy) == {}
        assert await logged(toy) == []
        assert await head(toy) == 0
        async with toy.app.work(toy.scope, actor="teacher", command=once) as work:
            work.answer = Answer(amount=1)

    async def test_a_unit_without_events_has_no_position(self, toy: Toy) -> None:
        async with toy.app.work(toy.scope, actor="teacher") as work:
            work.session.add(Thing(id=uuid4(), board_id=toy.board, label="quiet", amount=1, version=1))
        assert work.position is None
        assert len(await things(toy)) == 1
        assert await head(toy) == 0

    async def test_no_statement_after_the_append(self, toy: Toy) -> None:
        with pytest.raises(RuntimeError, match="last statement"):
            async with toy.app.work(toy.scope, actor="teacher") as work:
                await change(work, Change(uuid4(), 1, TODAY))
                await work.session.flush()
                await toy.app._append(work, None)
                await work.session.execute(text("select 1"))
        assert await things(toy) == {}

    async def test_an_object_dirty_after_the_append_is_refused(self, toy: Toy) -> None:
        """The ORM would flush it at commit, after the append: a row that no event tells of."""
        with pytest.raises(RuntimeError, match="after the events"):
            async with toy.app.work(toy.scope, actor="teacher") as work:
                thing = await change(work, Change(uuid4(), 1, TODAY))
                await work.session.flush()
                await toy.app._append(work, None)
                thing.amount = 2
        assert await things(toy) == {}
        assert await logged(toy) == []

    async def test_one_event_a_stream(self, toy: Toy) -> None:
        thing = uuid4()
        with pytest.raises(RuntimeError, match="at most one event"):
            async with toy.app.work(toy.scope, actor="teacher") as work:
                for amount in (1, 2):
                    work.publish(Counted(thing=thing, on=TODAY, amount=amount), key=thing)

    async def test_a_state_key_is_its_stream(self, toy: Toy) -> None:
        thing = uuid4()
        with pytest.raises(RuntimeError, match="the key is the aggregate"):
            async with toy.app.work(toy.scope, actor="teacher") as work:
                work.publish(ThingChanged(thing=thing, label="a", amount=1), key=thing, stream=uuid4())

    async def test_an_event_too_large_to_travel_is_refused_when_it_is_written(self, toy: Toy) -> None:
        with pytest.raises(RuntimeError, match="does not travel"):
            async with toy.app.work(toy.scope, actor="teacher") as work:
                await change(work, Change(uuid4(), 1, TODAY, label="福" * 200_000))
        assert await things(toy) == {}

    async def test_a_tombstone_keeps_the_key_without_payload(self, toy: Toy) -> None:
        thing = uuid4()
        async with toy.app.work(toy.scope, actor="teacher") as work:
            work.publish(ThingChanged(thing=thing, label="a", amount=1), key=thing)
        async with toy.app.work(toy.scope, actor="teacher") as work:
            work.tombstone(ThingChanged, key=thing)
            with pytest.raises(ValueError, match="state lane"):
                work.tombstone(Counted, key=thing)
        (row,) = await logged(toy)
        assert (row.key, row.payload, row.stream_version) == (str(thing), None, 2)

    async def test_facts_lie_in_the_school_year_of_their_recording(self, toy: Toy, clock: FixedClock) -> None:
        for instant in ("2027-03-31T14:59:59+00:00", "2027-03-31T15:00:00+00:00"):
            clock.instant = clock.instant.fromisoformat(instant)
            async with toy.app.work(toy.scope, actor="teacher") as work:
                work.publish(Counted(thing=uuid4(), on=TODAY, amount=1), key=uuid4())
        async with toy.feed.maintain() as session:
            years = await session.scalars(text("select school_year from log.log_fact order by position"))
            assert list(years) == [2026, 2027]

    async def test_another_board_cannot_be_written_to_the_log(self, toy: Toy) -> None:
        """append_events runs as the owner, so it checks the board itself."""
        with pytest.raises(DBAPIError) as refused:
            async with toy.app.work(toy.scope, actor="teacher") as work:
                await narrow(work.session, Scope(uuid4()))
                work.publish(Counted(thing=uuid4(), on=TODAY, amount=1), key=uuid4())
        assert sqlstate(refused.value) == "42501"
        assert await logged(toy) == []


class TestVersions:
    async def test_an_expected_version_that_has_passed_is_moved(self, toy: Toy) -> None:
        thing = uuid4()
        async with toy.app.work(toy.scope, actor="teacher") as work:
            await change(work, Change(thing, 1, TODAY))
        with pytest.raises(Moved):
            async with toy.app.work(toy.scope, actor="teacher") as work:
                work.publish(ThingChanged(thing=thing, label="a", amount=2), key=thing, expected=0)
        assert [row.stream_version for row in await logged(toy)] == [1, 1]

    async def test_versions_of_a_stream_have_no_gap_under_races(self, toy: Toy) -> None:
        thing = uuid4()

        async def once(amount: int) -> bool:
            try:
                async with toy.app.work(toy.scope, actor="teacher") as work:
                    await change(work, Change(thing, amount, TODAY))
            except Moved:
                return False
            except DBAPIError as error:
                assert sqlstate(error) == "23505"  # noqa: PT017 (two made the thing at once; anything else fails)
                return False
            return True

        outcomes = await asyncio.gather(*(once(amount) for amount in range(60)))
        rows = await logged(toy)
        counts = [row.stream_version for row in rows if row.topic == COUNT.name]
        assert counts == list(range(1, sum(outcomes) + 1))
        assert [row.stream_version for row in rows if row.topic == THING.name] == [sum(outcomes)]

    async def test_a_deadlock_is_moved(self, toy: Toy) -> None:
        one, other = uuid4(), uuid4()
        async with toy.app.work(toy.scope, actor="teacher") as work:
            await change(work, Change(one, 1, TODAY))
            await change(work, Change(other, 1, TODAY))
        both_hold_one = asyncio.Barrier(2)

        async def crosswise(first: UUID, second: UUID) -> str:
            try:
                async with toy.app.work(toy.scope, actor="teacher") as work:
                    await work.session.get(Thing, first, with_for_update=True)
                    await both_hold_one.wait()
                    await work.session.get(Thing, second, with_for_update=True)
            except Moved:
                return "moved"
            return "done"

        outcomes = await asyncio.gather(crosswise(one, other), crosswise(other, one))
        assert sorted(outcomes) == ["done", "moved"]


class TestCommands:
    async def test_a_command_happens_once_and_is_answered_alike(self, toy: Toy) -> None:
        once, thing = command(), uuid4()
        async with toy.app.work(toy.scope, actor="teacher", command=once) as work:
            await change(work, Change(thing, 5, TODAY))
            work.answer = Answer(amount=5)

        with pytest.raises(AlreadyDone) as done:
            async with toy.app.work(toy.scope, actor="teacher", command=once):
                pytest.fail("the block does not run again")
        assert done.value.response == {"amount": 5}
        assert done.value.position == work.position
        assert len(await logged(toy)) == 2

    async def test_a_command_without_events_or_answer_is_remembered_too(self, toy: Toy) -> None:
        once = command()
        async with toy.app.work(toy.scope, actor="teacher", command=once):
            pass
        with pytest.raises(AlreadyDone) as done:
            async with toy.app.work(toy.scope, actor="teacher", command=once):
                pass
        assert (done.value.response, done.value.position) == (None, None)

    async def test_the_same_id_with_another_body_is_refused(self, toy: Toy) -> None:
        once = command()
        async with toy.app.work(toy.scope, actor="teacher", command=once):
            pass
        with pytest.raises(CommandReused):
            async with toy.app.work(
                toy.scope, actor="teacher", command=replace(once, request_hash="of another body")
            ):
                pass

    async def test_the_same_id_of_another_board_is_refused_and_tells_nothing(self, toy: Toy) -> None:
        once = command()
        async with toy.app.work(toy.scope, actor="teacher", command=once):
            pass
        with pytest.raises(CommandReused):
            async with toy.app.work(Scope(uuid4()), actor="teacher", command=once):
                pass

    async def test_the_same_id_of_another_principal_is_another_command(self, toy: Toy) -> None:
        once = command()
        async with toy.app.work(toy.scope, actor="teacher", command=once):
            pass
        async with toy.app.work(toy.scope, actor="nurse", command=replace(once, principal="nurse")):
            pass

    async def test_a_concurrent_twin_waits_and_gets_the_answer(self, toy: Toy) -> None:
        once = command()

        async def twin() -> Any:
            with pytest.raises(AlreadyDone) as done:
                async with toy.app.work(toy.scope, actor="teacher", command=once):
                    pytest.fail("the block does not run twice")
            return done.value.response

        async with toy.app.work(toy.scope, actor="teacher", command=once) as work:
            second = asyncio.create_task(twin())
            await eventually(lambda: blocked(toy))
            await change(work, Change(uuid4(), 7, TODAY))
            work.answer = Answer(amount=7)
        assert await second == {"amount": 7}

    async def test_a_concurrent_twin_runs_when_the_first_fails(self, toy: Toy) -> None:
        once, thing = command(), uuid4()

        async def twin() -> None:
            async with toy.app.work(toy.scope, actor="teacher", command=once) as work:
                await change(work, Change(thing, 8, TODAY))

        with pytest.raises(ZeroDivisionError):
            async with toy.app.work(toy.scope, actor="teacher", command=once):
                second = asyncio.create_task(twin())
                await eventually(lambda: blocked(toy))
                raise ZeroDivisionError
        await second
        assert await things(toy) == {thing: 8}


class TestRead:
    async def test_reading_never_writes(self, toy: Toy) -> None:
        with pytest.raises(DBAPIError) as refused:
            async with toy.app.read(toy.scope) as session:
                session.add(Thing(id=uuid4(), board_id=toy.board, label="a", amount=1, version=1))
                await session.flush()
        assert sqlstate(refused.value) == "25006"

    async def test_a_write_after_a_read_on_the_same_connection(self, toy: Toy) -> None:
        for _ in range(3):
            async with toy.app.read(toy.scope) as session:
                await session.execute(text("select 1"))
            async with toy.app.work(toy.scope, actor="teacher") as work:
                await change(work, Change(uuid4(), 1, TODAY))
        assert len(await things(toy)) == 3


async def test_a_notice_names_the_topics_that_were_touched(toy: Toy) -> None:
    heard: list[str] = []
    listener = await connect(toy.database.app)
    try:
        await listener.add_listener("log", lambda _c, _p, _n, said: heard.append(str(said)))
        await toy.change(uuid4(), 1)
        async with toy.app.work(toy.scope, actor="teacher") as work:
            for thing in (uuid4(), uuid4()):
                work.publish(ThingChanged(thing=thing, label="a", amount=1), key=thing)
        await eventually(lambda: heard == [f"{COUNT.name},{THING.name}", THING.name])
    finally:
        await listener.close()


async def test_more_topics_than_a_notice_holds_are_any(toy: Toy) -> None:
    heard: list[str] = []
    listener = await connect(toy.database.app)
    try:
        await listener.add_listener("log", lambda _c, _p, _n, said: heard.append(str(said)))
        async with toy.app.work(toy.scope, actor="dashboard") as work:
            for number in range(200):
                topic = replace(THING, name=f"feed.{toy.board}.{number}")
                work.publish(ThingChanged(thing=toy.board, label="a", amount=1), key=uuid4(), topic=topic)
        await eventually(lambda: heard == [""])
    finally:
        await listener.close()
