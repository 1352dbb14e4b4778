"""Copies of registry's and identity's facts, sessions, department feeds, what workers were seen doing."""

from alembic import op

from shared.database.migrate import platform_sql, run_script
from shared.database.roles import open_to_feed, platform_grants, protect

revision = "r0001"
down_revision = None

GUARD = """
    board_id uuid not null,
    epoch integer not null,
    position bigint not null"""

# A row with null values is a tombstone, or a redacted fact: its guard keeps older records out.
COPIES = f"""
create table copy.person_card (
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
create table copy.alias (
    person_id uuid primary key,
    board_id uuid not null,
    merged_into uuid not null
);
create index alias_of on copy.alias (merged_into);

create table copy.organisation (
    organisation_id uuid primary key, {GUARD},
    kind text,
    name text,
    short_name text,
    parent_id uuid,
    school_id uuid,
    school_year integer,
    grade text,
    special_needs boolean
);
create index organisation_school on copy.organisation (school_id, kind);

create table copy.membership_set (pupil_id uuid primary key, {GUARD});
create table copy.membership (
    pupil_id uuid not null,
    board_id uuid not null,
    school_id uuid not null,
    class_id uuid not null,
    kind text not null,
    number integer,
    since date not null,
    until date
);
create index membership_pupil on copy.membership (pupil_id);
create index membership_class on copy.membership (class_id);
create index membership_school on copy.membership (school_id);

create table copy.duty_set (staff_id uuid primary key, {GUARD});
create table copy.duty (
    staff_id uuid not null,
    board_id uuid not null,
    kind text not null,
    organisation_id uuid not null,
    class_id uuid,
    since date not null,
    until date
);
create index duty_staff on copy.duty (staff_id);
create index duty_class on copy.duty (class_id);

-- Only marked children have a row: every page that names children asks for it.
create table copy.protection_set (pupil_id uuid primary key, {GUARD});
create table copy.protection (
    pupil_id uuid not null,
    board_id uuid not null,
    since date not null,
    until date,
    confidential_from uuid[] not null
);
create index protection_pupil on copy.protection (pupil_id);

create table copy.calendar (
    calendar_id uuid primary key, {GUARD},
    school_id uuid,
    school_year integer,
    school_days date[],
    closures jsonb
);
create index calendar_school on copy.calendar (school_id, school_year);

create table copy.setting_set (setting_id uuid primary key, {GUARD});
create table copy.setting (
    setting_id uuid not null,
    board_id uuid not null,
    name text not null,
    since date not null,
    value jsonb not null
);
create index setting_name on copy.setting (board_id, name, since);

create table copy.pupil_day (
    pupil_day_id uuid primary key, {GUARD},
    version integer not null,
    pupil_id uuid,
    school_id uuid,
    class_id uuid,
    day date,
    revision integer,
    status text,
    code text,
    presence text,
    category text,
    late boolean,
    early_leave boolean,
    decided_by text,
    contradiction text,
    facts jsonb
) with (fillfactor = 80);
-- No index begins with the day: each morning's is one that no statistics know yet, and a plan that walks all of it for
-- every child looks cheap.
create index pupil_day_pupil on copy.pupil_day (pupil_id, day);

create table copy.class_day (
    class_day_id uuid primary key, {GUARD},
    version integer not null,
    class_id uuid,
    school_id uuid,
    day date,
    members integer,
    taken_at timestamptz,
    taken_by uuid
);
create index class_day_class on copy.class_day (class_id, day);

create table copy.account (
    person_id uuid primary key, {GUARD},
    enabled boolean
);

create table copy.purpose_set (department_id uuid primary key, {GUARD}, client text);
create index purpose_set_client on copy.purpose_set (client);
create table copy.purpose_grant (
    department_id uuid not null,
    board_id uuid not null,
    purpose_id uuid not null,
    feed text not null,
    fields jsonb not null,
    importance text not null,
    small_groups boolean not null,
    since date not null,
    until date
);
create index purpose_grant_department on copy.purpose_grant (department_id);
"""

