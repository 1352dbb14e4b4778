"""What people have changed by hand, read from what stands and from what was taken back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.imports.by_hand import Hand
from services.registry.roster.rows import Held, PersonRow, Standing
from services.registry.roster.snapshot import Period
from services.registry.roster.store import PeriodTable
from shared.database import Statement


async def hand_of(
    session: AsyncSession,
    board: UUID,
    table: PeriodTable[Any],
    people: list[UUID],
    standing: list[Standing[Any]],
) -> Hand:
    """What people added to a kind of relation, and what they took back of what an import had said."""
    return Hand(
        frozenset(each.id for each in standing if each.by_hand),
        tuple(await _taken_back(session, board, table, people)) if people else (),
    )


async def _taken_back(
    session: AsyncSession, board: UUID, table: PeriodTable[Any], people: list[UUID]
) -> list[Standing[Any]]:
    """From each person by the index of what was voided.

    What a reverted run brought was never said; what a rollover or a merging wrote and took back, no source ever said.
    """
    statement = Statement(
        f"select {', '.join(table.select)} from unnest(cast(:people as uuid[])) as asked(asked_id)"  # noqa: S608
        f" cross join lateral (select * from {table.name} where subject_id = asked_id and board_id = :board"
        " and voided_at is not null and voided_run_id is null and run_id is not null offset 0) t"
        " where exists (select from import_run r where r.board_id = :board and r.id = t.run_id"
        " and r.state not in ('reverting', 'reverted'))"
    )
    return [
        Standing(
            row["id"],
            Held(row["subject_id"], Period(row["valid"].lower, row["valid"].upper), table.read(row)),
        )
        for row in await statement.all(session, {"board": board, "people": people})
    ]


_CARD = tuple(name for name in PersonRow._fields if name not in ("id", "sort_key", "search", "merged_into"))
_SAID = Statement(
    f"select p.id, {', '.join(f'b.{name}' for name in _CARD)}"  # noqa: S608
    " from unnest(cast(:people as uuid[])) as asked(id) join person p on p.id = asked.id and p.board_id = :board"
    " cross join lateral (select * from person_past b where b.person_id = p.id and b.run_id is not null"
    " order by b.revision desc limit 1) b where p.run_id is null and p.act <> 'import'"
)


async def said_before(
    session: AsyncSession, board: UUID, changed: list[PersonRow], fresh: set[UUID]
) -> dict[UUID, PersonRow]:
    """Of cards that somebody changed by hand, what an import had said last."""
    people = [row.id for row in changed if row.id not in fresh]
    if not people:
        return {}
    return {
        row["id"]: PersonRow(id=row["id"], sort_key="", search="", **{name: row[name] for name in _CARD})
        for row in await _SAID.all(session, {"board": board, "people": people})
    }
