"""年間予定: terms and marks of a school's year, what the last package said, the board's template, acts to take back."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0010"
down_revision = "r0009"

SQL = """
alter table calendar add column marks jsonb not null default '[]', add column terms jsonb not null default '[]',
    add column told jsonb;
-- What stands was said by packages: until now nobody could change it by hand.
update calendar set told = jsonb_build_object('school_days', to_jsonb(school_days), 'closures', closures);
comment on column calendar.told is 'days and closures as the last package said them: the rest was changed by hand';

create table calendar_template (
    board_id uuid not null,
    school_year integer not null,
    lines jsonb not null,
    recorded_at timestamptz not null,
    recorded_by text not null,
    primary key (board_id, school_year)
);
create table calendar_change (
    id uuid primary key,
    number bigint generated always as identity,
    board_id uuid not null,
    school_id uuid not null,
    calendar_id uuid not null,
    before jsonb not null,
    left_as text not null,
    lines integer not null,
    plan text,
    made_by uuid not null,
    made_at timestamptz not null,
    undone_at timestamptz
);
create index calendar_change_calendar on calendar_change (calendar_id, number);
comment on column calendar_change.before is 'days, closures, marks and terms as they were';
comment on column calendar_change.left_as is 'tells the year it left from every other: taken back only from there';
comment on column calendar_change.plan is 'revision of the board''s plan that was applied; null: the school''s own act';
comment on column calendar_template.lines is 'cells as the board wrote them: date, kind, words, whom';
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    run_script(connection, protect("registry", "calendar_template"))
    run_script(connection, "grant select, insert, update on calendar_template to registry_app")
    run_script(connection, protect("registry", "calendar_change", school=True))
    run_script(connection, "grant select, insert, update on calendar_change to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
