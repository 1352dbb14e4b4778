"""Class-making over HTTP: a school's plan of next year, proposals, pasted rows; the board's preview in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance import store as attendance
from services.registry.attendance.shapes import PersonOut
from services.registry.people import store as people
from services.registry.rollover import applying, plans, store
from services.registry.rollover.candidates import Reader, candidates
from services.registry.rollover.placing import Wishes, broken
from services.registry.rollover.plans import Candidate, Order, Plan
from services.registry.rollover.proposing import Twins, proposed, wishes_of
from services.registry.rollover.rules import City, Consequences, Year
from services.registry.rollover.store import School
from services.registry.room import Registry, registry
from services.registry.roster.grades import grade_in_words
from shared.access.log import Seen, log_change
from shared.access.principal import Principal, entity, ref
from shared.database import Command, Scope, Work
from shared.database.units import narrow
from shared.dates import school_year
from shared.web import FieldError, Problem, command_of, current, not_found, run_command

router = APIRouter(prefix="/v1", tags=["年度更新"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Cmd = Annotated[Command, Depends(command_of)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlanIn(_Body):
    """A whole plan; ``seen`` is the revision that was on the screen, 0 of none."""

    seen: int = Field(ge=0)
    plan: Plan


class ProposalIn(_Body):
    """What is to be proposed, starting from a plan as it stands on the screen."""

    plan: Plan
    grades: list[str] = Field(min_length=1, max_length=12)
    seed: int = Field(default=1, ge=0, le=10**6)
    twins: Twins = "free"
    order: Order = "kana"


class RowsIn(_Body):
    """Lines 「氏名・学級・番号」 as they were pasted."""

    plan: Plan
    text: str = Field(max_length=100_000)


class CandidateOut(BaseModel):
    """A pupil of next year."""

    pupil: PersonOut
    sex: str
    grade: str
    before: str
    before_number: int | None
    special_needs: bool
    comes_from: str


class WishOut(BaseModel):
    """A wish that the seats do not keep."""

    kind: Literal["apart", "together"]
    pupils: list[UUID]


class PlanOut(BaseModel):
    """A school's plan with everybody it is about."""

    school: UUID
    school_name: str
    year: int
    revision: int
    plan: Plan
    grades: list[tuple[str, str]]
    pupils: list[CandidateOut]
    unnamed: Mapping[str, int]
    """Grade → protected children who come from another school: they count, who they are is not told before."""
    twins: list[list[UUID]]
    broken: list[WishOut]
    begun: bool
    """The year has begun: the plan is history."""


class Proposed(BaseModel):
    """A proposal, not kept; with the wishes it does not keep."""

    plan: Plan
    broken: list[WishOut]


class WrongOut(BaseModel):
    """A line that cannot be read."""

    cell: str
    message: str


class RowsRead(BaseModel):
    """What was pasted: the plan with it, or what is wrong, never both."""

    plan: Plan | None
    read: int
    wrong: list[WrongOut]


class SchoolPreview(BaseModel):
    """What the new year does to a school, in numbers."""

    school: str
    became: Mapping[str, int]
    pupils: int
    without_class: int
    without_teacher: int
    exchange: int
    lacking: list[str]


class PreviewOut(BaseModel):
    """What the new year does to the city."""

    year: int
    schools: list[SchoolPreview]


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


@router.get("/schools/{school}/class-plans/{year}", summary="来年度の学級の案")
async def read_plan(school: UUID, year: int, room: Reg, who: Who) -> PlanOut:
    """Classes, seats and wishes, and everybody the school will have."""
    async with room.units.read(Scope(who.board)) as session:
        desk = await _desk(session, room, who, school, _year(room, year))
        out = await _out(session, room, who, desk, year)
    await room.log.read(who, Seen("ReadClassPlan", "school", school, "II", list(desk.known)))
    return out


@router.post("/schools/{school}/class-plans/{year}", summary="学級の案を保存する", response_model=PlanOut)
async def save_plan(school: UUID, year: int, body: PlanIn, room: Reg, who: Who, command: Cmd) -> Response:
    """The whole plan; what the asker may not see of it stays as it was."""

    async def act(work: Work) -> PlanOut:
        of = _year(room, year)
        desk = await _desk(work.session, room, who, school, of)
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
        _refuse(plans.wrong_with(body.plan, desk.known))
        hidden = desk.everybody - desk.known.keys()
        kept = {pupil: seat for pupil, seat in desk.plan.seats.items() if pupil in hidden}
        stay = [each for each in desk.plan.stay if each in hidden]
        plan = body.plan.model_copy(
            update={"seats": {**body.plan.seats, **kept}, "stay": [*body.plan.stay, *stay]}
        )
        if plan != desk.plan and not await store.put_plan(work, school, year, desk.revision + 1, plan):
            raise Problem(
                409, "moved", "ほかの人が先に変えました", "画面を読み直してから、もう一度保存してください。"
            )
        seen = Seen("MakeClasses", "school", school, "II", list(desk.known))
        await log_change(work.session, who, seen, work.at)
        now = await _desk(work.session, room, who, school, of)
        return await _out(work.session, room, who, now, year)

    return await run_command("registry", room.units, Scope(who.board), command, act)


