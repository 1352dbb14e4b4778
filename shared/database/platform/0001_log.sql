-- The log of a service: two lanes under one sequence and one lock (decisions.md §3), the commands it has answered, and
-- what its feeds have reached. Every service's first migration runs this file; it never changes once released.

create schema log;
create schema feed;
create schema copy;
create schema copy_next;
create schema access;

-- cache 1: with a larger cache a session hands out positions below ones that others have already committed.
create sequence log.position as bigint cache 1;

-- One row: what a reader may believe to be final. Written under the lock, so a reader's single statement sees rows and
-- head of the same moment and can move its cursor over positions that belong to topics it does not read.
create table log.head (
    one boolean primary key default true check (one),
    epoch integer not null,
    position bigint not null
) with (fillfactor = 50);
insert into log.head (epoch, position) values (1, 0);

-- From which epoch to which this log came, and where each began: up to there it is the log of the one before.
create table log.epoch (
    epoch integer primary key,
    began bigint not null
);
insert into log.epoch (epoch, began) values (1, 0);

create table log.stream (
    board_id uuid not null,
    topic text not null,
    stream uuid not null,
    version integer not null,
    primary key (board_id, topic, stream)
) with (fillfactor = 80);

create table log.log_state (
    topic text not null,
    key text not null,
    position bigint not null,
    ce_id uuid not null,
    board_id uuid not null,
    type text not null,
    stream uuid not null,
    stream_version integer not null,
    subject uuid,
    payload jsonb,
    actor text not null,
    traceparent text,
    recorded_at timestamptz not null,
    primary key (topic, key)
) with (fillfactor = 80);
create unique index log_state_position on log.log_state (position);
create index log_state_subject on log.log_state (subject);

create table log.log_fact (
    school_year smallint not null,
    topic text not null,
    key text not null,
    position bigint not null,
    ce_id uuid not null,
    board_id uuid not null,
    type text not null,
    stream uuid not null,
    stream_version integer not null,
    subject uuid,
    payload jsonb,
    actor text not null,
    traceparent text,
    recorded_at timestamptz not null
) partition by list (school_year);
create index log_fact_position on log.log_fact (position);
create index log_fact_subject on log.log_fact (subject);

-- Which services may read which topic, as deploy/topology.toml says; their roles' row policies say the same.
create table log.reader (
    topic text not null,
    consumer text not null,
    primary key (topic, consumer)
);

-- Answered commands, kept 30 days. The placeholder is a transaction's first statement, so a concurrent twin waits here.
create table log.command_done (
    board_id uuid not null,
    principal text not null,
    id uuid not null,
    request_hash text not null,
    started_at timestamptz not null,
    response jsonb,
    position bigint,
    primary key (principal, id)
);

-- The one door into the log; the last statement of its transaction. Lock order is always rows, then log: no deadlock.
create function log.append_events(
    p_board uuid, p_actor text, p_traceparent text, p_at timestamptz, p_school_year smallint,
    p_topics text[], p_lanes smallint[], p_keys text[], p_streams uuid[], p_expected integer[],
    p_ids uuid[], p_types text[], p_subjects uuid[], p_payloads text[],
    p_principal text, p_command uuid, p_response text
) returns bigint
language plpgsql security definer set search_path = log, pg_temp as $$
declare
    v_last bigint;
    v_versions integer[];
    v_written bigint;
    v_touched text;
