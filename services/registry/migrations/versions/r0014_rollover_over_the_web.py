"""年度更新 in the web: dry runs that are looked at first, runs that the service goes on with itself."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0014"
down_revision = "r0013"

SQL = """
alter table rollover_run
    add column look_id uuid unique,
    add column wish text check (wish in ('apply', 'revert')),
    add column wished_by text,
    add column stopped text,
    add column reverted_at timestamptz;
comment on column rollover_run.wish is 'what the service itself goes on doing; null: a command does it';
comment on column rollover_run.stopped is 'why the service does not go on, in words';

create table rollover_look (
    id uuid primary key,
    board_id uuid not null,
    school_year integer not null,
    by_person uuid not null,
    by_name text not null,
    state text not null check (state in ('looking', 'ready', 'beginning', 'begun', 'stopped')),
    made_at timestamptz not null,
    looked_at timestamptz,
    found jsonb not null default '{}',
    preview text,
    confirmed boolean not null default false,
    anew boolean not null default false,
    stopped text,
    run_number integer
);
create unique index rollover_look_one on rollover_look (board_id, school_year) where state <> 'begun';
comment on table rollover_look is 'a dry run of a new school year: numbers by school, no names';
comment on column rollover_look.preview is 'hash of what was shown: only that may be applied';
comment on column rollover_look.anew is 'the roster changed since it was shown: what is shown now is another preview';
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    run_script(connection, protect("registry", "rollover_look"))
    run_script(connection, "grant select, insert, update, delete on rollover_look to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
