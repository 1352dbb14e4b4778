"""What grew record by record equals what the same records give at once, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from random import Random
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import shapes
from shared.events.feed import Batch, Cursor, Feed
from shared.events.intake import BEHIND, Arrived
from shared.events.rebuild import Progress, Rebuilt, rebuild
from tests.support.fixtures import Toy, catch_up
from tests.support.toy import ThingChanged, ToyCopy
from tests.support.waiting import eventually


def any_order(toy: Toy, seed: int) -> Callable[[str, Sequence[str]], Feed]:
    return lambda publisher, topics: toy.any_order(topics, seed)


async def rebuilt(toy: Toy, seed: int = 0, copy: ToyCopy | None = None) -> Rebuilt:
    return await rebuild("toy", copy or ToyCopy(), toy.feed, any_order(toy, seed), toy.engine("toy_owner"))


async def from_log(toy: Toy, copy: ToyCopy) -> Rebuilt:
    owner = toy.engine("toy_owner")
    return await rebuild("toy", copy, toy.feed, lambda _, topics: toy.log_feed(topics=topics), owner)


async def some_history(toy: Toy, random: Random, things: Sequence[UUID], steps: int) -> None:
    for step in range(steps):
        thing = random.choice(things)
        if random.random() < 0.1:
            async with toy.app.work(toy.scope, actor="teacher") as work:
                work.tombstone(ThingChanged, key=thing)
        else:
            async with toy.app.work(toy.scope, actor="teacher") as work:
                label = random.choice(["福", "b", "c"])
                work.publish(ThingChanged(thing=thing, label=label, amount=step), key=thing)
            await toy.change(uuid4(), step)


@pytest.mark.parametrize("seed", range(5))
async def test_rebuilt_equals_grown_in_any_order(toy: Toy, seed: int) -> None:
    random = Random(seed)
    things = [uuid4() for _ in range(6)]
    worker = toy.copy_worker(ToyCopy(), seed=seed)
    for _ in range(5):
        await some_history(toy, random, things, 6)
        await catch_up(worker, limit=random.randint(1, 12))

    found = await rebuilt(toy, seed + 100)

    assert found.differences == []
    assert found.different == 0
    assert found.parked == 0
    live = await toy.rows("select count(*) as cards from copy.thing_card")
    assert found.rows["thing_card"] == live[0].cards > 0
    assert found.reached == {"toy": (await worker.where()).reached}


async def test_rebuilding_while_commands_go_on(toy: Toy) -> None:
    """The live copy is at work and the log moves; the comparison is still of one position."""
    worker = toy.copy_worker(ToyCopy(), toy.log_feed())
    running = asyncio.create_task(worker.run(toy.database.feed))
    things = [uuid4() for _ in range(4)]
    enough = asyncio.Event()

    async def write() -> None:
        random = Random(1)
        while not enough.is_set():
            await some_history(toy, random, things, 1)

    writing = asyncio.create_task(write())
    try:
        results = [await from_log(toy, ToyCopy()) for _ in range(4)]
    finally:
        enough.set()
        await writing
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [found.differences for found in results] == [[], [], [], []]
    assert len({found.reached["toy"] for found in results}) == 4, "the log moved meanwhile"


async def test_a_copy_that_lags_is_brought_along(toy: Toy) -> None:
    await toy.change(uuid4(), 1)
    await catch_up(toy.copy_worker(ToyCopy()))
    await toy.change(uuid4(), 2)
    found = await rebuilt(toy)
    assert (found.differences, found.reached) == ([], {"toy": 4})
    await catch_up(toy.copy_worker(ToyCopy()))


async def test_a_row_that_was_changed_is_named_with_its_columns(toy: Toy) -> None:
    thing = uuid4()
    await toy.change(thing, 1)
    await catch_up(toy.copy_worker(ToyCopy()))
    await toy.rows("update copy.thing_card set amount = 7, label = '福' returning 1")
    found = await rebuilt(toy)
    (one,) = found.differences
    assert (one.table, one.key, one.columns()) == ("thing_card", {"thing": str(thing)}, ["label", "amount"])
    assert one.live is not None
    assert one.rebuilt is not None
    assert (one.live["amount"], one.rebuilt["amount"]) == (7, 1)
    assert found.different == 2


async def test_rows_too_many_and_too_few_are_named(toy: Toy) -> None:
    first, second = uuid4(), uuid4()
    await toy.change(first, 1)
    await toy.change(second, 2)
    await catch_up(toy.copy_worker(ToyCopy()))
    await toy.rows(
        "update copy.count_day set stream = gen_random_uuid() where thing = :thing returning 1", thing=first
    )
    found = await rebuilt(toy)
    assert {(one.table, one.live is None, one.rebuilt is None) for one in found.differences} == {
        ("count_day", True, False),
        ("count_day", False, True),
    }


class Written(ToyCopy):
    """The toy's copy with a table more, into which every batch writes rows that do not follow from the records."""

    tables: ClassVar[tuple[str, ...]] = (*ToyCopy.tables, "written")  # type: ignore[assignment]
    rows = ""

    def __init__(self, key: str = "") -> None:
        super().__init__()
        self.shape = (  # type: ignore[misc] # of this copy alone
            f"{ToyCopy.shape}create table written (id integer {key}, n numeric);"
            "grant select, insert, update, delete on written to toy_feed;"
        )

    async def stand(self, toy: Toy) -> None:
        """Take the place of the toy's copy, which has not been at work yet."""
        async with toy.engine("toy_owner").begin() as connection:
            await connection.execute(text("drop table copy.thing_card, copy.count_day"))
        await shapes.make(toy.engine("toy_owner"), self)

    async def fold(self, session: AsyncSession, arrived: Sequence[Arrived]) -> Iterable[str]:
        await session.execute(text(f"insert into written values {self.rows} on conflict do nothing"))
        return await super().fold(session, arrived)


