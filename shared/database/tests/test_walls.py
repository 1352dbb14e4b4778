"""The second wall: roles and row-level security hold whatever the code above them does."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import Login, Scope, make_engine, refuse_privileged
from shared.database.engine import PrivilegedRole
from shared.database.roles import READS_ALREADY, make_database, make_roles, reader_grants
from shared.database.units import narrow, sqlstate
from tests.support.databases import PASSWORD
from tests.support.fixtures import Toy
from tests.support.toy import Change, Whispered, change
from tests.support.waiting import eventually
from tests.support.walls import extensions, functions_for_everybody, tables_without_wall

TODAY = date(2026, 11, 20)
NOT_ALLOWED = "42501"


async def rows(engine: AsyncEngine, statement: str, **values: Any) -> list[Any]:
    async with engine.connect() as connection:
        return list(await connection.execute(text(statement), values))


async def refused(engine: AsyncEngine, statement: str) -> str | None:
    """The SQLSTATE with which ``engine``'s role is refused ``statement``."""
    with pytest.raises(DBAPIError) as error:
        await rows(engine, statement)
    return sqlstate(error.value)


async def make_thing(toy: Toy, scope: Scope) -> UUID:
    thing = uuid4()
    async with toy.app.work(scope, actor="teacher") as work:
        await change(work, Change(thing, 1, TODAY))
    return thing


class TestBoard:
    async def test_without_a_context_no_row_is_seen(self, toy: Toy) -> None:
        await make_thing(toy, toy.scope)
        assert await rows(toy.engine("toy_app"), "select * from thing") == []

    async def test_one_board_sees_nothing_of_another(self, toy: Toy) -> None:
        mine, other = toy.scope, Scope(uuid4())
        thing = await make_thing(toy, mine)
        async with toy.app.read(other) as session:
            assert list(await session.scalars(text("select id from thing"))) == []
        async with toy.app.work(other, actor="teacher") as work:
            for statement in ("update thing set amount = 9", "delete from thing"):
                assert (await work.session.execute(text(statement))).rowcount == 0  # type: ignore[attr-defined]
        async with toy.app.read(mine) as session:
            assert list(await session.scalars(text("select id from thing where amount = 1"))) == [thing]

    async def test_a_row_of_another_board_is_refused(self, toy: Toy) -> None:
        with pytest.raises(DBAPIError) as error:
            async with toy.app.work(toy.scope, actor="teacher") as work:
                await work.session.execute(
                    text("insert into thing values (:id, :board, 'a', 1, 1)"),
                    {"id": uuid4(), "board": uuid4()},
                )
        assert sqlstate(error.value) == NOT_ALLOWED

    async def test_a_row_cannot_be_moved_to_another_board(self, toy: Toy) -> None:
        await make_thing(toy, toy.scope)
        with pytest.raises(DBAPIError) as error:
            async with toy.app.work(toy.scope, actor="teacher") as work:
                await work.session.execute(text("update thing set board_id = :board"), {"board": uuid4()})
        assert sqlstate(error.value) == NOT_ALLOWED

    async def test_the_context_ends_with_its_transaction(self, toy: Toy) -> None:
        engine = toy.engine("toy_app", pool_size=1)
        await make_thing(toy, toy.scope)
        assert await rows(engine, "select nullif(current_setting('app.board', true), '')") == [(None,)]
        assert await rows(engine, "select * from thing") == []


