"""Class-making over HTTP: a school's plan of next year, proposals, pasted rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance import store as attendance
from services.registry.attendance.shapes import PersonOut
from services.registry.duties import store as duties
from services.registry.duties.asker import Asker, why_not
from services.registry.people import store as people
from services.registry.rollover import keeping, plans, store
from services.registry.rollover.candidates import Reader, candidates
from services.registry.rollover.placing import Wishes, broken
from services.registry.rollover.plans import Candidate, Plan, Wrong
from services.registry.rollover.proposing import proposed, wishes_of
from services.registry.rollover.rules import City, Year
from services.registry.rollover.shapes import (
    CandidateOut,
    PlanIn,
    PlanOut,
    ProposalIn,
    Proposed,
    RowsIn,
    RowsRead,
    WishOut,
    WrongOut,
)
from services.registry.rollover.store import School
from services.registry.room import Registry, registry
from services.registry.roster import offices
from services.registry.roster import store as roster
from services.registry.roster.grades import grade_in_words
from shared.access.log import Seen, log_change
from shared.access.principal import Principal, entity, ref
from shared.database import Command, Scope, Work
from shared.database.units import narrow
from shared.dates import school_year
from shared.web import FieldError, Problem, command_of, current, denied, not_found, run_command

router = APIRouter(prefix="/v1", tags=["年度更新"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Cmd = Annotated[Command, Depends(command_of)]


@dataclass(frozen=True)
class _Desk:
    """A school's plan as one person may see it."""

    city: City
    school: School
    revision: int
    plan: Plan
    known: Mapping[UUID, Candidate]
    unnamed: Mapping[str, int]
    twins: list[frozenset[UUID]]
    everybody: frozenset[UUID]
    reader: Reader
    asker: Asker
    """The same person, as one who may give duties or not."""

    @property
    def shown(self) -> Plan:
        """The plan as the reader may know it."""
        return keeping.shown(self.plan, self.known, self.everybody)


@router.get("/schools/{school}/class-plans/{year}", summary="来年度の学級の案")
async def read_plan(school: UUID, year: int, room: Reg, who: Who) -> PlanOut:
    """Classes, seats and wishes, and everybody the school will have."""
    async with room.units.read(Scope(who.board)) as session:
        desk = await _desk(session, room, who, school, year_of(room, year))
        out = await _out(session, room, who, desk, year)
    await room.log.read(who, Seen("ReadClassPlan", "school", school, "II", list(desk.known)))
    return out


@router.post("/schools/{school}/class-plans/{year}", summary="学級の案を保存する", response_model=PlanOut)
async def save_plan(school: UUID, year: int, body: PlanIn, room: Reg, who: Who, command: Cmd) -> Response:
    """The whole plan; what the asker may not see of it stays as it was."""

    async def act(work: Work) -> PlanOut:
        of = year_of(room, year)
        desk = await _desk(work.session, room, who, school, of)
        await _may_name(work.session, desk, body.plan)
        if room.clock.today() >= of.begins:
            raise Problem(
                409,
                "begun",
                "もう始まった年度です",
                "学級の変更は、子のカードから、日付を決めてしてください。",
            )
        if body.seen != desk.revision:
            raise Problem(
                409, "moved", "ほかの人が先に変えました", "画面を読み直してから、もう一度保存してください。"
            )
        plan = keeping.kept(body.plan, desk.plan, desk.known, desk.everybody)
        _refuse(
            [
                *plans.wrong_with(body.plan, desk.known),
                *keeping.wrong_classes(body.plan, desk.school.kind, await _others(work, desk, of, body.plan)),
                *keeping.strangers(body.plan, desk.known, await _may_stay(work.session, room, desk, of)),
                *keeping.too_many(plan),
            ]
        )
        if plan != desk.plan and not await store.put_plan(work, school, year, desk.revision + 1, plan):
            raise Problem(
                409, "moved", "ほかの人が先に変えました", "画面を読み直してから、もう一度保存してください。"
            )
        offices.tell(work, school)
        seen = Seen("MakeClasses", "school", school, "II", list(desk.known))
        await log_change(work.session, who, seen, work.at)
        now = await _desk(work.session, room, who, school, of)
        return await _out(work.session, room, who, now, year)

    return await run_command("registry", room.units, Scope(who.board), command, act)


