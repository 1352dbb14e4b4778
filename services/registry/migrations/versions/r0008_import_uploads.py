"""Packages that came over the web: received block by block, looked at, and what was found, until a run has begun."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0008"
down_revision = "r0007"

TABLES = ("import_upload", "import_upload_file", "import_upload_block", "import_upload_page")

SQL = """
alter table import_run
    add column school_id uuid,
    add column by_person uuid,
    add column upload_id uuid unique,
    add column wish text check (wish in ('apply', 'revert')),
    add column wished_by text,
    add column stopped text;
comment on column import_run.school_id is 'whose office brought it, and what alone it may touch; null: the board''s';
comment on column import_run.wish is 'what the service itself goes on doing until it is done; null: a command does it';
comment on column import_run.stopped is 'why the service does not go on, in words';

create table import_upload (
    id uuid primary key,
    board_id uuid not null,
    school_id uuid,
    by_person uuid not null,
    by_name text not null,
    state text not null
        check (state in ('receiving', 'checking', 'refused', 'ready', 'beginning', 'begun', 'stopped')),
    made_at timestamptz not null,
    touched_at timestamptz not null,
    found jsonb not null default '{}',
    preview text,
    confirmed boolean not null default false,
    anew boolean not null default false,
    stopped text,
    run_number integer
);
create index import_upload_board on import_upload (board_id);
comment on column import_upload.preview is 'hash of what was shown: only that may be applied';
comment on column import_upload.anew is 'the roster changed since it was shown: what is shown now is another preview';
comment on column import_upload.touched_at is 'a day after that it is deleted, with everything in it';

create table import_upload_file (
    upload_id uuid not null references import_upload on delete cascade,
    board_id uuid not null,
    name text not null,
    bytes bigint not null,
    content_id uuid,
    primary key (upload_id, name)
);
comment on column import_upload_file.content_id is 'the blocks that are the whole file; null: not received yet';

create table import_upload_block (
    upload_id uuid not null references import_upload on delete cascade,
    board_id uuid not null,
    name text not null,
    content_id uuid not null,
    ordinal integer not null,
    content bytea not null,
    primary key (upload_id, name, content_id, ordinal)
);
alter table import_upload_block alter column content set storage external;

-- What was found, a page at a time: problems by file, changes by kind.
create table import_upload_page (
    upload_id uuid not null references import_upload on delete cascade,
    board_id uuid not null,
    list text not null check (list in ('problem', 'note', 'change')),
    part text not null,
    ordinal integer not null,
    entries integer not null,
    content bytea not null,
    primary key (upload_id, list, part, ordinal)
);
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    for table in TABLES:
        run_script(connection, protect("registry", table))
        run_script(connection, f"grant select, insert, update, delete on {table} to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
