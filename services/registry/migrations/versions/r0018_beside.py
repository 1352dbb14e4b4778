"""出席扱い and 別室: a mark beside a child's day, with its own revisions (docs/decisions/0018)."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0018"
down_revision = "r0017"

SQL = """
alter table pupil_day add column beside jsonb;
comment on column pupil_day.beside is '出席扱い or 別室: the newest revision of day_beside';

create table day_beside (
    pupil_day_id uuid not null,
    revision integer not null,
    board_id uuid not null,
    school_id uuid not null,
    code text,
    kind text,
    recorded_by uuid not null,
    recorded_at timestamptz not null,
    reason text,
    reason_text text,
    class_month_id uuid,
    closing_revision integer,
    held_before text,
    primary key (pupil_day_id, revision)
);
create index day_beside_after_closing on day_beside (class_month_id) where class_month_id is not null;
comment on table day_beside is 'what was ever entered beside a day; free text of a correction stays here';
comment on column day_beside.closing_revision is 'of the closed month: a correction, on its list';
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    run_script(connection, protect("registry", "day_beside", school=True))
    run_script(connection, "grant select, insert on day_beside to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
