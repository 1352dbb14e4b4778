"""時限ごとの出欠 over HTTP: a class's day by lessons, taking the roll of one, settling what contradicts the day."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance import store as roll
from services.registry.attendance.left import names_as_left
from services.registry.attendance.rules import Member, derive, why_not_open
from services.registry.attendance.store import ClassDay
from services.registry.periods import published, rules, showing, store
from services.registry.periods.rules import Decision, Told
from services.registry.periods.setting import MOST, Lessons
from services.registry.periods.shapes import (
    LessonIn,
    LessonSaved,
    LessonsOut,
    SettledOut,
    SettleIn,
    StandsOut,
)
from services.registry.periods.store import LessonRoll, Plan
from services.registry.room import Registry, registry
from shared.access.log import Seen, log_change
from shared.access.principal import Holder, Principal, entity, ref
from shared.database import Command, Scope, Work
from shared.database.units import narrow
from shared.ids import class_day_id
from shared.web import FieldError, Problem, command_of, current, denied, not_found, run_command

router = APIRouter(prefix="/v1/classes/{class_id}/days/{on}/periods", tags=["時限ごとの出欠"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Given = Annotated[Command, Depends(command_of)]

NOT_HERE = "この学級では、時限ごとの出欠をとることになっていません。始めるには、教育委員会の設定が要ります。"
_TAKERS = (
    "この学級の時限の出欠を入れられるのは、担任・副担任・この学級の教科担任・事務と、"
    "当日にかぎり補欠と、学級を決めない教科担任です。"
)


@router.get("", summary="1日分の時限ごとの出欠")
async def read_lessons(class_id: UUID, on: date, room: Reg, who: Who) -> LessonsOut:
    """Every child's lessons of the day beside the day itself, and where the two contradict each other."""
    today = room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        day, holder = await _see(room, session, who, class_id, on)
        room.strong_enough(who, day.step_up)
        plan = await store.plan(session, who.board, class_id, on)
        await narrow(session, Scope(who.board, holder.schools()))
        all_ = await roll.members(session, day, person=who.person, today=today, lock=False)
        listed = all_.members
        pupils = [member.pupil for member in listed]
        told = await store.told(session, day, pupils, lock=False)
        taken = await store.rolls(session, day)
        named = await roll.names(session, who.board, sorted(showing.people(listed, told, taken)))
        if on < today:
            named |= await names_as_left(session, who.board, day.school, pupils, today)
    await room.log.read(who, Seen("ReadLessons", "class-day", class_id, "III", pupils))
    return showing.day_out(
        day,
        plan,
        listed,
        told,
        taken,
        named,
        why=_why_not(plan, day, today),
        may=frozenset(act for act in ("TakeLesson", "SettleLessons") if _may(room, holder, day, act)),
        may_sum=_may_sum(room, holder, day),
        hidden=all_.hidden > 0,
        at=room.clock.now(),
    )


@router.post("/settled", summary="1日と時限の食い違いをこのままにする", response_model=SettledOut)
async def settle(class_id: UUID, on: date, body: SettleIn, room: Reg, who: Who, command: Given) -> Response:
    """Leave a contradiction as it is: both were right. It comes back when either says something else."""

    async def do(work: Work) -> SettledOut:
        day, holder = await _see(room, work.session, who, class_id, on)
        if not _may(room, holder, day, "SettleLessons"):
            raise denied("食い違いを片付けるのは、この学級の担任・副担任です。")
        room.strong_enough(who, day.step_up)
        if who.person is None:
            raise denied("人のアカウントで入れてください。")
        plan = await store.plan(work.session, who.board, class_id, on)
        if plan.lessons is None:
            raise Problem(422, "lesson-not-open", "この学級の時限の出欠はありません", NOT_HERE)
        await narrow(work.session, Scope(who.board, holder.schools()))
        listed = (
            await roll.members(work.session, day, person=who.person, today=room.clock.today(), lock=True)
        ).members
        member = next((each for each in listed if each.pupil == body.pupil), None)
        told = await store.told(work.session, day, [body.pupil], lock=True)
        if member is None or body.pupil not in told:
            raise not_found()
        derived = derive(member.facts, day.symbols)
        found = rules.clashes(derived, told[body.pupil].marks, plan.lessons.periods, plan.stands_out)
        if body.seen not in {clash.seen for clash in found}:
            words = "画面を開いたあとに記録が変わりました。読み直して、確かめてください。"
            raise Problem(409, "lessons-moved", "このままにしていません", words)
        new = await store.settle(work, day, told[body.pupil].card, body.seen, by=who.person)
        if new:
            seen = Seen("SettleLessons", "class-day", class_id, "III", [body.pupil])
            await log_change(work.session, who, seen, work.at)
        return SettledOut(settled=True)

    return await run_command("registry", room.units, Scope(who.board), command, do)


@router.post("/{period}", summary="時限の出欠を保存する", response_model=LessonSaved)
async def save_lesson(
    class_id: UUID,
    on: date,
    period: Annotated[int, Path(ge=1, le=MOST)],
    body: LessonIn,
    room: Reg,
    who: Who,
    command: Given,
) -> Response:
    """Take the roll of a lesson, or correct it. The day's status does not change by it (docs/decisions/0024)."""

    async def save(work: Work) -> LessonSaved:
        day, holder = await _see(room, work.session, who, class_id, on)
        if not _may(room, holder, day, "TakeLesson"):
            raise denied(_TAKERS)
        room.strong_enough(who, day.step_up)
        plan = await store.plan(work.session, who.board, class_id, on)
        await narrow(work.session, Scope(who.board, holder.schools()))
        return await _save(work, room, who, day, plan, period, body)

    return await run_command("registry", room.units, Scope(who.board), command, save)


