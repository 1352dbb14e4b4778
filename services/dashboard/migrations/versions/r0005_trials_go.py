"""What a trial of rules counted at each school goes after a month: exact small numbers serve nobody any longer."""

from alembic import op

from shared.database.migrate import run_script

revision = "r0005"
down_revision = "r0004"

GOING = """
-- The draft stays, for a version names it. Without its counts it is one that was never tried to its end.
create function forget_trials(p_before timestamptz) returns void
language sql security definer set search_path = public, pg_temp as $$
    delete from alert_trial_school s using alert_trial t where t.id = s.trial_id and t.begun_at < p_before;
$$;
revoke all on function forget_trials(timestamptz) from public;
grant execute on function forget_trials(timestamptz) to dashboard_feed;
"""


def upgrade() -> None:
    run_script(op.get_bind(), GOING)


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
