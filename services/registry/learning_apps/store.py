"""What a learning app may read, and who of the roster it is shown, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.exports.places import Places
from services.registry.exports.store import PUPIL, there, union, values_of
from services.registry.learning_apps.looks import AT_ONCE
from services.registry.learning_apps.rules import Grant, standing
from services.registry.roster.external_ids import as_own
from shared.access.principal import Principal
from shared.database import Statement

_GRANTS = Statement(
    "select g.fields, g.schools, g.grades, g.protected, g.since, g.until from copy.app a"
    " join copy.app_grant g on g.app_id = a.app_id where a.board_id = :board and a.client = :client"
)
_PERSON = text(
    "select id from external_id where board_id = :board and source = :source and kind = 'person'"
    " and sourced_id = :sourced_id"
)
_OF_A_CLASS = text(
    "select subject_id from membership_period where board_id = :board and class_id = :class and kind = 'home'"
    " and voided_at is null union select subject_id from duty_period where board_id = :board and class_id = :class"
    " and voided_at is null order by 1"
)
_ROWS = """
select subject_id as id from membership_period where board_id = :board and voided_at is null and kind = 'home'
  and valid && daterange(cast(:since as date), cast(:until as date)) and class_id = any(cast(:classes as uuid[]))
  and subject_id in (select id from pupil)
union all select subject_id from duty_period where board_id = :board and voided_at is null
  and kind in ('homeroom', 'assistant') and class_id = any(cast(:classes as uuid[]))
  and valid && daterange(cast(:since as date), cast(:until as date))
"""


async def grant_of(session: AsyncSession, who: Principal, on: date) -> Grant | None:
    """What the asking app may read on a day; None: nothing."""
    if who.kind != "department":
        return None
    rows = await _GRANTS.all(session, {"board": who.board, "client": who.client})
    return standing(
        (
            (
                Grant(
                    frozenset(_list(row["fields"])),
                    None if row["schools"] is None else frozenset(map(UUID, _list(row["schools"]))),
                    None if row["grades"] is None else frozenset(_list(row["grades"])),
                    row["protected"],
                ),
                row["since"],
                row["until"],
            )
            for row in rows
        ),
        on,
    )


def _list(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


async def person_of(session: AsyncSession, board: UUID, source: str, sourced_id: str) -> UUID | None:
    """Our id of somebody, by the name outside."""
    values = {"board": board, "source": source, "sourced_id": sourced_id}
    found: UUID | None = await session.scalar(_PERSON, values)
    return found or as_own(sourced_id)


async def page_of_people(
    session: AsyncSession, places: Places, hats: Sequence[str], limit: int, offset: int
) -> tuple[int, list[UUID]]:
    """How many wear one of these hats, and so many of them, in the order of ids."""
    # Somebody's row is looked up for the page alone: withdrawn are few, and looked for from their end.
    statement = (
        f"with {PUPIL}, everybody as materialized (select distinct id from ({union(*hats)}) u(id) where id not in"  # noqa: S608
        " (select id from person where board_id = :board and (withdrawn_at is not null or merged_into is not null)))"
        " select (select count(*) from everybody) as total,"
        " array(select id from everybody order by id limit :limit offset :offset) as ids"
    )
    values = {**values_of(places), "limit": limit, "offset": offset}
    row = (await session.execute(text(statement), values)).one()
    return int(row.total), list(row.ids)


async def page_of_enrollments(
    session: AsyncSession, places: Places, limit: int, offset: int
) -> tuple[int, int, list[UUID]]:
    """How many enrollments there are; whose are on a page, and how many of theirs come before it."""
    statement = (
        f"with counted as (select id, count(*) as n from (with {PUPIL} {_ROWS}) r group by id),"  # noqa: S608
        " placed as (select id, n, sum(n) over (order by id) as upto, sum(n) over () as total from counted)"
        " select id, n, upto, total from placed where upto > :offset and upto - n < :end or id ="
        " (select min(id::text)::uuid from counted) order by id"
    )
    rows = (
        await session.execute(text(statement), {**values_of(places), "offset": offset, "end": offset + limit})
    ).all()
    if not rows:
        return 0, 0, []
    inside = [row for row in rows if row.upto > offset and row.upto - row.n < offset + limit]
    before = offset - int(inside[0].upto - inside[0].n) if inside else 0
    return int(rows[0].total), before, [row.id for row in inside]


async def of_a_class(session: AsyncSession, board: UUID, class_id: UUID) -> list[UUID]:
    """Everybody who ever was in a class."""
    return list(await session.scalars(_OF_A_CLASS, {"board": board, "class": class_id}))


async def everybody(
    session: AsyncSession, places: Places, hats: Sequence[str], school: UUID | None = None
) -> AsyncIterator[list[UUID]]:
    """Everybody who wears one of these hats, at one school or any, in groups."""
    values = values_of(places)
    if school is not None:
        values["places"] = [school]
    stream = await session.stream_scalars(
        text(there(*hats) + " order by id").execution_options(yield_per=AT_ONCE), values
    )
    async for group in stream.partitions(AT_ONCE):
        yield list(group)
