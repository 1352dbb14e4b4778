"""年度更新: plans of next year by school, and the numbered runs that make them true."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0007"
down_revision = "r0006"

SQL = """
-- What a school prepares for a school year before any of it is true: classes, seats, wishes.
create table class_plan (
    board_id uuid not null,
    school_id uuid not null,
    school_year integer not null,
    revision integer not null,
    content jsonb not null,
    changed_at timestamptz not null,
    changed_by text not null,
    primary key (school_id, school_year)
);
comment on column class_plan.content is 'classes, seats and rules of rollover/plans.py; ids only';

create sequence rollover_run_number as integer;
grant usage on sequence rollover_run_number to registry_app;

create table rollover_run (
    id uuid primary key,
    board_id uuid not null,
    number integer not null unique,
    school_year integer not null,
    state text not null check (state in ('applying', 'done', 'reverting', 'reverted')),
    started_by text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    reverted_by text,
    counts jsonb not null,
    next_schools jsonb not null default '{}'
);
comment on column rollover_run.next_schools is 'where graduates go, as it was when the run was confirmed';
create index rollover_run_board on rollover_run (board_id);

create table rollover_part (
    run_id uuid not null references rollover_run,
    board_id uuid not null,
    ordinal integer not null,
    school_id uuid not null,
    state text not null check (state in ('waiting', 'done', 'reverted', 'cancelled')),
    pupils integer not null default 0,
    events integer not null default 0,
    done_at timestamptz,
    plan jsonb,
    primary key (run_id, ordinal)
);
comment on column rollover_part.plan is 'the school''s plan as it was when the run was confirmed; ids only';
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    run_script(connection, protect("registry", "class_plan", school=True))
    for table in ("rollover_run", "rollover_part"):
        run_script(connection, protect("registry", table))
    for table in ("class_plan", "rollover_run", "rollover_part"):
        run_script(connection, f"grant select, insert, update on {table} to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
