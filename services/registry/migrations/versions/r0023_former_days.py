"""Days that a child brings from its former school in the year it comes (docs/decisions/0023)."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0023"
down_revision = "r0022"

SQL = """
create table former_days (
    board_id uuid not null,
    school_id uuid not null,
    pupil_id uuid not null,
    school_year integer not null,
    revision integer not null,
    said jsonb,
    reason text,
    recorded_by uuid not null,
    recorded_at timestamptz not null,
    primary key (board_id, school_id, pupil_id, school_year, revision)
);
create index former_days_pupil on former_days (pupil_id);
comment on column former_days.school_id is 'the school that the child has come to, which entered them';
comment on column former_days.said is 'the days, where they are from and on which paper; null: taken back';
comment on column former_days.reason is 'of a correction; free text, stays here';
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    run_script(connection, protect("registry", "former_days", school=True))
    run_script(connection, "grant select, insert on former_days to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
