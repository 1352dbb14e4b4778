"""時限ごとの出欠: the roll of a lesson, and a child's lessons of a day (docs/periods.md)."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0021"
down_revision = "r0019"

SQL = """
create table lesson_roll (
    id uuid primary key,
    board_id uuid not null,
    school_id uuid not null,
    class_id uuid not null,
    day date not null,
    period smallint not null,
    revision integer not null,
    subject text,
    members integer not null,
    taken_at timestamptz not null,
    taken_by uuid not null
);
create unique index lesson_roll_of_class on lesson_roll (class_id, day, period);
create index lesson_roll_of_school on lesson_roll (school_id, day);
comment on table lesson_roll is 'the roll of one lesson was taken; no child in it';

create table pupil_lessons (
    id uuid primary key,
    board_id uuid not null,
    school_id uuid not null,
    class_id uuid not null,
    pupil_id uuid not null,
    day date not null,
    revision integer not null,
    marks jsonb not null
);
create index pupil_lessons_of_pupil on pupil_lessons (pupil_id, day);
comment on column pupil_lessons.marks is 'lesson -> the newest revision of its lesson_mark';

create table lesson_mark (
    pupil_lessons_id uuid not null,
    period smallint not null,
    revision integer not null,
    board_id uuid not null,
    school_id uuid not null,
    code text not null,
    recorded_by uuid not null,
    recorded_at timestamptz not null,
    reason text,
    reason_text text,
    class_month_id uuid,
    closing_revision integer,
    held_before text,
    primary key (pupil_lessons_id, period, revision)
);
create index lesson_mark_after_closing on lesson_mark (class_month_id) where class_month_id is not null;
comment on table lesson_mark is 'what was ever said of a child in a lesson; free text of a correction stays here';

create table lesson_settled (
    pupil_lessons_id uuid not null,
    seen text not null,
    board_id uuid not null,
    school_id uuid not null,
    recorded_by uuid not null,
    recorded_at timestamptz not null,
    primary key (pupil_lessons_id, seen)
);
comment on table lesson_settled is 'contradictions of a day and its lessons that the homeroom teacher left as they are';
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    for table in ("lesson_roll", "pupil_lessons", "lesson_mark", "lesson_settled"):
        run_script(connection, protect("registry", table, school=True))
    run_script(connection, "grant select, insert, update on lesson_roll, pupil_lessons to registry_app")
    run_script(connection, "grant select, insert on lesson_mark, lesson_settled to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
