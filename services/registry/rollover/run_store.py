"""The tables of rollovers that were confirmed: numbered runs and their parts, a school each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.rollover.plans import Plan
from services.registry.rollover.rules import City, Year
from services.registry.rollover.store import onward, told_as
from services.registry.roster import offices
from shared.database import Work

State = Literal["applying", "done", "reverting", "reverted"]
Wish = Literal["apply", "revert"]


@dataclass(frozen=True, slots=True)
class Run:
    """A numbered rollover of a board."""

    id: UUID
    board: UUID
    number: int
    year: Year
    state: State
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    reverted_by: str | None
    counts: Mapping[str, Any]
    parts: int
    parts_done: int
    events: int
    wish: Wish | None
    """What the service itself goes on doing until it is done; None: an operator's command does it."""
    wished_by: str | None
    stopped: str | None
    """Why the service does not go on, in Japanese."""
    reverted_at: datetime | None

    @property
    def open(self) -> bool:
        """Whether something of it is still to be done."""
        return self.state in ("applying", "reverting")


RUNS = """
select r.id, r.board_id, r.number, r.school_year, r.state, r.started_by, r.started_at, r.finished_at, r.reverted_by,
       r.counts, count(p.run_id), count(p.run_id) filter (where p.state = 'done'), coalesce(sum(p.events), 0),
       r.wish, r.wished_by, r.stopped, r.reverted_at
from rollover_run r left join rollover_part p on p.run_id = r.id
where r.board_id = :board {which} group by r.id order by r.number
"""
_ALL = text(RUNS.format(which=""))
_OPEN = text(RUNS.format(which="and r.state in ('applying', 'reverting')"))
_ONE = text(RUNS.format(which="and r.number = :number"))
_BEGIN = text(
    "insert into rollover_run (id, board_id, number, school_year, state, started_by, started_at, counts, look_id, wish,"
    " wished_by, next_schools) values (:id, :board, nextval('rollover_run_number'), :year, 'applying', :by, :at,"
    " cast(:counts as jsonb), cast(:look as uuid), case when cast(:look as uuid) is not null then 'apply' end, :by,"
    " cast(:onward as jsonb))"
    " returning number"
)
_PART = text(
    "insert into rollover_part (run_id, board_id, ordinal, school_id, state, plan)"
    " values (:run, :board, :ordinal, :school, 'waiting', cast(:plan as jsonb))"
)
_SHOWN_PLANS = text(
    "select school_id, plan from rollover_part where run_id = :run and board_id = :board and plan is not null"
)
_SCHOOLS_OF = text("select school_id from rollover_part where run_id = :run and board_id = :board")
_SHOWN_ONWARD = text("select next_schools from rollover_run where id = :run and board_id = :board")
_NEXT = text(
    "select ordinal, school_id from rollover_part where run_id = :run and board_id = :board and state = :state"
    " order by ordinal limit 1 for update"
)
_PART_DONE = text(
    "update rollover_part set state = :state, pupils = pupils + :pupils, events = events + :events, done_at = :at"
    " where run_id = :run and ordinal = :ordinal and board_id = :board"
)
_STATE = text(
    "update rollover_run set state = :state, finished_at = case when :state = 'done' then :at else finished_at end,"
    " reverted_by = coalesce(:by, reverted_by),"
    " reverted_at = case when :state = 'reverting' then :at else reverted_at end where id = :run and board_id = :board"
)
_CANCEL = text(
    "update rollover_part set state = 'cancelled' where run_id = :run and board_id = :board and state = 'waiting'"
)


def run_of(row: Sequence[Any]) -> Run:
    """A row of :data:`RUNS`."""
    id_, board, number, year, *rest = row
    return Run(id_, board, number, Year(year), *rest)


async def runs(session: AsyncSession, board: UUID) -> list[Run]:
    """All runs of a board, the oldest first."""
    return [run_of(row) for row in await session.execute(_ALL, {"board": board})]


async def unfinished(session: AsyncSession, board: UUID) -> Run | None:
    """The run that is under way, or was when its process ended."""
    row = (await session.execute(_OPEN, {"board": board})).first()
    return None if row is None else run_of(row)


