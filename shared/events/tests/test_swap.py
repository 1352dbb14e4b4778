"""A rebuilt copy is taken into use in one moment: readers, workers and a killed rebuild."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import connect
from shared.events import shapes
from shared.events.copies import CopyWorker, OtherShape
from shared.events.intake import Arrived, UnknownEpoch
from shared.events.rebuild import Busy, Progress, Rebuilt, rebuild
from tests.support.fixtures import Toy, catch_up
from tests.support.toy import COUNT, THING, ThingChanged, ToyCopy
from tests.support.waiting import eventually

BOTH = "select (select count(*) from copy.thing_card) as cards, (select count(*) from copy.count_day) as days"


async def swapped(toy: Toy, copy: ToyCopy | None = None, told: list[Progress] | None = None) -> Rebuilt:
    copy = copy or ToyCopy()
    tell = (told if told is not None else []).append
    return await rebuild(
        "toy",
        copy,
        toy.feed,
        lambda _, topics: toy.log_feed(topics=topics),
        toy.engine("toy_owner"),
        swap=True,
        tell=tell,
    )


async def cards(toy: Toy) -> dict[UUID, int | None]:
    return {row.thing: row.amount for row in await toy.rows("select thing, amount from copy.thing_card")}


async def filled(toy: Toy, things: int = 5) -> dict[UUID, int | None]:
    """A copy that has been at work."""
    for amount in range(things):
        await toy.change(uuid4(), amount)
    await catch_up(toy.copy_worker(ToyCopy(), toy.log_feed()))
    return await cards(toy)


async def nothing_is_left(toy: Toy) -> None:
    assert await toy.rows("select 1 from pg_tables where schemaname = 'copy_next'") == []
    assert [row.copy for row in await toy.rows("select copy from feed.checkpoint")] == ["things"]
    assert [row.copy for row in await toy.rows("select copy from feed.shape")] == ["things"]


async def test_the_rebuilt_rows_are_the_live_ones_and_the_copy_goes_on(toy: Toy) -> None:
    before = await filled(toy)
    await toy.rows("update copy.thing_card set amount = 99 returning 1")
    found = await swapped(toy)
    assert (found.swapped, found.compared, found.different) == (True, True, 2 * len(before))
    assert await cards(toy) == before
    await nothing_is_left(toy)

    thing = uuid4()
    await toy.change(thing, 7)
    await catch_up(toy.copy_worker(ToyCopy(), toy.log_feed()))
    assert await cards(toy) == {**before, thing: 7}


async def test_the_walls_stand_before_the_new_tables_too(toy: Toy) -> None:
    await filled(toy)
    await swapped(toy)
    async with toy.app.read(toy.scope) as session:
        assert await session.scalar(text("select count(*) from copy.thing_card")) == 5
        with pytest.raises(Exception, match="read-only"):
            await session.execute(text("delete from copy.thing_card"))
    stranger = await connect(toy.database.login("toy_app"))
    try:
        assert await stranger.fetchval("select count(*) from copy.thing_card") == 0
        with pytest.raises(Exception, match="permission denied"):
            await stranger.execute("delete from copy.thing_card")
    finally:
        await stranger.close()


async def test_readers_see_one_or_the_other_and_prepared_statements_follow(toy: Toy) -> None:
    """Statement after statement, prepared once, while copies are swapped again and again."""
    await filled(toy)
    over = asyncio.Event()

    async def read() -> int:
        connection = await connect(toy.database.feed)
        try:
            prepared = await connection.prepare(BOTH)
            looks = 0
            while not over.is_set():
                row = await prepared.fetchrow()
                assert row is not None
                assert (row["cards"], row["days"]) == (5, 5)
                looks += 1
            return looks
        finally:
            await connection.close()

    readers = [asyncio.create_task(read()) for _ in range(3)]
    try:
        for _ in range(4):
            await swapped(toy)
    finally:
        over.set()
        looks = await asyncio.gather(*readers)
    assert all(look > 4 for look in looks)


async def test_a_worker_at_work_goes_on_in_the_new_tables(toy: Toy) -> None:
    worker = toy.copy_worker(ToyCopy(), toy.log_feed())
    running = asyncio.create_task(worker.run(toy.database.feed))
    enough = asyncio.Event()
    said: dict[UUID, int] = {}

    async def write() -> None:
        while not enough.is_set():
            thing = uuid4()
            said[thing] = len(said)
            await toy.change(thing, said[thing])

    writing = asyncio.create_task(write())
    try:
        results = [await swapped(toy) for _ in range(3)]
        enough.set()
        await writing

        async def level() -> bool:
            return await cards(toy) == said

        await eventually(level)
    finally:
        enough.set()
        running.cancel()
        await asyncio.gather(writing, running, return_exceptions=True)
    assert [found.different for found in results] == [0, 0, 0]


async def test_a_reader_that_does_not_let_go_is_waited_for_and_holds_nobody_up(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await filled(toy)
    slow = await connect(toy.database.feed)
    try:
        transaction = slow.transaction()
        await transaction.start()
        await slow.fetchval("select count(*) from copy.thing_card")
        waiting = asyncio.create_task(swapped(toy))
        tried = asyncio.Event()
        pause = asyncio.sleep

        async def paused(seconds: float) -> None:
            tried.set()
            await pause(seconds)

        monkeypatch.setattr("shared.events.swap.asyncio.sleep", paused)
        await asyncio.wait_for(tried.wait(), 20)
        assert await cards(toy) == before
        # Its own next statement goes to a table that the swap has asked for: no deadlock, it only waits a little.
        assert await slow.fetchval("select count(*) from copy.count_day") == 5
        assert not waiting.done()
        await transaction.commit()
        assert (await waiting).swapped
    finally:
        await slow.close()
    await nothing_is_left(toy)


class Killed(BaseException):
    """The process is gone."""


async def test_killed_at_any_statement_the_old_copy_lives_and_the_rebuild_goes_on(toy: Toy) -> None:
    """Every statement of either role in turn is the last that its process sends."""
    expected = await filled(toy)
    engines = [toy.engine("toy_owner").sync_engine, toy.engine("toy_feed").sync_engine]
    countdown = 0

    def before(*_: Any) -> None:
        nonlocal countdown
        countdown -= 1
        if countdown == 0:
            raise Killed

    resumed = deaths = 0
    for step in range(1, 200):
        for engine in engines:
            event.listen(engine, "before_cursor_execute", before)
        countdown, told, found = step, list[Progress](), None
        try:
            found = await swapped(toy, told=told)
        except Killed:
            deaths += 1
        finally:
            for engine in engines:
                event.remove(engine, "before_cursor_execute", before)
        resumed += any(one.resumed for one in told)
        row = (await toy.rows(BOTH))[0]
        assert (row.cards, row.days) == (5, 5), step
        assert await cards(toy) == expected, step
        if found is not None:
            break
    assert found is not None
    assert found.swapped
    assert deaths > 15
    assert resumed > 5
    thing = uuid4()
    await toy.change(thing, 7)
    await catch_up(toy.copy_worker(ToyCopy(), toy.log_feed()))
    assert await cards(toy) == {**expected, thing: 7}
    await nothing_is_left(toy)


async def test_what_was_built_before_is_not_built_again(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(toy)

    async def cut_off(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("shared.events.rebuild.exchange", cut_off)
        with pytest.raises(Killed):
            await swapped(toy)
    told: list[Progress] = []
    found = await swapped(toy, told=told)
    assert (found.records, found.swapped) == (0, True)
    assert all(one.resumed for one in told)


class Wider(ToyCopy):
    """The next version of the code: a column more, and a table instead of another."""

    tables: ClassVar[tuple[str, ...]] = ("thing_card", "count_day", "label_seen")  # type: ignore[assignment]
    shape: ClassVar[str] = (
        ToyCopy.shape.replace(
            "label text,", "label text, loud text generated always as (upper(label)) stored,"
        )
        + "create table label_seen (label text primary key, board_id uuid not null);"
        + "grant select, insert on label_seen to toy_feed;"
    )

    async def fold(self, session: AsyncSession, arrived: Sequence[Arrived]) -> Any:
        labels = {one.payload.label for one in arrived if isinstance(one.payload, ThingChanged)}
        for label in sorted(labels):
            await session.execute(
                text("insert into label_seen values (:label, :board) on conflict do nothing"),
                {"label": label, "board": arrived[0].record.board},
            )
        return await super().fold(session, arrived)


async def test_a_changed_shape_is_built_while_the_old_one_serves_and_then_stops_the_old_code(
    toy: Toy,
) -> None:
    before = await filled(toy)
    old = toy.copy_worker(ToyCopy(), toy.log_feed())
    working = asyncio.create_task(old.run(toy.database.feed))
    heard: list[str] = []
    listener = await connect(toy.database.feed)
    try:
        await listener.add_listener("live", lambda *notice: heard.append(str(notice[-1])))
        await eventually(lambda: old.state.active)
        found = await swapped(toy, Wider())
        assert (found.compared, found.swapped) == (False, True)
        assert await cards(toy) == before
        assert {row.loud for row in await toy.rows("select loud from copy.thing_card")} == {"THING"}
        # What the old code would write now would lack what the new tables keep.
        await toy.change(uuid4(), 3)
        await eventually(lambda: "ほかの版" in (old.state.stopped_because or ""))
        assert await cards(toy) == before
        await eventually(lambda: any(str(toy.board) in said for said in heard))
    finally:
        await listener.close()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    with pytest.raises(OtherShape):
        await toy.copy_worker(ToyCopy(), toy.log_feed()).where()
    await catch_up(toy.copy_worker(Wider(), toy.log_feed()))
    assert len(await cards(toy)) == len(before) + 1
    # And back: what the older shape does not have is gone.
    await swapped(toy, ToyCopy())
    assert {
        row.tablename for row in await toy.rows("select tablename from pg_tables where schemaname = 'copy'")
    } == {
        "thing_card",
        "count_day",
    }


async def test_the_deploying_step_makes_what_is_missing_and_names_what_is_other(toy: Toy) -> None:
    owner = toy.engine("toy_owner")
    assert await shapes.make_missing(owner, [ToyCopy()]) == []
    wider = Wider()
    assert await shapes.make_missing(owner, [wider]) == [wider]

    class Rethought(ToyCopy):
        revision: ClassVar[int] = 2

    rethought = Rethought()
    assert await shapes.make_missing(owner, [rethought]) == [rethought]


async def test_half_built_by_another_version_is_thrown_away(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(toy)

    async def cut_off(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("shared.events.rebuild.exchange", cut_off)
        with pytest.raises(Killed):
            await swapped(toy, Wider())
    told: list[Progress] = []
    found = await swapped(toy, told=told)
    assert (found.records, found.swapped) == (10, True)
    assert not any(one.resumed for one in told)
    await nothing_is_left(toy)


async def test_a_restored_log_is_not_accepted_by_a_rebuild(toy: Toy) -> None:
    before = await filled(toy)
    async with toy.engine("toy_owner").begin() as connection:
        await connection.execute(text("select log.begin_epoch(0)"))
    with pytest.raises(UnknownEpoch):
        await swapped(toy, Wider())
    assert await cards(toy) == before


async def test_two_rebuilds_at_once_are_one_too_many(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(toy)
    begun, go_on = asyncio.Event(), asyncio.Event()
    take = CopyWorker.take

    async def slow(self: CopyWorker, *arguments: Any) -> Any:
        begun.set()
        await go_on.wait()
        return await take(self, *arguments)

    monkeypatch.setattr(CopyWorker, "take", slow)
    first = asyncio.create_task(swapped(toy))
    await asyncio.wait_for(begun.wait(), 10)
    with pytest.raises(Busy):
        await swapped(toy)
    go_on.set()
    assert (await first).swapped


async def test_what_waits_goes_with_the_copy_it_waits_for(toy: Toy) -> None:
    """A key that was parked and folds now is free; one that still does not waits in the new copy."""
    await toy.change(uuid4(), 1, label="poison")
    await toy.change(uuid4(), 1, label="later")
    broken = ToyCopy()
    broken.poison = {"poison", "later"}
    await catch_up(toy.copy_worker(broken))
    assert len(await toy.rows("select distinct key from feed.parked")) == 2
    found = await swapped(toy)
    assert found.parked == 2
    waiting = await toy.rows("select copy, topic from feed.parked order by position")
    assert [(row.copy, row.topic) for row in waiting] == [("things", THING.name), ("things", COUNT.name)]
