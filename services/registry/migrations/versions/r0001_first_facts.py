"""The first facts: organisations, people, dated relations, calendar, settings, the roll."""

from alembic import op

from shared.database.migrate import platform_sql, run_script
from shared.database.periods import GUARD, period_columns, period_guard
from shared.database.roles import platform_grants, protect

revision = "r0001"
down_revision = None

TABLES = f"""
create table organisation (
    id uuid primary key,
    board_id uuid not null,
    kind text not null,
    parent_id uuid,
    school_id uuid,
    name text not null,
    short_name text not null,
    code text,
    school_year integer,
    grade text,
    special_needs boolean not null default false,
    recorded_at timestamptz not null
);
create index organisation_school on organisation (school_id, kind);

create table person (
    id uuid primary key,
    board_id uuid not null,
    legal_family text not null,
    legal_given text not null,
    common_family text,
    common_given text,
    kana_family text,
    kana_given text,
    sort_key text not null collate "C",
    search text not null,
    birth_date date,
    sex text not null,
    merged_into uuid,
    recorded_at timestamptz not null,
    check ((common_family is null) = (common_given is null)),
    check ((kana_family is null) = (kana_given is null))
);

create table external_id (
    board_id uuid not null,
    source text not null,
    kind text not null,
    sourced_id text not null,
    id uuid not null,
    primary key (board_id, source, kind, sourced_id)
);

create table enrolment_period (
    {period_columns()},
    school_id uuid not null,
    grade text not null
);
{period_guard("enrolment_period")}

create table membership_period (
    {period_columns()},
    school_id uuid not null,
    class_id uuid not null,
    kind text not null check (kind in ('home', 'exchange')),
    number integer check (number > 0)
);
{period_guard("membership_period")}
create index membership_class on membership_period (class_id) where voided_at is null;

-- organisation_id is a school or, for duties at the board, a department or the board itself.
create table duty_period (
    {period_columns()},
    kind text not null,
    organisation_id uuid not null,
    class_id uuid
);
{period_guard("duty_period")}

create table guardianship_period (
    {period_columns()},
    guardian_id uuid not null,
    relation text not null,
    may_notify boolean not null,
    may_read boolean not null,
    may_contact boolean not null
);
{period_guard("guardianship_period")}
create index guardianship_guardian on guardianship_period (guardian_id) where voided_at is null;

create table protection_period (
    {period_columns()},
    confidential_from uuid[] not null,
    inherited boolean not null default false
);
comment on column protection_period.inherited is 'a run gave it to a card that may be a protected child''s';
{period_guard("protection_period")}

-- 連絡先. Phones are objects with number and kind, in the order in which they are called.
create table contact_period (
    {period_columns()},
    postal_code text,
    address text not null,
    phones jsonb not null,
    language text
);
{period_guard("contact_period")}

create table calendar (
    id uuid primary key,
    board_id uuid not null,
    school_id uuid not null,
    school_year integer not null,
    school_days date[] not null,
    closures jsonb not null,
    recorded_at timestamptz not null,
    unique (school_id, school_year)
);

create table setting (
    board_id uuid not null,
    name text not null,
    since date not null,
    value jsonb not null,
    recorded_at timestamptz not null,
    recorded_by text,
    primary key (board_id, name, since)
);

-- One pupil's attendance on one date: the aggregate, with the status derived from its facts.
create table pupil_day (
    id uuid primary key,
    board_id uuid not null,
    school_id uuid not null,
    class_id uuid not null,
    pupil_id uuid not null,
    day date not null,
    revision integer not null,
    status text not null,
    facts jsonb not null
) with (fillfactor = 80);
create unique index pupil_day_pupil on pupil_day (pupil_id, day);

-- What each source ever said, revision by revision; free text of a correction stays here.
create table attendance_fact (
    pupil_day_id uuid not null,
    board_id uuid not null,
    school_id uuid not null,
    source text not null,
    revision integer not null,
    code text,
    recorded_by uuid not null,
    recorded_at timestamptz not null,
    claimed_at timestamptz,
    corrects integer,
    reason text,
    reason_text text,
    primary key (pupil_day_id, source, revision)
);

create table class_day (
    id uuid primary key,
    board_id uuid not null,
    school_id uuid not null,
    class_id uuid not null,
    day date not null,
    revision integer not null,
    members integer not null,
    taken_at timestamptz not null,
    taken_by uuid not null,
    unique (class_id, day)
);
"""

BOARD_WIDE = (
    "organisation",
    "person",
    "external_id",
    "duty_period",
    "guardianship_period",
    "protection_period",
    "contact_period",
    "setting",
    # A pupil's day follows the pupil: after a membership was corrected for a day that another school had recorded, the
    # new school's teacher must be able to lock and correct that very row (docs/decisions/0005).
    "pupil_day",
)
OF_A_SCHOOL = ("enrolment_period", "membership_period", "calendar", "attendance_fact", "class_day")


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, platform_sql("0001_log"))
    run_script(connection, platform_grants("registry"))
    run_script(connection, GUARD)
    run_script(connection, TABLES)
    for table in (*BOARD_WIDE, *OF_A_SCHOOL):
        run_script(connection, protect("registry", table, school=table in OF_A_SCHOOL))
        run_script(connection, f"grant select, insert, update on {table} to registry_app")
    for year in range(2025, 2032):
        run_script(connection, f"select log.keep_year({year})")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
