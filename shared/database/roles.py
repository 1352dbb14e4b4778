"""Roles, databases and grants, in both editions (decisions.md §4 "Database roles").

For a service ``s``: ``s_owner`` migrates and never runs, ``s_app`` answers requests, ``s_feed`` relays and folds.
``c_reader`` is how consumer ``c`` reads other services' logs when there is no broker; its row policy lists its topics,
the same ones its Kafka ACL will list. Roles are cluster-wide, so every name carries its service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import asyncpg

from shared.database.engine import trusted


@dataclass(frozen=True)
class Server:
    """The superuser's way in, used by the deploying step alone, never by a service."""

    host: str
    port: int
    superuser: str
    password: str = field(repr=False)
    tls: bool = False

    async def connect(self, database: str = "postgres") -> asyncpg.Connection:
        """A connection as superuser."""
        return await asyncpg.connect(
            host=self.host,
            port=self.port,
            user=self.superuser,
            password=self.password,
            database=database,
            ssl=trusted() if self.tls else False,
        )


def role_names(service: str) -> tuple[str, str, str, str]:
    """Owner, app, feed and reader role of a service."""
    return f"{service}_owner", f"{service}_app", f"{service}_feed", f"{service}_reader"


async def make_roles(server: Server, passwords: Mapping[str, str]) -> None:
    """Create the login roles that are missing and set every password. None is privileged."""
    connection = await server.connect()
    try:
        for role, password in passwords.items():
            if not await connection.fetchval("select true from pg_roles where rolname = $1", role):
                await connection.execute(f'create role "{role}"')
            quoted = await connection.fetchval("select quote_literal($1::text)", password)
            await connection.execute(
                f'alter role "{role}" login nosuperuser nobypassrls nocreatedb nocreaterole noinherit password {quoted}'
            )
    finally:
        await connection.close()


async def make_database(
    server: Server,
    service: str,
    readers: Iterable[str],
    *,
    database: str | None = None,
    template: str = "template0",
) -> None:
    """Create the service's database if missing; only its own roles and its readers may connect.

    ``database`` defaults to the service's name; ``template`` is copied, whatever is in it: file by file, which costs a
    quarter of writing every page of it into the log.
    """
    database = database or service
    owner, app, feed, _ = role_names(service)
    roles = [owner, app, feed, *(role_names(reader)[3] for reader in readers)]
    connection = await server.connect()
    try:
        if not await connection.fetchval("select true from pg_database where datname = $1", database):
            await connection.execute(
                f'create database "{database}" owner "{owner}" template "{template}"'
                " locale_provider builtin builtin_locale 'C.UTF-8' strategy file_copy"
            )
        await connection.execute(
            f'revoke all on database "{database}" from public;'
            f' grant connect on database "{database}" to {", ".join(roles)}'
        )
    finally:
        await connection.close()


_SCHOOL = (
    "school_id = any (case when (select current_setting('app.schools', true)) = '*' then array[school_id]"
    " else coalesce((select nullif(current_setting('app.schools', true), '')), '{}')::uuid[] end)"
)
_BOARD = "board_id = (select nullif(current_setting('app.board', true), '')::uuid)"


def protect(service: str, table: str, *, school: bool = False) -> str:
    """SQL that puts ``table`` of ``service`` behind row-level security: board, and schools where asked.

    Fail-closed: without a context no row is seen. FORCE binds the owner too, who therefore has a policy of its own;
    without one a data migration changes nothing and says nothing (decisions.md §4).
    """
    owner, app, _, _ = role_names(service)
    condition = f"{_BOARD} and ({_SCHOOL})" if school else _BOARD
    name = table.replace(".", "_")
    return f"""
alter table {table} enable row level security;
alter table {table} force row level security;
create policy {name}_owner on {table} to {owner} using (true) with check (true);
create policy {name}_app on {table} to {app} using ({condition}) with check ({condition});
"""


def open_to_feed(service: str, table: str) -> str:
    """SQL that lets the feed role work on a protected table that it maintains, for every board."""
    feed = role_names(service)[2]
    name = table.replace(".", "_")
    return f"""
create policy {name}_feed on {table} to {feed} using (true) with check (true);
grant select, insert, update, delete on {table} to {feed};
"""


