"""気がかりな欠席: the board's own rules with their days, and how a draft of them would have done in past months.

No child is in these tables: an erasure has nothing to take from them.
"""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0004"
down_revision = "r0003"

RULES = """
-- What a board said of its alerts, from a day on. A version is withdrawn and said anew, never changed.
create table alert_setting (
    id uuid primary key,
    board_id uuid not null,
    name text not null check (name in ('rules', 'office')),
    since date not null,
    value jsonb not null,
    reason text not null check (length(reason) between 1 and 200),
    tried uuid,
    made_by uuid,
    made_at timestamptz not null,
    withdrawn_by uuid,
    withdrawn_at timestamptz
);
create unique index alert_setting_since on alert_setting (board_id, name, since) where withdrawn_at is null;
comment on column alert_setting.reason is 'why the board wants it so; about a rule, never about a child';
comment on column alert_setting.tried is 'the alert_trial of just these rules';
comment on column alert_setting.made_by is 'null: the command line';

create table alert_trial (
    id uuid primary key,
    board_id uuid not null,
    rules jsonb not null,
    beside jsonb not null,
    months date[] not null,
    until date not null,
    schools uuid[] not null,
    begun_by uuid not null,
    begun_at timestamptz not null
);
comment on column alert_trial.beside is 'the rules that held when it was begun, tried beside the draft';
comment on column alert_trial.until is 'the last day of the last month, or the day it was begun on';

-- One row a school as it is counted; a trial is over when every school has its own.
create table alert_trial_school (
    trial_id uuid not null references alert_trial,
    board_id uuid not null,
    school_id uuid not null,
    counted jsonb not null,
    primary key (trial_id, school_id)
);
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, RULES)
    run_script(connection, protect("dashboard", "alert_setting"))
    run_script(connection, protect("dashboard", "alert_trial"))
    run_script(connection, protect("dashboard", "alert_trial_school", school=True))
    run_script(
        connection, "grant select, insert on alert_setting, alert_trial, alert_trial_school to dashboard_app"
    )
    run_script(connection, "grant update (withdrawn_by, withdrawn_at) on alert_setting to dashboard_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
