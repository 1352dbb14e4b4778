"""A class's month is closed, checked and sent back; what is corrected afterwards keeps both values."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0017"
down_revision = "r0016"

SQL = """
create table class_month (
    id uuid primary key,
    board_id uuid not null,
    school_id uuid not null,
    class_id uuid not null,
    month date not null check (extract(day from month) = 1),
    revision integer not null,
    state text not null check (state in ('closed', 'checked', 'returned')),
    unique (class_id, month)
);
create index class_month_school on class_month (school_id, month);

create table class_month_step (
    class_month_id uuid not null references class_month,
    revision integer not null,
    board_id uuid not null,
    school_id uuid not null,
    step text not null check (step in ('closed', 'checked', 'returned')),
    at timestamptz not null,
    by uuid not null,
    sentence text,
    sheet jsonb,
    primary key (class_month_id, revision)
);
comment on column class_month_step.sheet is 'the whole sheet as it stood when it was closed or checked';
comment on column class_month_step.sentence is 'why it was sent back';

alter table attendance_fact add column class_month_id uuid, add column closing_revision integer,
    add column held_before text, add column held_after text;
create index attendance_fact_after_closing on attendance_fact (class_month_id) where class_month_id is not null;
comment on column attendance_fact.closing_revision is 'of the closed month: a correction, on its list';
comment on column attendance_fact.held_before is 'code that held until this correction; null: no entry';
"""

# As in r0016, and the sheets that closed months keep.
ERASURE = """
create or replace function erase_people(p_board uuid, p_people uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if p_board is distinct from nullif(current_setting('app.board', true), '')::uuid then
        raise exception 'erase_people: the transaction belongs to another board' using errcode = '42501';
    end if;
    -- Answers that a device may ask for again, should they tell of them: by id, or in words by any name they had.
    delete from log.command_done c where c.board_id = p_board and (
        exists (select from unnest(p_people) as who where position(who::text in c.response::text) > 0)
        or exists (
            select from (
                select legal_family as family, legal_given as given from person where id = any (p_people)
                union select common_family, common_given from person where id = any (p_people)
                union select legal_family, legal_given from person_past where person_id = any (p_people)
                union select common_family, common_given from person_past where person_id = any (p_people)
            ) as name
            where position(family in c.response::text) > 0 and position(given in c.response::text) > 0
        )
    );
    delete from merging where board_id = p_board and (gone_id = any (p_people) or kept_id = any (p_people));
    delete from same_person where board_id = p_board and (one_id = any (p_people) or other_id = any (p_people));
    delete from certificate where board_id = p_board and pupil_id = any (p_people);
    delete from move_step s using move m
    where m.id = s.move_id and m.board_id = p_board and m.pupil_id = any (p_people);
    delete from move where board_id = p_board and pupil_id = any (p_people);
    update class_month_step s
    set sheet = jsonb_set(
        s.sheet, '{lines}', (s.sheet -> 'lines') - array(select who::text from unnest(p_people) as who))
    where s.board_id = p_board and s.sheet -> 'lines' ?| array(select who::text from unnest(p_people) as who);
    delete from attendance_fact f using pupil_day d
    where d.id = f.pupil_day_id and d.board_id = p_board and d.pupil_id = any (p_people);
    delete from pupil_day where board_id = p_board and pupil_id = any (p_people);
    delete from announced where board_id = p_board and pupil_id = any (p_people);
    delete from enrolment_period where board_id = p_board and subject_id = any (p_people);
    delete from membership_period where board_id = p_board and subject_id = any (p_people);
    delete from duty_period where board_id = p_board and subject_id = any (p_people);
    delete from guardianship_period
    where board_id = p_board and (subject_id = any (p_people) or guardian_id = any (p_people));
    delete from protection_period where board_id = p_board and subject_id = any (p_people);
    delete from contact_period where board_id = p_board and subject_id = any (p_people);
    delete from person_past where board_id = p_board and person_id = any (p_people);
    delete from external_id where board_id = p_board and id = any (p_people);
    -- Rows as they were before an import, and what imports have left: the next package must then be bulk.
    delete from import_before where board_id = p_board and (
        id = any (p_people)
        or exists (select from unnest(p_people) as who where position(who::text in before::text) > 0)
    );
    delete from import_file where board_id = p_board;
    delete from import_upload where board_id = p_board;
    -- Packages that wait to be fetched (r0015): nobody takes them apart to see who is in them.
    delete from roster_export_block where board_id = p_board;
    update roster_export set state = 'removed', ticket = null where board_id = p_board and state = 'ready';
    delete from person where board_id = p_board and id = any (p_people);
end $$;
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    for table in ("class_month", "class_month_step"):
        run_script(connection, protect("registry", table, school=True))
    run_script(connection, "grant select, insert, update on class_month to registry_app")
    run_script(connection, "grant select, insert on class_month_step to registry_app")
    run_script(connection, ERASURE)


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
