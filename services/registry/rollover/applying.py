"""Rollover runs: by school, each part one transaction; resumable, and taken back until the day.

A run keeps the plans that were shown when it was confirmed, and makes those true, however late it goes on. What a part
needs is decided anew from who stands where when it is applied, so a run that was killed goes on, and a second run
writes only what has changed since the first: new plans, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.bulk import locks
from services.registry.bulk.locks import Of
from services.registry.rollover import looks, run_store, store
from services.registry.rollover.previewing import Preview
from services.registry.rollover.rules import City, Pupil, Rolled, roll
from services.registry.rollover.run_store import Run
from services.registry.roster import published
from services.registry.roster import store as roster
from services.registry.roster.acting import log_act, once_more
from services.registry.roster.rows import Added, DutyIs, Held, I, OrganisationRow, ProtectionIs
from services.registry.roster.rules import PeriodChanges, after
from services.registry.roster.store import PeriodTable
from services.registry.roster.taking_back import note_undone, take_back_periods
from shared.access.log import Seen
from shared.contracts.registry import OrganisationChanged
from shared.database import Scope, Units, Work
from shared.ids import new_id

AT_ONCE = 1_000
"""People taken back in one transaction."""

Pause = Callable[[int | None], Awaitable[None]]


class Busy(Exception):
    """Another process works on the run."""


class Unfinished(Exception):
    """Another run is not finished: it goes on, or goes back, before another begins."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"run {run.number}")
        self.run = run


class TooLate(Exception):
    """What is wanted is no longer possible; the message says why, in Japanese."""


class Progress(NamedTuple):
    """How far a run is."""

    done: int
    parts: int
    school: UUID | None
    events: int


async def begin(
    units: Units, planned: Preview, board: UUID, *, actor: str, by: str, look: UUID | None = None
) -> Run:
    """Give the rollover its number. Raises :class:`Unfinished` and :class:`TooLate`.

    ``look``: the dry run that somebody has confirmed in the web. The service then goes on with the run itself; without
    one the command does, which goes on with an open run of the year that its like began, of the same plans.
    """
    if units.clock.today() >= planned.year.begins:
        raise TooLate(
            f"{planned.year.number}年度はもう始まっています。学級の変更は、日付を決めて一人ずつしてください。"
        )
    counts = {
        str(school.id): {"pupils": each.pupils, "changed": each.changed, "without_class": each.without_class}
        for school, each in planned.schools
    }
    async with units.work(Scope(board), actor=actor) as work:
        await roster.lock_roster(work)
        open_run = await run_store.unfinished(work.session, board)
        if open_run is not None:
            shown = await run_store.as_shown(work.session, open_run.id, board, planned.city)
            now = planned.city.of(await run_store.schools_of(work.session, open_run.id, board))
            mine = open_run.state == "applying" and open_run.year == planned.year and look is None
            if mine and shown == now:
                return open_run
            raise Unfinished(open_run)
        run = new_id()
        schools = [school.id for school, _ in planned.schools]
        await run_store.begin(work, run, planned.year, by, counts, schools, city=planned.city, look=look)
        await log_act(work, Seen("RollOver", "board", board, "II"))
        return next(each for each in await run_store.runs(work.session, board) if each.id == run)


async def apply_run(
    units: Units,
    run: Run,
    *,
    actor: str,
    pause: Pause | None = None,
    tell: Callable[[Progress], None] | None = None,
) -> tuple[int, int | None]:
    """Apply what is not yet applied; returns how many events, and the last one's position.

    Raises :class:`Busy`, and :class:`TooLate` when it has been taken back, or is being so, by now.
    """
    events, position, done = 0, None, run.parts_done
    async with units.read(Scope(run.board)) as alone:
        if not await locks.alone(alone, Of.ROLLOVER, run.id):
            raise Busy
        if (await _as_it_is(units, run)).state not in ("applying", "done"):
            raise TooLate(f"年度更新 {run.number} は、取り消されています。")
        now, _ = await store.city(alone, run.board, run.year)
        city = await run_store.as_shown(alone, run.id, run.board, now)
        while True:
            if pause is not None:
                await pause(position)
            part = await once_more(partial(_apply_part, units, run, city, actor))
            if part is None:
                break
            school, more, at = part
            events, position, done = events + more, at or position, done + 1
            if tell is not None:
                tell(Progress(done, run.parts, school, events))
        async with units.work(Scope(run.board), actor=actor) as work:
            await run_store.run_is(work, run.id, "done")
            await looks.no_longer_so(work, run)
            if events:
                await work.session.execute(text("analyze enrolment_period, membership_period, organisation"))
    return events, position


