"""The tables of moves, and what is known of a pupil and a school when one is decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.moves.rules import Dates, Kind, Place
from services.registry.moves.steps import Done, Step
from services.registry.roster import store as roster
from services.registry.roster.taking_back import rows_of
from shared.database import Work


@dataclass(frozen=True, slots=True)
class Move:
    """A move as it stands."""

    id: UUID
    kind: Kind
    pupil: UUID
    together: UUID
    from_school: UUID | None
    to_school: UUID | None
    elsewhere: Mapping[str, str] | None
    """The school outside the board: ``name``, ``address``, ``board``."""
    grade: str
    left_on: date | None
    accepted_on: date | None
    class_id: UUID | None
    number: int | None
    reason: str
    act: UUID
    revision: int
    recorded_at: datetime
    recorded_by: UUID
    undone_at: datetime | None
    confidential_from: tuple[UUID, ...]
    """People from whom the pupil is kept today."""
    protected: bool

    @property
    def dates(self) -> Dates:
        """Its days."""
        return Dates(self.left_on, self.accepted_on)

    @property
    def place(self) -> Place | None:
        """Its class at the new school."""
        return None if self.class_id is None else Place(self.class_id, self.number)

    @property
    def schools(self) -> frozenset[UUID]:
        """Schools of the board that are part of it."""
        return frozenset(each for each in (self.from_school, self.to_school) if each is not None)


_COLUMNS = (
    "id",
    "kind",
    "pupil_id",
    "together",
    "from_school_id",
    "to_school_id",
    "elsewhere",
    "grade",
    "left_on",
    "accepted_on",
    "class_id",
    "number",
    "reason",
    "act_id",
    "revision",
    "recorded_at",
    "recorded_by",
    "undone_at",
)
"""In the order of the fields of :class:`Move`."""
_SELECT = ", ".join(f"m.{name}" for name in _COLUMNS)
PROTECTED = """
left join lateral (
    select true as protected, array_agg(c) as kept_from
    from protection_period p cross join lateral unnest(p.confidential_from || array[null::uuid]) c
    where p.board_id = :board and p.subject_id = m.pupil_id and p.voided_at is null
      and p.valid @> cast(:today as date)
    having count(*) > 0
) k on true
"""
"""Joins what protects pupil ``m.pupil_id`` on the day ``:today``: ``k.protected``, ``k.kept_from``."""
_SOME = f"""
select {_SELECT}, k.protected, k.kept_from from move m {PROTECTED} where m.board_id = :board and m.id = any(:ids)
"""  # noqa: S608
# The list form of the policy ``ReadMove`` (policy.cedar): a property test holds them together.
_LIST = f"""
select {_SELECT}, k.protected, k.kept_from from move m {PROTECTED}
where m.board_id = :board
  and (m.from_school_id = any (cast(:schools as uuid[])) or m.to_school_id = any (cast(:schools as uuid[]))
       or (:whole_board and (k.protected is null or :named or m.from_school_id = any (cast(:duties as uuid[]))
                             or m.to_school_id = any (cast(:duties as uuid[])))))
  and not coalesce(cast(:person as uuid) = any (k.kept_from), false)
order by coalesce(m.accepted_on, m.left_on) desc, m.recorded_at desc, m.id
limit 200
"""  # noqa: S608


def _move(row: Row[Any]) -> Move:
    kept = tuple(each for each in row.kept_from or () if each is not None)
    fields: tuple[Any, ...] = (*row[: len(_COLUMNS)], kept, bool(row.protected))
    return Move(*fields)


async def move(session: AsyncSession, board: UUID, id_: UUID, today: date) -> Move | None:
    """One move."""
    return (await moves_by_id(session, board, [id_], today)).get(id_)


async def moves_by_id(
    session: AsyncSession, board: UUID, ids: Collection[UUID], today: date
) -> dict[UUID, Move]:
    """Those of these moves that there are."""
    rows = await session.execute(text(_SOME), {"board": board, "ids": sorted(ids), "today": today})
    return {found.id: found for found in map(_move, rows)}


async def moves(
    session: AsyncSession,
    board: UUID,
    *,
    schools: Sequence[UUID],
    duties: Sequence[UUID],
    whole_board: bool,
    named: bool,
    person: UUID | None,
    today: date,
) -> list[Move]:
    """Moves that somebody may see who has the office of ``schools`` or leads them, and any duty at ``duties``.

    ``named``: for protected children.
    """
    values = {
        "board": board,
        "schools": list(schools),
        "duties": list(duties),
        "whole_board": whole_board,
        "named": named,
        "person": person,
        "today": today,
    }
    return [_move(row) for row in await session.execute(text(_LIST), values)]


_OF_PUPIL = f"""
select {_SELECT}, k.protected, k.kept_from from move m {PROTECTED}
where m.board_id = :board and m.pupil_id = :pupil and m.undone_at is null
  and coalesce(m.accepted_on, m.left_on) >= :since order by m.recorded_at
