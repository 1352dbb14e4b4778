"""The tables of copy ``roster``. A change here is enough: they are built anew from the log and swapped."""

from shared.database.roles import open_copy
from shared.events.upsert import GUARD

TABLES = (
    "person_card",
    "alias",
    "organisation",
    "place_set",
    "place",
    "duty_set",
    "duty",
    "family_set",
    "guardian",
    "setting_set",
    "setting",
)

# A row with null values is a tombstone: its guard keeps older records out.
_TABLES = f"""
create table person_card (
    person_id uuid primary key, {GUARD},
    family text,
    given text,
    family_kana text,
    given_kana text
);
create table alias (
    person_id uuid primary key,
    board_id uuid not null,
    merged_into uuid not null
);
create index alias_of on alias (merged_into);
create table organisation (
    organisation_id uuid primary key, {GUARD},
    name text,
    school_id uuid
);
create table place_set (pupil_id uuid primary key, {GUARD});
-- 在籍 at a school (class_id null), and the class of 在籍.
create table place (
    pupil_id uuid not null,
    board_id uuid not null,
    school_id uuid not null,
    class_id uuid,
    number integer,
    since date not null,
    until date
);
create index place_pupil on place (pupil_id);
create index place_school on place (school_id);
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
create table family_set (pupil_id uuid primary key, {GUARD}, protections jsonb);
create table guardian (
    pupil_id uuid not null,
    board_id uuid not null,
    guardian_id uuid not null,
    relation text not null,
    notify boolean not null,
    read boolean not null,
    since date not null,
    until date
);
create index guardian_pupil on guardian (pupil_id);
create index guardian_of on guardian (guardian_id);
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

SHAPE = _TABLES + "".join(open_copy("messaging", table) for table in TABLES)
