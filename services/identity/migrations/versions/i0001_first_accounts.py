"""Accounts and the hats they follow from, the issuer's sessions, purposes of departments. Copies make their tables."""

from alembic import op

from shared.database.migrate import platform_sql, run_script
from shared.database.periods import GUARD, period_columns, period_guard
from shared.database.roles import open_to_feed, platform_grants, protect

revision = "i0001"
down_revision = None

ACCOUNTS = """
-- One account = one (board, person). kinds are the hats worn on the day it was last settled; empty: disabled.
create table account (
    id uuid primary key,
    board_id uuid not null,
    person uuid not null,
    kinds text[] not null,
    opened_at timestamptz not null,
    unique (board_id, person)
);

-- The newest state record of each (topic, key) whose hats stand below.
create table hat_source (
    board_id uuid not null,
    topic text not null,
    key uuid not null,
    epoch integer not null,
    position bigint not null,
    primary key (topic, key)
);

create table hat (
    board_id uuid not null,
    topic text not null,
    key uuid not null,
    person uuid not null,
    kind text not null check (kind in ('staff', 'guardian', 'pupil')),
    valid daterange not null check (not isempty(valid)),
    foreign key (topic, key) references hat_source
);
create index hat_person on hat (board_id, person);
create index hat_record on hat (topic, key);
"""

# Only hashes of what a client holds are kept; the hash is the key. Instants are real time, whatever the training date.
ISSUER = """
create table issuer_session (
    id uuid primary key,
    board_id uuid not null,
    account uuid not null references account,
    kind text not null,
    client_id text not null,
    acr smallint not null,
    auth_time timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    end_reason text
);

create table authorization_code (
    hash text primary key,
    board_id uuid not null,
    session uuid not null references issuer_session on delete cascade,
    redirect_uri text not null,
    challenge text not null,
    nonce text,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index authorization_code_session on authorization_code (session);

create table refresh_token (
    hash text primary key,
    board_id uuid not null,
    session uuid not null references issuer_session on delete cascade,
    follows text,
    used_at timestamptz,
    superseded boolean not null default false
);
create index refresh_token_session on refresh_token (session);
create index refresh_token_follows on refresh_token (follows);
"""

PURPOSES = f"""
-- id is the department's organisation, or a learning app's own, which has its name here; the secret was shown once.
create table department_client (
    id uuid primary key,
    board_id uuid not null,
    client_id text not null unique,
    secret_hash text not null,
    made_at timestamptz not null,
    name text
);

create table purpose_period (
    {period_columns(subjects="department_client")},
    purpose uuid not null,
    feed text not null,
    fields text[] not null,
    statement text not null,
    basis text not null,
    importance text not null,
    small_groups boolean not null,
    -- Of learning apps: of which schools and grades (null: of all), and whether of protected children.
    schools uuid[],
    grades text[],
    protected boolean not null default false
);
{period_guard("purpose_period", subjects="department_client")}
"""

# Found before it is known which board they belong to: a client by the id it shows, a board by being on the list.
BEFORE_THE_BOARD = """
create policy department_client_any on department_client for select to identity_app using (true);
"""

GRANTS = {
    "account": "select",
    "hat_source": "",
    "hat": "",
    "issuer_session": "select, insert, update",
    "authorization_code": "select, insert, update",
    "refresh_token": "select, insert, update",
    "department_client": "select, insert, update",
    "purpose_period": "select, insert, update",
}
"""What identity_app may do; it does not make accounts."""

MAINTAINED = (
    "account",
    "hat_source",
    "hat",
    "issuer_session",
    "authorization_code",
    "refresh_token",
)
"""What identity_feed works on for every board: accounts, and sessions that are over."""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, platform_sql("0001_log"))
    run_script(connection, platform_grants("identity"))
    for part in (GUARD, ACCOUNTS, ISSUER, PURPOSES):
        run_script(connection, part)
    for table, rights in GRANTS.items():
        run_script(connection, protect("identity", table))
        if rights:
            run_script(connection, f"grant {rights} on {table} to identity_app")
    for table in MAINTAINED:
        run_script(connection, open_to_feed("identity", table))
    run_script(connection, BEFORE_THE_BOARD)
    for year in range(2025, 2032):
        run_script(connection, f"select log.keep_year({year})")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
