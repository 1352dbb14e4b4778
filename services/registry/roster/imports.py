"""Makes a snapshot true: one transaction, all or nothing, published as whole sets of those who change.

The same snapshot again changes and publishes nothing. A dry run decides the same and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.rules import DEFAULT_SYMBOLS
from services.registry.attendance.rules import SETTING as SYMBOLS
from services.registry.roster import published, rules, store
from services.registry.roster.acting import log_act, once_more
from services.registry.roster.rows import (
    CalendarRow,
    DutyIs,
    Held,
    I,
    Is,
    OrganisationRow,
    PersonRow,
    Standing,
)
from services.registry.roster.rules import PeriodChanges, Wanted, after, diff_periods
from services.registry.roster.snapshot import ExternalKey, Period, RosterSnapshot
from services.registry.roster.store import PeriodTable
from shared.access.log import Seen
from shared.database import Scope, Units, Work
from shared.dates import school_year_bounds
from shared.ids import new_id

_SYMBOLS_SINCE = date(2000, 4, 1)
"""Before any record the product holds: a new board's default list has no gap."""


class StillProtected(Exception):
    """The snapshot has a protected child without its mark; ``pupils`` are the source's ids."""

    def __init__(self, pupils: list[str]) -> None:
        super().__init__(f"{len(pupils)} protected")
        self.pupils = pupils


@dataclass(frozen=True, slots=True)
class Counts:
    """Things of one kind that become new, other or end."""

    new: int = 0
    changed: int = 0
    ended: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed, or would change."""

    board: UUID
    counts: Mapping[str, Counts]
    classes: tuple[str, ...]
    """Classes whose members change, ``school class``."""
    events: int
    position: int | None
    """Position of the last event in registry's log; None when nothing changed or in a dry run."""

    @property
    def nothing(self) -> bool:
        """Whether everything was so already."""
        return self.events == 0


@dataclass(slots=True)
class _Side:
    """One kind of dated relation: what stands, what must change."""

    table: PeriodTable[Any]
    standing: list[Standing[Any]]
    changes: PeriodChanges[Any]

    def sets(self) -> dict[UUID, list[Held[Any]]]:
        return after(self.standing, self.changes)


@dataclass(slots=True)
class _Plan:
    board: UUID
    minted: dict[ExternalKey, UUID]
    organisations: dict[UUID, OrganisationRow]
    """All of them, as they will be."""
    new_organisations: list[OrganisationRow] = field(default_factory=list)
    new_people: list[PersonRow] = field(default_factory=list)
    new_calendars: list[CalendarRow] = field(default_factory=list)
    sides: dict[str, _Side] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)
    settings: list[tuple[str, date, Any]] = field(default_factory=list)
    symbols_missing: bool = False


async def import_snapshot(
    units: Units, snapshot: RosterSnapshot, *, source: str, actor: str, dry_run: bool = False
) -> Imported:
    """Make the snapshot true. Raises :class:`StillProtected`, or :class:`Moved` when others came first twice."""
    if dry_run:
        board = await _board_of(units, snapshot, source)
        scope = Scope(board or new_id())
        async with units.read(scope) as session:
            plan = await _plan(session, scope.board, snapshot, source, units.clock.today())
        return _imported(plan, _events(plan), None)
    while True:
        done = await once_more(lambda: _import(units, snapshot, source, actor))
        if done is not None:
            return done


async def _board_of(units: Units, snapshot: RosterSnapshot, source: str) -> UUID | None:
    async with units.read(Scope(UUID(int=0))) as session:
        return await store.board_of(session, source, snapshot.board.sourced_id)


async def _import(units: Units, snapshot: RosterSnapshot, source: str, actor: str) -> Imported | None:
    """One try; None when another import has made this board meanwhile."""
    board = await _board_of(units, snapshot, source)
    async with units.work(Scope(board or new_id()), actor=actor) as work:
        await store.lock_import(work.session, source)
        await store.lock_roster(work)
        if (
            board is None
            and await store.board_of(work.session, source, snapshot.board.sourced_id) is not None
        ):
            return None
        plan = await _plan(work.session, work.scope.board, snapshot, source, units.clock.today())
        await _write(work, plan, source)
        events = _events(plan)
        for event in events:
            work.publish(event.payload, key=event.key, subject=event.subject)
        if events:
            # Whom it was about stands in the events, which name their actor.
            await log_act(work, Seen("ImportRoster", "board", work.scope.board, "II"))
    return _imported(plan, events, work.position)


