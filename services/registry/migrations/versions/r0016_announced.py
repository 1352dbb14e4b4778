"""Absence notices reach the roll: what messaging has told, which of it teachers have seen, erased with the child."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect, role_names

revision = "r0016"
down_revision = "r0015"

SQL = """
create table announced (
    id uuid primary key,
    board_id uuid not null,
    pupil_id uuid not null,
    revision integer not null,
    withdrawn boolean not null,
    kind text not null,
    reason text,
    since date not null,
    until date not null,
    channel text not null,
    relation text,
    told_at timestamptz not null,
    at timestamptz not null,
    by uuid not null
);
create index announced_pupil on announced (pupil_id, until);
comment on table announced is 'notices of messaging by their id, newest revision; until: the day after the last one';

alter table pupil_day add column considered jsonb not null default '[]';
comment on column pupil_day.considered is 'notices that a teacher of the class had before them when saving the day';
"""

# As in r0011, which names every table that knows people, and this one with them.
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

WRITES = {
    "announced": "select, insert, update",
    "pupil_day": "select, insert, update",
    "attendance_fact": "insert",
}
"""What the reaction to messaging's notices, which works as the feed role, writes."""
READS = {
    "person": "id, board_id, merged_into",
    "membership_period": "board_id, subject_id, kind, valid, voided_at, class_id, school_id",
    "organisation": "id, board_id, kind, grade",
    "calendar": "board_id, school_id, school_year, school_days, closures, marks",
    "setting": "board_id, name, since, value",
}
"""What it reads to know whose roll a day belongs to: no names."""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    run_script(connection, protect("registry", "announced"))
    run_script(connection, "grant select on announced to registry_app")
    run_script(connection, ERASURE)
    feed = role_names("registry")[2]
    for table, rights in WRITES.items():
        run_script(
            connection,
            f"create policy {table}_feed on {table} to {feed} using (true) with check (true);"
            f" grant {rights} on {table} to {feed};",
        )
    for table, columns in READS.items():
        run_script(
            connection,
            f"create policy {table}_feed on {table} for select to {feed} using (true);"
            f" grant select ({columns}) on {table} to {feed};",
        )


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
