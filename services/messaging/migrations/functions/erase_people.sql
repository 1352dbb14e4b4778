-- Erasing people: it names every table that knows them. m0001 says who may call it; the text stands here alone, and a
-- revision that adds such a table adds its line here.
create or replace function erase_people(p_board uuid, p_people uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if p_board is distinct from nullif(current_setting('app.board', true), '')::uuid then
        raise exception 'erase_people: the transaction belongs to another board' using errcode = '42501';
    end if;
    delete from log.command_done c where c.board_id = p_board and exists (
        select from unnest(p_people) as who where position(who::text in c.response::text) > 0);
    delete from code_count where board_id = p_board and guardian_id = any (p_people);
    delete from delivery where board_id = p_board and guardian_id = any (p_people);
    delete from channel where board_id = p_board and guardian_id = any (p_people);
    delete from delivery d using notice n
    where n.id = d.notice_id and n.board_id = p_board and n.pupil_id = any (p_people);
    delete from notice_reply a using notice n
    where n.id = a.notice_id and n.board_id = p_board and n.pupil_id = any (p_people);
    delete from notice_revision r using notice n
    where n.id = r.notice_id and n.board_id = p_board and n.pupil_id = any (p_people);
    delete from notice where board_id = p_board and pupil_id = any (p_people);
end $$;
