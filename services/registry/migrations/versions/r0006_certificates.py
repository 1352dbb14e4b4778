"""Certificates that were issued: their numbers, what was printed, the document itself."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0006"
down_revision = "r0005"

SQL = """
create table certificate (
    id uuid primary key,
    board_id uuid not null,
    school_id uuid not null,
    school_year integer not null,
    kind text not null check (kind in ('enrolment', 'textbooks')),
    serial integer not null check (serial > 0),
    number text not null,
    pupil_id uuid not null references person,
    move_id uuid not null references move,
    issued_on date not null,
    issued_at timestamptz not null,
    issued_by uuid not null,
    sheet jsonb not null,
    pdf bytea not null,
    sha256 text not null,
    voided_at timestamptz,
    voided_by uuid,
    void_reason text,
    unique (school_id, school_year, kind, serial)
);
create index certificate_move on certificate (move_id);
create index certificate_pupil on certificate (pupil_id);
comment on column certificate.sheet is 'everything that is printed; personal data, as pdf is';
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, SQL)
    run_script(connection, protect("registry", "certificate", school=True))
    run_script(connection, "grant select, insert, update on certificate to registry_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