"""  # noqa: S608


async def moves_of(session: AsyncSession, board: UUID, pupil: UUID, since: date, today: date) -> list[Move]:
    """A pupil's moves that end on a day or later and were not taken back."""
    values = {"board": board, "pupil": pupil, "since": since, "today": today}
    return [_move(row) for row in await session.execute(text(_OF_PUPIL), values)]


_PUT = text(
    "insert into move as m (id, board_id, kind, pupil_id, together, from_school_id, to_school_id, elsewhere, grade,"
    " left_on, accepted_on, class_id, number, reason, act_id, revision, recorded_at, recorded_by)"
    " values (:id, :board, :kind, :pupil, :together, :from_school, :to_school, cast(:elsewhere as jsonb), :grade,"
    " :left_on, :accepted_on, :class_id, :number, :reason, :act, :revision, :recorded_at, :recorded_by)"
    " on conflict (id) do update set elsewhere = excluded.elsewhere, grade = excluded.grade,"
    " left_on = excluded.left_on, accepted_on = excluded.accepted_on, class_id = excluded.class_id,"
    " number = excluded.number, act_id = excluded.act_id, revision = excluded.revision where m.board_id = :board"
)
_UNDO = text(
    "update move set undone_at = :at, undone_by = :by, revision = revision + 1 where board_id = :board and id = :id"
)


async def put(work: Work, move: Move) -> None:
    """Keep a move as it now stands."""
    values = {name: getattr(move, name) for name in Move.__dataclass_fields__}
    values["elsewhere"] = None if move.elsewhere is None else orjson.dumps(move.elsewhere).decode()
    await work.session.execute(_PUT, {**values, "board": work.scope.board})


async def undo(work: Work, move: UUID, by: UUID | None) -> None:
    """Mark a move as taken back; by nobody when the import that had begun it was."""
    values = {"board": work.scope.board, "id": move, "at": work.at, "by": by}
    await work.session.execute(_UNDO, values)


_STEPS = text(
    "select move_id, step, done_on, recorded_by from move_step where board_id = :board and done_on is not null"
    " and move_id = any(:moves)"
)
_TICK = text(
    "insert into move_step (move_id, board_id, step, done_on, recorded_at, recorded_by)"
    " values (:move, :board, :step, cast(:on as date), :at, :by) on conflict (move_id, step) do update"
    " set done_on = excluded.done_on, recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by"
)


async def ticked(session: AsyncSession, board: UUID, moves: Sequence[UUID]) -> dict[UUID, dict[Step, Done]]:
    """Steps somebody has ticked, by move."""
    found: dict[UUID, dict[Step, Done]] = {}
    for row in await session.execute(_STEPS, {"board": board, "moves": list(moves)}):
        found.setdefault(row.move_id, {})[cast("Step", row.step)] = Done(row.done_on, row.recorded_by)
    return found


_ISSUED = text(
    "select move_id, kind || '_certificate' as step, min(issued_on) as done_on,"
    " (array_agg(issued_by order by issued_at))[1] as by"
    " from certificate where board_id = :board and move_id = any(:moves) and voided_at is null group by 1, 2"
)
_STEP_OF: Mapping[str, Step] = {
    "enrolment_certificate": "enrolment_certificate",
    "textbooks_certificate": "textbook_certificate",
}


async def issued(session: AsyncSession, board: UUID, moves: Sequence[UUID]) -> dict[UUID, dict[Step, Done]]:
    """Certificates that were issued and count, as steps of their moves."""
    found: dict[UUID, dict[Step, Done]] = {}
    for row in await session.execute(_ISSUED, {"board": board, "moves": list(moves)}):
        found.setdefault(row.move_id, {})[_STEP_OF[row.step]] = Done(row.done_on, row.by)
    return found


async def tick(work: Work, move: UUID, step: Step, on: date | None, by: UUID) -> None:
    """Tick a step, or take the tick away (``on`` None)."""
    values = {"move": move, "board": work.scope.board, "step": step, "on": on, "at": work.at, "by": by}
    await work.session.execute(_TICK, values)


_LATER = (
    "select count(*) from {changed} where not exists (select from undone_act a where a.id = t.voided_run_id)",
    "select count(*) from {standing} where exists (select from {table} v where v.board_id = :board"
    " and v.voided_run_id = :run and v.voided_at is not null and v.subject_id = t.subject_id and v.slot = t.slot"
    " and v.valid && t.valid)",
)


async def later_changes(session: AsyncSession, board: UUID, pupil: UUID, act: UUID) -> int:
    """Relations of the pupil that others have changed since the act wrote them, or put where it had ended others."""
    values = {"board": board, "run": act, "people": [pupil]}
    found = 0
    for table in (roster.ENROLMENT.name, roster.MEMBERSHIP.name):
        changed = "voided_at is not null and run_id = :run and voided_run_id is distinct from :run"
        standing = "voided_at is null and run_id is distinct from :run"
        for statement in _LATER:
            made = statement.format(
                table=table,
                changed=rows_of(table, changed, "subject_id", narrowed=True),
                standing=rows_of(table, standing, "subject_id", narrowed=True),
            )
            found += int(await session.scalar(text(made), values) or 0)
    return found
