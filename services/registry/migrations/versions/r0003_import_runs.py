"""Numbered import runs: what each asked for, part by part, what it wrote, and what stood there before."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0003"
down_revision = "r0002"

PERIODS = (
    "enrolment_period",
    "membership_period",
    "duty_period",
    "guardianship_period",
    "protection_period",
    "contact_period",
)

SQL = """
-- One sequence for all boards of a deployment: an operator says "run 12" and means one run.
create sequence import_run_number as integer;
grant usage on sequence import_run_number to registry_app;

create table import_run (
    id uuid primary key,
    board_id uuid not null,
    number integer not null unique,
    source text not null,
    school_year integer not null,
    digest text not null,
    files jsonb not null,
    as_of date not null,
    state text not null check (state in ('applying', 'done', 'reverting', 'reverted')),
    started_by text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    reverted_by text,
    reverted_at timestamptz,
    revert_reached uuid,
    counts jsonb not null,
    confirmed_losses boolean not null
);
create index import_run_board on import_run (board_id);
comment on column import_run.digest is 'SHA-256 of the package: the same command goes on with an interrupted run';
comment on column import_run.files is 'file name to SHA-256 of its content in import_file: what the next delta changes';
comment on column import_run.as_of is 'the day its changes hold from, also of what is applied on a later one';
comment on column import_run.revert_reached is 'people up to this id are as they were before the run';

-- The resumable unit: one school, or what is above schools. Its content is gone as soon as it has been applied.
create table import_part (
    run_id uuid not null references import_run,
    board_id uuid not null,
    ordinal integer not null,
    school_id uuid,
    state text not null check (state in ('waiting', 'done', 'cancelled')),
    content bytea,
    events integer not null default 0,
    done_at timestamptz,
    primary key (run_id, ordinal),
    check ((state = 'waiting') = (content is not null))
);

create table import_file (
    board_id uuid not null,
    sha256 text not null,
    content bytea not null,
    primary key (board_id, sha256)
);

-- A row as it was before a run wrote over it. Rows a run made new have none.
create table import_before (
    run_id uuid not null references import_run,
    board_id uuid not null,
    kind text not null,
    id uuid not null,
    before jsonb not null,
    primary key (run_id, kind, id)
);

alter table organisation add column until date, add column made_by_run uuid, add column run_id uuid;
alter table person add column withdrawn_at timestamptz, add column made_by_run uuid, add column run_id uuid;
alter table calendar add column made_by_run uuid, add column run_id uuid;
alter table setting add column made_by_run uuid;
comment on column organisation.until is 'the day from which it no longer exists; its row and its past stay';
comment on column person.withdrawn_at is 'its import was reverted: nobody sees the card until a source brings it again';
comment on column person.made_by_run is 'the import run that made the row';
comment on column person.run_id is 'the import run that wrote the row last, null when it was changed by hand';

grant delete on organisation, calendar, setting, import_file to registry_app;

-- An import reads by person now. These would only mislead the planner before it knows a new board's numbers.
drop index enrolment_board, membership_board, duty_board, guardianship_board;

-- A run that has written a hundred thousand people tells the planner so, before the morning asks for them.
grant maintain on organisation, person, external_id, enrolment_period, membership_period, duty_period,
    guardianship_period, protection_period, contact_period, calendar to registry_app;
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    for table in PERIODS:
        run_script(connection, f"alter table {table} add column run_id uuid, add column voided_run_id uuid")
        # A revert asks of somebody what no longer stands; the index of what stands is no help there.
        run_script(
            connection, f"create index {table}_voided on {table} (subject_id) where voided_at is not null"
        )
    for table in ("import_run", "import_part", "import_file", "import_before"):
        run_script(connection, protect("registry", table))
        run_script(connection, f"grant select, insert, update on {table} to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