@router.post("/schools/{school}/class-plans/{year}/proposal", summary="学級の案をつくる（保存しない）")
async def propose(school: UUID, year: int, body: ProposalIn, room: Reg, who: Who) -> Proposed:
    """Balanced classes for these grades; nothing is kept."""
    async with room.units.read(Scope(who.board)) as session:
        desk = await _desk(session, room, who, school, _year(room, year))
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
        desk = await _desk(session, room, who, school, _year(room, year))
    await room.log.read(who, Seen("ReadClassRows", "school", school, "II", list(desk.known)))
    seats, wrong = plans.read_rows(plans.read_lines(body.text), body.plan, desk.known.values())
    if not wrong:
        changed = body.plan.model_copy(update={"seats": {**body.plan.seats, **seats}})
        wrong = plans.wrong_with(changed, desk.known)
        if not wrong:
            return RowsRead(plan=changed, read=len(seats), wrong=[])
    return RowsRead(plan=None, read=0, wrong=[WrongOut(cell=e.cell, message=e.message) for e in wrong])


@router.get("/rollover/{year}", summary="年度更新の見通し（数）")
async def read_preview(year: int, room: Reg, who: Who) -> PreviewOut:
    """What the new year does to every school; counts only."""
    of = _year(room, year)
    async with room.units.read(Scope(who.board)) as session:
        holder = await room.holder(session, who)
        asked = entity("Rollover", "rollover", board=ref("Board", who.board))
        if not room.policies.allows(holder, "ReadRollover", asked):
            return PreviewOut(year=year, schools=[])
        room.strong_enough(who, await attendance.step_up_setting(session, who.board, room.clock.today()))
    planned = await applying.preview(room.units, who.board, of)
    await room.log.read(who, Seen("ReadRollover", "board", who.board, "IV"))
    return PreviewOut(year=year, schools=[_preview(each.name, counted) for each, counted in planned.schools])


def _preview(name: str, counted: Consequences) -> SchoolPreview:
    return SchoolPreview(
        school=name,
        became=dict(counted.became),
        pupils=counted.pupils,
        without_class=counted.without_class,
        without_teacher=counted.without_teacher,
        exchange=counted.exchange,
        lacking=sorted(counted.lacking),
    )


def _year(room: Registry, number: int) -> Year:
    if not 0 <= number - school_year(room.clock.today()) <= 1:
        raise not_found()
    return Year(number)


async def _desk(session: AsyncSession, room: Registry, who: Principal, school: UUID, year: Year) -> _Desk:
    """The plan, if the asker may make the school's classes; otherwise it does not exist."""
    today = room.clock.today()
    holder, setting, offices = await people.asking(session, who, today)
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
    reader = Reader(who.person, holder.schools(), named=who.person in offices.named)
    found = await candidates(session, who.board, grades, school, year, reader=reader, today=today)
    twins = await store.twins(session, who.board, list(found.known), today)
    return _Desk(city, of, revision, plan, found.known, found.unnamed, twins, frozenset(grades))


async def _out(session: AsyncSession, room: Registry, who: Principal, desk: _Desk, year: int) -> PlanOut:
    named = await attendance.names(session, who.board, sorted(desk.known))
    seen = sorted(desk.known.values(), key=lambda each: (each.grade, each.sort_key, each.id))
    plan = desk.plan.model_copy(
        update={
            "seats": {pupil: seat for pupil, seat in desk.plan.seats.items() if pupil in desk.known},
            "stay": [each for each in desk.plan.stay if each in desk.known],
        }
    )
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
    )


def _broken(plan: Plan, wishes: Wishes) -> list[WishOut]:
    close, parted = broken({pupil: seat.class_id for pupil, seat in plan.seats.items()}, wishes)
    return [
        *(WishOut(kind="apart", pupils=sorted(each)) for each in close),
        *(WishOut(kind="together", pupils=sorted(each)) for each in parted),
    ]


def _refuse(wrong: list[plans.Wrong]) -> None:
    if wrong:
        errors = [FieldError(cell=each.cell, message=each.message) for each in wrong]
        raise Problem(422, "plan-refused", "保存していません", errors[0].message, errors=errors)
