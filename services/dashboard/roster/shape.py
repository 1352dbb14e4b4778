"""The tables of copy ``roster``. A change here is enough: they are built anew from the log and swapped."""

from shared.database.roles import open_copy
from shared.events.upsert import GUARD

BY_BOARD = (
    "person_card",
    "alias",
    "organisation",
    "membership_set",
    "duty_set",
    "duty",
    "protection_set",
    "protection",
    "calendar",
    "setting_set",
    "setting",
)
BY_SCHOOL = ("membership",)

# A row with null values is a tombstone: its guard keeps older records out.
_TABLES = f"""
create table person_card (
    person_id uuid primary key, {GUARD},
    legal_family text,
    legal_given text,
    common_family text,
    common_given text,
    kana_family text,
    kana_given text,
    sort_key text collate "C"
);
-- Nearly always empty, and apart for that reason: every page asks it, and so it costs nothing.
create table alias (
    person_id uuid primary key,
    board_id uuid not null,
    merged_into uuid not null
);
create index alias_of on alias (merged_into);
create table organisation (
    organisation_id uuid primary key, {GUARD},
    kind text,
    name text,
    short_name text,
    code text,
    parent_id uuid,
    school_id uuid,
    school_year integer,
    grade text,
    special_needs boolean
);
create index organisation_school on organisation (school_id, kind);
create table membership_set (pupil_id uuid primary key, {GUARD});
create table membership (
    pupil_id uuid not null,
    board_id uuid not null,
    school_id uuid not null,
    class_id uuid not null,
    kind text not null,
    number integer,
    since date not null,
    until date
);
create index membership_pupil on membership (pupil_id);
create index membership_class on membership (class_id);
create index membership_school on membership (school_id);
create table duty_set (staff_id uuid primary key, {GUARD});
create table duty (
    staff_id uuid not null,
    board_id uuid not null,
    kind text not null,
    organisation_id uuid not null,
    class_id uuid,
    since date not null,
    until date
);
create index duty_staff on duty (staff_id);
create index duty_class on duty (class_id);
create table protection_set (pupil_id uuid primary key, {GUARD});
-- Only marked children have a row: every page that names children asks for it.
create table protection (
    pupil_id uuid not null,
    board_id uuid not null,
    since date not null,
    until date,
    confidential_from uuid[] not null
);
create index protection_pupil on protection (pupil_id);
create table calendar (
    calendar_id uuid primary key, {GUARD},
    school_id uuid,
    school_year integer,
    school_days date[],
    closures jsonb,
    marks jsonb
);
create index calendar_school on calendar (school_id, school_year);
create table setting_set (setting_id uuid primary key, {GUARD});
create table setting (
    setting_id uuid not null,
    board_id uuid not null,
    name text not null,
    since date not null,
    value jsonb not null
);
create index setting_name on setting (board_id, name, since);
"""

SHAPE = _TABLES + "".join(
    open_copy("dashboard", table, school=table in BY_SCHOOL) for table in (*BY_BOARD, *BY_SCHOOL)
)
