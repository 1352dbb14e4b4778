-- Erasing people: it names every table that knows them. r0002 says who may call it; the text stands here alone, and a
-- revision that adds such a table adds its line here.
create or replace function erase_people(p_board uuid, p_people uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if p_board is distinct from nullif(current_setting('app.board', true), '')::uuid then
        raise exception 'erase_people: the transaction belongs to another board' using errcode = '42501';
    end if;
    delete from alert_act where board_id = p_board and pupil_id = any (p_people);
    delete from call_made where board_id = p_board and pupil_id = any (p_people);
    delete from calling where board_id = p_board and pupil_id = any (p_people);
    -- Whoever is signed in is so no more: live streams of any process hear of it, as of every end (sessions/store.py).
    perform pg_notify('session', id::text) from web_session
    where board_id = p_board and person_id = any (p_people) and ended_at is null;
    delete from web_session where board_id = p_board and person_id = any (p_people);
end $$;
