"""Where guardians want to be told, and what is on its way there: addresses leave with a removal or an erasure."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import open_to_feed, protect

revision = "m0003"
down_revision = "m0002"

CHANNELS = """
-- Written by its guardian's requests alone. An address given anew is a new row: what was said of the old one is not
-- said of it.
create table channel (
    id uuid primary key,
    board_id uuid not null,
    guardian_id uuid not null,
    kind text not null check (kind in ('email', 'push')),
    address text not null,
    keys jsonb check ((kind = 'push') = (keys is not null)),
    label text not null,
    language text not null,
    made_at timestamptz not null,
    confirmed_at timestamptz,
    asked integer not null default 0,
    asked_at timestamptz,
    tried integer not null default 0
);
comment on column channel.keys is 'of a push subscription: what only that device can read is made with them';
comment on column channel.asked is 'codes that were asked for: each has its number, and only the newest is good';
comment on column channel.tried is 'wrong codes since the newest was asked for';
create unique index channel_of_guardian on channel (board_id, guardian_id, kind, address);
-- A device tells one person: whoever switches it on after another takes it over.
create unique index channel_of_device on channel (board_id, address) where kind = 'push';
create index channel_guardian on channel (guardian_id);

-- Written by the reconciler alone (services/messaging/channels/reconciler.py). A row is a job, and then its own record;
-- its id is the message's name at the receiver, so that what is handed over twice can be known for one.
create table delivery (
    id uuid primary key,
    board_id uuid not null,
    channel_id uuid not null,
    guardian_id uuid not null,
    kind text not null check (kind in ('email', 'push')),
    receiver text not null,
    what text not null check (what in ('code', 'confirmed', 'answered')),
    about text not null,
    notice_id uuid references notice,
    state text not null default 'waiting' check (state in ('waiting', 'handed_over', 'gave_up', 'gone')),
    tries integer not null default 0,
    made_at timestamptz not null,
    due_at timestamptz not null,
    until timestamptz not null,
    tried_at timestamptz,
    reason text,
    unique (channel_id, what, about)
);
comment on column delivery.due_at is 'by the real clock, like until; made_at and tried_at are the deployment''s';
comment on column delivery.receiver is 'who takes it over: the domain of an address, the host of a push service';
create index delivery_due on delivery (due_at) where state = 'waiting';
create index delivery_tried on delivery (tried_at);
create index delivery_notice on delivery (notice_id);
create index delivery_guardian on delivery (guardian_id);
create index notice_until on notice (until);
"""

# As in m0002, with channels of whoever is erased, and what was on its way to them or about them.
ERASURE = """
create or replace function erase_people(p_board uuid, p_people uuid[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if p_board is distinct from nullif(current_setting('app.board', true), '')::uuid then
        raise exception 'erase_people: the transaction belongs to another board' using errcode = '42501';
    end if;
    delete from log.command_done c where c.board_id = p_board and exists (
        select from unnest(p_people) as who where position(who::text in c.response::text) > 0);
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
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, CHANNELS)
    for table in ("channel", "delivery"):
        run_script(connection, protect("messaging", table))
    run_script(connection, "grant select, insert, update, delete on channel to messaging_app")
    run_script(connection, "grant select on delivery to messaging_app")
    run_script(connection, open_to_feed("messaging", "delivery"))
    # What the reconciler looks at, of every board, and changes nothing of.
    for table in ("channel", "notice", "notice_reply"):
        run_script(
            connection, f"create policy {table}_feed on {table} for select to messaging_feed using (true)"
        )
        run_script(connection, f"grant select on {table} to messaging_feed")
    run_script(connection, ERASURE)


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
