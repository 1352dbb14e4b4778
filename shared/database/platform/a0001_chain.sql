-- The access log's chain (decisions.md §4): entries are taken into batches, and every batch answers for the one before,
-- so that what is changed, taken away or slipped in afterwards is found and named. {app} and {feed} are the service's
-- roles. What an erasure of a person does to these: nothing, they hold no person, as access.entry keeps its rows.

-- Written with its entry, in one statement; taken away when the entry is in a batch.
create table access.pending (
    board_id uuid not null,
    id uuid not null,
    primary key (board_id, id)
);
insert into access.pending (board_id, id) select board_id, id from access.entry;

-- Never changed, never deleted: nobody is granted that.
create table access.batch (
    board_id uuid not null,
    number bigint not null,
    at timestamptz not null,
    previous bytea not null, -- hash of the batch before; empty for the first
    ids uuid[] not null,
    digests bytea not null, -- SHA-256 of each entry, one after another
    hash bytea not null,
    primary key (board_id, number)
);

-- What other services' chains were like at an instant. Only identity keeps any: whoever owns a service's database can
-- write its chain anew, but not what lies here.
create table access.seal (
    board_id uuid not null,
    service text not null,
    number bigint not null,
    hash bytea not null,
    sealed_at timestamptz not null,
    primary key (board_id, service, number)
);

-- Each got its column for a chain that was then made otherwise; nothing was ever in them.
alter table access.entry drop column batch, drop column batch_hash;

{protect}
grant select (board_id, id) on access.entry to {app};
grant select, insert on access.pending to {app};
create policy access_pending_feed on access.pending to {feed} using (true) with check (true);
grant select, insert, delete on access.pending to {feed};
create policy access_batch_feed on access.batch for select to {feed} using (true);
create policy access_batch_feed_write on access.batch for insert to {feed} with check (true);
grant select, insert on access.batch to {feed};
create policy access_seal_feed on access.seal for select to {feed} using (true);
create policy access_seal_feed_write on access.seal for insert to {feed} with check (true);
grant select, insert on access.seal to {feed};
