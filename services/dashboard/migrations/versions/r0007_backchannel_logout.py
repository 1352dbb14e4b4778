"""The identity authority says that a sign-in is over, in whichever board.

No person is in the new table: an erasure has nothing to take from it.
"""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import open_to_feed, protect

revision = "r0007"
down_revision = "r0006"

HEARD = """
-- Logout tokens that have come (their jti), so that none counts twice. They stand under no board: a token names none.
create table logout_heard (
    board_id uuid not null,
    jti text primary key,
    heard_at timestamptz not null
);
create index web_session_issuer_session on web_session (issuer_session) where ended_at is null;
create index web_session_subject on web_session (subject) where ended_at is null;
"""

# A logout token does not say whose board it is. This ends what it names in any of them, and shows no row.
END = """
create function end_by_authority(p_sid text, p_subject text, p_at timestamptz) returns setof uuid
language sql volatile security definer set search_path = public, pg_temp as $$
    with ended as (
        update web_session set ended_at = p_at, end_reason = 'the authority has ended the sign-in', tokens = '',
            revoked = true
        where ended_at is null
            and (issuer_session = p_sid or (p_sid is null and subject = p_subject))
        returning id
    ), told as materialized (select id, pg_notify('session', id::text) from ended)
    select id from told
$$;
revoke all on function end_by_authority(text, text, timestamptz) from public;
grant execute on function end_by_authority(text, text, timestamptz) to dashboard_app;
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, HEARD)
    run_script(connection, protect("dashboard", "logout_heard"))
    run_script(connection, "grant select, insert on logout_heard to dashboard_app")
    run_script(connection, open_to_feed("dashboard", "logout_heard"))
    run_script(connection, END)


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
