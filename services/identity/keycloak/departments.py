"""What the command line has just decided of a department, in Keycloak at once; the reconciler comes a moment later.

A secret is nowhere but with the department and in Keycloak: it goes there here, or a new one has to be made.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import text

from services.identity.issuer.rules import APP
from services.identity.keycloak.admin import Admin, Away, NotTaken
from services.identity.keycloak.rules import Department
from shared.database import Scope, Units

_ONE = text(
    """
select d.id, d.client_id, exists (select from purpose_period p where p.subject_id = d.id and p.voided_at is null
    and p.valid @> cast(:today as date)) as holds
from department_client d where d.board_id = :board and (d.client_id = :client
    or d.id in (select p.subject_id from purpose_period p where p.purpose = cast(:purpose as uuid)))
"""
)


async def bring(
    admin: Admin | None,
    units: Units,
    board: UUID,
    today: date,
    *,
    client: str | None = None,
    purpose: UUID | None = None,
    secret: str | None = None,
) -> None:
    """Bring the client that was named, or the one of ``purpose``, to what it may do today; nothing in the embedded
    edition. Raises NotTaken when Keycloak went away meanwhile."""
    if admin is None:
        return
    async with units.read(Scope(board)) as rows:
        asked = {"board": board, "today": today, "client": client, "purpose": purpose}
        row = (await rows.execute(_ONE, asked)).one()
    department = Department(row.id, board, row.client_id, row.client_id.startswith(APP))
    try:
        await admin.put_client(department, enabled=row.holds, secret=secret)
    except (Away, NotTaken) as error:
        missing = (
            ""
            if secret is None
            else f" 秘密は `tsumugi purpose new-secret {row.client_id}` で作り直してください。"
        )
        raise NotTaken(
            f"決めたことは記録しましたが、Keycloak にはまだ届いていません（{error}）。自動で追いつきます。{missing}"
        ) from error
