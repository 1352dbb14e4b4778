"""An act on the roster goes backwards: what it added is voided, what it ended stands again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.registry.roster.store import PeriodTable
from shared.database import Work
from shared.ids import new_id


def rows_of(table: str, condition: str, column: str, *, narrowed: bool) -> str:
    """``from`` a board's rows, or those of some people: then from each of them to the rows by the index."""
    of_board = f"select * from {table} where board_id = :board and {condition}"  # noqa: S608
    if not narrowed:
        return f"({of_board}) t"
    people = "unnest(cast(:people as uuid[])) as who(who_id)"
    return f"{people} cross join lateral ({of_board} and {column} = who_id offset 0) t"


async def take_back_periods(
    work: Work, table: PeriodTable[Any], run: UUID, people: Sequence[UUID], reason: str
) -> set[UUID]:
    """Void what the act ``run`` added, let stand again what it voided; returns whose sets are others now."""
    values = {"board": work.scope.board, "run": run, "people": list(people)}
    mine = rows_of(table.name, "voided_at is null and run_id = :run", "subject_id", narrowed=True)
    added = await work.session.execute(
        text(
            f"update {table.name} u set voided_at = :at, voided_by = :by, void_reason = :reason"  # noqa: S608
            f" from (select t.id from {mine}) as m where u.board_id = :board and u.id = m.id returning u.subject_id"
        ),
        {**values, "at": work.at, "by": work.actor, "reason": reason},
    )
    touched = set(added.scalars())
    # What the act wrote itself and then said otherwise was not there before it.
    before = "voided_at is not null and voided_run_id = :run and run_id is distinct from :run"
    theirs = rows_of(table.name, before, "subject_id", narrowed=True)
    ended = (await work.session.execute(text(f"select t.id, t.subject_id from {theirs}"), values)).all()  # noqa: S608
    if ended:
        columns = ", ".join(table.columns)
        await work.session.execute(
            text(
                f"insert into {table.name} (id, board_id, subject_id, slot, valid, recorded_at, recorded_by,"  # noqa: S608
                f" replaces, run_id, {columns}) select g.new_id, t.board_id, t.subject_id, t.slot, t.valid, :at, :by,"
                f" t.id, t.run_id, {', '.join(f't.{name}' for name in table.columns)} from {table.name} t"
                " join unnest(cast(:old as uuid[]), cast(:new as uuid[])) as g(old_id, new_id) on g.old_id = t.id"
                " where t.board_id = :board"
            ),
            {
                "board": work.scope.board,
                "at": work.at,
                "by": work.actor,
                "old": [row.id for row in ended],
                "new": [new_id() for _ in ended],
            },
        )
    return touched | {row.subject_id for row in ended}


_UNDONE = text("insert into undone_act (id, board_id, undone_at) values (:id, :board, :at)")


async def note_undone(work: Work, act: UUID) -> None:
    """Remember that an act was taken back, for whoever asks later what depends on what came before it."""
    await work.session.execute(_UNDONE, {"id": act, "board": work.scope.board, "at": work.at})