async def _apply_part(units: Units, run: Run, city: City, actor: str) -> tuple[UUID, int, int | None] | None:
    async with units.work(Scope(run.board), actor=actor) as work:
        await roster.lock_roster(work)
        found = await run_store.next_part(work, run.id, "waiting")
        if found is None:
            return None
        ordinal, school = found
        events = await _classes(work, run, city, school)
        pupils = await store.pupils(work.session, run.board, school, run.year)
        rolled = [(each, roll(each, run.year, city)) for each in pupils]
        changing = [(pupil, each) for pupil, each in rolled if each]
        kept = [pupil.id for pupil, each in changing if each.guardianships]
        marks: dict[UUID, list[Held[ProtectionIs]]] = {}
        for mark in await roster.standing(work.session, run.board, roster.PROTECTION, kept):
            marks.setdefault(mark.held.subject, []).append(mark.held)
        await asyncio.gather(
            asyncio.to_thread(_announce, work, changing, marks),
            _write(work, run, [each for _, each in changing]),
        )
        events += sum(bool(e.enrolments or e.memberships) + bool(e.guardianships) for _, e in changing)
        await run_store.part_is(work, run.id, ordinal, "done", len(changing), events)
    return school, events, work.position if events else None


async def _write(work: Work, run: Run, rolled: Sequence[Rolled]) -> None:
    await _change(work, run, roster.ENROLMENT, [each.enrolments for each in rolled])
    await _change(work, run, roster.MEMBERSHIP, [each.memberships for each in rolled])
    await _change(work, run, roster.GUARDIANSHIP, [each.guardianships for each in rolled])


async def _change(work: Work, run: Run, table: PeriodTable[I], changes: Sequence[PeriodChanges[I]]) -> None:
    await roster.void(work, table, [voided for each in changes for voided in each.voided], run=run.id)
    await roster.add(work, table, [added for each in changes for added in each.added], run=run.id)


def _announce(
    work: Work,
    changing: Sequence[tuple[Pupil, Rolled]],
    marks: Mapping[UUID, Sequence[Held[ProtectionIs]]],
) -> None:
    """The whole sets as they will be."""
    for pupil, each in changing:
        if each.guardianships:
            guardians = after(pupil.guardianships, each.guardianships)[pupil.id]
            work.publish(
                published.guardianship_changed(pupil.id, guardians, marks.get(pupil.id, ())),
                key=pupil.id,
                subject=pupil.id,
            )
        if not (each.enrolments or each.memberships):
            continue
        enrolments = after(pupil.enrolments, each.enrolments).get(pupil.id)
        memberships = after(pupil.memberships, each.memberships).get(pupil.id)
        work.publish(
            published.enrolment_changed(
                pupil.id,
                enrolments if enrolments is not None else [e.held for e in pupil.enrolments],
                memberships if memberships is not None else [m.held for m in pupil.memberships],
            ),
            key=pupil.id,
            subject=pupil.id,
        )


