"""What a school answers a family: short words beside a notice, which go with it when the child is erased."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "m0002"
down_revision = "m0001"

REPLIES = """
create table notice_reply (
    id uuid primary key,
    board_id uuid not null,
    notice_id uuid not null references notice,
    revision integer not null check (revision > 0),
    words text not null,
    said_at timestamptz not null,
    said_by uuid not null
);
create index notice_reply_notice on notice_reply (notice_id, said_at);
comment on column notice_reply.revision is 'of the notice: the one that was answered';
"""

# As in m0001, with the answers: they hang on the notice and may repeat what it says.
ERASURE = """
create or replace function erase_people(p_board uuid, p_people uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if p_board is distinct from nullif(current_setting('app.board', true), '')::uuid then
        raise exception 'erase_people: the transaction belongs to another board' using errcode = '42501';
    end if;
    delete from log.command_done c where c.board_id = p_board and exists (
        select from unnest(p_people) as who where position(who::text in c.response::text) > 0);
    delete from notice_reply a using notice n
    where n.id = a.notice_id and n.board_id = p_board and n.pupil_id = any (p_people);
    delete from notice_revision r using notice n
    where n.id = r.notice_id and n.board_id = p_board and n.pupil_id = any (p_people);
    delete from notice where board_id = p_board and pupil_id = any (p_people);
end $$;
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, REPLIES)
    run_script(connection, protect("messaging", "notice_reply"))
    run_script(connection, "grant select, insert on notice_reply to messaging_app")
    run_script(connection, ERASURE)


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