class TestSchools:
    async def test_a_scope_of_schools_sees_and_writes_only_theirs(self, toy: Toy) -> None:
        here, there = uuid4(), uuid4()
        insert = text("insert into desk values (:id, :board, :school, 'desk')")
        async with toy.app.work(toy.scope, actor="office") as work:
            for school in (here, there):
                await work.session.execute(insert, {"id": uuid4(), "board": toy.board, "school": school})

        seen = text("select school_id from desk")
        async with toy.app.read(toy.scope) as session:
            assert set(await session.scalars(seen)) == {here, there}
        async with toy.app.read(Scope(toy.board, frozenset({here}))) as session:
            assert set(await session.scalars(seen)) == {here}
        async with toy.app.read(Scope(toy.board, frozenset())) as session:
            assert set(await session.scalars(seen)) == set()
        async with toy.app.read(Scope(uuid4(), frozenset({here}))) as session:
            assert set(await session.scalars(seen)) == set()
        with pytest.raises(DBAPIError) as error:
            async with toy.app.work(Scope(toy.board, frozenset({here})), actor="teacher") as work:
                await work.session.execute(insert, {"id": uuid4(), "board": toy.board, "school": there})
        assert sqlstate(error.value) == NOT_ALLOWED

    async def test_a_transaction_may_be_narrowed(self, toy: Toy) -> None:
        here, there = uuid4(), uuid4()
        async with toy.app.work(toy.scope, actor="office") as work:
            for school in (here, there):
                await work.session.execute(
                    text("insert into desk values (:id, :board, :school, 'desk')"),
                    {"id": uuid4(), "board": toy.board, "school": school},
                )
            await narrow(work.session, Scope(toy.board, frozenset({there})))
            assert list(await work.session.scalars(text("select school_id from desk"))) == [there]


class TestRoles:
    async def test_the_owner_is_bound_yet_migrates_every_board(self, toy: Toy) -> None:
        for _ in range(3):
            await make_thing(toy, Scope(uuid4()))
        async with toy.engine("toy_owner").begin() as connection:
            changed = await connection.execute(text("update thing set label = 'migrated'"))
            assert changed.rowcount == 3
            await connection.execute(text("drop policy thing_owner on thing"))
            assert list(await connection.execute(text("select * from thing"))) == [], "FORCE binds the owner"

    async def test_who_sees_through_walls_is_refused_at_start(self, toy: Toy) -> None:
        server = toy.database.server
        superuser = make_engine(
            Login(server.host, server.port, toy.database.name, server.superuser, server.password)
        )
        async with superuser.begin() as connection:
            await connection.execute(text("drop role if exists toy_seer"))
            await connection.execute(text(f"create role toy_seer login bypassrls password '{PASSWORD}'"))
            await connection.execute(text(f'grant connect on database "{toy.database.name}" to toy_seer'))
        seer = make_engine(toy.database.login("toy_seer"))
        try:
            for engine in (superuser, seer):
                with pytest.raises(PrivilegedRole, match=r"topology\.toml"):
                    await refuse_privileged(engine)
            for role in ("toy_owner", "toy_app", "toy_feed", "toy_reader"):
                await refuse_privileged(toy.engine(role))
        finally:
            await seer.dispose()
            async with superuser.begin() as connection:
                await connection.execute(text("drop owned by toy_seer"))
                await connection.execute(text("drop role toy_seer"))
            await superuser.dispose()

    async def test_making_roles_again_takes_privileges_away(self, toy: Toy) -> None:
        connection = await toy.database.server.connect()
        try:
            await connection.execute("alter role toy_app bypassrls")
            await make_roles(toy.database.server, {"toy_app": PASSWORD})
            assert not await connection.fetchval(
                "select rolbypassrls from pg_roles where rolname = 'toy_app'"
            )
        finally:
            await connection.close()

    async def test_roles_of_other_services_cannot_connect(self, toy: Toy) -> None:
        server = toy.database.server
        await make_roles(server, {"stranger_app": PASSWORD})
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(
                host=server.host,
                port=server.port,
                user="stranger_app",
                password=PASSWORD,
                database=toy.database.name,
            )

    async def test_a_wrong_password_does_not_connect(self, toy: Toy) -> None:
        server = toy.database.server
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(
                host=server.host,
                port=server.port,
                user="toy_app",
                password="guess",
                database=toy.database.name,
            )

    async def test_making_a_database_again_changes_nothing(self, toy: Toy) -> None:
        await make_thing(toy, toy.scope)
        await make_database(toy.database.server, "toy", ["toy", "peer"], database=toy.database.name)
        async with toy.app.read(toy.scope) as session:
            assert await session.scalar(text("select count(*) from thing")) == 1

    @pytest.mark.parametrize("role", ["toy_app", "toy_feed", "toy_reader", "peer_reader"])
    async def test_nobody_but_the_owner_makes_tables(self, toy: Toy, role: str) -> None:
        for schema in ("public", "log", "feed", "copy", "access"):
            assert await refused(toy.engine(role), f"create table {schema}.mine (id int)") == NOT_ALLOWED

    @pytest.mark.parametrize("role", ["toy_app", "toy_feed"])
    async def test_no_table_of_a_tenant_is_open(self, toy: Toy, role: str) -> None:
        kept_for_every_board = ["feed.parked"]
        assert await tables_without_wall(toy.engine("toy_owner"), role) == kept_for_every_board

    async def test_no_function_is_everybodys(self, toy: Toy) -> None:
        assert await functions_for_everybody(toy.engine("toy_app")) == []

    async def test_no_extension(self, toy: Toy) -> None:
        """The embedded server has plpgsql only; nothing may come to rely on more."""
        assert await extensions(toy.engine("toy_owner")) == ["plpgsql"]


