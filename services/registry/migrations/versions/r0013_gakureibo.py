"""学齢簿: which column of a board's file says what, by name, revision by revision; uploads that are a 学齢簿."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0013"
down_revision = "r0012"

SQL = """
create table gakureibo_mapping (
    id uuid primary key,
    board_id uuid not null,
    name text not null,
    revision integer not null check (revision > 0),
    content jsonb not null,
    saved_at timestamptz not null,
    saved_by text not null,
    removed_at timestamptz,
    removed_by text,
    unique (board_id, name, revision)
);
alter table import_upload add column mapping_id uuid references gakureibo_mapping, add column school_year integer;
comment on column import_upload.mapping_id is 'it is a 学齢簿, to be read with this mapping; null: a OneRoster package';
comment on column import_upload.school_year is 'of whom a 学齢簿 is taken; null: of the only year that it speaks of';
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    run_script(connection, protect("registry", "gakureibo_mapping"))
    run_script(
        connection,
        "grant select, insert, update (removed_at, removed_by) on gakureibo_mapping to registry_app",
    )


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
