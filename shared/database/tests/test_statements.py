"""Statements that go straight to the driver stay within what the session promises."""

from __future__ import annotations

import traceback
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.database import Statement
from shared.events.workers import transient
from tests.support.fixtures import Toy

MARK = Statement("insert into feed.erased (person, position) values (:person, :position) returning position")
PID = Statement("select pg_backend_pid() as pid")


async def marks(toy: Toy) -> list[int]:
    return [row.position for row in await toy.rows("select position from feed.erased order by 1")]


async def test_it_belongs_to_the_sessions_transaction(toy: Toy) -> None:
    with pytest.raises(ZeroDivisionError):
        async with toy.feed.maintain() as session:
            await session.execute(text("select 1"))
            await MARK.all(session, {"person": uuid4(), "position": 1})
            raise ZeroDivisionError
    assert await marks(toy) == []


async def test_before_the_transaction_it_is_refused(toy: Toy) -> None:
    """It would be committed by itself, whatever became of the rest."""
    async with toy.feed.maintain() as session:
        await session.connection()
        with pytest.raises(RuntimeError, match="has not begun"):
            await MARK.all(session, {"person": uuid4(), "position": 1})
    assert await marks(toy) == []


async def test_alone_it_is_a_transaction_of_its_own(toy: Toy) -> None:
    (row,) = await MARK.alone(toy.feed.engine, {"person": uuid4(), "position": 1})
    assert row["position"] == 1
    assert await marks(toy) == [1]


async def test_a_connection_that_died_is_not_given_out_again(toy: Toy) -> None:
    engine = toy.engine("toy_feed", pool_size=1)
    ((pid,),) = await PID.alone(engine, {})
    owner = await toy.database.server.connect()
    try:
        await owner.execute("select pg_terminate_backend($1, 10_000)", pid)
    finally:
        await owner.close()
    with pytest.raises(Exception, match=r"(?i)connection") as error:
        await PID.alone(engine, {})
    assert transient(error.value)
    assert (await PID.alone(engine, {}))[0]["pid"] != pid


async def test_an_error_says_what_went_wrong_and_not_with_what(toy: Toy) -> None:
    person = uuid4()
    with pytest.raises(DBAPIError) as error:
        await MARK.alone(toy.feed.engine, {"person": person, "position": None})
    assert "null value" in str(error.value)
    assert str(person) not in "".join(traceback.format_exception(error.value))
    assert not transient(error.value)
    assert (await PID.alone(toy.feed.engine, {}))[0]["pid"]


async def test_after_the_events_were_appended_it_is_refused(toy: Toy) -> None:
    async with toy.app.work(toy.scope, actor="teacher") as work:
        pass
    work.session.info["appended"] = True
    with pytest.raises(RuntimeError, match="last statement"):
        await PID.all(work.session, {})
