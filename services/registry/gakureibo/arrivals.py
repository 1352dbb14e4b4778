"""Children who arrive during the year by a run: each is the beginning of a 転入, as if the school's office had told it.

The act of such a move is the run: taking the run back takes the move back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy import text

from services.registry.moves import published, store
from services.registry.moves.store import Move
from services.registry.roster import offices
from services.registry.roster.rows import Added, EnrolmentIs
from shared.database import Work
from shared.dates import business_date, school_year, school_year_bounds
from shared.ids import new_id

NOBODY = UUID(int=0)
"""Who announces what an operator's command has brought."""
ELSEWHERE = {"name": "（学齢簿からの取り込み）", "address": "", "board": ""}
"""The register does not name the former school; its papers do."""
_MOVES = text(
    "select id from move where board_id = :board and act_id = :run and undone_at is null"
    " and pupil_id = any(cast(:people as uuid[])) order by id"
)


def enters(since: date, grade: str) -> bool:
    """Whether a stay is that of one who enters: first of the first grade of a stage, on the first day of a year.

    1 April is the most frequent day of 転入学, too: any other grade on that day has been at a school before.
    """
    return since == school_year_bounds(school_year(since))[0] and grade[1:] == "1"


async def begin(work: Work, run: UUID, by: UUID | None, added: Sequence[Added[EnrolmentIs]]) -> int:
    """Begin the moves of those whom no year's preparation brings into a class; returns how many events tell of them.

    Who enters a year that has begun needs a class as much as one who arrives: the plan of that year is history.
    """
    begun, today = 0, business_date(work.at)
    for each in added:
        _, valid, what = each.held
        if enters(valid.since, what.grade) and valid.since > today:
            continue
        move = Move(
            id=new_id(),
            kind="arriving",
            pupil=each.held.subject,
            together=new_id(),
            from_school=None,
            to_school=what.school_id,
            elsewhere=ELSEWHERE,
            grade=what.grade,
            left_on=None,
            accepted_on=valid.since,
            class_id=None,
            number=None,
            reason="moved_house",
            act=run,
            revision=1,
            recorded_at=work.at,
            recorded_by=by or NOBODY,
            undone_at=None,
            confidential_from=(),
            protected=False,
        )
        await store.put(work, move)
        published.happened(work, move)
        begun += 1 + offices.tell(work, move.to_school)
    return begun


async def take_back(work: Work, run: UUID, people: Sequence[UUID]) -> int:
    """Take back the moves that a run has begun; returns how many events tell of it."""
    values = {"board": work.scope.board, "run": run, "people": list(people)}
    ids = list(await work.session.scalars(_MOVES, values))
    told = 0
    for id_ in ids:
        move = await store.move(work.session, work.scope.board, id_, business_date(work.at))
        assert move is not None
        await store.undo(work, id_, None)
        published.happened(work, replace(move, revision=move.revision + 1), undone=True)
        told += 1 + offices.tell(work, move.to_school)
    return told