async def _classes(work: Work, run: Run, city: City, school: UUID) -> int:
    """Next year's classes of a school, and who will have them."""
    plan = city.plans.get(school)
    if plan is None:
        return 0
    there = await roster.organisations(work.session, run.board, [each.id for each in plan.classes])
    rows = [
        OrganisationRow(
            each.id,
            "class",
            school,
            school,
            each.name,
            each.name,
            None,
            run.year.number,
            each.grade,
            each.special_needs,
        )
        for each in plan.classes
    ]
    changed = [row for row in rows if there.get(row.id) != row]
    await roster.put_organisations(work, changed, run=run.id)
    for row in changed:
        work.publish(published.organisation_changed(row), key=row.id)
    # Somebody may have two classes (特別支援学級): one announcement a person, of all that is held.
    homerooms: dict[UUID, list[Held[DutyIs]]] = {}
    for each in plan.classes:
        if each.homeroom is not None:
            duty = Held(each.homeroom, run.year.period, DutyIs("homeroom", school, each.id))
            homerooms.setdefault(each.homeroom, []).append(duty)
    standing = await roster.standing(work.session, run.board, roster.DUTY, list(homerooms))
    added = []
    for staff, duties in homerooms.items():
        mine = [each.held for each in standing if each.held.subject == staff]
        new = [
            duty
            for duty in duties
            if not any(held.what == duty.what and held.valid.overlaps(duty.valid) for held in mine)
        ]
        if new:
            added += [Added(duty, None) for duty in new]
            whole = sorted([*mine, *new], key=lambda held: (held.valid.since, held.what.slot))
            work.publish(published.duty_changed(staff, whole), key=staff, subject=staff)
    await roster.add(work, roster.DUTY, added, run=run.id)
    return len(changed) + len(added)


_LATER = {
    table.name: text(
        f"select count(*) from {table.name} t where t.board_id = :board and t.run_id = :run"  # noqa: S608
        " and t.voided_at is not null and t.voided_run_id is distinct from :run"
        " and t.void_reason is distinct from cast(:reason as text)"
        " and not exists (select from undone_act a where a.id = t.voided_run_id)"
    )
    for table in (roster.ENROLMENT, roster.MEMBERSHIP, roster.GUARDIANSHIP, roster.DUTY)
}
_IN_ITS_CLASSES = {
    table.name: text(
        f"select count(*) from {table.name} t join organisation o on o.id = t.class_id"  # noqa: S608
        " where t.board_id = :board and o.made_by_run = :run and t.voided_at is null and t.run_id is distinct from :run"
    )
    for table in (roster.MEMBERSHIP, roster.DUTY)
}
_DROP_CLASSES = text(
    "delete from organisation where board_id = :board and made_by_run = :run and kind = 'class' returning id"
)
_STAFF = text("select distinct subject_id from duty_period where board_id = :board and run_id = :run")


async def _as_it_is(units: Units, run: Run) -> Run:
    """The run as it is once nobody else works on it."""
    async with units.read(Scope(run.board)) as session:
        found = await run_store.run(session, run.board, run.number)
    assert found is not None  # runs stay
    return found


async def check_revert(session: AsyncSession, run: Run, today: date) -> None:
    """Raises :class:`TooLate` when the run stays: the year has begun, or something depends on it."""
    if run.state == "reverted":
        raise TooLate(f"年度更新 {run.number} は、すでに取り消されています。")
    if today >= run.year.begins:
        raise TooLate(f"{run.year.number}年度が始まりました。年度更新は取り消せません。")
    later = [e.number for e in await run_store.runs(session, run.board) if _stands_after(e, run)]
    if later:
        raise TooLate(f"あとの年度更新 {later[-1]} を、先に取り消してください。")
    await _check_nothing_depends(session, run)


async def _check_nothing_depends(session: AsyncSession, run: Run) -> None:
    """Raises :class:`TooLate`. Asked again in each transaction: between two of them hands go on."""
    values = {"board": run.board, "run": run.id}
    found = [
        int(await session.scalar(each, {**values, "reason": _reason(run)}) or 0) for each in _LATER.values()
    ]
    found += [int(await session.scalar(each, values) or 0) for each in _IN_ITS_CLASSES.values()]
    if sum(found):
        words = "取り消しの途中です。" if run.state == "reverting" else ""
        after_that = "戻して、続けてください。" if words else "戻してください。"
        raise TooLate(
            f"{words}あとで変えられた在籍・学級・職務が{sum(found)}件あります。新しいほうを先に{after_that}"
        )


def _reason(run: Run) -> str:
    return f"rollover run {run.number} was reverted"


def _stands_after(other: Run, run: Run) -> bool:
    return other.number > run.number and other.state != "reverted" and bool(other.events)


