"""A child's lessons of a day are walled by board, as its day is (docs/decisions/0005): they follow the child.

``lesson_mark`` stays behind the school's wall, as ``attendance_fact`` does: it is the school's that said it.
"""

from alembic import op

from shared.database.migrate import run_script
from shared.database.roles import protect

revision = "r0022"
down_revision = "r0021"

_AGAIN = """
drop policy {table}_owner on {table};
drop policy {table}_app on {table};
"""


def upgrade() -> None:
    connection = op.get_bind()
    for table in ("pupil_lessons", "lesson_settled"):
        run_script(connection, _AGAIN.format(table=table) + protect("registry", table))


def downgrade() -> None:
    raise NotImplementedError("a released database goes forward only")
