"""Runs: an import that was planned becomes true part by part, each part in one transaction.

A run that was interrupted goes on with the first part that is not done, whoever started it and whenever: each part
carries what it asks for, and what must change for it is decided anew, in its transaction, from what stands then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.symbols import DEFAULT_SYMBOLS
from services.registry.attendance.symbols import SETTING as SYMBOLS
from services.registry.bulk import locks
from services.registry.bulk.locks import Of
from services.registry.gakureibo import arrivals
from services.registry.gakureibo import planning as gakureibo
from services.registry.gakureibo.store import lay_afresh
from services.registry.imports import marks, store, wire
from services.registry.imports.planning import TABLES, plan_part
from services.registry.imports.rules import SIDES, PartPlan, Side
from services.registry.imports.store import Run
from services.registry.matching.acting import ask_about, askable
from services.registry.roster import published
from services.registry.roster import store as roster
from services.registry.roster.acting import once_more
from services.registry.roster.settings import Dated
from shared.database import Scope, Units, Work

SYMBOLS_SINCE = date(2000, 4, 1)
"""Before any record the product holds: a new board's default list has no gap."""

_OF_GUARDIANS: tuple[Side, Side] = ("guardianship", "protection")


class Busy(Exception):
    """Another process works on the run."""

    def __init__(self, number: int) -> None:
        super().__init__(f"run {number}")
        self.number = number


class Progress(NamedTuple):
    """How far a run is."""

    done: int
    parts: int
    school: UUID | None
    """The school whose part was just applied; None: what is above schools."""
    events: int
    """Published by this process so far."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What one process has applied of a run."""

    events: int
    position: int | None
    """Of the last event in registry's log; None when there was none."""


Pause = Callable[[int | None], Awaitable[None]]
"""Awaited before each part, with the position of the last event: returns when the log's readers have caught up."""


async def apply_run(
    units: Units,
    run: Run,
    *,
    actor: str,
    pause: Pause | None = None,
    tell: Callable[[Progress], None] | None = None,
) -> Applied:
    """Apply what is not yet applied. Raises :class:`Busy`, or :class:`Moved` when others came first twice."""
    events, position, done = 0, None, run.parts_done
    async with alone(units, run):
        while True:
            if pause is not None:
                await pause(position)
            part = await once_more(lambda: _apply_part(units, run, actor))
            if part is None:
                break
            school, published_, at = part
            events, position, done = events + published_, at or position, done + 1
            if tell is not None:
                tell(Progress(done, run.parts, school, events))
        async with units.work(Scope(run.board), actor=actor) as work:
            await store.finish(work, run.id, changed=events > 0)
    return Applied(events, position)


@asynccontextmanager
async def alone(units: Units, run: Run) -> AsyncIterator[None]:
    """One process at a time works on a run; one that is killed leaves no lock. Raises :class:`Busy`."""
    async with units.read(Scope(run.board)) as session:
        if not await locks.alone(session, Of.IMPORT, run.id):
            raise Busy(run.number)
        yield


async def at_work(session: AsyncSession, run: Run) -> bool:
    """Whether a process works on the run."""
    return await locks.at_work(session, Of.IMPORT, run.id)


async def _apply_part(units: Units, run: Run, actor: str) -> tuple[UUID | None, int, int | None] | None:
    async with units.work(Scope(run.board), actor=actor) as work:
        await roster.lock_roster(work)
        found = await store.next_part(work, run.id)
        if found is None:
            return None
        ordinal, school, content = found
        asked = wire.unpacked(content)
        if run.source == gakureibo.SOURCE:
            await lay_afresh(work.session, run, asked)
        plan = await plan_part(work.session, run.frame, asked)
        # What tells of it is made by another thread while the database is busy with the rows.
        await asyncio.gather(asyncio.to_thread(_announce, work, plan), _write(work, plan, run.id))
        alike = await marks.alike(work, plan, run.id)
        inherited = await marks.inherit(work, plan, run.id, alike)
        written = _write_guardians(work, plan, run.id, inherited)
        await asyncio.gather(asyncio.to_thread(_announce_guardians, work, plan), written)
        events = plan.events() + await ask_about(work, await askable(work, alike))
        if run.source == gakureibo.SOURCE:
            events += await arrivals.begin(work, run.id, run.by_person, plan.sides["enrolment"].changes.added)
        if school is None:
            events += await _first_settings(work, run.id)
        await store.part_done(work, run.id, ordinal, events)
    return school, events, work.position


async def _write(work: Work, plan: PartPlan, run: UUID) -> None:
    """Write what is planned, but guardians and marks of protection, which depend on whom a new card may be."""
    await store.remember_before(
        work, run, "organisation", plan.organisations_before.keys() & _ids(plan.organisations)
    )
    await store.remember_before(work, run, "person", plan.cards_before.keys() & _ids(plan.people))
    await store.remember_before(work, run, "calendar", plan.calendars_before.keys() & _ids(plan.calendars))
    await roster.put_organisations(work, plan.organisations, run=run)
    await roster.put_people(work, plan.people, run=run)
    await roster.put_calendars(work, plan.calendars, run=run)
    for side in SIDES:
        await roster.void(work, TABLES[side], plan.sides[side].changes.voided, run=run)
    for side in SIDES:
        if side not in _OF_GUARDIANS:
            await roster.add(work, TABLES[side], plan.sides[side].changes.added, run=run)


async def _write_guardians(work: Work, plan: PartPlan, run: UUID, inherited: Collection[UUID]) -> None:
    for side in _OF_GUARDIANS:
        await roster.add(work, TABLES[side], plan.sides[side].changes.added, run=run)
    await marks.say(work, run, inherited)


def _ids(rows: list[Any]) -> set[UUID]:
    return {row.id for row in rows}


def _announce(work: Work, plan: PartPlan) -> None:
    """Publish whole sets of those who change, and changed cards; guardians come after."""
    for unit in plan.organisations:
        work.publish(published.organisation_changed(unit), key=unit.id)
    for card in plan.people:
        work.publish(published.person_changed(card), key=card.id, subject=card.id)
    for calendar in plan.calendars:
        work.publish(published.calendar_changed(calendar), key=calendar.id)
    for pupil, schools, classes in plan.together("enrolment", "membership"):
        work.publish(published.enrolment_changed(pupil, schools, classes), key=pupil, subject=pupil)
    for staff, duties in sorted(plan.sides["duty"].sets().items()):
        work.publish(published.duty_changed(staff, duties), key=staff, subject=staff)
    for person, contacts in sorted(plan.sides["contact"].sets().items()):
        work.publish(published.contact_changed(person, contacts), key=person, subject=person)


def _announce_guardians(work: Work, plan: PartPlan) -> None:
    for pupil, guardians, protections in plan.together(*_OF_GUARDIANS):
        work.publish(published.guardianship_changed(pupil, guardians, protections), key=pupil, subject=pupil)


async def _first_settings(work: Work, run: UUID) -> int:
    """A new board begins with the product's list of symbols."""
    board = work.scope.board
    settings = await roster.settings(work.session, board)
    if has_symbols(settings):
        return 0
    first = first_symbols()
    await roster.put_setting(work, *first, run=run)
    work.publish(published.setting_changed(board, [*settings, first]), key=board)
    return 1


def first_symbols() -> Dated:
    """What a board has that has said nothing of its symbols."""
    return SYMBOLS, SYMBOLS_SINCE, [symbol.model_dump() for symbol in DEFAULT_SYMBOLS]


def has_symbols(settings: list[tuple[str, date, Any]]) -> bool:
    """Whether a board has a list of symbols."""
    return any(name == SYMBOLS for name, _, _ in settings)