@router.post("/schools/{school}/class-plans/{year}/proposal", summary="学級の案をつくる（保存しない）")
async def propose(school: UUID, year: int, body: ProposalIn, room: Reg, who: Who) -> Proposed:
    """Balanced classes for these grades; nothing is kept."""
    async with room.units.read(Scope(who.board)) as session:
        desk = await _desk(session, room, who, school, year_of(room, year))
    await room.log.read(who, Seen("ProposeClasses", "school", school, "II", list(desk.known)))
    made = proposed(
        body.plan,
        desk.known,
        board=who.board,
        school=school,
        kind=desk.school.kind,
        year=year,
        seed=body.seed,
        twins=desk.twins,
        twin_rule=body.twins,
        order=body.order,
        grades=body.grades,
    )
    wishes = wishes_of(body.plan, desk.twins, body.twins)
    return Proposed(plan=made, broken=_broken(made, wishes))


@router.post("/schools/{school}/class-plans/{year}/rows", summary="貼り付けた学級を読む（保存しない）")
async def read_rows(school: UUID, year: int, body: RowsIn, room: Reg, who: Who) -> RowsRead:
    """Seats from pasted lines, all of them or none."""
    async with room.units.read(Scope(who.board)) as session:
        desk = await _desk(session, room, who, school, year_of(room, year))
    await room.log.read(who, Seen("ReadClassRows", "school", school, "II", list(desk.known)))
    seats, wrong = plans.read_rows(plans.read_lines(body.text), body.plan, desk.known.values())
    if not wrong:
        changed = body.plan.model_copy(update={"seats": {**body.plan.seats, **seats}})
        wrong = plans.wrong_with(changed, desk.known)
        if not wrong:
            return RowsRead(plan=changed, read=len(seats), wrong=[])
    return RowsRead(plan=None, read=0, wrong=[WrongOut(cell=e.cell, message=e.message) for e in wrong])


def year_of(room: Registry, number: int) -> Year:
    """This school year or the next; no other is there."""
    if not 0 <= number - school_year(room.clock.today()) <= 1:
        raise not_found()
    return Year(number)


async def _desk(session: AsyncSession, room: Registry, who: Principal, school: UUID, year: Year) -> _Desk:
    """The plan, if the asker may make the school's classes; otherwise it does not exist."""
    today = room.clock.today()
    holder, setting, kept_by = await people.asking(session, who, today)
    asked = entity("ClassPlan", school, board=ref("Board", who.board), school=ref("School", school))
    if not room.policies.allows(holder, "MakeClasses", asked):
        raise not_found()
    room.strong_enough(who, setting)
    # The second wall: whose schools hide this one finds nobody enrolled. Then the transaction widens, because children
    # who come from other schools are part of the plan.
    await narrow(session, Scope(who.board, holder.schools()))
    if not await store.anybody_at(session, who.board, school):
        raise not_found()
    await narrow(session, Scope(who.board))
    city, schools = await store.city(session, who.board, year)
    of = next((each for each in schools if each.id == school), None)
    if of is None:
        raise not_found()
    revision, plan = await store.plan(session, who.board, school, year.number)
    grades = await store.future(session, who.board, school, year, city)
    reader = Reader(who.person, holder.schools(), named=who.person in kept_by.named)
    found = await candidates(session, who.board, grades, school, year, reader=reader, today=today)
    twins = await store.twins(session, who.board, list(found.known), today)
    asker = Asker(room, holder, setting, kept_by, school)
    return _Desk(
        city, of, revision, plan, found.known, found.unnamed, twins, frozenset(grades), reader, asker
    )


