"""Days of the former school: every word ever entered, the newest of which holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.former.rules import Former, Said
from shared.database import Statement, Work
from shared.database.units import new_rows

_SAID = TypeAdapter(Said | None)

# Of a card and one merged into it the own one's word counts, as of days (register/store.py).
_READ = Statement(
    """
with cards as (
    select id as pupil, id from unnest(cast(:pupils as uuid[])) as k(id)
    union select a.merged_into, a.id from person a
    where a.board_id = :board and a.merged_into = any(cast(:pupils as uuid[]))
)
select distinct on (c.pupil) c.pupil, f.revision, f.said, f.recorded_by, f.recorded_at
from cards c join former_days f on f.board_id = :board and f.school_id = :school and f.pupil_id = c.id
where f.school_year = :year
order by c.pupil, (f.pupil_id = c.pupil) desc, f.pupil_id, f.revision desc
"""
)
_ADD = Statement(
    "insert into former_days (board_id, school_id, pupil_id, school_year, revision, said, reason, recorded_by,"
    " recorded_at) values (:board, :school, :pupil, :year, :revision, cast(:said as jsonb), :reason, :by, :at)"
    " returning revision"
)


async def read(
    session: AsyncSession, board: UUID, school: UUID, year: int, pupils: Collection[UUID]
) -> Mapping[UUID, Former]:
    """The newest word of each child."""
    rows = await _READ.all(
        session, {"board": board, "school": school, "year": year, "pupils": sorted(pupils)}
    )
    return {
        row["pupil"]: Former(
            row["revision"], _SAID.validate_python(row["said"]), row["recorded_by"], row["recorded_at"]
        )
        for row in rows
    }


async def add(work: Work, school: UUID, year: int, pupil: UUID, former: Former, reason: str | None) -> None:
    """Write a further word. Raises :class:`Moved` when somebody else has written that revision meanwhile."""
    with new_rows():
        await _ADD.all(
            work.session,
            {
                "board": work.scope.board,
                "school": school,
                "pupil": pupil,
                "year": year,
                "revision": former.revision,
                "said": None if former.said is None else former.said.model_dump_json(),
                "reason": reason,
                "by": former.by,
                "at": former.at,
            },
        )
