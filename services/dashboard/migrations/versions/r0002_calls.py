"""連絡なし: who calls a child's family, and what each call came to. Codes and ids; no number, no words."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0002"
down_revision = "r0001"

CALLS = """
-- One row a child and day for which anybody has ever pressed; nobody calls where claimed_by is null.
create table calling (
    board_id uuid not null,
    school_id uuid not null,
    pupil_id uuid not null,
    day date not null,
    claimed_by uuid,
    claimed_at timestamptz,
    primary key (pupil_id, day, school_id),
    check ((claimed_by is null) = (claimed_at is null))
);
create index calling_day on calling (day);

-- Each call that reached nobody who could say where the child is. Taking one's word back leaves it.
create table call_made (
    id uuid primary key,
    board_id uuid not null,
    school_id uuid not null,
    pupil_id uuid not null,
    day date not null,
    outcome text not null check (outcome in ('no_answer', 'left_word', 'left_home')),
    relation text,
    made_by uuid not null,
    made_at timestamptz not null,
    undone_at timestamptz
);
create index call_made_pupil on call_made (pupil_id, day);
create index call_made_day on call_made (day);
comment on column call_made.relation is 'what whoever was called is to the child, as registry codes it';
"""

# dashboard_app takes nothing away by itself. These two are the only ways:
# registry has erased somebody, or it was long ago.
GOING = """
create function erase_people(p_board uuid, p_people uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if p_board is distinct from nullif(current_setting('app.board', true), '')::uuid then
        raise exception 'erase_people: the transaction belongs to another board' using errcode = '42501';
    end if;
    delete from call_made where board_id = p_board and pupil_id = any (p_people);
    delete from calling where board_id = p_board and pupil_id = any (p_people);
end $$;
create function forget_calls(p_before date) returns void
language sql security definer set search_path = public, pg_temp as $$
    delete from call_made where day < p_before;
    delete from calling where day < p_before;
$$;
revoke all on function erase_people(uuid, uuid[]), forget_calls(date) from public;
grant execute on function erase_people(uuid, uuid[]), forget_calls(date) to dashboard_feed;
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, CALLS)
    for table in ("calling", "call_made"):
        run_script(connection, protect("dashboard", table, school=True))
        run_script(connection, f"grant select, insert, update on {table} to dashboard_app")
    run_script(connection, GOING)


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
