"""A session that no longer holds keeps no tokens, and is forgotten in the end.

What an erasure does to ``web_session`` stands in ``migrations/functions/erase_people.sql``.
"""

from alembic import op

from shared.database.migrate import run_script

revision = "r0008"
down_revision = "r0007"

# Of all boards, once a day: a walk over the whole table, so there is no index for it. Whatever somebody holds locked
# (a renewal) waits for the next day, and two processes at it never wait for each other.
# What ran out by itself is not marked as ended: an order that comes later must still find it, so that the browser
# which comes back to it wipes what it keeps. The rule of running out is `holds` in sessions/rules.py.
GOING = """
create function forget_sessions(p_now timestamptz, p_before timestamptz, p_idle interval, p_whole interval)
returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    with over as (
        select id from web_session
        where ended_at is null and tokens <> ''
            and least(ends_at, case when ends_at - seen_at <= p_whole then seen_at + p_idle end) <= p_now
        for update skip locked)
    update web_session w set tokens = '' from over where w.id = over.id;
    with over as (
        select id from web_session
        where coalesce(ended_at, least(ends_at, case when ends_at - seen_at <= p_whole then seen_at + p_idle end))
            <= p_before
        for update skip locked)
    delete from web_session w using over where w.id = over.id;
end $$;
revoke all on function forget_sessions(timestamptz, timestamptz, interval, interval) from public;
grant execute on function forget_sessions(timestamptz, timestamptz, interval, interval) to dashboard_feed;
"""


def upgrade() -> None:
    run_script(op.get_bind(), GOING)


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
