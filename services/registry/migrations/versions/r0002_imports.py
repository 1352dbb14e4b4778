"""What an import needs: which board a source speaks for, and the reading of a legal name beside that of a 通称."""

from alembic import op

from shared.database.migrate import run_script

revision = "r0002"
down_revision = "r0001"

# Before a board is known there is no tenant to work in, so rows of kind 'board' (a source's id of a district, our id of
# the board; nothing else) are seen by every transaction of the app role. Writing them needs the board's own context.
SQL = """
create policy external_id_boards on external_id for select to registry_app using (kind = 'board');

alter table person add column legal_kana_family text, add column legal_kana_given text;
comment on column person.kana_family is 'reading of the name that is shown: of the 通称 where there is one';
comment on column person.legal_kana_family is 'reading of the legal name, only where a 通称 is shown';

-- An import compares and publishes whole sets of a board.
create index external_id_id on external_id (id);
create index enrolment_board on enrolment_period (board_id) where voided_at is null;
create index membership_board on membership_period (board_id) where voided_at is null;
create index duty_board on duty_period (board_id) where voided_at is null;
create index guardianship_board on guardianship_period (board_id) where voided_at is null;
"""


def upgrade() -> None:
    run_script(op.get_bind(), SQL)


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
