"""学級の名簿: acts that set the numbers of a class, so that each can be taken back until the list changes again."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0009"
down_revision = "r0008"

SQL = """
create table numbering (
    id uuid primary key,
    board_id uuid not null,
    school_id uuid not null,
    class_id uuid not null,
    since date not null,
    changed integer not null,
    left_as text not null,
    made_by uuid not null,
    made_at timestamptz not null,
    undone_at timestamptz
);
create index numbering_class on numbering (class_id, made_at);
comment on column numbering.id is 'run_id and voided_run_id of the memberships it has written';
comment on column numbering.left_as is 'tells the list it left from every other: an act is taken back only from there';
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    run_script(connection, protect("registry", "numbering", school=True))
    run_script(connection, "grant select, insert, update on numbering to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