begin
    if p_board is distinct from nullif(current_setting('app.board', true), '')::uuid then
        raise exception 'append_events: the transaction belongs to another board' using errcode = '42501';
    end if;

    if cardinality(p_topics) > 0 then
        with bumped as (
            insert into stream as s (board_id, topic, stream, version)
            select p_board, topic, stream, 1 from unnest(p_topics, p_streams) as e(topic, stream)
            order by topic, stream
            on conflict (board_id, topic, stream) do update set version = s.version + 1
            returning s.topic, s.stream, s.version
        )
        select array_agg(b.version order by e.ord) into v_versions
        from unnest(p_topics, p_streams) with ordinality as e(topic, stream, ord)
        join bumped b on b.topic = e.topic and b.stream = e.stream;

        if exists (
            select from unnest(v_versions, p_expected) as v(version, expected)
            where expected is not null and version <> expected + 1
        ) then
            raise exception 'append_events: the aggregate has moved on' using errcode = 'P0409';
        end if;

        -- From here to the end of the commit appends stand in line: position order is commit order.
        perform pg_advisory_xact_lock(7461, 1);

        insert into log_state as l (topic, key, position, ce_id, board_id, type, stream, stream_version,
                                    subject, payload, actor, traceparent, recorded_at)
        select topic, key, nextval('log.position'), id, p_board, type, stream, version,
               subject, payload::jsonb, p_actor, p_traceparent, p_at
        from (
            select * from unnest(p_topics, p_lanes, p_keys, p_streams, p_ids, p_types, p_subjects, p_payloads, v_versions)
                with ordinality as e(topic, lane, key, stream, id, type, subject, payload, version, ord)
            where lane = 1 order by ord
        ) as e
        on conflict (topic, key) do update set
            position = excluded.position, ce_id = excluded.ce_id, board_id = excluded.board_id, type = excluded.type,
            stream = excluded.stream, stream_version = excluded.stream_version, subject = excluded.subject,
            payload = excluded.payload, actor = excluded.actor, traceparent = excluded.traceparent,
            recorded_at = excluded.recorded_at
        where l.board_id = excluded.board_id;
        get diagnostics v_written = row_count;
        -- This function sees through row-level security: another board's key must stop it, not be overwritten by it.
        if v_written < (select count(*) from unnest(p_lanes) as lane where lane = 1) then
            raise exception 'append_events: a key belongs to another board' using errcode = '42501';
        end if;

        insert into log_fact (school_year, topic, key, position, ce_id, board_id, type, stream, stream_version,
                              subject, payload, actor, traceparent, recorded_at)
        select p_school_year, topic, key, nextval('log.position'), id, p_board, type, stream, version,
               subject, payload::jsonb, p_actor, p_traceparent, p_at
        from (
            select * from unnest(p_topics, p_lanes, p_keys, p_streams, p_ids, p_types, p_subjects, p_payloads, v_versions)
                with ordinality as e(topic, lane, key, stream, id, type, subject, payload, version, ord)
            where lane = 2 order by ord
        ) as e;

        v_last := currval('log.position');
        update head set position = v_last;
        -- Which topics: readers of others need not hurry. Nothing said means any (a notice holds at most 8,000 bytes).
        v_touched := (select string_agg(distinct topic, ',') from unnest(p_topics) as topic);
        perform pg_notify('log', case when octet_length(v_touched) <= 7000 then v_touched else '' end);
    end if;

    if p_command is not null then
        update command_done set response = p_response::jsonb, position = v_last
        where principal = p_principal and id = p_command and board_id = p_board;
        if not found then
            raise exception 'append_events: the command has no placeholder' using errcode = '55000';
        end if;
    end if;
    return v_last;
end $$;

-- What the log says about people who are erased: facts keep their place and hold nothing (decisions.md §3). Returns how
-- many there were. States are erased by tombstones.
create function log.redact(p_board uuid, p_people uuid[]) returns bigint
language plpgsql security definer set search_path = log, pg_temp as $$
declare
    v_redacted bigint;
begin
    if p_board is distinct from nullif(current_setting('app.board', true), '')::uuid then
        raise exception 'redact: the transaction belongs to another board' using errcode = '42501';
    end if;
    update log_fact set payload = null
    where board_id = p_board and subject = any (p_people) and payload is not null;
    get diagnostics v_redacted = row_count;
    return v_redacted;
end $$;

-- A school year's partition of the fact lane; called by the migration step, which owns the table.
create function log.keep_year(p_year integer) returns void
language plpgsql set search_path = log, pg_temp as $$
begin
    execute format('create table if not exists log.log_fact_%s partition of log.log_fact for values in (%s)', p_year, p_year);
end $$;

-- After a restore from a backup: positions and versions of the lost end will be given again, to other facts. Consumers
-- stop until an operator has let them go on (tsumugi feed accept-epoch). p_known: the highest epoch that any consumer or
-- the broker has seen. Two restores from one backup must not give the same number: nobody would stop at the second.
create function log.begin_epoch(p_known integer) returns integer
language sql set search_path = log, pg_temp as $$
    with begun as (update head set epoch = greatest(epoch, p_known) + 1 returning epoch, position)
    insert into log.epoch (epoch, began) select begun.epoch, begun.position from begun returning epoch
$$;

