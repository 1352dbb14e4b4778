"""名簿の書き出し in the web: who asked for what, and what was written, until it is removed."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0015"
down_revision = "r0014"

SQL = """
create table roster_export (
    id uuid primary key,
    number bigint generated always as identity,
    board_id uuid not null,
    by_person uuid not null,
    by_name text not null,
    purpose text not null,
    asked jsonb not null,
    state text not null check (state in ('writing', 'ready', 'stopped', 'removed')),
    made_at timestamptz not null,
    ready_at timestamptz,
    instant timestamptz,
    rows jsonb not null default '{}',
    protected integer not null default 0,
    bytes bigint not null default 0,
    stopped text,
    ticket text,
    ticket_until timestamptz
);
create index roster_export_board on roster_export (board_id, number);
comment on table roster_export is 'stays when the package is gone: what has left, for what, by whom';
comment on column roster_export.instant is 'what the next delta may be told since';
comment on column roster_export.protected is 'protected children of these schools: in it or left out, as asked';
comment on column roster_export.ticket is 'SHA-256 of what fetches the package for a moment';

create table roster_export_block (
    export_id uuid not null references roster_export on delete cascade,
    board_id uuid not null,
    ordinal integer not null,
    content bytea not null,
    primary key (export_id, ordinal)
);
alter table roster_export_block alter column content set storage external;
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    for table in ("roster_export", "roster_export_block"):
        run_script(connection, protect("registry", table))
    run_script(connection, "grant select, insert, update on roster_export to registry_app")
    run_script(connection, "grant select, insert, delete on roster_export_block to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
