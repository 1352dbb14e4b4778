"""What was told in one act is found together: its receipts go out as one message."""

from alembic import op

from shared.database.migrate import run_script

revision = "m0005"
down_revision = "m0004"


def upgrade() -> None:
    run_script(op.get_bind(), "create index notice_act on notice (guardian_id, told_at)")


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