async def revert_run(
    units: Units, run: Run, *, actor: str, by: str, tell: Callable[[Progress], None] | None = None
) -> int:
    """Take a run back, or go on taking it back; returns how many events. Raises :class:`TooLate` and :class:`Busy`."""
    events, done = 0, 0
    async with units.read(Scope(run.board)) as alone:
        if not await locks.alone(alone, Of.ROLLOVER, run.id):
            raise Busy
        run = await _as_it_is(units, run)
        async with units.work(Scope(run.board), actor=actor) as work:
            await roster.lock_roster(
                work
            )  # whatever could depend on the run stands in line: what is found holds
            if run.state != "reverting":
                await check_revert(work.session, run, units.clock.today())
            await run_store.run_is(work, run.id, "reverting", by)
            await run_store.cancel_waiting(work, run.id)
            await log_act(work, Seen("RevertRollOver", "board", run.board, "II"))
        run = await _as_it_is(units, run)
        while (more := await once_more(partial(_take_back_part, units, run, actor))) is not None:
            events, done = events + more[1], done + 1
            if tell is not None:
                tell(Progress(done, run.parts_done, more[0], events))
        events += await once_more(partial(_take_back_rest, units, run, actor))
    return events


async def _take_back_part(units: Units, run: Run, actor: str) -> tuple[UUID, int] | None:
    async with units.work(Scope(run.board), actor=actor) as work:
        await roster.lock_roster(work)
        found = await run_store.next_part(work, run.id, "done")
        if found is None:
            return None
        await _check_nothing_depends(work.session, run)
        ordinal, school = found
        # A part that is larger than a transaction should be stays 'done' until nobody of it is left.
        people = (await run_store.touched(work.session, run, school))[:AT_ONCE]
        for table in (roster.ENROLMENT, roster.MEMBERSHIP):
            await take_back_periods(work, table, run.id, people, _reason(run))
        touched = await take_back_periods(work, roster.GUARDIANSHIP, run.id, people, _reason(run))
        marks: dict[UUID, list[Held[ProtectionIs]]] = {}
        for mark in await roster.standing(work.session, run.board, roster.PROTECTION, sorted(touched)):
            marks.setdefault(mark.held.subject, []).append(mark.held)
        for pupil in await store.with_periods(work.session, run.board, people):
            if pupil.id in touched:
                guardians = sorted(
                    (g.held for g in pupil.guardianships), key=lambda one: (one.valid.since, one.what.slot)
                )
                whole = published.guardianship_changed(pupil.id, guardians, marks.get(pupil.id, ()))
                work.publish(whole, key=pupil.id, subject=pupil.id)
            held = published.enrolment_changed(
                pupil.id,
                sorted((e.held for e in pupil.enrolments), key=lambda one: one.valid.since),
                sorted((m.held for m in pupil.memberships), key=lambda one: (one.valid.since, one.what.slot)),
            )
            work.publish(held, key=pupil.id, subject=pupil.id)
        if len(people) < AT_ONCE:
            await run_store.part_is(work, run.id, ordinal, "reverted")
    return school, len(people)


async def _take_back_rest(units: Units, run: Run, actor: str) -> int:
    async with units.work(Scope(run.board), actor=actor) as work:
        await roster.lock_roster(work)
        await _check_nothing_depends(work.session, run)
        values = {"board": run.board, "run": run.id}
        staff = list(await work.session.scalars(_STAFF, values))
        await take_back_periods(work, roster.DUTY, run.id, staff, _reason(run))
        standing = await roster.standing(work.session, run.board, roster.DUTY, staff)
        for each in staff:
            whole = sorted(
                (duty.held for duty in standing if duty.held.subject == each),
                key=lambda held: (held.valid.since, held.what.slot),
            )
            work.publish(published.duty_changed(each, whole), key=each, subject=each)
        gone = list((await work.session.execute(_DROP_CLASSES, values)).scalars())
        for unit in gone:
            work.tombstone(OrganisationChanged, key=unit)
        await run_store.run_is(work, run.id, "reverted")
        await looks.no_longer_so(work, run)
        await note_undone(work, run.id)
    return len(staff) + len(gone)