async def _plan(
    session: AsyncSession, board: UUID, snapshot: RosterSnapshot, source: str, today: date
) -> _Plan:
    known = await store.known_ids(session, board, source)
    keys = [*(each.key for each in snapshot.organisations), *(each.key for each in snapshot.people)]
    minted = {key: new_id() for key in keys if key not in known}
    if snapshot.board in minted:
        minted[snapshot.board] = board
    ids = {**known, **minted}
    wanted = rules.wanted_of(snapshot, ids)
    plan = _Plan(board, minted, await store.organisations(session, board))
    await _plan_rows(session, plan, wanted)
    await _plan_periods(session, plan, wanted, set(ids.values()), snapshot.school_year, today)
    _refuse_lifted(plan, wanted, ids, today)
    plan.settings = await store.settings(session, board)
    plan.symbols_missing = not any(name == SYMBOLS for name, _, _ in plan.settings)
    return plan


async def _plan_rows(session: AsyncSession, plan: _Plan, wanted: Wanted) -> None:
    units, cards = plan.organisations, await store.people(session, plan.board)
    calendars = await store.calendars(session, plan.board)
    plan.new_organisations = [row for row in wanted.organisations if units.get(row.id) != row]
    for row in wanted.people:
        card = cards.get(row.id)
        # Whom a card was merged into is decided here, not by a source.
        row = row._replace(merged_into=card.merged_into if card else None)
        if card != row:
            plan.new_people.append(row)
    plan.new_calendars = [row for row in wanted.calendars if calendars.get(row.id) != row]
    plan.counts["学校・学級・部署"] = _row_counts(plan.new_organisations, units)
    plan.counts["人"] = _row_counts(plan.new_people, cards)
    plan.counts["学校暦"] = _row_counts(plan.new_calendars, calendars)
    plan.organisations = units | {row.id: row for row in plan.new_organisations}


def _row_counts(rows: Iterable[Any], before: Mapping[UUID, Any]) -> Counts:
    changed = sum(row.id in before for row in rows)
    return Counts(new=len(list(rows)) - changed, changed=changed)


async def _plan_periods(
    session: AsyncSession, plan: _Plan, wanted: Wanted, known: set[UUID], year: int, today: date
) -> None:
    coverage = Period(*school_year_bounds(year))

    async def side(word: str, table: PeriodTable[I], asked: list[Held[I]]) -> None:
        standing = await store.standing(session, plan.board, table)
        # A source speaks of its own people only, and nobody's roster knows who stood in for a day.
        theirs = [each for each in standing if each.held.subject in known and not _stands_in(each.held.what)]
        changes = diff_periods(theirs, asked, coverage, today)
        plan.sides[word] = _Side(table, list(standing), changes)
        plan.counts[word] = Counts(changes.new, changes.changed, changes.ended)

    await side("在籍", store.ENROLMENT, wanted.enrolments)
    await side("学級の所属", store.MEMBERSHIP, wanted.memberships)
    await side("職務", store.DUTY, wanted.duties)
    await side("保護者", store.GUARDIANSHIP, wanted.guardianships)
    await side("保護の印", store.PROTECTION, wanted.protections)


def _stands_in(what: Is) -> bool:
    return isinstance(what, DutyIs) and what.kind == "substitute"


def _refuse_lifted(plan: _Plan, wanted: Wanted, ids: rules.Ids, today: date) -> None:
    """A protection ends by being ended, never by being forgotten. Children the source no longer has keep theirs."""
    side = plan.sides["保護の印"]
    here = {row.id for row in wanted.people}
    ended = {held.subject for held in wanted.protections if held.valid.until is not None}
    now = {each.held.subject for each in side.standing if each.held.valid.holds(today)}
    lifted = {
        subject
        for subject, marks in side.sets().items()
        if subject in now and subject not in ended and not any(mark.valid.holds(today) for mark in marks)
    }
    if forgotten := lifted & here:
        raise StillProtected(sorted(key.sourced_id for key, id_ in ids.items() if id_ in forgotten))
    side.changes.voided = [each for each in side.changes.voided if each.subject not in lifted]
    side.changes.added = [each for each in side.changes.added if each.held.subject not in lifted]
    side.changes.ended -= len(lifted)
    plan.counts["保護の印"] = Counts(side.changes.new, side.changes.changed, side.changes.ended)


