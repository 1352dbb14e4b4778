"""Many rows in one statement, and none that is older than what stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events.copies import enter
from shared.events.intake import Arrived
from shared.events.tests.made import TODAY, state, thing
from shared.events.upsert import GuardedTable, Put, SetTable
from tests.support.fixtures import Toy

CARDS = GuardedTable("thing_card", "thing", {"label": "text", "amount": "integer"})


def put(position: int, key: str, label: str | None, *, epoch: int = 1) -> Put:
    arrived = Arrived(replace(state(position, key, position), epoch=epoch), None)
    return Put(arrived, thing(key), {} if label is None else {"label": label, "amount": position})


async def cards(session: AsyncSession) -> dict[str, tuple[str | None, int | None, int]]:
    rows = await session.execute(text("select * from thing_card"))
    names = {thing(name): name for name in "abcdefgh"}
    return {names[row.thing]: (row.label, row.amount, row.position) for row in rows}


async def test_the_newest_of_each_key_wins_within_a_batch_and_over_batches(toy: Toy) -> None:
    async with toy.feed.maintain() as session:
        await enter(session, "things", "copy")
        news = await CARDS.put(session, [put(5, "a", "new"), put(3, "a", "old"), put(4, "b", "b")])
        assert {one.arrived.record.position for one in news} == {5, 4}
        assert await CARDS.put(session, [put(5, "a", "again"), put(2, "b", "older")]) == []
        assert [one.key for one in await CARDS.put(session, [put(9, "b", "newer")])] == [thing("b")]
        assert await cards(session) == {"a": ("new", 5, 5), "b": ("newer", 9, 9)}


async def test_another_epoch_comes_after_every_position_of_the_one_before(toy: Toy) -> None:
    async with toy.feed.maintain() as session:
        await enter(session, "things", "copy")
        await CARDS.put(session, [put(500, "a", "before")])
        await CARDS.put(session, [put(2, "a", "restored", epoch=2)])
        assert await CARDS.put(session, [put(501, "a", "of the lost end", epoch=1)]) == []
        assert await cards(session) == {"a": ("restored", 2, 2)}


async def test_a_tombstone_leaves_the_guard(toy: Toy) -> None:
    async with toy.feed.maintain() as session:
        await enter(session, "things", "copy")
        await CARDS.put(session, [put(3, "a", "名前")])
        await CARDS.put(session, [put(5, "a", None)])
        await CARDS.put(session, [put(4, "a", "名前")])
        assert await cards(session) == {"a": (None, None, 5)}


async def test_nothing_to_write_is_no_statement(toy: Toy) -> None:
    async with toy.feed.maintain() as session:
        assert await CARDS.put(session, []) == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 40))), max_size=5))
async def test_any_order_ends_alike(toy: Toy, batches: list[list[tuple[str, int]]]) -> None:
    async with toy.feed.maintain() as session:
        await enter(session, "things", "copy")
        await session.execute(text("delete from thing_card"))
        for batch in batches:
            await CARDS.put(session, [put(position, key, f"at {position}") for key, position in batch])
        newest = {
            key: max(p for b in batches for k, p in b if k == key) for batch in batches for key, _ in batch
        }
        assert await cards(session) == {key: (f"at {p}", p, p) for key, p in newest.items()}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("jsonb", [{"a": ["神", None, 1.5]}, [], None]),
        ("uuid[]", [[thing("a"), thing("b")], [], None]),
        ("date[]", [[TODAY], [], None]),
        ("boolean", [True, False, None]),
        ("timestamptz", [state(1, "a", 1).recorded_at, None]),
    ],
)
async def test_every_type_arrives_as_it_was(toy: Toy, kind: str, values: list[Any]) -> None:
    table = SetTable("kept", "subject", {"value": kind})
    async with toy.engine("toy_owner").begin() as connection:
        await connection.execute(text(f"create temp table kept (subject uuid, value {kind})"))
        session = AsyncSession(connection)
        rows = [{"subject": thing(n), "value": value} for n, value in enumerate(values)]
        assert await table.replace(session, [row["subject"] for row in rows], rows) == []
        stood = await table.replace(session, [row["subject"] for row in rows], [])
        assert {row.subject: row.value for row in stood} == {row["subject"]: row["value"] for row in rows}
        await session.close()


async def test_a_set_takes_the_place_of_its_subjects_rows_only(toy: Toy) -> None:
    table = SetTable("kept", "subject", {"name": "text"})
    async with toy.engine("toy_owner").begin() as connection:
        await connection.execute(text("create temp table kept (subject uuid, name text)"))
        session = AsyncSession(connection)
        one, other = thing("a"), thing("b")
        rows = [{"subject": one, "name": "x"}, {"subject": one, "name": "y"}, {"subject": other, "name": "z"}]
        await table.replace(session, [one, other], rows)
        before = await table.replace(session, [one], [{"subject": one, "name": "w"}])
        assert {row.name for row in before} == {"x", "y"}
        assert set(await session.scalars(text("select name from kept"))) == {"w", "z"}
        assert await table.replace(session, [], []) == []
        await session.close()
