"""名寄せ: questions whether two cards are of one child, their answers, and mergings that can be taken back."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0012"
down_revision = "r0011"

SQL = """
create table same_person (
    id uuid primary key,
    board_id uuid not null,
    one_id uuid not null references person,
    other_id uuid not null references person,
    reasons text[] not null,
    state text not null check (state in ('open', 'waiting', 'same', 'different')),
    raised_at timestamptz not null,
    raised_by text not null,
    answered_at timestamptz,
    answered_by uuid,
    note text not null default '',
    revision integer not null,
    check (one_id < other_id),
    unique (board_id, one_id, other_id)
);
create index same_person_open on same_person (board_id, raised_at) where state in ('open', 'waiting');
comment on column same_person.state is 'waiting: nobody knows yet; different: remembered, never asked again';

create table merging (
    id uuid primary key,
    board_id uuid not null,
    question_id uuid not null references same_person,
    gone_id uuid not null references person,
    kept_id uuid not null references person,
    merged_at timestamptz not null,
    merged_by uuid not null,
    note text not null,
    undone_at timestamptz,
    undone_by uuid,
    undone_note text,
    check (gone_id <> kept_id)
);
create unique index merging_gone on merging (gone_id) where undone_at is null;
create index merging_kept on merging (kept_id) where undone_at is null;
comment on column merging.id is 'run_id and voided_run_id of the periods it has written';

create index person_born on person (birth_date);
create index person_alias on person (merged_into) where merged_into is not null;
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    for table in ("same_person", "merging"):
        run_script(connection, protect("registry", table))
        run_script(connection, f"grant select, insert, update on {table} to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