# One person may have several ids since two cards were found to be of one (merged_into). Facts keep their id; these
# resolve it on reading, the person's own rows before those of an alias. `offset 0` holds the planner to begin with the
# aliases, of which there are nearly none; it would guess at hundreds.
# Bodies are text, not bound to a table: the tables may be swapped for rebuilt ones.
READING = """
create function said_by_aliases(p_day date)
returns table (person_id uuid, pupil_day_id uuid, revision integer, status text, code text, presence text,
               category text, late boolean, early_leave boolean, decided_by text, contradiction text, facts jsonb)
language sql stable as $$
    select distinct on (a.merged_into) a.merged_into, d.pupil_day_id, d.revision, d.status, d.code, d.presence,
           d.category, d.late, d.early_leave, d.decided_by, d.contradiction, d.facts
    from copy.alias a
    cross join lateral (
        select * from copy.pupil_day d where d.pupil_id = a.person_id and d.day = p_day offset 0) d
    order by a.merged_into, d.pupil_id
$$;

-- The children of a class of 在籍 on a date, with what is said of their day: the one place that counts start from. A
-- class at a time, because a plan for all of a town's children at once walks all of them also when one class is asked.
-- `case`, not `coalesce`: PostgreSQL does not know that coalesce leaks nothing, and joins by it without an index
-- wherever row-level security stands before the rows.
create function standing_in(p_class uuid, p_day date)
returns table (person_id uuid, board_id uuid, school_id uuid, class_id uuid, number integer, status text, code text,
               presence text, category text, late boolean, early_leave boolean)
language sql stable as $$
    select coalesce(a.merged_into, m.pupil_id), m.board_id, m.school_id, m.class_id, m.number,
           case when d.pupil_day_id is null then o.status else d.status end,
           case when d.pupil_day_id is null then o.code else d.code end,
           case when d.pupil_day_id is null then o.presence else d.presence end,
           case when d.pupil_day_id is null then o.category else d.category end,
           case when d.pupil_day_id is null then o.late else d.late end,
           case when d.pupil_day_id is null then o.early_leave else d.early_leave end
    from copy.membership m
    left join copy.alias a on a.person_id = m.pupil_id
    left join copy.pupil_day d
        on d.pupil_id = case when a.merged_into is null then m.pupil_id else a.merged_into end and d.day = p_day
    left join lateral (
        select * from said_by_aliases(p_day) s
        where s.person_id = case when a.merged_into is null then m.pupil_id else a.merged_into end
        and d.pupil_day_id is null) o on true
    where m.class_id = p_class and m.kind = 'home' and m.since <= p_day and (m.until is null or m.until > p_day)
      -- Of one person's several memberships the own one counts, else that of the lowest id.
      and (a.person_id is null or not exists (
        select from copy.membership other
        where other.pupil_id = any (array(select b.person_id from copy.alias b
                                          where b.merged_into = a.merged_into and b.person_id < m.pupil_id)
                                    || a.merged_into)
        and other.kind = 'home' and other.since <= p_day and (other.until is null or other.until > p_day)))
$$;

create function protected_on(p_day date)
returns table (person_id uuid, confidential_from uuid[])
language sql stable as $$
    select coalesce(a.merged_into, p.pupil_id), p.confidential_from
    from copy.protection p left join copy.alias a on a.person_id = p.pupil_id
    where p.since <= p_day and (p.until is null or p.until > p_day)
$$;

revoke all on function said_by_aliases, standing_in, protected_on from public;
grant execute on function said_by_aliases, standing_in, protected_on to dashboard_app, dashboard_feed;
"""

OWN = """
-- One signed-in browser. Tokens are sealed with a key that is not in the database; of the cookie's secret only a hash.
create table web_session (
    id uuid primary key,
    board_id uuid not null,
    secret_hash bytea not null,
    subject text not null,
    person_id uuid,
    kind text not null,
    acr integer not null,
    auth_time timestamptz,
    issuer_session text,
    tokens bytea not null,
    token_expires_at timestamptz not null,
    created_at timestamptz not null,
    seen_at timestamptz not null,
    ends_at timestamptz not null,
    ended_at timestamptz,
    end_reason text,
    -- Ended by an order: what the browser keeps of the person is wiped, which running out alone does not do.
    revoked boolean not null default false
) with (fillfactor = 80);
create index web_session_person on web_session (person_id) where ended_at is null;

-- Every revision of every item that a department was given: append only, the proof beside the compacted topic.
create table feed_item (
    board_id uuid not null,
    department_id uuid not null,
    feed text not null,
    item_id uuid not null,
    revision integer not null,
    school_id uuid not null,
    group_id uuid not null,
    day date not null,
    value jsonb not null,
    frozen_at timestamptz,
    recorded_at timestamptz not null,
    primary key (department_id, item_id, revision)
);
create index feed_item_day on feed_item (department_id, feed, day);

-- Proof of delivery: who confirmed to have everything up to which position, and when.
create table feed_ack (
    board_id uuid not null,
    department_id uuid not null,
    feed text not null,
    client text not null,
    position bigint not null,
    confirmed_at timestamptz not null,
    primary key (department_id, feed, position)
);

-- What the active process of each worker last saw, so that every process can tell how old the copies are.
create table worker_seen (
    copy text not null,
    publisher text not null,
    reached bigint not null,
    head bigint,
    stopped_because text,
    current_at timestamptz,
    seen_at timestamptz not null,
    primary key (copy, publisher)
) with (fillfactor = 50);
"""

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
    "account",
    "purpose_set",
    "purpose_grant",
)
BY_SCHOOL = ("membership", "pupil_day", "class_day")


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, platform_sql("0001_log"))
    run_script(connection, platform_grants("dashboard"))
    run_script(connection, COPIES)
    run_script(connection, READING)
    run_script(connection, OWN)
    for table in (*BY_BOARD, *BY_SCHOOL):
        run_script(connection, protect("dashboard", f"copy.{table}", school=table in BY_SCHOOL))
        run_script(connection, open_to_feed("dashboard", f"copy.{table}"))
        run_script(connection, f"grant select on copy.{table} to dashboard_app")
    run_script(connection, protect("dashboard", "web_session"))
    run_script(connection, "grant select, insert, update on web_session to dashboard_app")
    run_script(connection, protect("dashboard", "feed_item"))
    run_script(
        connection,
        """
        create policy feed_item_feed on feed_item to dashboard_feed using (true) with check (true);
        grant select, insert on feed_item to dashboard_feed;
        grant select on feed_item to dashboard_app;
        """,
    )
    run_script(connection, protect("dashboard", "feed_ack"))
    run_script(connection, "grant select, insert on feed_ack to dashboard_app")
    run_script(
        connection,
        """
        grant select, insert, update, delete on worker_seen to dashboard_feed;
        grant select on worker_seen to dashboard_app;
        -- Departments read their feed's topic from the log, through this wall and the policy before it.
        create policy state_departments on log.log_state for select to dashboard_app
            using (topic like 'feed.%' and board_id = (select nullif(current_setting('app.board', true), '')::uuid));
        grant select on log.log_state to dashboard_app;
        """,
    )
    for year in range(2025, 2032):
        run_script(connection, f"select log.keep_year({year})")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
