"""Statements that go straight to the driver stay within what the session promises."""

from __future__ import annotations

import socket
import traceback
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.database import Statement, make_engine
from shared.database.engine import DatabaseAway
from shared.events.workers import transient
from tests.support.fixtures import Toy
from tests.support.waiting import eventually

MARK = Statement("insert into feed.erased (person, position) values (:person, :position) returning position")
PID = Statement("select pg_backend_pid() as pid")
HANG_UP = Statement("select pg_terminate_backend(pg_backend_pid())")


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
    with pytest.raises(DBAPIError) as error:
        await HANG_UP.alone(engine, {})
    assert transient(error.value)
    assert error.value.connection_invalidated
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


async def test_after_a_restart_nobody_is_given_a_connection_of_before(toy: Toy) -> None:
    async with toy.app.read(toy.scope) as session:
        (before,) = await PID.all(session, {})
    everything = await toy.database.server.connect(toy.database.name)
    try:
        await everything.execute("select pg_terminate_backend($1)", before["pid"])
        gone = "select not exists (select from pg_stat_activity where pid = $1)"
        await eventually(lambda: everything.fetchval(gone, before["pid"]))
    finally:
        await everything.close()
    for _ in range(2):
        async with toy.app.read(toy.scope) as session:
            (after,) = await PID.all(session, {})
        assert after["pid"] != before["pid"]


async def test_a_server_that_is_not_there_is_away(toy: Toy, tmp_path: Path) -> None:
    for nowhere in (str(tmp_path), "127.0.0.1"):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        engine = make_engine(replace(toy.database.app, host=nowhere, port=port))
        with pytest.raises(DatabaseAway) as away:
            async with engine.connect():
                pass
        assert transient(away.value)
        assert away.value.errno
        await engine.dispose()


async def test_a_wrong_password_is_no_trouble_of_the_servers(toy: Toy) -> None:
    engine = make_engine(replace(toy.database.app, password="wrong"))
    with pytest.raises(DBAPIError) as refused:
        async with engine.connect():
            pass
    assert not transient(refused.value)
    await engine.dispose()