async def run(session: AsyncSession, board: UUID, number: int) -> Run | None:
    """One run."""
    row = (await session.execute(_ONE, {"board": board, "number": number})).first()
    return None if row is None else run_of(row)


async def begin(
    work: Work,
    id_: UUID,
    year: Year,
    by: str,
    counts: Mapping[str, Any],
    schools: Sequence[UUID],
    *,
    city: City | None = None,
    look: UUID | None = None,
) -> int:
    """Keep a run with a part a school, and of ``city`` what was shown of it; returns its number."""
    city = city or City({})
    values = {"id": id_, "board": work.scope.board, "year": year.number, "by": by, "at": work.at}
    given = {
        **values,
        "look": look,
        "counts": orjson.dumps(counts).decode(),
        "onward": told_as(city.next_schools),
    }
    number = int((await work.session.execute(_BEGIN, given)).scalar_one())
    rows = [
        {
            "run": id_,
            "board": work.scope.board,
            "ordinal": ordinal,
            "school": school,
            "plan": city.plans[school].model_dump_json() if school in city.plans else None,
        }
        for ordinal, school in enumerate(schools)
    ]
    if rows:
        await work.session.execute(_PART, rows)
    offices.tell(work, work.scope.board)
    return number


async def as_shown(session: AsyncSession, run: UUID, board: UUID, city: City) -> City:
    """The city with the plans, and where graduates go, as they were when the run was confirmed."""
    values = {"run": run, "board": board}
    plans = {
        row.school_id: Plan.model_validate(row.plan) for row in await session.execute(_SHOWN_PLANS, values)
    }
    told = await session.scalar(_SHOWN_ONWARD, values) or {}
    return replace(city, plans=plans, next_schools=onward(told))


async def schools_of(session: AsyncSession, run: UUID, board: UUID) -> set[UUID]:
    """The schools of a run's parts."""
    return set(await session.scalars(_SCHOOLS_OF, {"run": run, "board": board}))


async def next_part(work: Work, run: UUID, state: str) -> tuple[int, UUID] | None:
    """The next part in a state; whoever comes second waits here, and then finds it done."""
    values = {"run": run, "board": work.scope.board, "state": state}
    row = (await work.session.execute(_NEXT, values)).first()
    return None if row is None else (row.ordinal, row.school_id)


async def part_is(work: Work, run: UUID, ordinal: int, state: str, pupils: int = 0, events: int = 0) -> None:
    """A part has come to a state."""
    values = {"run": run, "ordinal": ordinal, "state": state, "pupils": pupils, "events": events}
    await work.session.execute(_PART_DONE, {**values, "at": work.at, "board": work.scope.board})
    offices.tell(work, work.scope.board)


async def run_is(work: Work, run: UUID, state: State, by: str | None = None) -> None:
    """A run has come to a state."""
    values = {"run": run, "state": state, "by": by, "at": work.at, "board": work.scope.board}
    await work.session.execute(_STATE, values)
    offices.tell(work, work.scope.board)


async def cancel_waiting(work: Work, run: UUID) -> None:
    """What was not applied never will be."""
    await work.session.execute(_CANCEL, {"run": run, "board": work.scope.board})


_TOUCHED = text(
    """
select subject_id from enrolment_period where board_id = :board and voided_at is null and run_id = :run
   and (school_id = :school or subject_id in (select subject_id from enrolment_period n where n.board_id = :board
        and n.school_id = :school and n.voided_at is null and n.valid @> cast(:eve as date)))
union
select subject_id from membership_period where board_id = :board and voided_at is null and run_id = :run
   and school_id = :school
union
select subject_id from guardianship_period where board_id = :board and voided_at is null and run_id = :run
   and subject_id in (select subject_id from enrolment_period n where n.board_id = :board
        and n.school_id = :school and n.voided_at is null and n.valid @> cast(:eve as date))
order by 1
"""
)


async def touched(session: AsyncSession, run: Run, school: UUID) -> list[UUID]:
    """Pupils of a school of whom a run has written something that stands."""
    values = {"board": run.board, "run": run.id, "school": school, "eve": run.year.eve}
    return list(await session.scalars(_TOUCHED, values))
