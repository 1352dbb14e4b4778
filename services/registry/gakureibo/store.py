"""Mappings of a board as they were saved, and what stands of the children whom its 学齢簿 has named before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.gakureibo import mapping
from services.registry.gakureibo.planning import SOURCE, Known, child_key
from services.registry.gakureibo.standing import Stands
from services.registry.imports.hands import said_before
from services.registry.roster import external_ids
from services.registry.roster import store as roster
from services.registry.roster.grades import SCHOOL_KINDS
from services.registry.roster.rows import EnrolmentIs, Held, OrganisationRow
from shared.database import Work
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Saved:
    """A mapping as it was saved last, or once."""

    id: UUID
    name: str
    revision: int
    content: mapping.Mapping
    saved_at: datetime
    saved_by: str


_COLUMNS = (
    "select id, name, revision, content, saved_at, saved_by from gakureibo_mapping m where board_id = :board"
)
_NEWEST = (
    f"{_COLUMNS} and not exists (select from gakureibo_mapping n where n.board_id = :board and n.name = m.name"
    " and n.revision > m.revision)"
)
_ALL = text(f"{_NEWEST} order by name")
_NAMED = text(f"{_NEWEST} and name = :name")
_ONE = text(f"{_COLUMNS} and id = :id")
_LAST = text(
    "select coalesce(max(revision), 0) from gakureibo_mapping where board_id = :board and name = :name"
)
_SAVE = text(
    "insert into gakureibo_mapping (id, board_id, name, revision, content, saved_at, saved_by)"
    " values (:id, :board, :name, :revision, cast(:content as jsonb), :at, :by)"
    " on conflict (board_id, name, revision) do nothing returning id"
)


def _saved(row: Any) -> Saved:
    content = mapping.Mapping.model_validate(row.content)
    return Saved(row.id, row.name, row.revision, content, row.saved_at, row.saved_by)


async def mappings(session: AsyncSession, board: UUID) -> list[Saved]:
    """All mappings of a board, as they were saved last."""
    return [_saved(row) for row in await session.execute(_ALL, {"board": board})]


async def named(session: AsyncSession, board: UUID, name: str) -> Saved | None:
    """A mapping as it was saved last."""
    row = (await session.execute(_NAMED, {"board": board, "name": name})).first()
    return None if row is None else _saved(row)


async def mapping_of(session: AsyncSession, board: UUID, id_: UUID) -> Saved | None:
    """A mapping as it was saved once: what was looked at with it is applied with it."""
    row = (await session.execute(_ONE, {"board": board, "id": id_})).first()
    return None if row is None else _saved(row)


async def save(work: Work, name: str, seen: int, content: mapping.Mapping, by: str) -> UUID | None:
    """Save a mapping over revision ``seen`` (0: a new one); its id. None: another came first."""
    values = {"board": work.scope.board, "name": name}
    if int(await work.session.scalar(_LAST, values) or 0) != seen:
        return None
    told = content.model_dump_json()
    more = {"id": new_id(), "revision": seen + 1, "content": told, "at": work.at, "by": by}
    found: UUID | None = await work.session.scalar(_SAVE, {**values, **more})
    return found


async def last_revision(session: AsyncSession, board: UUID, name: str) -> int:
    """The revision that a name was saved as last; 0: never."""
    return int(await session.scalar(_LAST, {"board": board, "name": name}) or 0)


async def places(
    session: AsyncSession, board: UUID, on: date
) -> tuple[OrganisationRow, dict[UUID, OrganisationRow]]:
    """The board, and the schools that exist on a day, by kind and code."""
    rows = (await roster.organisations(session, board)).values()
    here = [each for each in rows if each.kind in SCHOOL_KINDS and (each.until is None or each.until > on)]
    here.sort(key=lambda each: (SCHOOL_KINDS.index(each.kind), each.code or "", each.name))
    return next(each for each in rows if each.kind == "board"), {each.id: each for each in here}


# What stands of a child: stays that are not over, and whether only a 学齢簿 has said so and nobody has gone on from it.
_PLANNED = text(
    """
select c.id, not exists (
    select from enrolment_period e left join import_run r on r.id = e.run_id
    where e.board_id = :board and e.subject_id = c.id and e.voided_at is null
    and coalesce(upper(e.valid), 'infinity') > cast(:today as date)
    and (r.source is distinct from :source or lower(e.valid) <= cast(:today as date))
) and not exists (
    select from membership_period m where m.board_id = :board and m.subject_id = c.id and m.voided_at is null
    and coalesce(upper(m.valid), 'infinity') > cast(:today as date)
) as planned, exists (
    select from guardianship_period g where g.board_id = :board and g.subject_id = c.id and g.voided_at is null
    and coalesce(upper(g.valid), 'infinity') > cast(:today as date)
) as guarded, exists (
    select from protection_period p where p.board_id = :board and p.subject_id = c.id and p.voided_at is null
    and coalesce(upper(p.valid), 'infinity') > cast(:today as date)
) as protected
from unnest(cast(:ids as uuid[])) as c(id)
"""
)


async def numbers(session: AsyncSession, board: UUID) -> dict[str, UUID]:
    """Everybody whom the board's 学齢簿 has named: number → person, merged cards resolved."""
    aliases = await roster.aliases(session, board)
    found = await external_ids.known_ids(session, board, SOURCE)
    return {key.sourced_id: aliases.get(own, own) for key, own in found.items() if key.kind == "person"}


async def known(
    session: AsyncSession, board: UUID, people: Mapping[str, UUID], wanted: Collection[str], today: date
) -> dict[str, Known]:
    """What stands of the children with these numbers who are known."""
    ids = {number: people[number] for number in wanted if child_key(number).sourced_id in people}
    stays: dict[UUID, list[Held[EnrolmentIs]]] = {}
    for each in await roster.standing(session, board, roster.ENROLMENT, list({*ids.values()})):
        stays.setdefault(each.held.subject, []).append(each.held)
    values = {"board": board, "ids": list({*ids.values()}), "today": today, "source": SOURCE}
    rows = {row.id: row for row in await session.execute(_PLANNED, values)} if ids else {}
    return {
        number: Known(tuple(stays.get(own, ())), rows[own].planned, rows[own].guarded, rows[own].protected)
        for number, own in ids.items()
    }


async def cards(
    session: AsyncSession, board: UUID, people: Mapping[str, UUID], wanted: Collection[str]
) -> dict[str, Stands]:
    """The cards of those with these numbers who are known, children and guardians."""
    ids = {number: people[number] for number in wanted if number in people}
    rows = await roster.people(session, board, {*ids.values()})
    said = await said_before(session, board, list(rows.values()), set())
    return {number: Stands(rows[own], said.get(own)) for number, own in ids.items() if own in rows}
