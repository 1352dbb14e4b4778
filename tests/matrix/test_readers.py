"""Reading denials at the database: each consumer reads exactly its topics of each publisher, and nobody anything else.

Asked of databases that the deploying step made from deploy/topology.toml, with one record of every topic in them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text

from deploy.catalogue import EXAMPLES
from deploy.local.instance import Instance
from deploy.topology import topology
from shared.contracts.catalogue import CONTRACTS
from shared.contracts.dashboard import FEED, feed_topic
from shared.database import Login, Scope, Units, make_engine
from shared.database.roles import role_names
from shared.dates import FixedClock
from shared.events.log_feed import LogFeed
from tests.matrix.world import PLANTED
from tests.support.databases import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="session")

SERVICES = sorted(topology().services)
PAIRS = [(c, p) for c, p in product(SERVICES, SERVICES) if topology().read_by(c, p)]
ROLES = [role for service in SERVICES for role in role_names(service)]
NOT_ALLOWED = asyncpg.InsufficientPrivilegeError

of_every_pair = pytest.mark.parametrize(("consumer", "publisher"), PAIRS)

_LOG = "select topic from log.log_state union all select topic from log.log_fact order by 1"
_WRITES = [
    "insert into log.log_state select * from log.log_state",
    "insert into log.log_fact select * from log.log_fact",
    "update log.log_state set payload = null",
    "update log.log_fact set payload = null",
    "delete from log.log_state",
    "delete from log.log_fact",
    "truncate log.log_state",
    "update log.head set position = 0",
    "select nextval('log.position')",
    "select log.append_events(null, '', null, null, 1::smallint, '{}', '{}', '{}', '{}', '{}', '{}', '{}',"
    " '{}', '{}', null, null, null)",
    "select log.keep_year(2040)",
    "create temp table mine (id int)",
    "create table log.mine (id int)",
    "create table public.mine (id int)",
]
_TABLES = """
select format('%I.%I', n.nspname, c.relname) as name, c.relname, n.nspname
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
  and (has_any_column_privilege($1, c.oid, 'select, insert, update, references')
       or has_table_privilege($1, c.oid, 'delete, truncate, trigger'))
  and has_schema_privilege($1, n.oid, 'usage')
order by 1
"""
# Functions that act as their owner. Those of triggers cannot be called.
_DOORS = """
select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where p.prosecdef and p.prorettype <> 'trigger'::regtype
  and has_function_privilege($1, p.oid, 'execute') and has_schema_privilege($1, n.oid, 'usage')
order by 1
"""


def login(deployment: Instance, service: str, role: str) -> Login:
    """How ``role`` reaches the planted database of ``service``."""
    return Login(
        deployment.server.host, deployment.server.port, service + PLANTED, role, deployment.secret(role)
    )


async def connected(deployment: Instance, service: str, role: str) -> asyncpg.Connection:
    """A connection as ``role``."""
    at = login(deployment, service, role)
    return await asyncpg.connect(
        host=at.host, port=at.port, user=at.role, password=PASSWORD, database=at.database
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def boards(deployment: Instance, morning: FixedClock) -> AsyncIterator[tuple[UUID, UUID]]:
    """Two boards, of which every service has said one thing on each of its topics, department feeds among them."""
    both = (uuid4(), uuid4())
    for service in SERVICES:
        engine = make_engine(login(deployment, service, role_names(service)[1]), pool_size=1)
        units = Units(engine, morning)
        for board in both:
            async with units.work(Scope(board), actor="test") as work:
                for contract in {contract.TOPIC.name: contract for contract in CONTRACTS}.values():
                    if contract.TOPIC.publisher != service:
                        continue
                    example = (EXAMPLES / f"{contract.TYPE}.json").read_text(encoding="utf-8")
                    topic = feed_topic(board, uuid4(), "lunch-count") if contract.TOPIC is FEED else None
                    work.publish(contract.model_validate_json(example), key=uuid4(), topic=topic)
        await engine.dispose()
    yield both


def own_topics(service: str) -> set[str]:
    """Topics that ``service`` publishes, without the departments'."""
    return {name for name in topology().topics if name.split(".")[0] == service}


@of_every_pair
@pytest.mark.usefixtures("boards")
async def test_a_reader_reads_exactly_its_topics(deployment: Instance, consumer: str, publisher: str) -> None:
    wanted = topology().read_by(consumer, publisher)
    connection = await connected(deployment, publisher, role_names(consumer)[3])
    try:
        seen = [row["topic"] for row in await connection.fetch(_LOG)]
    finally:
        await connection.close()
    assert seen == sorted([*wanted, *wanted]), "one record of each board, whatever the board"


