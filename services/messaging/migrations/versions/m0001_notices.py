"""What families tell about a child's coming to school, revision by revision. Copies make their own tables."""

from alembic import op

from shared.database.migrate import platform_sql, run_script
from shared.database.roles import platform_grants, protect

revision = "m0001"
down_revision = None

NOTICES = """
-- The newest revision of each; until is the day after the last one. words and teller are free text and stay here.
create table notice (
    id uuid primary key,
    board_id uuid not null,
    pupil_id uuid not null,
    revision integer not null,
    withdrawn boolean not null,
    kind text not null check (kind in ('absent', 'late', 'early_leave', 'bereavement', 'other')),
    reason text check (reason in ('sick', 'other')),
    since date not null,
    until date not null check (until > since),
    channel text not null check (channel in ('phone', 'paper', 'app')),
    guardian_id uuid,
    relation text,
    teller text,
    words text,
    told_at timestamptz not null,
    entered_at timestamptz not null,
    entered_by uuid not null
);
create index notice_pupil on notice (pupil_id, since);
comment on column notice.teller is 'who told it, where no guardian of the child did';

-- Every revision as it was said, also those in whose place another stands.
create table notice_revision (
    notice_id uuid not null references notice,
    revision integer not null,
    board_id uuid not null,
    fact jsonb not null,
    primary key (notice_id, revision)
);
"""

# messaging_app can take none of these rows away by itself: what was said stays. This function is the one way, for one
# board's people at a time, when registry has erased them.
ERASURE = """
create function erase_people(p_board uuid, p_people uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if p_board is distinct from nullif(current_setting('app.board', true), '')::uuid then
        raise exception 'erase_people: the transaction belongs to another board' using errcode = '42501';
    end if;
    delete from log.command_done c where c.board_id = p_board and exists (
        select from unnest(p_people) as who where position(who::text in c.response::text) > 0);
    delete from notice_revision r using notice n
    where n.id = r.notice_id and n.board_id = p_board and n.pupil_id = any (p_people);
    delete from notice where board_id = p_board and pupil_id = any (p_people);
end $$;
revoke all on function erase_people(uuid, uuid[]) from public;
grant execute on function erase_people(uuid, uuid[]), log.redact(uuid, uuid[]) to messaging_feed;
"""

GRANTS = {"notice": "select, insert, update", "notice_revision": "select, insert"}


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, platform_sql("0001_log"))
    run_script(connection, platform_grants("messaging"))
    run_script(connection, NOTICES)
    for table, rights in GRANTS.items():
        run_script(connection, protect("messaging", table))
        run_script(connection, f"grant {rights} on {table} to messaging_app")
    run_script(connection, ERASURE)
    for year in range(2025, 2032):
        run_script(connection, f"select log.keep_year({year})")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
