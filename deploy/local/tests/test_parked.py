"""What an operator sees or throws away on the command line is written down like that of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from deploy.local import admin, parked
from deploy.local.instance import Instance
from shared.contracts.catalogue import topic_named
from shared.events import parked as parking
from tests.support.fixtures import Toy, catch_up
from tests.support.toy import ToyCopy

LOGGED = (
    "select action, resource, resource_id, client, person, board_id, importance from access.entry order by id"
)


async def poisoned(toy: Toy) -> UUID:
    """A key with a record that waits."""
    bad = uuid4()
    await toy.change(bad, 1, label="poison")
    await catch_up(toy.copy_worker(ToyCopy(), toy.log_feed()))
    return bad


def row(toy: Toy, action: str, key: UUID) -> tuple[Any, ...]:
    return (action, "parked", key, "tsumugi-cli", None, toy.scope.board, "IV")


async def test_what_is_looked_into_is_written_down(toy: Toy) -> None:
    key = await poisoned(toy)
    found = await parked.look_into(toy.feed, "things", "toy", str(key))
    assert found
    assert [tuple(one) for one in await toy.rows(LOGGED)] == [row(toy, "ReadParked", key)]
    (record, _) = found[0]
    person, unknown = (record._replace(topic=topic) for topic in ("registry.person", "nobody.knows"))
    topic = topic_named("registry.person")
    assert topic is not None
    known = topic.importance
    assert [
        parking.strictest(some) for some in ([record], [record, person], [record, person, unknown], [])
    ] == [
        "IV",
        known,
        "I",  # what nobody has classed is as strict as can be
        "IV",
    ]
    assert known != "IV"


async def test_what_is_thrown_away_is_written_down(toy: Toy) -> None:
    key = await poisoned(toy)
    gone = await parked.throw_away(toy.feed, "things", "toy", str(key), reason="試し", by="運用 花子")
    assert gone
    assert [tuple(one) for one in await toy.rows(LOGGED)] == [row(toy, "DiscardParked", key)]


async def test_what_is_taken_in_is_written_down(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key, instance = await poisoned(toy), Instance(tmp_path)
    copy = ToyCopy()
    monkeypatch.setattr(admin, "copy_of", lambda *_: copy)

    async def again() -> str | None:
        return await parked.take_in(instance, toy.feed, "toy", "things", "toy", str(key))

    assert await again() is not None, "it still does not fold"
    assert not await toy.rows(LOGGED)
    copy.poison.clear()
    assert await again() is None
    assert [tuple(one) for one in await toy.rows(LOGGED)] == [row(toy, "RetryParked", key)]


async def test_where_nothing_waits_nothing_was_seen(toy: Toy) -> None:
    assert await parked.look_into(toy.feed, "things", "toy", "no such key") == []
    assert await parked.throw_away(toy.feed, "things", "toy", str(uuid4()), reason="試し", by="花子") == 0
    assert not await toy.rows(LOGGED)


async def test_what_cannot_be_written_down_is_not_done(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    key = await poisoned(toy)

    async def fail(session: Any, *_: Any) -> None:
        await session.execute(text("select 1 / 0"))

    monkeypatch.setattr(parked, "log_change", fail)
    with pytest.raises(SQLAlchemyError):
        await parked.look_into(toy.feed, "things", "toy", str(key))
    with pytest.raises(SQLAlchemyError):
        await parked.throw_away(toy.feed, "things", "toy", str(key), reason="試し", by="花子")
    async with toy.feed.maintain() as session:
        assert await parking.inspect(session, "things", "toy", str(key))
