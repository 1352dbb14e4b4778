"""A trial knows the revision of the rules it was made beside: what has moved since is to be tried anew."""

from alembic import op

from shared.database.migrate import run_script

revision = "r0006"
down_revision = "r0005"

BESIDE = """
alter table alert_trial add column revision text;
comment on column alert_trial.revision is 'what had been said of the rules when it was begun; null: not kept yet';
create index alert_trial_begun on alert_trial (board_id, begun_at);
"""


def upgrade() -> None:
    run_script(op.get_bind(), BESIDE)


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