async def _may_name(session: AsyncSession, desk: _Desk, plan: Plan) -> None:
    """A homeroom teacher of next year gets a duty: whoever names one must be allowed to give it (``GiveDuty``)."""
    before = {(each.id, each.homeroom) for each in desk.plan.classes}
    named = {
        each.homeroom for each in plan.classes if each.homeroom and (each.id, each.homeroom) not in before
    }
    if not named:
        return
    asker, board = desk.asker, desk.asker.holder.principal.board
    here = await duties.duties(session, board, desk.school.id, asker.room.clock.today())
    colleagues = {each.held.subject for each in here}
    for staff in sorted(named):
        colleague = staff in colleagues
        if not asker.may("GiveDuty", colleague=colleague, receiver=staff):
            raise denied(why_not("homeroom", colleague, oneself=staff == asker.holder.principal.person))
    asker.strong(substitute=False)
    staff_known = {each.held.subject for each in await roster.standing(session, board, roster.DUTY, named)}
    _refuse([Wrong("担任", "担任は、職員の中から選んでください。")] if named - staff_known else [])


async def _others(work: Work, desk: _Desk, year: Year, plan: Plan) -> set[UUID]:
    """Of the ids of a plan's classes those that are something else already: a unit of the board, another's plan."""
    board, school, ids = work.scope.board, desk.school.id, [each.id for each in plan.classes]
    planned = await store.planned_elsewhere(work, school, year.number, ids)
    there = await roster.organisations(work.session, board, ids)
    mine = ("class", school, year.number)
    return planned | {id_ for id_, row in there.items() if (row.kind, row.school_id, row.school_year) != mine}


async def _may_stay(session: AsyncSession, room: Registry, desk: _Desk, year: Year) -> set[UUID]:
    """Who would leave the school and may be kept in the grade instead, as far as the reader may know them."""
    board, school = desk.asker.holder.principal.board, desk.school.id
    ids = set(await store.pupil_ids(session, board, school, year)) - desk.everybody
    of_last_grade = dict.fromkeys(sorted(ids), "")
    found = await candidates(
        session, board, of_last_grade, school, year, reader=desk.reader, today=room.clock.today()
    )
    return set(found.known)


async def _out(session: AsyncSession, room: Registry, who: Principal, desk: _Desk, year: int) -> PlanOut:
    named = await attendance.names(session, who.board, sorted(desk.known))
    seen = sorted(desk.known.values(), key=lambda each: (each.grade, each.sort_key, each.id))
    plan = desk.shown
    grades = sorted(
        {each.grade for each in seen} | desk.unnamed.keys(), key=lambda grade: (grade[0] == "J", grade)
    )
    return PlanOut(
        school=desk.school.id,
        school_name=desk.school.name,
        year=year,
        revision=desk.revision,
        plan=plan,
        grades=[(grade, grade_in_words(grade)) for grade in grades],
        pupils=[
            CandidateOut(
                pupil=PersonOut.of(each.id, named[each.id]),
                sex=each.sex,
                grade=each.grade,
                before=each.before_name,
                before_number=each.before_number,
                special_needs=each.special_needs,
                comes_from=each.comes_from,
            )
            for each in seen
        ],
        unnamed=desk.unnamed,
        twins=[sorted(each) for each in desk.twins],
        broken=_broken(plan, wishes_of(plan, [], "free")),
        begun=room.clock.today() >= Year(year).begins,
        live=offices.live(who.board, [desk.school.id], whole_board=False),
    )


def _broken(plan: Plan, wishes: Wishes) -> list[WishOut]:
    close, parted = broken({pupil: seat.class_id for pupil, seat in plan.seats.items()}, wishes)
    return [
        *(WishOut(kind="apart", pupils=sorted(each)) for each in close),
        *(WishOut(kind="together", pupils=sorted(each)) for each in parted),
    ]


def _refuse(wrong: list[Wrong]) -> None:
    if wrong:
        errors = [FieldError(cell=each.cell, message=each.message) for each in wrong]
        raise Problem(422, "plan-refused", "保存していません", errors[0].message, errors=errors)