-- Where each copy and reaction stands in each publisher's log; stored with the rows it accounts for.
create table feed.checkpoint (
    copy text not null,
    publisher text not null,
    cursor jsonb not null,
    epoch integer not null,
    reached bigint not null, -- every position up to here has been seen
    highest bigint not null, -- the highest position seen; on Kafka one topic runs ahead of another
    began_at_zero boolean not null,
    epochs jsonb not null default '{}', -- log.epoch of the publisher, as it was when this epoch was accepted
    primary key (copy, publisher)
) with (fillfactor = 50);

-- Which shape each copy's tables have, those in use (by the copy's name) and those being built beside them (name+next).
-- They are made from the copy's code and made anew when that changes, never migrated (docs/decisions/0008).
create table feed.shape (
    copy text primary key,
    shape text not null,
    tables text[] not null
);

-- Records that could not be handled, with every later record of the same key (decisions.md §3).
create table feed.parked (
    copy text not null,
    publisher text not null,
    key text not null,
    position bigint not null,
    topic text not null,
    lane smallint not null,
    board_id uuid not null,
    record jsonb not null,
    reason text not null,
    parked_at timestamptz not null,
    primary key (copy, publisher, key, position)
);

-- What an operator threw away, and why; the record itself is gone. Its version is kept: what follows it is no hole.
create table feed.discarded (
    copy text not null,
    publisher text not null,
    key text not null,
    position bigint not null,
    topic text not null,
    stream uuid not null,
    epoch integer not null,
    version integer not null,
    reason text not null,
    discarded_by text not null,
    discarded_at timestamptz not null
);
create index discarded_stream on feed.discarded (stream);

-- People erased by law: every later record about them is dropped.
create table feed.erased (
    person uuid primary key,
    position bigint not null
);

-- What a consumer must know before it takes records of these keys, about these people, of these streams.
create function feed.known(p_copy text, p_publisher text, p_keys text[], p_people uuid[], p_streams uuid[])
returns table (what text, id text, topic text, epoch integer, version integer) language sql stable as $$
    select distinct 'waiting', key, null, null::integer, null::integer from feed.parked
    where copy = p_copy and publisher = p_publisher and key = any (p_keys)
    union all
    select 'erased', person::text, null, null, null from feed.erased where person = any (p_people)
    union all
    -- A copy that is built anew knows what was decided of the live one (its name before the +).
    select 'discarded', stream::text, topic, max(epoch), version from feed.discarded
    where copy = split_part(p_copy, '+', 1) and publisher = p_publisher and stream = any (p_streams)
    group by topic, stream, version
$$;

-- Begin a transaction on a copy: nobody else on it meanwhile, its tables by their bare names, a commit that does not wait
-- for the disk; then what it must know. A function, because that must be read after the lock was given, and a single
-- statement sees what was so when it began to wait.
create function feed.enter(
    p_copy text, p_schema text, p_publisher text, p_keys text[], p_people uuid[], p_streams uuid[]
) returns table (what text, id text, topic text, epoch integer, version integer) language plpgsql as $$
begin
    perform set_config('search_path', p_schema, true), set_config('synchronous_commit', 'off', true),
        pg_advisory_xact_lock(7462, hashtext(p_copy));
    return query select * from feed.known(p_copy, p_publisher, p_keys, p_people, p_streams);
end $$;

-- Events a reaction has turned into own facts; it never does so twice. Kept until its checkpoint has passed them for
-- good (shared/daily.py).
create table feed.reacted (
    reaction text not null,
    ce_id uuid not null,
    publisher text not null,
    position bigint not null,
    reacted_at timestamptz not null,
    primary key (reaction, ce_id)
);

-- How far the relay has sent this service's log, and to which broker, and in which of the log's epochs.
create table feed.relayed (
    one boolean primary key default true check (one),
    position bigint not null,
    cluster text,
    epoch integer,
    generation integer not null default 1, -- how often in this epoch it began at the first record
    ends jsonb not null default '{}' -- topic -> by partition, the offset that its next record gets
) with (fillfactor = 50);
insert into feed.relayed (position) values (0);

-- Who saw or changed what (decisions.md §4). Chain and seals come with their own issue; their columns are here.
create table access.entry (
    id uuid primary key,
    board_id uuid not null,
    at timestamptz not null,
    principal text not null,
    person uuid,
    client text not null,
    action text not null,
    resource text not null,
    resource_id uuid,
    subjects uuid[] not null,
    importance text not null,
    outcome text not null,
    copy_age_ms integer,
    traceparent text,
    batch bigint,
    batch_hash bytea
);
create index entry_subjects on access.entry using gin (subjects);
