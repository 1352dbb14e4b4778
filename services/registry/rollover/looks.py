"""The tables of what is asked for in the web: dry runs that are looked at, and runs that the service goes on with.

Whatever changes here is told to pages of the board's office.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.rollover.run_store import RUNS, Run, Wish, run_of
from services.registry.roster import offices
from shared.database import Work
from shared.ids import new_id

State = Literal["looking", "ready", "beginning", "begun", "stopped"]
"""``looking`` → ``ready`` with what it would do → ``beginning`` → ``begun`` as a run; ``stopped``: not seen."""
WORKED_ON: tuple[State, ...] = ("looking", "beginning")
"""States in which a process of its own works on it."""


@dataclass(frozen=True, slots=True)
class Look:
    """A dry run of a school year."""

    id: UUID
    board: UUID
    year: int
    by_name: str
    state: State
    made_at: datetime
    looked_at: datetime | None
    found: Mapping[str, Any]
    preview: str | None
    confirmed: bool
    anew: bool
    stopped: str | None
    run: int | None


_LOOKS = (
    "select id, board_id, school_year, by_name, state, made_at, looked_at, found, preview, confirmed, anew, stopped,"
    " run_number from rollover_look where board_id = :board"
)
_ONE = text(f"{_LOOKS} and id = :id")
_OPEN = text(f"{_LOOKS} and school_year = :year and state <> 'begun'")
_WAITING = text(f"{_LOOKS} and state in ('looking', 'beginning') order by made_at")
_FORGET = text(
    "delete from rollover_look where board_id = :board and school_year = :year and state <> 'begun'"
)
_NO_LONGER_SO = text(
    "delete from rollover_look where board_id = :board and school_year = :year and state <> 'begun'"
    " and id is distinct from (select look_id from rollover_run where id = :run)"
)
_MAKE = text(
    "insert into rollover_look (id, board_id, school_year, by_person, by_name, state, made_at)"
    " values (:id, :board, :year, :person, :name, 'looking', :at)"
    " on conflict (board_id, school_year) where state <> 'begun' do nothing"
)
_BECOME = text(
    "update rollover_look set state = :state, found = cast(:found as jsonb), preview = :preview, anew = :anew,"
    " stopped = :stopped, run_number = coalesce(:run, run_number), looked_at = :at"
    " where id = :look and board_id = :board and state = :was returning true"
)
_APPLY = text(
    "update rollover_look set state = 'beginning', confirmed = :confirmed, anew = false, stopped = null"
    " where id = :look and board_id = :board and state = 'ready' and preview = :preview returning true"
)
_STOP = text(
    "update rollover_look set stopped = :words, state = case state when 'looking' then 'stopped' else 'ready' end"
    " where id = :look and board_id = :board and state in ('looking', 'beginning')"
)


def _look(row: Sequence[Any]) -> Look:
    return Look(*row)


async def anew(work: Work, year: int, person: UUID, name: str) -> None:
    """Ask for a dry run, instead of the one before."""
    await work.session.execute(_FORGET, {"board": work.scope.board, "year": year})
    values = {"id": new_id(), "board": work.scope.board, "year": year, "at": work.at}
    await work.session.execute(_MAKE, {**values, "person": person, "name": name})
    offices.tell(work, work.scope.board)


async def no_longer_so(work: Work, run: Run) -> None:
    """Forget what was seen of the year before ``run`` came to its end: its numbers are of a roster that is no more.

    The run's own dry run stays; whoever looks at another one meanwhile looks again.
    """
    values = {"board": work.scope.board, "year": run.year.number, "run": run.id}
    await work.session.execute(_NO_LONGER_SO, values)


async def look(session: AsyncSession, board: UUID, id_: UUID) -> Look | None:
    """One."""
    row = (await session.execute(_ONE, {"board": board, "id": id_})).first()
    return None if row is None else _look(row)


async def open_look(session: AsyncSession, board: UUID, year: int) -> Look | None:
    """The one of a year that is no run yet."""
    row = (await session.execute(_OPEN, {"board": board, "year": year})).first()
    return None if row is None else _look(row)


async def waiting(session: AsyncSession, board: UUID) -> list[Look]:
    """Those that a process must work on."""
    return [_look(row) for row in await session.execute(_WAITING, {"board": board})]


async def become(
    work: Work,
    look: Look,
    state: State,
    *,
    found: Mapping[str, Any] | None = None,
    preview: str | None = None,
    anew: bool = False,
    stopped: str | None = None,
    run: int | None = None,
) -> bool:
    """Go from the state it was read in to another. False when it has left that state meanwhile."""
    values = {
        "look": look.id,
        "board": look.board,
        "state": state,
        "was": look.state,
        "found": orjson.dumps(look.found if found is None else found).decode(),
        "preview": preview or look.preview,
        "anew": anew,
        "stopped": stopped,
        "run": run,
        "at": work.at,
    }
    offices.tell(work, work.scope.board)
    return bool(await work.session.scalar(_BECOME, values))


async def apply(work: Work, look: Look, preview: str, *, confirmed: bool) -> bool:
    """Somebody has seen ``preview`` and says that it shall be so. False when there is another one by now."""
    values = {"look": look.id, "board": work.scope.board, "preview": preview, "confirmed": confirmed}
    offices.tell(work, work.scope.board)
    return bool(await work.session.scalar(_APPLY, values))


async def stop(work: Work, look: UUID, words: str) -> None:
    """It could not be seen, or could not begin; ``words`` say why."""
    await work.session.execute(_STOP, {"look": look, "board": work.scope.board, "words": words})
    offices.tell(work, work.scope.board)


_OF_LOOK = text("select number from rollover_run where board_id = :board and look_id = :look")
_WISHED = text(RUNS.format(which="and r.wish is not null"))
_WISH = text(
    "update rollover_run set wish = cast(:wish as text), wished_by = :by, stopped = null where number = :number"
    " and board_id = :board and wish is null and state <> 'reverted'"
    " and (state <> 'done' or cast(:wish as text) = 'revert') returning true"
)
_NO_LONGER = text(
    "update rollover_run set wish = null, stopped = :stopped where number = :number and board_id = :board"
)


async def number_of(session: AsyncSession, board: UUID, look: UUID) -> int | None:
    """The run that began from a dry run."""
    number: int | None = await session.scalar(_OF_LOOK, {"board": board, "look": look})
    return number


async def wished(session: AsyncSession, board: UUID) -> list[Run]:
    """Runs that the service itself goes on with, or takes back."""
    return [run_of(row) for row in await session.execute(_WISHED, {"board": board})]


async def wish(work: Work, number: int, wish: Wish, by: str) -> bool:
    """Let the service do it. False when it is under way, or over."""
    values = {"number": number, "board": work.scope.board, "wish": wish, "by": by}
    offices.tell(work, work.scope.board)
    return bool(await work.session.scalar(_WISH, values))


async def no_longer_wished(work: Work, number: int, *, stopped: str | None) -> None:
    """It is done, or cannot be done; ``stopped`` says why."""
    values = {"number": number, "board": work.scope.board, "stopped": stopped}
    await work.session.execute(_NO_LONGER, values)
    offices.tell(work, work.scope.board)
