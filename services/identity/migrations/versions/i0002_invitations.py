"""Codes on paper with which a guardian signs in for the first time."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import open_to_feed, protect

revision = "i0002"
down_revision = "i0001"

INVITATIONS = """
-- Only a keyed hash of a code is kept. pupil is the child it was handed out for: where that tie ends, so does the code.
-- last_day is a business date; used_at is real time, as sign-ins are.
create table invitation (
    id uuid primary key,
    board_id uuid not null,
    school_id uuid not null,
    guardian uuid not null,
    pupil uuid not null,
    hash text not null unique,
    issued_at timestamptz not null,
    issued_by uuid not null,
    last_day date not null,
    used_at timestamptz,
    ended_at timestamptz,
    ended_by uuid,
    end_reason text check (end_reason in ('replaced', 'withdrawn')),
    check ((ended_at is null) = (end_reason is null)),
    check (used_at is null or ended_at is null)
);
-- At most one that is open, whoever presses at the same moment.
create unique index invitation_open on invitation (board_id, guardian) where used_at is null and ended_at is null;
create index invitation_guardian on invitation (guardian);
create index invitation_pupil on invitation (pupil);
create index issuer_session_account on issuer_session (account);

-- Wrong codes, counted by window; nobody's board is known then. who is '*' or a keyed hash of an address.
create table code_attempt (
    board_id uuid not null,
    who text not null,
    since timestamptz not null,
    wrong integer not null,
    primary key (who, since)
);
"""

# A code does not say whose it is. This finds the board of exactly one, by its hash, and shows no other row.
BOARD_OF = """
create function board_of_code(p_hash text) returns uuid
language sql stable security definer set search_path = public, pg_temp as $$
    select board_id from invitation where hash = p_hash
$$;
revoke all on function board_of_code(text) from public;
grant execute on function board_of_code(text) to identity_app;
"""

# identity_app takes no row away: who was given a code stays to be read. This is the one way, when registry has erased
# somebody.
ERASURE = """
create function erase_people(p_board uuid, p_people uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if p_board is distinct from nullif(current_setting('app.board', true), '')::uuid then
        raise exception 'erase_people: the transaction belongs to another board' using errcode = '42501';
    end if;
    delete from log.command_done c where c.board_id = p_board and exists (
        select from unnest(p_people) as who where position(who::text in c.response::text) > 0);
    delete from invitation
    where board_id = p_board and (guardian = any (p_people) or pupil = any (p_people));
end $$;
revoke all on function erase_people(uuid, uuid[]) from public;
grant execute on function erase_people(uuid, uuid[]) to identity_feed;
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, INVITATIONS)
    for table in ("invitation", "code_attempt"):
        run_script(connection, protect("identity", table))
        run_script(connection, f"grant select, insert, update on {table} to identity_app")
    run_script(connection, open_to_feed("identity", "code_attempt"))
    run_script(connection, BOARD_OF)
    run_script(connection, ERASURE)


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