class TestLog:
    async def written(self, toy: Toy) -> None:
        async with toy.app.work(toy.scope, actor="teacher") as work:
            await change(work, Change(uuid4(), 1, TODAY))
            work.publish(Whispered(thing=uuid4()), key=uuid4())

    async def test_a_reader_reads_exactly_its_topics(self, toy: Toy) -> None:
        await self.written(toy)
        log = "select topic from log.log_state union all select topic from log.log_fact order by topic"
        assert await rows(toy.engine("toy_reader"), log) == [("toy.count",), ("toy.secret",), ("toy.thing",)]
        assert await rows(toy.engine("peer_reader"), log) == [("toy.thing",)]

    async def test_what_a_reader_may_already_is_known(self, toy: Toy) -> None:
        async def already(*topics: str) -> bool:
            asked = {"consumer": "peer", "reader": "peer_reader", "topics": list(topics)}
            async with toy.engine("toy_owner").begin() as connection:
                return bool((await connection.execute(text(READS_ALREADY), asked)).scalar_one())

        assert await already("toy.thing")
        assert not await already()
        assert not await already("toy.count", "toy.thing")
        async with toy.engine("toy_owner").begin() as connection:
            await connection.execute(text("revoke select on log.log_fact from peer_reader"))
        assert not await already("toy.thing")

    async def test_a_topic_taken_from_a_reader_is_gone(self, toy: Toy) -> None:
        await self.written(toy)
        async with toy.engine("toy_owner").begin() as connection:
            await connection.exec_driver_sql("select 1")
            for statement in reader_grants("peer", []).split(";"):
                if statement.strip():
                    await connection.execute(text(statement))
        assert await rows(toy.engine("peer_reader"), "select topic from log.log_state") == []

    @pytest.mark.parametrize("role", ["toy_reader", "peer_reader"])
    @pytest.mark.parametrize(
        "statement",
        [
            "update log.log_state set payload = null",
            "delete from log.log_fact",
            "insert into log.log_state select * from log.log_state",
            "update log.head set position = 0",
            "select * from log.command_done",
            "select * from log.stream",
            "select * from log.log_fact_2026",
            "select * from feed.parked",
            "select * from feed.checkpoint",
            "select * from copy.thing_card",
            "select * from access.entry",
            "select * from thing",
            "select log.keep_year(2030)",
            "select log.begin_epoch(0)",
            "select * from feed.enter('things', 'copy', 'toy', '{}', '{}', '{}')",
            "select nextval('log.position')",
            "select log.append_events(null, '', null, null, 1::smallint, '{}', '{}', '{}', '{}', '{}', '{}', '{}',"
            " '{}', '{}', null, null, null)",
        ],
    )
    async def test_a_reader_does_nothing_else(self, toy: Toy, role: str, statement: str) -> None:
        assert await refused(toy.engine(role), statement) == NOT_ALLOWED

    @pytest.mark.parametrize(
        "statement",
        [
            "select * from log.log_state",
            "select * from log.log_fact",
            "select * from log.log_fact_2026",
            "insert into log.log_fact select * from log.log_fact",
            "delete from log.log_state",
            "update log.head set position = 0",
            "select nextval('log.position')",
            "select record from feed.parked",
            "select * from access.entry",
            "update access.entry set outcome = 'denied'",
            "delete from log.command_done",
            "update copy.thing_card set amount = 1",
        ],
    )
    async def test_the_app_writes_to_the_log_through_its_one_door(self, toy: Toy, statement: str) -> None:
        assert await refused(toy.engine("toy_app"), statement) == NOT_ALLOWED

    async def test_the_relay_reads_the_log_and_does_not_write_it(self, toy: Toy) -> None:
        await self.written(toy)
        relay = toy.engine("toy_feed")
        assert len(await rows(relay, "select * from log.log_fact")) == 2
        for statement in ("delete from log.log_fact", "update log.log_state set payload = null"):
            assert await refused(relay, statement) == NOT_ALLOWED

    @pytest.mark.parametrize(
        "statement",
        [
            "select response from log.command_done",
            "select principal from log.command_done",
            "update log.command_done set started_at = null",
            "insert into log.command_done select * from log.command_done",
        ],
    )
    async def test_who_forgets_answers_does_not_read_them(self, toy: Toy, statement: str) -> None:
        assert await refused(toy.engine("toy_feed"), statement) == NOT_ALLOWED

    async def test_an_append_without_a_context_is_refused(self, toy: Toy) -> None:
        append = (
            "select log.append_events('{board}', 'a', null, '2026-11-20T00:00Z', 2026::smallint, '{{toy.count}}',"
            " '{{2}}',"
            " array['{key}'], array['{key}'::uuid], '{{null}}', array['{key}'::uuid], '{{a}}', '{{null}}',"
            " '{{\"{{}}\"}}', null, null, null)"
        ).format(board=toy.board, key=uuid4())
        assert await refused(toy.engine("toy_app"), append) == NOT_ALLOWED


