"""転出入: who moved from where to where, its steps, and the certificates that were issued."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0004"
down_revision = "r0003"

SQL = """
-- Acts on the roster that were taken back: what they had ended counts as never ended by them.
create table undone_act (
    id uuid primary key,
    board_id uuid not null,
    undone_at timestamptz not null
);

create table move (
    id uuid primary key,
    board_id uuid not null,
    kind text not null check (kind in ('within', 'leaving', 'arriving')),
    pupil_id uuid not null references person,
    together uuid not null,
    from_school_id uuid,
    to_school_id uuid,
    elsewhere jsonb,
    grade text not null,
    left_on date,
    accepted_on date,
    class_id uuid,
    number integer check (number > 0),
    reason text not null,
    act_id uuid not null,
    revision integer not null,
    recorded_at timestamptz not null,
    recorded_by uuid not null,
    undone_at timestamptz,
    undone_by uuid,
    check ((kind = 'arriving') = (from_school_id is null)),
    check ((kind = 'leaving') = (to_school_id is null)),
    check ((kind = 'within') = (elsewhere is null)),
    check (kind = 'arriving' or left_on is not null),
    check (kind = 'leaving' or accepted_on is not null)
);
create index move_pupil on move (pupil_id);
create index move_from on move (from_school_id);
create index move_to on move (to_school_id);
comment on column move.together is 'siblings moved in one act share it';
comment on column move.elsewhere is 'the school outside the board: name, address, its board';
comment on column move.act_id is 'run_id and voided_run_id of the periods it has written last';

create table move_step (
    move_id uuid not null references move,
    board_id uuid not null,
    step text not null,
    done_on date,
    recorded_at timestamptz not null,
    recorded_by uuid not null,
    primary key (move_id, step)
);
"""

# A move belongs to two schools: whoever works in either sees it.
OF_ITS_SCHOOLS = """
create policy move_schools on move as restrictive for all to registry_app using (
    (select current_setting('app.schools', true)) = '*'
    or array[from_school_id, to_school_id]
       && coalesce((select nullif(current_setting('app.schools', true), '')), '{}')::uuid[]
);
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    for table in ("undone_act", "move", "move_step"):
        run_script(connection, protect("registry", table))
        run_script(connection, f"grant select, insert, update on {table} to registry_app")
    run_script(connection, OF_ITS_SCHOOLS)


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
