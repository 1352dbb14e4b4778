"""A run goes backwards: what it added is voided, what it ended stands again, cards and organisations are as they were.

Only while nothing depends on it. What does is named, and then nothing is changed. A run is taken back by groups of
people, each in one transaction, and what is above people last; interrupted, it goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from services.registry.gakureibo import arrivals
from services.registry.gakureibo import planning as gakureibo
from services.registry.imports import store
from services.registry.imports import taking_back as tables
from services.registry.imports.applying import Pause, Progress, alone
from services.registry.imports.planning import TABLES
from services.registry.imports.rules import TOGETHER, Side
from services.registry.imports.store import Run
from services.registry.imports.taking_back import Dependent
from services.registry.roster import published
from services.registry.roster import store as roster
from services.registry.roster.acting import log_act, once_more
from services.registry.roster.rows import Held
from services.registry.roster.taking_back import take_back_periods
from shared.access.log import Seen
from shared.contracts import Contract
from shared.contracts.registry import (
    CalendarChanged,
    ContactChanged,
    DutyChanged,
    EnrolmentChanged,
    GuardianshipChanged,
    OrganisationChanged,
    PersonChanged,
    SettingChanged,
)
from shared.database import Scope, Units, Work

AT_ONCE = 1_000
"""People in one transaction: about as many as an import writes for a school."""


class Depended(Exception):
    """Something depends on the run; it stays."""

    def __init__(self, dependents: Sequence[Dependent]) -> None:
        super().__init__(f"{len(dependents)} kinds")
        self.dependents = tuple(dependents)


class NotToRevert(Exception):
    """The run was reverted before, or another one is under way; the message says which, in Japanese."""


@dataclass(frozen=True, slots=True)
class Reverted:
    """What taking back did, or would do."""

    people: int
    organisations: int
    events: int
    position: int | None


async def check_revert(units: Units, run: Run) -> Reverted:
    """What taking the run back would do. Raises :class:`Depended` or :class:`NotToRevert`; changes nothing."""
    async with units.read(Scope(run.board)) as session:
        if run.state == "reverted":
            raise NotToRevert(f"取り込み {run.number} は、すでに取り消されています。")
        other = await store.unfinished(session, run.board)
        if other is not None and other.id != run.id:
            raise NotToRevert(
                f"取り込み {other.number} が途中です。`tsumugi import resume {other.number}` で終わらせてください。"
            )
        later = [
            each
            for each in await store.runs(session, run.board)
            if each.number > run.number
            and each.state != "reverted"
            and each.events
            and (each.source, each.school_year) == (run.source, run.school_year)
        ]
        found = [Dependent(f"あとの取り込み {each.number}", each.events) for each in later]
        found += await tables.dependents(session, run, None)
        people = await tables.people_of(session, run)
        organisations = await tables.organisations_of(session, run)
    if found:
        raise Depended(found)
    return Reverted(len(people), len(organisations), 0, None)


async def revert_run(
    units: Units,
    run: Run,
    *,
    actor: str,
    by: str,
    pause: Pause | None = None,
    tell: Callable[[Progress], None] | None = None,
) -> Reverted:
    """Take a run back, or go on taking it back. Raises as :func:`check_revert` does, and ``Busy``."""
    if run.state != "reverting":
        await check_revert(units, run)
    scope = Scope(run.board)
    async with alone(units, run):
        if run.state != "reverting":
            async with units.work(scope, actor=actor) as work:
                await store.begin_revert(work, run.id, by)
                await log_act(work, Seen("RevertImport", "board", run.board, "II"))
        async with units.read(scope) as session:
            people = await tables.people_of(session, run)
        left = sorted(each for each in people if run.revert_reached is None or each > run.revert_reached)
        groups = [left[start : start + AT_ONCE] for start in range(0, len(left), AT_ONCE)]
        events, position = 0, None
        for done, group in enumerate(groups, 1):
            if pause is not None:
                await pause(position)
            more, at = await once_more(partial(_take_back, units, run, group, actor))
            events, position = events + more, at or position
            if tell is not None:
                tell(Progress(done, len(groups) + 1, None, events))
        more, organisations, at = await once_more(partial(_take_back_rest, units, run, actor))
    return Reverted(len(people), organisations, events + more, at or position)


async def _take_back(units: Units, run: Run, people: list[UUID], actor: str) -> tuple[int, int | None]:
    async with units.work(Scope(run.board), actor=actor) as work:
        await roster.lock_roster(work)
        if found := await tables.dependents(work.session, run, people):
            raise Depended(found)
        touched: dict[Side, set[UUID]] = {}
        reason = f"import run {run.number} was reverted"
        for side, table in TABLES.items():
            touched[side] = await take_back_periods(work, table, run.id, people, reason)
        events = 0
        for card in await tables.restore_people(work, run, people):
            work.publish(published.person_changed(card), key=card.id, subject=card.id)
            events += 1
        for person in await tables.withdraw_people(work, run, people):
            work.tombstone(PersonChanged, key=person, subject=person)
            events += 1
        if run.source == gakureibo.SOURCE:
            events += await arrivals.take_back(work, run.id, people)
        events += await _publish(work, run, "enrolment", touched)
        events += await _publish(work, run, "guardianship", touched)
        events += await _publish(work, run, "duty", touched)
        events += await _publish(work, run, "contact", touched)
        await store.revert_reached(work, run.id, people[-1])
    return events, work.position


_KINDS: dict[Side, type[Contract]] = {
    "enrolment": EnrolmentChanged,
    "guardianship": GuardianshipChanged,
    "duty": DutyChanged,
    "contact": ContactChanged,
}


async def _publish(work: Work, run: Run, first: Side, touched: dict[Side, set[UUID]]) -> int:
    """Whole sets as they are again; of whom nothing was ever told but by the run, nothing is told any more."""
    sides = TOGETHER[first]
    subjects = sorted(set[UUID]().union(*(touched[side] for side in sides)))
    if not subjects:
        return 0
    sets = []
    others: set[UUID] = set()
    for side in sides:
        standing = await roster.standing(work.session, run.board, TABLES[side], subjects)
        sets.append(_by_subject([each.held for each in standing]))
        others |= await tables.known_otherwise(work, TABLES[side], run, subjects)
    for subject in subjects:
        if subject not in others:
            work.tombstone(_KINDS[first], key=subject, subject=subject)
            continue
        mine = [found.get(subject, []) for found in sets]
        payload: Contract
        if first == "enrolment":
            payload = published.enrolment_changed(subject, mine[0], mine[1])
        elif first == "guardianship":
            payload = published.guardianship_changed(subject, mine[0], mine[1])
        elif first == "duty":
            payload = published.duty_changed(subject, mine[0])
        else:
            payload = published.contact_changed(subject, mine[0])
        work.publish(payload, key=subject, subject=subject)
    return len(subjects)


def _by_subject(held: Sequence[Held[Any]]) -> dict[UUID, list[Held[Any]]]:
    found: dict[UUID, list[Held[Any]]] = {}
    for each in sorted(held, key=lambda one: (one.valid.since, one.what.slot)):
        found.setdefault(each.subject, []).append(each)
    return found


async def _take_back_rest(units: Units, run: Run, actor: str) -> tuple[int, int, int | None]:
    async with units.work(Scope(run.board), actor=actor) as work:
        await roster.lock_roster(work)
        if found := await tables.dependents(work.session, run, []):
            raise Depended(found)
        events = 0
        calendars, dropped = await tables.take_back_calendars(work, run)
        for calendar in calendars:
            work.publish(published.calendar_changed(calendar), key=calendar.id)
        for each in dropped:
            work.tombstone(CalendarChanged, key=each)
        organisations, gone = await tables.take_back_organisations(work, run)
        for row in organisations:
            work.publish(published.organisation_changed(row), key=row.id)
        for each in gone:
            work.tombstone(OrganisationChanged, key=each)
        events += len(calendars) + len(dropped) + len(organisations) + len(gone)
        if await tables.take_back_settings(work, run):
            settings = await roster.settings(work.session, run.board)
            if settings:
                work.publish(published.setting_changed(run.board, settings), key=run.board)
            else:
                work.tombstone(SettingChanged, key=run.board)
            events += 1
        await store.finish_revert(work, run)
    return events, len(organisations) + len(gone), work.position