async def test_a_cancelled_task_leaves_no_context_behind(toy: Toy) -> None:
    """SQLAlchemy #13381: a connection came back to the pool inside another tenant's transaction."""
    boards = [Scope(uuid4()) for _ in range(4)]
    for scope in boards:
        await make_thing(toy, scope)
    app = toy.app

    async def work_on(scope: Scope) -> None:
        async with app.work(scope, actor="teacher") as work:
            await change(work, Change(uuid4(), 1, TODAY))
            await work.session.execute(text("select count(*) from thing"))
        async with app.read(scope) as session:
            await session.execute(text("select count(*) from thing"))

    for turns in range(16):
        tasks = [asyncio.create_task(work_on(boards[n % 4])) for n in range(16)]
        for _ in range(turns * 4):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def foreign_rows(scope: Scope) -> int:
        async with app.read(scope) as session:
            found = await session.scalar(
                text("select count(*) from thing where board_id <> :board"), {"board": scope.board}
            )
        return int(found or 0)

    assert sum(await asyncio.gather(*(foreign_rows(boards[n % 4]) for n in range(40)))) == 0
    for _ in range(16):
        async with toy.engine("toy_app").connect() as connection:
            context = await connection.scalar(text("select nullif(current_setting('app.board', true), '')"))
            assert context is None

    async def idle_in_transaction() -> int:
        found = await rows(
            toy.engine("toy_app"),
            "select pid from pg_stat_activity where datname = current_database() and usename = 'toy_app'"
            " and state like 'idle in transaction%'",
        )
        return len(found)

    async def none_open() -> bool:
        return await idle_in_transaction() == 0

    await eventually(none_open)
