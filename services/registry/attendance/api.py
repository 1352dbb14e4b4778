"""The roll over HTTP: read a class's day, save any part of it, take it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance import published, rules, store
from services.registry.attendance.left import names_as_left
from services.registry.attendance.rules import Decision, Derived, Member
from services.registry.attendance.shapes import (
    ClassOut,
    FactOut,
    MemberOut,
    PersonOut,
    RefusedOut,
    RollIn,
    RollOut,
    RollSaved,
    SavedOut,
    TakenOut,
    Theirs,
    Yours,
)
from services.registry.attendance.store import ClassDay, Taken
from services.registry.room import Registry, registry
from shared.access.log import Seen, log_change
from shared.access.principal import Holder, Principal, entity, ref
from shared.contracts.registry import (
    Source,
)
from shared.database import Command, Scope, Work
from shared.database.units import narrow
from shared.ids import class_day_id
from shared.web import FieldError, Problem, command_of, current, denied, not_found, run_command

router = APIRouter(prefix="/v1", tags=["出席簿"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]


@router.get("/classes", summary="出欠を見られる学級")
async def list_classes(room: Reg, who: Who, on: date | None = None) -> list[ClassOut]:
    """Classes of the schools where the asker has a duty today."""
    day = on or room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        holder = await room.holder(session, who)
        room.strong_enough(who, await store.step_up_setting(session, who.board, room.clock.today()))
        found = await store.readable_classes(session, who.board, sorted(_schools_of_staff(holder)), day)
    await room.log.read(who, Seen("ListClasses", "class", None, "IV"))
    return [
        ClassOut(id=id_, name=name, school=school, school_name=school_name)
        for id_, name, school, school_name in found
    ]


@router.get("/classes/{class_id}/days/{on}/roll", summary="1日分の出席簿")
async def read_roll(class_id: UUID, on: date, room: Reg, who: Who) -> RollOut:
    """The class's list of that date, every pupil's day and what each status follows from."""
    async with room.units.read(Scope(who.board)) as session:
        day, holder = await see_day(room, session, who, class_id, on)
        room.strong_enough(who, day.step_up)
        await narrow(session, Scope(who.board, holder.schools()))
        listed = (
            await store.members(session, day, person=who.person, today=room.clock.today(), lock=False)
        ).members
        pupils = [member.pupil for member in listed]
        named = await store.names(session, who.board, pupils)
        if on < room.clock.today():
            named |= await names_as_left(session, who.board, day.school, pupils, room.clock.today())
    await room.log.read(who, Seen("ReadRoll", "class-day", class_id, "III", [m.pupil for m in listed]))
    why = rules.why_not_open(day.calendar, on, room.clock.today())
    return RollOut(
        class_id=class_id,
        name=day.name,
        school=day.school,
        on=on,
        open=why is None,
        why_not_open=why,
        symbols=list(day.symbols.values()),
        taken=_taken(day.taken),
        members=[_member_out(member, named[member.pupil], day) for member in listed],
    )


@router.post("/classes/{class_id}/days/{on}/roll", summary="出欠を保存する", response_model=RollSaved)
async def save_roll(
    class_id: UUID,
    on: date,
    body: RollIn,
    room: Reg,
    who: Who,
    command: Annotated[Command, Depends(command_of)],
) -> Response:
    """Save cells of a class's roll in one transaction, and take the roll when asked and complete.

    Stale cells are answered in ``refused`` with both values; anything wrong refuses the whole command with 422.
    """

    async def save(work: Work) -> RollSaved:
        day, holder = await see_day(room, work.session, who, class_id, on)
        source = speaks_as(room, holder, day)
        room.strong_enough(who, day.step_up)
        await narrow(work.session, Scope(who.board, holder.schools()))
        return await _save(work, room, who, day, source, body)

    return await run_command("registry", room.units, Scope(who.board), command, save)


async def see_day(
    room: Registry, session: AsyncSession, who: Principal, class_id: UUID, on: date
) -> tuple[ClassDay, Holder]:
    """The class-day if the asker may see it; otherwise it does not exist."""
    day = await store.class_day(
        session,
        who.board,
        class_id,
        on,
        person=who.person,
        today=room.clock.today(),
    )
    if day is None:
        raise not_found()
    holder = Holder(who, day.duties)
    if not room.policies.allows(holder, "ReadRoll", _resource(room, day)):
        raise not_found()
    return day, holder


def _resource(room: Registry, day: ClassDay) -> dict[str, object]:
    return entity(
        "ClassDay",
        class_day_id(day.board, day.class_id, day.on),
        **{
            "board": ref("Board", day.board),
            "school": ref("School", day.school),
            "class": ref("Class", day.class_id),
            "isToday": day.on == room.clock.today(),
        },
    )


def _schools_of_staff(holder: Holder) -> frozenset[UUID]:
    """SQL side of ``ReadRoll``: the schools a staff member has a duty at; nobody else has any."""
    return holder.schools() if holder.principal.kind == "staff" else frozenset()


def speaks_as(room: Registry, holder: Holder, day: ClassDay) -> Source:
    """Whose word this is: the class's teachers speak as teacher, the school's office as office."""
    if not room.policies.allows(holder, "TakeRoll", _resource(room, day)):
        raise denied("この学級の出欠を入れられるのは、担任・副担任・その日の補欠・事務です。")
    if day.class_id in holder.classes("homeroom", "assistant", "substitute"):
        return "teacher"
    return "office"


async def _save(
    work: Work, room: Registry, who: Principal, day: ClassDay, source: Source, body: RollIn
) -> RollSaved:
    why = rules.why_not_open(day.calendar, day.on, room.clock.today())
    if why is not None:
        raise Problem(422, "roll-not-open", "この日の出欠は入れられません", why)
    if who.person is None:
        raise denied("人のアカウントで入れてください。")
    listed = await store.members(work.session, day, person=who.person, today=room.clock.today(), lock=True)
    decision = rules.decide(
        listed.members,
        [mark.to_rules() for mark in body.marks],
        day.symbols,
        source=source,
        by=who.person,
        at=work.at,
        claimed_at=body.claimed_at,
        take=body.taken,
        already_taken=day.taken is not None,
        closed=day.closing is not None,
    )
    if decision.wrong:
        raise _refused(decision)
    taken = day.taken
    if decision.changes:
        await store.save(work, day, decision.changes)
        for change in decision.changes:
            published.publish_day(work, day, change)
    if decision.takes:
        taken = Taken(work.at, who.person, day.asker, listed.at_home)
        await store.take(work, day, taken)
        published.publish_taken(work, day, taken)
    if decision.changes or decision.takes:
        seen = Seen("TakeRoll", "class-day", day.class_id, "III", [c.member.pupil for c in decision.changes])
        await log_change(work.session, who, seen, work.at)
    speakers = {fact.by for stale in decision.stale for fact in stale.member.facts.values()}
    named = await store.names(work.session, who.board, sorted(speakers)) if speakers else {}
    return _answer(decision, day, taken, named)


def _refused(decision: Decision) -> Problem:
    cells = "、".join(f"{wrong.cell}" for wrong in decision.wrong[:5])
    return Problem(
        422,
        "roll-refused",
        "保存していません",
        f"{cells}を直してから、もう一度保存してください。" if cells else "入力を確かめてください。",
        errors=[FieldError(cell=wrong.cell, message=wrong.message) for wrong in decision.wrong],
    )


def _answer(
    decision: Decision, day: ClassDay, taken: Taken | None, named: Mapping[UUID, store.Named]
) -> RollSaved:
    saved = [
        SavedOut(
            pupil=change.member.pupil,
            revision=change.revision,
            code=change.derived.code,
            status=change.derived.status,
        )
        for change in decision.changes
    ]
    for member in decision.unchanged:
        derived = rules.derive(member.facts, day.symbols)
        saved.append(
            SavedOut(pupil=member.pupil, revision=member.revision, code=derived.code, status=member.status)
        )
    refused = [
        RefusedOut(
            pupil=stale.member.pupil,
            yours=Yours(code=stale.mark.code),
            theirs=_theirs(stale.member, day, named),
        )
        for stale in decision.stale
    ]
    return RollSaved(saved=saved, refused=refused, taken=_taken(taken))


def _theirs(member: Member, day: ClassDay, named: Mapping[UUID, store.Named]) -> Theirs:
    derived: Derived = rules.derive(member.facts, day.symbols)
    fact = member.facts.get(derived.decided_by) if derived.decided_by else None
    return Theirs(
        code=derived.code,
        status=member.status,
        revision=member.revision,
        source=derived.decided_by,
        by=PersonOut.of(fact.by, named[fact.by]) if fact and fact.by in named else None,
        at=fact.at if fact else None,
    )


def _taken(taken: Taken | None) -> TakenOut | None:
    if taken is None:
        return None
    return TakenOut(at=taken.at, by=PersonOut.of(taken.by, taken.name), members=taken.members)


def _member_out(member: Member, name: store.Named, day: ClassDay) -> MemberOut:
    derived = rules.derive(member.facts, day.symbols)
    return MemberOut(
        pupil=member.pupil,
        family=name.family,
        given=name.given,
        family_kana=name.family_kana,
        given_kana=name.given_kana,
        number=member.number,
        exchange=member.exchange,
        revision=member.revision,
        code=derived.code,
        status=member.status,
        decided_by=derived.decided_by,
        contradiction=derived.contradiction,
        facts=[
            FactOut(
                source=fact.source,
                revision=fact.revision,
                code=fact.code,
                by=fact.by,
                at=fact.at,
                reason=fact.reason,
            )
            for source in rules.PRECEDENCE
            if (fact := member.facts.get(source)) is not None
        ],
    )
