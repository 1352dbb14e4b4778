"""A class's month is closed, checked and sent back; what is corrected afterwards keeps both values."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0017"
down_revision = "r0016"

SQL = """
create table class_month (
    id uuid primary key,
    board_id uuid not null,
    school_id uuid not null,
    class_id uuid not null,
    month date not null check (extract(day from month) = 1),
    revision integer not null,
    state text not null check (state in ('closed', 'checked', 'returned')),
    unique (class_id, month)
);
create index class_month_school on class_month (school_id, month);

create table class_month_step (
    class_month_id uuid not null references class_month,
    revision integer not null,
    board_id uuid not null,
    school_id uuid not null,
    step text not null check (step in ('closed', 'checked', 'returned')),
    at timestamptz not null,
    by uuid not null,
    sentence text,
    sheet jsonb,
    primary key (class_month_id, revision)
);
comment on column class_month_step.sheet is 'the whole sheet as it stood when it was closed or checked';
comment on column class_month_step.sentence is 'why it was sent back';

alter table attendance_fact add column class_month_id uuid, add column closing_revision integer,
    add column held_before text, add column held_after text;
create index attendance_fact_after_closing on attendance_fact (class_month_id) where class_month_id is not null;
comment on column attendance_fact.closing_revision is 'of the closed month: a correction, on its list';
comment on column attendance_fact.held_before is 'code that held until this correction; null: no entry';
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    for table in ("class_month", "class_month_step"):
        run_script(connection, protect("registry", table, school=True))
    run_script(connection, "grant select, insert, update on class_month to registry_app")
    run_script(connection, "grant select, insert on class_month_step to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
