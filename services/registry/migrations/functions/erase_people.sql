-- Erasing people: it names every table that knows them (services/registry/erasure). r0011 says who may call it; the text
-- stands here alone, and a revision that adds such a table adds its line here.
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
    delete from day_beside b using pupil_day d
    where d.id = b.pupil_day_id and d.board_id = p_board and d.pupil_id = any (p_people);
    delete from attendance_fact f using pupil_day d
    where d.id = f.pupil_day_id and d.board_id = p_board and d.pupil_id = any (p_people);
    delete from lesson_settled s using pupil_lessons d
    where d.id = s.pupil_lessons_id and d.board_id = p_board and d.pupil_id = any (p_people);
    delete from lesson_mark m using pupil_lessons d
    where d.id = m.pupil_lessons_id and d.board_id = p_board and d.pupil_id = any (p_people);
    delete from pupil_lessons where board_id = p_board and pupil_id = any (p_people);
    delete from pupil_day where board_id = p_board and pupil_id = any (p_people);
    delete from former_days where board_id = p_board and pupil_id = any (p_people);
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
    delete from register_bundle_block where board_id = p_board;
    update register_bundle set state = 'removed' where board_id = p_board and state in ('writing', 'ready');
    delete from person where board_id = p_board and id = any (p_people);
end $$;
