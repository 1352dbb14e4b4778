"""The language of a guardian's pages, the same on every device."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "i0003"
down_revision = "i0002"

LANGUAGES = """
-- What a guardian has chosen; nobody else reads it. Real time, as sign-ins are.
create table account_language (
    board_id uuid not null,
    person uuid not null,
    language text not null check (language ~ '^[a-zA-Z]{2,3}(-[a-zA-Z]{1,8}){0,2}$'),
    furigana boolean not null,
    chosen_at timestamptz not null,
    primary key (board_id, person)
);
"""

# As in i0002, and the language with it.
ERASURE = """
create or replace function erase_people(p_board uuid, p_people uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if p_board is distinct from nullif(current_setting('app.board', true), '')::uuid then
        raise exception 'erase_people: the transaction belongs to another board' using errcode = '42501';
    end if;
    delete from log.command_done c where c.board_id = p_board and exists (
        select from unnest(p_people) as who where position(who::text in c.response::text) > 0);
    delete from invitation
    where board_id = p_board and (guardian = any (p_people) or pupil = any (p_people));
    delete from account_language where board_id = p_board and person = any (p_people);
end $$;
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, LANGUAGES)
    run_script(connection, protect("identity", "account_language"))
    run_script(connection, "grant select, insert, update on account_language to identity_app")
    run_script(connection, ERASURE)


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
