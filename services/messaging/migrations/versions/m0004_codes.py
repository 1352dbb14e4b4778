"""Codes are counted when they are asked for; a delivery goes with its notice, however it came to be there."""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "m0004"
down_revision = "m0003"
contract = False
"""The key that comes back asks for no more than the one that goes."""

CODES = """
-- A guardian's codes of a day, which begins with the first: they outlive the address they went to.
create table code_count (
    board_id uuid not null,
    guardian_id uuid not null,
    since timestamptz not null,
    asked integer not null,
    primary key (board_id, guardian_id)
);
-- The reconciler may be making a job of a notice that is just being erased: it must not stand in the way.
alter table delivery drop constraint delivery_notice_id_fkey;
alter table delivery add foreign key (notice_id) references notice on delete cascade;
create index notice_reply_said on notice_reply (said_at);
"""


def upgrade() -> None:
    connection = op.get_bind()
    run_script(connection, CODES)
    run_script(connection, protect("messaging", "code_count"))
    run_script(connection, "grant select, insert, update on code_count to messaging_app")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
