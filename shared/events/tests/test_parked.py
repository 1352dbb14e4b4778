"""Parked records: seen, tried again, thrown away with a reason; never lost and never blocking others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import parked
from shared.events.intake import BEHIND, Arrived
from shared.events.log_feed import LogFeed
from shared.events.rebuild import MoreWaits, Rebuilt, rebuild
from tests.support.fixtures import Toy, catch_up
from tests.support.toy import Counted, Echo, ToyCopy


async def waiting(toy: Toy) -> list[parked.Waiting]:
    """As the operator page sees it: with the app role."""
    async with toy.app.read(toy.scope) as session:
        return await parked.waiting(session)


async def amounts(toy: Toy) -> dict[UUID, int]:
    return {row.thing: row.amount for row in await toy.rows("select thing, amount from copy.thing_card")}


async def poisoned(toy: Toy) -> tuple[ToyCopy, str]:
    """A copy with one parked key: a state and two facts wait."""
    copy, bad = ToyCopy(), uuid4()
    worker = toy.copy_worker(copy, toy.log_feed())
    await toy.change(bad, 1, label="poison")
    await catch_up(worker)
    await toy.change(bad, 2, label="poison")
    await catch_up(worker)
    return copy, str(bad)


class TestList:
    async def test_a_key_is_listed_once_with_its_first_reason(self, toy: Toy) -> None:
        _, key = await poisoned(toy)
        (one,) = await waiting(toy)
        assert (one.copy, one.publisher, one.key, one.count) == ("things", "toy", key, 3)
        assert one.reason == BEHIND, "the poisoned state itself was superseded by a newer one"
        assert one.since == toy.clock.now()

    async def test_oldest_first(self, toy: Toy) -> None:
        _, first = await poisoned(toy)
        toy.clock.instant += timedelta(hours=1)
        worker, second = toy.copy_worker(ToyCopy(), toy.log_feed()), uuid4()
        await toy.change(second, 1, label="poison")
        await catch_up(worker)
        assert [one.key for one in await waiting(toy)] == [first, str(second)]

    async def test_inspecting_shows_the_records_in_order(self, toy: Toy) -> None:
        _, key = await poisoned(toy)
        async with toy.feed.maintain() as session:
            records = [record for record, _ in await parked.inspect(session, "things", "toy", key)]
        assert [record.topic for record in records] == ["toy.count", "toy.thing", "toy.count"]
        assert [record.position for record in records] == sorted(record.position for record in records)
        assert all(record.key == key for record in records)


class TestRetry:
    async def test_what_still_does_not_fold_waits_on(self, toy: Toy) -> None:
        copy, key = await poisoned(toy)
        assert await parked.retry(toy.feed, copy, "toy", key) == "does not fold: ValueError"
        assert (await waiting(toy))[0].count == 3
        assert await amounts(toy) == {}

    async def test_a_mended_copy_takes_everything_that_waited(self, toy: Toy) -> None:
        copy, key = await poisoned(toy)
        copy.poison.clear()
        assert await parked.retry(toy.feed, copy, "toy", key) is None
        assert await waiting(toy) == []
        assert await amounts(toy) == {UUID(key): 2}
        assert [row.version for row in await toy.rows("select version from copy.count_day")] == [2]
        await toy.change(UUID(key), 3)
        await catch_up(toy.copy_worker(copy, toy.log_feed()))
        assert await amounts(toy) == {UUID(key): 3}
        assert await waiting(toy) == []

    async def test_a_hole_stays_a_hole(self, toy: Toy) -> None:
        thing, copy = uuid4(), ToyCopy()
        await toy.change(thing, 1)
        async with toy.engine("toy_owner").begin() as connection:
            await connection.execute(text("delete from log.log_fact"))
        await toy.change(thing, 2)
        await catch_up(toy.copy_worker(copy, toy.log_feed()))
        reason = await parked.retry(toy.feed, copy, "toy", str(thing))
        assert reason is not None
        assert "is missing" in reason

    async def test_a_record_that_cannot_be_read_waits_on(self, toy: Toy) -> None:
        copy, key = await poisoned(toy)
        copy.poison.clear()
        async with toy.feed.maintain() as session:
            await session.execute(
                text(
                    "update feed.parked set record = jsonb_set(record, '{payload}', '\"{}\"') where lane = 1"
                )
            )
        reason = await parked.retry(toy.feed, copy, "toy", key)
        assert reason == "toy.thing.changed: thing: missing"

    async def test_a_key_that_does_not_wait_is_through(self, toy: Toy) -> None:
        assert await parked.retry(toy.feed, ToyCopy(), "toy", str(uuid4())) is None


class TestDiscard:
    async def test_a_reason_is_asked_for(self, toy: Toy) -> None:
        _, key = await poisoned(toy)
        with pytest.raises(ValueError, match="理由"):
            await parked.discard(toy.feed, "things", "toy", key, reason="  ", by="operator")
        assert len(await waiting(toy)) == 1

    async def test_what_was_thrown_away_is_remembered_without_its_content(self, toy: Toy) -> None:
        _, key = await poisoned(toy)
        count = await parked.discard(toy.feed, "things", "toy", key, reason="二重に送られた", by="operator")
        assert count == 3
        assert await waiting(toy) == []
        rows = await toy.rows("select * from feed.discarded order by position")
        assert [(row.key, row.topic, row.version) for row in rows] == [
            (key, "toy.count", 1),
            (key, "toy.thing", 2),
            (key, "toy.count", 2),
        ]
        assert {(row.reason, row.discarded_by, row.discarded_at) for row in rows} == {
            ("二重に送られた", "operator", toy.clock.now())
        }

    async def test_what_follows_a_discarded_fact_is_folded(self, toy: Toy) -> None:
        """Facts are complete, so the next one is right without those that somebody decided to leave out."""
        copy, key = await poisoned(toy)
        await parked.discard(toy.feed, "things", "toy", key, reason="間違い", by="operator")
        await toy.change(UUID(key), 3)
        await catch_up(toy.copy_worker(copy, toy.log_feed()))
        assert await waiting(toy) == []
        assert await amounts(toy) == {UUID(key): 3}
        assert [row.version for row in await toy.rows("select version from copy.count_day")] == [3]


class TestReaction:
    async def test_a_reaction_retries_and_does_nothing_twice(self, toy: Toy) -> None:
        echo, thing = Echo(), uuid4()
        worker = toy.reaction_worker(echo, toy.log_feed(topics=["toy.count"]))
        echo.poison = {2}
        for amount in (1, 2, 4):
            await toy.change(thing, amount)
            await catch_up(worker)
        (one,) = await waiting(toy)
        assert (one.copy, one.key, one.count) == ("reaction:echo", str(thing), 2)
        assert one.reason == "cannot be handled: ValueError"

        assert await parked.retry_reaction(toy.feed, worker, str(thing)) == "cannot be handled: ValueError"
        assert (await waiting(toy))[0].count == 2
        echo.poison = set()
        assert await parked.retry_reaction(toy.feed, worker, str(thing)) is None
        assert await waiting(toy) == []
        rows = await toy.rows("select amount from thing where label = 'echo'")
        assert [row.amount for row in rows] == [7]

    async def test_what_came_before_the_bad_one_is_not_thrown_away_with_it(self, toy: Toy) -> None:
        thing, copy = uuid4(), Facts()
        for amount in (1, 2, 3):
            await toy.change(thing, amount)
        await catch_up(toy.copy_worker(copy, toy.log_feed(topics=["toy.count"])))
        assert [(row.amount, row.version) for row in await days(toy)] == [(1, 1)]
        assert (await waiting(toy))[0].count == 2
        await parked.discard(toy.feed, copy.name, "toy", str(thing), reason="間違い", by="operator")
        assert [(row.amount, row.version) for row in await days(toy)] == [(1, 1)]

    async def test_a_rebuilt_copy_remembers_it(self, toy: Toy) -> None:
        """The same records bring it again; what follows must not wait behind it once more."""
        thing, copy = uuid4(), Facts()
        worker = toy.copy_worker(copy, toy.log_feed())
        for amount in (1, 2):
            await toy.change(thing, amount)
        await catch_up(worker)
        await parked.discard(toy.feed, copy.name, "toy", str(thing), reason="間違い", by="operator")
        await toy.change(thing, 3)
        await catch_up(worker)
        await toy.rows("delete from copy.count_day returning 1")
        found = await swapped(toy, copy)
        assert (found.swapped, found.parked) == (True, 0)
        assert [(row.amount, row.version) for row in await days(toy)] == [(3, 3)]

    async def test_a_rebuilt_copy_in_which_more_waits_is_not_taken_into_use(self, toy: Toy) -> None:
        copy = ToyCopy()
        await toy.change(uuid4(), 1, label="later")
        await catch_up(toy.copy_worker(copy, toy.log_feed()))
        copy.poison = {"later"}
        with pytest.raises(MoreWaits, match="2 件"):
            await swapped(toy, copy)
        assert len(await days(toy)) == 1
        found = await swapped(toy, copy, anyway=True)
        assert (found.swapped, found.parked) == (True, 2)
        assert await days(toy) == []


class Facts(ToyCopy):
    """One fact never folds."""

    async def fold(self, session: AsyncSession, arrived: Sequence[Arrived]) -> Iterable[str]:
        if any(isinstance(one.payload, Counted) and one.payload.amount == 2 for one in arrived):
            raise ValueError(2)
        return await super().fold(session, arrived)


async def days(toy: Toy) -> list[Any]:
    return await toy.rows("select amount, version from copy.count_day")


async def swapped(toy: Toy, copy: ToyCopy, *, anyway: bool = False) -> Rebuilt:
    def feeds(_: str, topics: Sequence[str]) -> LogFeed:
        return toy.log_feed(topics=topics)

    return await rebuild("toy", copy, toy.feed, feeds, toy.engine("toy_owner"), swap=True, anyway=anyway)
