"""What Keycloak is to be told of accounts and departments, and what it was told (platform edition; else empty)."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import open_to_feed, protect

revision = "i0004"
down_revision = "i0003"

JOBS = """
-- One row a user of Keycloak: an account in one hat. wanted is what shall be, done what Keycloak was last brought to.
-- 'gone': its person was erased; the row stays, so that nothing makes the user again. Real time.
create table keycloak_user (
    account uuid not null references account,
    kind text not null check (kind in ('staff', 'guardian', 'pupil')),
    board_id uuid not null,
    person uuid not null,
    wanted text not null check (wanted in ('enabled', 'disabled', 'gone')),
    done text check (done in ('enabled', 'disabled', 'gone')),
    keycloak_id uuid,
    tries integer not null default 0,
    due_at timestamptz not null,
    reason text,
    primary key (account, kind)
);
create index keycloak_user_due on keycloak_user (due_at) where done is distinct from wanted;
create index keycloak_user_person on keycloak_user (person);

-- One row a client of Keycloak: a department's or a learning app's, enabled on the days on which it holds a grant.
create table keycloak_client (
    id uuid primary key references department_client,
    board_id uuid not null,
    wanted text not null check (wanted in ('enabled', 'disabled')),
    done text check (done in ('enabled', 'disabled')),
    tries integer not null default 0,
    due_at timestamptz not null,
    reason text
);
create index keycloak_client_due on keycloak_client (due_at) where done is distinct from wanted;

-- The reconciler reads them, of every board.
create policy department_client_feed on department_client for select to identity_feed using (true);
create policy purpose_period_feed on purpose_period for select to identity_feed using (true);
grant select on department_client, purpose_period to identity_feed;
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, JOBS)
    for table in ("keycloak_user", "keycloak_client"):
        run_script(connection, protect("identity", table))
        run_script(connection, f"grant select on {table} to identity_app")
        run_script(connection, open_to_feed("identity", table))


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