@pytest.mark.parametrize("key", ["", "primary key"])
@pytest.mark.parametrize(
    ("live", "anew", "differ"),
    [
        ("(1, 1.0)", "(1, 1.0)", []),
        ("(1, 1.0)", "(1, 1.00)", [("live", 1), ("rebuilt", 1)]),
        ("(1, null)", "(1, 0)", [("live", 1), ("rebuilt", 1)]),
        ("(1, null), (2, 2)", "(1, null)", [("live", 2)]),
        ("(1, 1)", "(1, 1), (2, null)", [("rebuilt", 2)]),
    ],
)
async def test_rows_are_compared_as_they_are_written_with_a_key_and_without(
    toy: Toy, key: str, live: str, anew: str, differ: list[tuple[str, int]]
) -> None:
    copy = Written(key)
    await copy.stand(toy)
    await toy.change(uuid4(), 1)
    copy.rows = live
    await catch_up(toy.copy_worker(copy, toy.log_feed()))
    copy.rows = anew
    found = await from_log(toy, copy)
    sides = [
        (side, row["id"])
        for one in found.differences
        for side, row in (("live", one.live), ("rebuilt", one.rebuilt))
        if row is not None
    ]
    assert (sorted(sides), found.different) == (differ, len(differ))
    assert {one.table for one in found.differences} <= {"written"}


async def test_a_row_too_many_of_a_table_without_a_key_shows(toy: Toy) -> None:
    copy = Written()
    await copy.stand(toy)
    await toy.change(uuid4(), 1)
    copy.rows = "(1, 1), (1, 1)"
    await catch_up(toy.copy_worker(copy, toy.log_feed()))
    copy.rows = "(1, 1)"
    found = await from_log(toy, copy)
    assert [(one.live, one.rebuilt) for one in found.differences] == [({"id": 1, "n": 1}, None)]


