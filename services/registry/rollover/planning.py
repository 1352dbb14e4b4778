"""Plans for all schools of a board at once, and seats from a file: what the command line does and no page."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.registry.oneroster.importing import ACTOR
from services.registry.rollover import store
from services.registry.rollover.candidates import COMMAND_LINE, candidates
from services.registry.rollover.keeping import shown
from services.registry.rollover.plans import Plan, read_rows, wrong_with
from services.registry.rollover.proposing import Twins, proposed
from services.registry.rollover.rules import Year
from services.registry.rollover.store import School
from services.registry.roster import store as roster
from services.registry.roster.acting import log_act, once_more
from shared.access.log import Seen
from shared.database import Moved, Scope, Units


class Refused(Exception):
    """What was asked for cannot be done; the message says why, in Japanese."""


async def make_plans(
    units: Units, board: UUID, year: Year, name: str | None, seed: int, twins: Twins
) -> list[str]:
    """Plans proposed for one school, or for all that have none; returns their names."""
    async with units.read(Scope(board)) as session:
        city, schools = await store.city(session, board, year)
    if name is not None:
        schools = [school_named(schools, name)]
    else:
        schools = [each for each in schools if each.id not in city.plans]
    for school in schools:

        async def act(school: School = school) -> None:
            async with units.work(Scope(board), actor=ACTOR) as work:
                revision, plan = await store.plan(work.session, board, school.id, year.number)
                grades = await store.future(work.session, board, school.id, year, city)
                today = units.clock.today()
                found = await candidates(
                    work.session, board, grades, school.id, year, reader=COMMAND_LINE, today=today
                )
                known = found.known
                born = await store.twins(work.session, board, list(known), today)
                made = proposed(
                    plan,
                    known,
                    board=board,
                    school=school.id,
                    kind=school.kind,
                    year=year.number,
                    seed=seed,
                    twins=born,
                    twin_rule=twins,
                )
                if not await store.put_plan(work, school.id, year.number, revision + 1, made):
                    raise Moved
                await log_act(work, Seen("PlanClasses", "school", school.id, "II", list(known)))

        await once_more(act)
    return [each.name for each in schools]


async def take_seats(units: Units, board: UUID, year: Year, name: str, rows: list[list[str]]) -> int:
    """Seats of a school as rows tell them, all or none; returns how many."""
    async with units.read(Scope(board)) as session:
        city, schools = await store.city(session, board, year)
    school = school_named(schools, name)
    async with units.work(Scope(board), actor=ACTOR) as work:
        await roster.lock_roster(work)
        revision, plan = await store.plan(work.session, board, school.id, year.number)
        grades = await store.future(work.session, board, school.id, year, city)
        of = await candidates(
            work.session, board, grades, school.id, year, reader=COMMAND_LINE, today=units.clock.today()
        )
        found, wrong = read_rows(rows, plan, of.known.values())
        if wrong:
            raise Refused("\n".join(f"{each.cell}: {each.message}" for each in wrong))
        now = shown(plan, of.known, grades)
        changed: Plan = now.model_copy(update={"seats": {**now.seats, **found}})
        wrong = wrong_with(changed, of.known)
        if wrong:
            raise Refused("\n".join(f"{each.cell}: {each.message}" for each in wrong))
        if not await store.put_plan(work, school.id, year.number, revision + 1, changed):
            raise Moved
        await log_act(work, Seen("PlanClasses", "school", school.id, "II", list(found)))
    return len(found)


def school_named(schools: Sequence[School], name: str) -> School:
    """The school of this name. Raises :class:`Refused`, naming those there are."""
    for each in schools:
        if each.name == name:
            return each
    raise Refused(f"「{name}」という学校がありません。学校: {'・'.join(each.name for each in schools)}")
