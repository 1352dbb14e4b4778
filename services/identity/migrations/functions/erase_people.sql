-- Erasing people: it names every table that knows them. i0002 says who may call it; the text stands here alone, and a
-- revision that adds such a table adds its line here.
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
    -- Opaque ids, without which the user in Keycloak could not be found, nor known to be one that must not come again.
    update keycloak_user set wanted = 'gone', tries = 0, due_at = '-infinity', reason = null
    where board_id = p_board and person = any (p_people);
end $$;