@of_every_pair
@pytest.mark.usefixtures("boards")
async def test_asking_for_more_brings_no_more(deployment: Instance, consumer: str, publisher: str) -> None:
    """The adapter itself, asked for every topic there is: the wall is in the database, not in the question."""
    role = role_names(consumer)[3]
    for asked in (None, sorted(topology().topics)):
        feed = LogFeed(publisher, login(deployment, publisher, role), asked)
        try:
            batch = await feed.read(None, limit=1000, wait=0)
        finally:
            await feed.close()
        assert {record.topic for record in batch.records} == set(topology().read_by(consumer, publisher))


@of_every_pair
@pytest.mark.usefixtures("boards")
async def test_a_reader_writes_nothing(deployment: Instance, consumer: str, publisher: str) -> None:
    connection = await connected(deployment, publisher, role_names(consumer)[3])
    try:
        for statement in _WRITES:
            with pytest.raises(NOT_ALLOWED):
                await connection.execute(statement)
    finally:
        await connection.close()


@of_every_pair
async def test_a_reader_reaches_no_other_table(deployment: Instance, consumer: str, publisher: str) -> None:
    """Whatever tables a service gets: its readers have three of them, and no function that acts as its owner."""
    role = role_names(consumer)[3]
    connection = await deployment.server.connect(publisher + PLANTED)
    try:
        tables = [row["name"] for row in await connection.fetch(_TABLES, role)]
        assert tables == ["log.head", "log.log_fact", "log.log_state"]
        assert await connection.fetch(_DOORS, role) == []
        writable = await connection.fetch(
            _TABLES.replace("'select, insert, update, references'", "'insert, update, references'"), role
        )
        assert writable == []
    finally:
        await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_only_its_own_roles_and_its_readers_come_in(deployment: Instance, service: str) -> None:
    owner, app, feed, _ = role_names(service)
    wanted = {owner, app, feed, *(role_names(reader)[3] for reader in topology().readers_of(service))}
    came_in = set()
    for role in ROLES:
        try:
            connection = await connected(deployment, service, role)
        except NOT_ALLOWED:
            continue
        await connection.close()
        came_in.add(role)
    assert came_in == wanted


@pytest.mark.parametrize("service", SERVICES)
async def test_no_role_sees_through_walls(deployment: Instance, service: str) -> None:
    connection = await deployment.server.connect(service)
    try:
        rows = await connection.fetch(
            "select rolname from pg_roles where rolname = any($1) and (rolsuper or rolbypassrls or rolinherit"
            " or rolcreaterole or rolcreatedb or rolreplication)",
            list(role_names(service)),
        )
        members = await connection.fetchval(
            "select count(*) from pg_auth_members m join pg_roles r on r.oid in (m.roleid, m.member)"
            " where r.rolname = any($1)",
            list(role_names(service)),
        )
    finally:
        await connection.close()
    assert (rows, members) == ([], 0), "nobody becomes somebody else by SET ROLE"


@pytest.mark.parametrize("service", SERVICES)
async def test_the_app_sees_nothing_of_its_log(
    deployment: Instance, service: str, boards: tuple[UUID, UUID], morning: FixedClock
) -> None:
    """But dashboard: the departments' items of the board it answers for."""
    engine = make_engine(login(deployment, service, role_names(service)[1]), pool_size=1)
    try:
        for table in ("log.log_state", "log.log_fact"):
            allowed = service == "dashboard" and table == "log.log_state"
            async with engine.connect() as connection:
                may = await connection.scalar(
                    text("select has_table_privilege(current_user, :table, 'select')"), {"table": table}
                )
            assert may == allowed
        if service != "dashboard":
            return
        units = Units(engine, morning)
        for board in boards:
            async with units.read(Scope(board)) as session:
                seen = list(await session.scalars(text("select topic from log.log_state")))
            assert [topic.split(".")[:2] for topic in seen] == [["feed", str(board)]]
        async with engine.connect() as connection:
            assert list(await connection.scalars(text("select topic from log.log_state"))) == []
    finally:
        await engine.dispose()


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.usefixtures("boards")
async def test_the_relay_reads_its_own_log_alone(deployment: Instance, service: str) -> None:
    connection = await connected(deployment, service, role_names(service)[2])
    try:
        seen = {row["topic"] for row in await connection.fetch(_LOG)}
        for statement in (*_WRITES[:7], "update log.head set position = 0"):
            with pytest.raises(NOT_ALLOWED):
                await connection.execute(statement)
    finally:
        await connection.close()
    assert {topic for topic in seen if not topic.startswith("feed.")} == own_topics(service)