def open_copy(service: str, table: str, *, school: bool = False) -> str:
    """SQL that puts a copy's ``table`` behind the walls: kept by the feed role, read by the app role."""
    return (
        protect(service, table, school=school)
        + open_to_feed(service, table)
        + f"grant select on {table} to {role_names(service)[1]};"
    )


def platform_grants(service: str) -> str:
    """SQL for the tables of ``platform/0001_log.sql``: who may touch what."""
    owner, app, feed, _ = role_names(service)
    return f"""
grant usage on schema log, feed, copy, access to {app}, {feed};
grant usage on schema copy_next to {feed};
grant usage on schema public to {app}, {feed};
revoke create on schema public from public;
revoke all on function log.append_events from public;
grant execute on function log.append_events to {app}, {feed};
revoke all on function log.keep_year, log.begin_epoch, log.redact from public;
revoke all on function feed.known, feed.enter from public;
grant execute on function feed.known, feed.enter to {feed};

alter table log.log_state enable row level security;
alter table log.log_state force row level security;
alter table log.log_fact enable row level security;
alter table log.log_fact force row level security;
create policy state_owner on log.log_state to {owner} using (true) with check (true);
create policy fact_owner on log.log_fact to {owner} using (true) with check (true);
create policy state_relay on log.log_state for select to {feed} using (true);
create policy fact_relay on log.log_fact for select to {feed} using (true);
grant select on log.log_state, log.log_fact, log.head, log.epoch, log.reader to {feed};
grant select on log.head to {app};

{protect(service, "log.command_done")}
grant select, insert on log.command_done to {app};
-- Answers past their time are forgotten for every board (shared/daily.py), by one who cannot read them.
create policy log_command_done_feed_dates on log.command_done for select to {feed} using (true);
create policy log_command_done_feed_forgets on log.command_done for delete to {feed} using (true);
grant select (started_at), delete on log.command_done to {feed};
{protect(service, "access.entry")}
grant insert on access.entry to {app};
grant select on access.entry to {feed};
create policy access_entry_feed on access.entry for select to {feed} using (true);
create policy access_entry_feed_write on access.entry for insert to {feed} with check (true);
grant insert on access.entry to {feed};

grant select, insert, update, delete
    on feed.checkpoint, feed.parked, feed.discarded, feed.erased, feed.reacted to {feed};
grant select on feed.shape to {feed};
grant select, update on feed.relayed to {feed};
grant select on feed.checkpoint to {app};
-- That something waits and why, but not the records, which are those of every board.
grant select (copy, publisher, key, position, topic, lane, board_id, reason, parked_at) on feed.parked to {app};
"""


READS_ALREADY = """
select array(select topic from log.reader where consumer = :consumer order by 1)
        = array(select unnest(cast(:topics as text[])) order by 1)
    and has_schema_privilege(:reader, 'log', 'usage') and has_table_privilege(:reader, 'log.head', 'select')
    and has_table_privilege(:reader, 'log.log_state', 'select')
    and has_table_privilege(:reader, 'log.log_fact', 'select')
    and 2 = (select count(*) from pg_policies where schemaname = 'log'
             and policyname in ('state_' || :reader, 'fact_' || :reader))
"""
"""Whether ``reader_grants`` would change nothing. They lock the whole log: whoever writes to it waits behind them."""


def reader_grants(consumer: str, topics: Iterable[str]) -> str:
    """SQL, run in a publisher's database: ``consumer`` reads exactly ``topics`` of its log. Repeatable."""
    reader = role_names(consumer)[3]
    listed = ", ".join("'" + topic.replace("'", "''") + "'" for topic in sorted(topics)) or "null"
    # The locks first, in the order of append_events: a grant holds its table's row in the catalogue, an autovacuum that
    # is under way waits for that row and has a lock that the policies need. Waiting for a lock instead ends it.
    return f"""
lock table only log.log_state, only log.log_fact in access exclusive mode;
grant usage on schema log to {reader};
grant select on log.log_state, log.log_fact, log.head to {reader};
drop policy if exists state_{reader} on log.log_state;
drop policy if exists fact_{reader} on log.log_fact;
create policy state_{reader} on log.log_state for select to {reader} using (topic in ({listed}));
create policy fact_{reader} on log.log_fact for select to {reader} using (topic in ({listed}));
delete from log.reader where consumer = '{consumer}';
insert into log.reader (topic, consumer) select topic, '{consumer}' from unnest(array[{listed}]::text[]) as topic
    where topic is not null;
"""  # noqa: S608 (names of the topology)