async def _write(work: Work, plan: _Plan, source: str) -> None:
    minted = dict(plan.minted)
    board_key = next((key for key, id_ in minted.items() if id_ == plan.board), None)
    await store.remember_ids(work, source, minted)
    if board_key is not None:
        await store.remember_board(work, source, board_key.sourced_id)
    await store.put_organisations(work, plan.new_organisations)
    await store.put_people(work, plan.new_people)
    await store.put_calendars(work, plan.new_calendars)
    for side in plan.sides.values():
        await store.void(work, side.table, side.changes.voided)
    for side in plan.sides.values():
        await store.add(work, side.table, side.changes.added)
    if plan.symbols_missing:
        symbols = [symbol.model_dump() for symbol in DEFAULT_SYMBOLS]
        await store.put_setting(work, SYMBOLS, _SYMBOLS_SINCE, symbols)


@dataclass(frozen=True, slots=True)
class _Event:
    payload: Any
    key: UUID
    subject: UUID | None


def _events(plan: _Plan) -> list[_Event]:
    """Whole sets of those who change, and changed cards."""
    events = [_Event(published.organisation_changed(row), row.id, None) for row in plan.new_organisations]
    events += [_Event(published.person_changed(row), row.id, row.id) for row in plan.new_people]
    events += [_Event(published.calendar_changed(row), row.id, None) for row in plan.new_calendars]
    enrolled, member = plan.sides["在籍"], plan.sides["学級の所属"]
    for pupil, schools, classes in _both(enrolled, member):
        events.append(_Event(published.enrolment_changed(pupil, schools, classes), pupil, pupil))
    guarded, protected = plan.sides["保護者"], plan.sides["保護の印"]
    for pupil, guardians, marks in _both(guarded, protected):
        events.append(_Event(published.guardianship_changed(pupil, guardians, marks), pupil, pupil))
    for staff, duties in sorted(plan.sides["職務"].sets().items()):
        events.append(_Event(published.duty_changed(staff, duties), staff, staff))
    if plan.symbols_missing:
        symbols = [symbol.model_dump() for symbol in DEFAULT_SYMBOLS]
        settings = [*plan.settings, (SYMBOLS, _SYMBOLS_SINCE, symbols)]
        events.append(_Event(published.setting_changed(plan.board, settings), plan.board, None))
    return events


def _both(one: _Side, other: _Side) -> Iterable[tuple[UUID, list[Held[Any]], list[Held[Any]]]]:
    """Subjects that change on either side, with their whole sets on both."""
    mine, theirs = one.sets(), other.sets()
    here, there = _by_subject(one), _by_subject(other)
    for subject in sorted(mine.keys() | theirs.keys()):
        yield (
            subject,
            mine[subject] if subject in mine else here.get(subject, []),
            theirs[subject] if subject in theirs else there.get(subject, []),
        )


def _by_subject(side: _Side) -> dict[UUID, list[Held[Any]]]:
    found: dict[UUID, list[Held[Any]]] = {}
    for each in side.standing:
        found.setdefault(each.held.subject, []).append(each.held)
    for held in found.values():
        held.sort(key=lambda each: (each.valid.since, each.what.slot))
    return found


def _imported(plan: _Plan, events: list[_Event], position: int | None) -> Imported:
    side = plan.sides["学級の所属"]
    voided = {each.id for each in side.changes.voided}
    touched = {each.held.what.class_id for each in side.changes.added}
    touched |= {each.held.what.class_id for each in side.standing if each.id in voided}
    names: list[str] = []
    for class_id in touched:
        row = plan.organisations[class_id]
        school = plan.organisations[row.school_id] if row.school_id else None
        names.append(f"{school.short_name if school else ''} {row.name}".strip())
    return Imported(plan.board, plan.counts, tuple(sorted(names)), len(events), position)
