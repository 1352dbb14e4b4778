"""気がかりな欠席: who has seen an alert, and what was done about it. Codes and ids; alerts themselves are derived."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0003"
down_revision = "r0002"

ACTS = """
-- Append only; the newest act about an alert says how it stands.
create table alert_act (
    id uuid primary key,
    place bigint generated always as identity,
    board_id uuid not null,
    school_id uuid not null,
    pupil_id uuid not null,
    rule text not null,
    first_day date not null,
    days integer not null,
    act text not null check (act in ('seen', 'closed', 'reopened')),
    done text check (done in ('called', 'visited', 'met', 'told_board', 'asked_agency', 'known')),
    made_by uuid not null,
    made_at timestamptz not null,
    check ((act = 'closed') = (done is not null))
);
create index alert_act_school on alert_act (school_id, first_day);
create index alert_act_pupil on alert_act (pupil_id);
comment on column alert_act.place is 'the order in which acts were written';
comment on column alert_act.days is 'how many absent days it followed from when this was said';

create or replace function erase_people(p_board uuid, p_people uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if p_board is distinct from nullif(current_setting('app.board', true), '')::uuid then
        raise exception 'erase_people: the transaction belongs to another board' using errcode = '42501';
    end if;
    delete from alert_act where board_id = p_board and pupil_id = any (p_people);
    delete from call_made where board_id = p_board and pupil_id = any (p_people);
    delete from calling where board_id = p_board and pupil_id = any (p_people);
end $$;
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, ACTS)
    run_script(connection, protect("dashboard", "alert_act", school=True))
    run_script(connection, "grant select, insert on alert_act to dashboard_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
