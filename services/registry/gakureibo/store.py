"""Mappings of a board as they were saved, and what stands of the children whom its 学齢簿 has named before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.gakureibo import addresses, mapping
from services.registry.gakureibo.addresses import Reached
from services.registry.gakureibo.planning import SOURCE, Known, child_key
from services.registry.gakureibo.standing import Stands
from services.registry.imports.hands import said_before
from services.registry.imports.rules import Ask
from services.registry.imports.store import Run
from services.registry.roster import external_ids
from services.registry.roster import store as roster
from services.registry.roster.grades import SCHOOL_KINDS
from services.registry.roster.rows import (
    ContactIs,
    EnrolmentIs,
    Held,
    OrganisationRow,
    ProtectionIs,
    Standing,
)
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
    removed: bool = False
    """Nobody chooses it any more; what was looked at with it is still applied with it."""


_COLUMNS = (
    "select id, name, revision, content, saved_at, saved_by, removed_at is not null as removed"
    " from gakureibo_mapping m where board_id = :board"
)
_NEWEST = (
    f"{_COLUMNS} and removed_at is null and not exists (select from gakureibo_mapping n where n.board_id = :board"
    " and n.name = m.name and n.revision > m.revision)"
)
_ALL = text(f"{_NEWEST} order by name")
_NAMED = text(f"{_NEWEST} and name = :name")
_ONE = text(f"{_COLUMNS} and id = :id")
_LAST = text(
    "select coalesce(max(revision) filter (where removed_at is null), 0) as standing,"
    " coalesce(max(revision), 0) as ever from gakureibo_mapping where board_id = :board and name = :name"
)
_REMOVE = text(
    "update gakureibo_mapping set removed_at = :at, removed_by = :by"
    " where board_id = :board and name = :name and removed_at is null"
)
_SAVE = text(
    "insert into gakureibo_mapping (id, board_id, name, revision, content, saved_at, saved_by)"
    " values (:id, :board, :name, :revision, cast(:content as jsonb), :at, :by)"
    " on conflict (board_id, name, revision) do nothing returning id"
)


def _saved(row: Any) -> Saved:
    content = mapping.Mapping.model_validate(row.content)
    return Saved(row.id, row.name, row.revision, content, row.saved_at, row.saved_by, row.removed)


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


async def save(
    work: Work, name: str, seen: int, content: mapping.Mapping, by: str
) -> tuple[UUID, int] | None:
    """Save a mapping over revision ``seen`` (0: a new one); its id and revision. None: another came first.

    A name that was removed begins anew, and its revisions go on: a run remembers which it was read with.
    """
    values = {"board": work.scope.board, "name": name}
    last = (await work.session.execute(_LAST, values)).one()
    if last.standing != seen:
        return None
    id_, revision, told = new_id(), last.ever + 1, content.model_dump_json()
    more = {"id": id_, "revision": revision, "content": told, "at": work.at, "by": by}
    done = await work.session.scalar(_SAVE, {**values, **more})
    return None if done is None else (id_, revision)


async def remove(work: Work, name: str, by: str) -> None:
    """Nobody chooses the mapping of this name any more."""
    values = {"board": work.scope.board, "name": name, "at": work.at, "by": by}
    await work.session.execute(_REMOVE, values)


async def last_revision(session: AsyncSession, board: UUID, name: str) -> int:
    """The revision that a name stands at; 0: there is none."""
    return int((await session.execute(_LAST, {"board": board, "name": name})).one().standing)


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
) as planned, array(
    select g.guardian_id from guardianship_period g where g.board_id = :board and g.subject_id = c.id
    and g.voided_at is null and coalesce(upper(g.valid), 'infinity') > cast(:today as date)
) as guardians
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
    marks = await _marks(session, board, set(ids.values()), today)
    names: dict[UUID, set[str]] = {}
    for number, own in people.items():
        names.setdefault(own, set()).add(number)
    found: dict[str, Known] = {}
    for number, own in ids.items():
        row = rows[own]
        guardians = frozenset[str]().union(*(names.get(each, ()) for each in row.guardians))
        stayed = tuple(stays.get(own, ()))
        marked = tuple(marks.get(own, ()))
        found[number] = Known(stayed, row.planned, bool(row.guardians), guardians, marked)
    return found


async def _marks(
    session: AsyncSession, board: UUID, children: Collection[UUID], today: date
) -> dict[UUID, list[Held[ProtectionIs]]]:
    """Marks of today and later, with those of their people of whom there is a card."""
    held = [each.held for each in await roster.standing(session, board, roster.PROTECTION, list(children))]
    held = [each for each in held if each.valid.until is None or each.valid.until > today]
    there = await roster.people(session, board, {one for each in held for one in each.what.confidential_from})
    found: dict[UUID, list[Held[ProtectionIs]]] = {}
    for each in sorted(held, key=lambda each: each.valid.since):
        people = tuple(one for one in each.what.confidential_from if one in there)
        found.setdefault(each.subject, []).append(each._replace(what=ProtectionIs(people)))
    return found


async def cards(
    session: AsyncSession,
    board: UUID,
    people: Mapping[str, UUID],
    wanted: Collection[str],
    kept_from: Collection[UUID] = (),
) -> dict[str, Stands]:
    """The cards of those with these numbers who are known, children and guardians; by our id of whom marks name."""
    ids = {number: people[number] for number in wanted if number in people}
    ids |= {str(each): each for each in kept_from}
    rows = await roster.people(session, board, {*ids.values()})
    said = await said_before(session, board, list(rows.values()), set())
    return {number: Stands(rows[own], said.get(own)) for number, own in ids.items() if own in rows}


# What an import had said last of an address and a person has taken back; no source says what a reverted run brought.
_SAID = text(
    "select distinct on (c.subject_id) c.subject_id, c.address from contact_period c"
    " join import_run r on r.board_id = :board and r.id = c.run_id and r.state not in ('reverting', 'reverted')"
    " where c.board_id = :board and c.subject_id = any(cast(:ids as uuid[])) and c.voided_at is not null"
    " and c.voided_run_id is null order by c.subject_id, c.recorded_at desc, lower(c.valid) desc"
)


async def reached(
    session: AsyncSession, board: UUID, people: Mapping[str, UUID], wanted: Collection[str]
) -> dict[str, Reached]:
    """連絡先 of those with these numbers who are known, children and guardians."""
    ids = {number: people[number] for number in wanted if number in people}
    found = await _reached(session, board, list({*ids.values()}))
    return {number: found[id_] for number, id_ in ids.items()}


async def _reached(session: AsyncSession, board: UUID, people: list[UUID]) -> dict[UUID, Reached]:
    there: dict[UUID, list[Standing[ContactIs]]] = {}
    for each in await roster.standing(session, board, roster.CONTACT, people):
        there.setdefault(each.held.subject, []).append(each)
    rows = await session.execute(_SAID, {"board": board, "ids": people})
    said = {row.subject_id: row.address for row in rows}
    return {id_: Reached(tuple(there.get(id_, ())), said.get(id_)) for id_ in people}


# Who lives by people's word at an address that did not stand at a moment.
_NEWER = text(
    "select c.subject_id from contact_period c where c.board_id = :board and c.subject_id = any(cast(:ids as uuid[]))"
    " and c.voided_at is null and c.run_id is null and c.recorded_at >= :since and c.address <> '' and not exists ("
    "select from contact_period b where b.board_id = :board and b.subject_id = c.subject_id"
    " and b.address = c.address and b.recorded_at < :since and (b.voided_at is null or b.voided_at >= :since))"
)


async def lay_afresh(session: AsyncSession, run: Run, asked: Ask) -> None:
    """Ask of 連絡先 by what stands now, which people may have changed since the run began."""
    wants = asked.sides["contact"]
    people = list({each.subject for each in wants.held})
    if not people:
        return
    there = await _reached(session, run.board, people)
    values = {"board": run.board, "ids": people, "since": run.started_at}
    newer = frozenset(await session.scalars(_NEWER, values))
    asked.sides["contact"] = addresses.afresh(wants, there, newer, run.as_of)
