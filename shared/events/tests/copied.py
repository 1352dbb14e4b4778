"""What stands of the toy's copy."""

from __future__ import annotations

from uuid import UUID

from tests.support.fixtures import Toy


async def amounts(toy: Toy) -> dict[UUID, int | None]:
    return {row.thing: row.amount for row in await toy.rows("select thing, amount from copy.thing_card")}


async def waiting(toy: Toy) -> list[tuple[str, str, str]]:
    rows = await toy.rows("select key, topic, reason from feed.parked order by position")
    return [(row.key, row.topic, row.reason) for row in rows]


async def reached(toy: Toy) -> int:
    rows = await toy.rows("select reached from feed.checkpoint where copy = 'things'")
    return int(rows[0].reached) if rows else 0