@pytest.mark.parametrize("at_hand", [2, 1])
async def test_the_next_batch_is_read_while_one_is_folded(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, at_hand: int
) -> None:
    """Also from a feed that gives what it has at hand, and less than was asked for, as a broker does."""
    monkeypatch.setattr("shared.events.rebuild.BATCH", 2)
    for _ in range(4):
        await toy.change(uuid4(), 1)
    await catch_up(toy.copy_worker(ToyCopy(), toy.log_feed()))
    copy, feed = ToyCopy(), toy.log_feed()
    read = feed.read
    reads = folds = 0

    async def counted(cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        nonlocal reads
        reads += 1
        return await read(cursor, limit=min(limit, at_hand), wait=wait)

    async def fold(_: AsyncSession) -> None:
        nonlocal folds
        folds += 1
        await eventually(lambda: reads > folds or folds * at_hand == 8)

    copy.trouble = fold
    monkeypatch.setattr(feed, "read", counted)
    found = await rebuild("toy", copy, toy.feed, lambda *_: feed, toy.engine("toy_owner"))
    assert (found.different, found.records, folds * at_hand) == (0, 8, 8)


@pytest.mark.parametrize("live", [True, False], ids=["beside a live copy", "the first copy"])
@pytest.mark.parametrize("told", [None, 1], ids=["no head", "an early head"])
async def test_a_feed_that_does_not_know_where_the_log_ends_is_read_to_its_end(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, live: bool, told: int | None
) -> None:
    """As a broker's does, before its marks come: what is left would be folded while the live copy is locked."""
    for _ in range(4):
        await toy.change(uuid4(), 1)
    copy, feed = ToyCopy(), toy.log_feed()
    seen: list[Progress] = []
    if live:
        await catch_up(toy.copy_worker(ToyCopy(), toy.log_feed()))
    read = feed.read

    async def piecemeal(cursor: Cursor | None, *, limit: int, wait: float) -> Batch:
        batch = await read(cursor, limit=min(limit, 3), wait=wait)
        return replace(batch, head=told if batch.records else batch.head)

    monkeypatch.setattr(feed, "read", piecemeal)
    await rebuild("toy", copy, toy.feed, lambda *_: feed, toy.engine("toy_owner"), tell=seen.append)
    assert seen[-1].records == 8


async def test_a_code_that_folds_otherwise_shows(toy: Toy) -> None:
    """What a release would change in the rows: here a label that used to be parked."""
    bad = uuid4()
    await toy.change(bad, 1, label="poison")
    await catch_up(toy.copy_worker(ToyCopy(), seed=3))
    mended = ToyCopy()
    mended.poison = set()
    found = await rebuilt(toy, copy=mended)
    assert {one.key["thing"] for one in found.differences if one.table == "thing_card"} == {str(bad)}
    assert found.parked == 0


async def test_what_does_not_fold_is_counted_and_the_live_parking_lot_is_left_alone(toy: Toy) -> None:
    await toy.change(uuid4(), 1, label="poison")
    await catch_up(toy.copy_worker(ToyCopy()))
    before = await toy.rows("select copy, position, reason from feed.parked order by position")
    found = await rebuilt(toy)
    assert found.parked == len(before) > 0
    assert before == await toy.rows("select copy, position, reason from feed.parked order by position")
    assert {row.reason for row in before} <= {BEHIND, "does not fold: ValueError"}


async def test_nothing_is_left_behind_and_nobody_is_told(toy: Toy) -> None:
    await toy.change(uuid4(), 1)
    await catch_up(toy.copy_worker(ToyCopy()))
    listener = await toy.database.server.connect(toy.database.name)
    heard: list[object] = []
    try:
        await listener.add_listener("live", lambda *notice: heard.append(notice))
        await rebuilt(toy)
        await listener.execute("select 1")
    finally:
        await listener.close()
    assert heard == []
    assert await toy.rows("select 1 from pg_tables where schemaname = 'copy_next'") == []
    assert await toy.rows("select 1 from feed.checkpoint where copy <> 'things'") == []


async def test_a_rebuild_that_breaks_off_leaves_nothing_behind(toy: Toy) -> None:
    await toy.change(uuid4(), 1)
    await catch_up(toy.copy_worker(ToyCopy()))
    async with toy.engine("toy_owner").begin() as connection:
        await connection.execute(text("update log.head set epoch = 2"))
    with pytest.raises(RuntimeError, match="1 → 2"):
        await rebuilt(toy)
    assert await toy.rows("select 1 from pg_tables where schemaname = 'copy_next'") == []
