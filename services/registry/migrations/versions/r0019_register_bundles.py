"""A school's month of 出席簿 as one file: who asked for it, how far it is, and the file for an hour."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0019"
down_revision = "r0018"

SQL = """
create table register_bundle (
    id uuid primary key,
    number bigint generated always as identity,
    board_id uuid not null,
    school_id uuid not null,
    by_person uuid not null,
    month date not null check (extract(day from month) = 1),
    paper text not null check (paper in ('a4', 'a3')),
    state text not null check (state in ('writing', 'ready', 'stopped', 'removed')),
    made_at timestamptz not null,
    ready_at timestamptz,
    sheets integer not null default 0,
    bytes bigint not null default 0,
    stopped text
);
create index register_bundle_school on register_bundle (school_id, number);

create table register_bundle_block (
    bundle_id uuid not null references register_bundle on delete cascade,
    board_id uuid not null,
    school_id uuid not null,
    ordinal integer not null,
    content bytea not null,
    primary key (bundle_id, ordinal)
);
alter table register_bundle_block alter column content set storage external;
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    for table in ("register_bundle", "register_bundle_block"):
        run_script(connection, protect("registry", table, school=True))
    run_script(connection, "grant select, insert, update on register_bundle to registry_app")
    run_script(connection, "grant select, insert, delete on register_bundle_block to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
