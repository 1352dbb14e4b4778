"""What pages read, sessions, department feeds, what workers were seen doing. Copies make their own tables."""

from alembic import op

from shared.database.migrate import platform_sql, run_script
from shared.database.roles import platform_grants, protect

revision = "r0001"
down_revision = None

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


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, platform_sql("0001_log"))
    run_script(connection, platform_grants("dashboard"))
    # Its functions read copies, whose tables come after the revisions (shared/events/shapes.py).
    run_script(connection, "set local check_function_bodies = off")
    run_script(connection, READING)
    run_script(connection, OWN)
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
