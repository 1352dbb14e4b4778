"""Many rows in one statement, and none that is older than what stands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events.intake import Arrived, enter
from shared.events.tests.made import BOARD, TODAY, state, thing
from shared.events.upsert import GuardedTable, Put, SetTable
from tests.support.fixtures import Toy

CARDS = GuardedTable("thing_card", "thing", {"label": "text", "amount": "integer"})
GUARD = GuardedTable("kept_set", "subject", {})


def whole(position: int, subject: object, payload: Any) -> Put:
    """The whole set of a subject; None is a tombstone."""
    return Put(Arrived(state(position, str(subject), position), payload), thing(subject), lambda _: {})


@asynccontextmanager
async def sets(toy: Toy, column: str) -> AsyncIterator[AsyncSession]:
    """A session that sees a table of sets and its guard."""
    async with toy.engine("toy_owner").begin() as connection:
        await connection.execute(text(f"create temp table kept (subject uuid, board_id uuid, {column})"))
        await connection.execute(
            text(
                "create temp table kept_set (subject uuid primary key, board_id uuid, epoch integer, position bigint)"
            )
        )
        session = AsyncSession(connection)
        try:
            yield session
        finally:
            await session.close()


def put(position: int, key: str, label: str | None, *, epoch: int = 1) -> Put:
    arrived = Arrived(state(position, key, position)._replace(epoch=epoch), None)
    return Put(arrived, thing(key), lambda _: {} if label is None else {"label": label, "amount": position})


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


async def test_only_the_newest_of_a_key_is_asked_for_its_values(toy: Toy) -> None:
    """Of what a rebuild reads, most is old news within its own batch; making rows of it was a tenth of the work."""
    asked: list[int] = []

    def values(one: Arrived) -> dict[str, Any]:
        asked.append(one.record.position)
        return {"label": "of a record", "amount": one.record.position}

    async with toy.feed.maintain() as session:
        await enter(session, "things", "copy")
        await CARDS.put(session, [put(place, "a", "")._replace(values=values) for place in (3, 5, 4)])
        assert await cards(session) == {"a": ("of a record", 5, 5)}
        assert asked == [5]


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
    table = SetTable("kept", GUARD, {"value": kind})
    async with sets(toy, f"value {kind}") as session:
        written = [whole(1, n, [value]) for n, value in enumerate(values)]
        done = await table.put(session, written, lambda payload: [{"value": payload[0]}])
        assert (len(done.news), list(done.before)) == (len(values), [])
        again = await table.put(session, [whole(2, n, None) for n in range(len(values))], lambda _: [])
        assert {row["subject"]: row["value"] for row in again.before} == {
            thing(n): value for n, value in enumerate(values)
        }


async def test_a_set_takes_the_place_of_its_subjects_rows_only(toy: Toy) -> None:
    table = SetTable("kept", GUARD, {"value": "text"})

    def rows(names: str) -> list[dict[str, str]]:
        return [{"value": name} for name in names]

    async with sets(toy, "value text") as session:

        async def kept() -> set[tuple[UUID, str]]:
            found = await session.execute(text("select subject, value from kept"))
            return {(row.subject, row.value) for row in found}

        await table.put(session, [whole(1, 0, "xy"), whole(2, 1, "z")], rows)
        done = await table.put(session, [whole(3, 0, "w")], rows)
        assert [(row["value"], row["board_id"]) for row in done.before] == [("x", BOARD), ("y", BOARD)]
        assert [row["value"] for row in done.after] == ["w"]
        assert await kept() == {(thing(0), "w"), (thing(1), "z")}

        older = await table.put(session, [whole(2, 0, "older"), whole(1, 1, "older")], rows)
        assert (older.news, list(older.rows())) == ([], [])
        assert await kept() == {(thing(0), "w"), (thing(1), "z")}

        await table.put(session, [whole(9, 0, None)], rows)
        assert await kept() == {(thing(1), "z")}, "a tombstone has no rows"
        assert (await table.put(session, [], rows)).news == []


async def test_of_one_subjects_sets_the_newest_is_written(toy: Toy) -> None:
    table = SetTable("kept", GUARD, {"value": "text"})
    async with sets(toy, "value text") as session:
        await table.put(
            session,
            [whole(5, 0, "new"), whole(3, 0, "old")],
            lambda payload: [{"value": payload}],
        )
        assert list(await session.scalars(text("select value from kept"))) == ["new"]