async def _see(
    room: Registry, session: AsyncSession, who: Principal, class_id: UUID, on: date
) -> tuple[ClassDay, Holder]:
    """The class-day if the asker may see it; otherwise it does not exist."""
    day = await roll.class_day(session, who.board, class_id, on, person=who.person, today=room.clock.today())
    if day is None:
        raise not_found()
    holder = Holder(who, day.duties)
    if not _may(room, holder, day, "ReadLessons"):
        raise not_found()
    return day, holder


def _may(room: Registry, holder: Holder, day: ClassDay, act: str) -> bool:
    resource = entity(
        "ClassDay",
        class_day_id(day.board, day.class_id, day.on),
        **{
            "board": ref("Board", day.board),
            "school": ref("School", day.school),
            "class": ref("Class", day.class_id),
            "isToday": day.on == room.clock.today(),
        },
    )
    return room.policies.allows(holder, act, resource)


def _may_sum(room: Registry, holder: Holder, day: ClassDay) -> bool:
    attributes = {"school": ref("School", day.school), "class": ref("Class", day.class_id)}
    resource = entity("ClassRegister", day.class_id, board=ref("Board", day.board), **attributes)
    return room.policies.allows(holder, "ReadRegister", resource)


def _why_not(plan: Plan, day: ClassDay, today: date) -> str | None:
    return NOT_HERE if plan.lessons is None else why_not_open(day.calendar, day.on, today)


async def _save(
    work: Work, room: Registry, who: Principal, day: ClassDay, plan: Plan, period: int, body: LessonIn
) -> LessonSaved:
    why = _why_not(plan, day, room.clock.today())
    if why is not None or plan.lessons is None:
        raise Problem(422, "lesson-not-open", "この時限の出欠は入れられません", why or NOT_HERE)
    if who.person is None:
        raise denied("人のアカウントで入れてください。")
    _check(plan, plan.lessons, period, body)
    taken = (await store.rolls(work.session, day)).get(period)
    # A first save holds the days: what it proposes follows from them.
    today, first = room.clock.today(), taken is None
    listed = await roll.members(work.session, day, person=who.person, today=today, lock=first)
    told = await store.told(work.session, day, [m.pupil for m in listed.members], lock=True)
    decision = rules.decide(
        listed.members,
        [mark.to_rules() for mark in body.marks],
        told,
        period=period,
        by=who.person,
        at=work.at,
        taken=taken is not None,
        closed=day.closing is not None,
    )
    if decision.wrong:
        raise _refused(decision)
    renames = taken is not None and _renames(day, taken, body)
    if decision.changes:
        await store.save(work, day, period, decision.changes)
        for change in decision.changes:
            published.tell(work, day, change)
    if decision.takes:
        await store.take(work, day, period, subject=body.subject, members=listed.at_home, by=who.person)
    elif renames:
        await store.name_subject(work, day, period, body.subject, seen=body.roll_seen)
    if decision.changes or decision.takes or renames:
        pupils = [change.member.pupil for change in decision.changes]
        await log_change(
            work.session, who, Seen("TakeLesson", "class-day", day.class_id, "III", pupils), work.at
        )
    told |= {change.member.pupil: change.after for change in decision.changes}
    kept = [*(change.member for change in decision.changes), *decision.unchanged]
    return LessonSaved(
        saved=[_stands(each, told, period) for each in kept],
        refused=[_stands(each, told, period) for each in decision.stale],
    )


def _renames(day: ClassDay, taken: LessonRoll, body: LessonIn) -> bool:
    """Whether a taken lesson gets another subject: in sight of the one it has, and never in a closed month."""
    if "subject" not in body.model_fields_set or body.subject == taken.subject:
        return False
    if body.roll_seen != taken.revision:
        words = "画面を開いたあとに、ほかの人がこの時限を確定したか、教科を変えました。読み直して、確かめてください。"
        raise Problem(409, "lessons-moved", "保存していません", words)
    if day.closing is not None:
        words = "締めた月の時限の教科は変えられません。教科を元に戻して保存してください。"
        raise Problem(422, "lesson-refused", "保存していません", words)
    return True


def _check(plan: Plan, lessons: Lessons, period: int, body: LessonIn) -> None:
    if period > lessons.periods:
        words = f"この学校の時限は{lessons.periods}時限までです。時限を確かめてください。"
        raise Problem(422, "lesson-not-open", "この時限の出欠は入れられません", words)
    if body.subject is not None and body.subject not in plan.subjects:
        words = "、".join(subject.word for subject in plan.subjects.values())
        raise Problem(422, "lesson-refused", "保存していません", f"選べる教科は {words} です。")


def _stands(member: Member, told: dict[UUID, Told], period: int) -> StandsOut:
    mark = told[member.pupil].marks.get(period) if member.pupil in told else None
    return StandsOut(
        pupil=member.pupil, code=mark.code if mark else None, revision=mark.revision if mark else 0
    )


def _refused(decision: Decision) -> Problem:
    cells = "、".join(wrong.cell for wrong in decision.wrong[:5])
    return Problem(
        422,
        "lesson-refused",
        "保存していません",
        f"{cells}を確かめて、もう一度保存してください。{decision.wrong[0].message}",
        errors=[FieldError(cell=wrong.cell, message=wrong.message) for wrong in decision.wrong],
    )
