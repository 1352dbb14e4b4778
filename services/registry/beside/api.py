"""出席扱い and 別室 over HTTP: entered beside a day of the 出席簿, by whoever takes the class's roll."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from services.registry.attendance import store as roll
from services.registry.attendance.api import see_day, speaks_as
from services.registry.attendance.published import tell_day
from services.registry.attendance.rules import Member, derive, why_not_open
from services.registry.attendance.store import ClassDay
from services.registry.beside import rules, store
from services.registry.beside.rules import Decision
from services.registry.beside.shapes import BesideIn, BesideSaved, StandsOut
from services.registry.room import Registry, registry
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Command, Scope, Work
from shared.database.units import narrow
from shared.web import FieldError, Problem, command_of, current, denied, run_command

router = APIRouter(prefix="/v1/classes/{class_id}/days/{on}/beside", tags=["出席簿"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]


@router.post("", summary="出席扱い・別室を付ける", response_model=BesideSaved)
async def save_beside(
    class_id: UUID,
    on: date,
    body: BesideIn,
    room: Reg,
    who: Who,
    command: Annotated[Command, Depends(command_of)],
) -> Response:
    """Put marks beside days of a class, or take them away; no status changes by it (docs/decisions/0018)."""

    async def save(work: Work) -> BesideSaved:
        day, holder = await see_day(room, work.session, who, class_id, on)
        speaks_as(room, holder, day)
        room.strong_enough(who, day.step_up)
        await narrow(work.session, Scope(who.board, holder.schools()))
        return await _save(work, room, who, day, body)

    return await run_command("registry", room.units, Scope(who.board), command, save)


async def _save(work: Work, room: Registry, who: Principal, day: ClassDay, body: BesideIn) -> BesideSaved:
    why = why_not_open(day.calendar, day.on, room.clock.today())
    if why is not None:
        raise Problem(422, "roll-not-open", "この日の出欠は入れられません", why)
    if who.person is None:
        raise denied("人のアカウントで入れてください。")
    listed = await roll.members(work.session, day, person=who.person, today=room.clock.today(), lock=True)
    decision = rules.decide(
        listed.members,
        [entry.to_rules() for entry in body.marks],
        await store.marks(work.session, day),
        day.symbols,
        by=who.person,
        at=work.at,
        closed=day.closing is not None,
    )
    if decision.wrong:
        raise _refused(decision)
    if decision.changes:
        await store.save(work, day, decision.changes)
        for change in decision.changes:
            member = change.member
            after = replace(member, revision=member.revision + 1, beside=change.after)
            tell_day(work, day, after, derive(member.facts, day.symbols))
        seen = Seen(
            "MarkBeside", "class-day", day.class_id, "III", [c.member.pupil for c in decision.changes]
        )
        await log_change(work.session, who, seen, work.at)
    saved = [replace(change.member, beside=change.after) for change in decision.changes]
    return BesideSaved(
        saved=[_stands(member) for member in (*saved, *decision.unchanged)],
        refused=[_stands(member) for member in decision.stale],
    )


def _stands(member: Member) -> StandsOut:
    beside = member.beside
    if beside is None:
        return StandsOut(pupil=member.pupil, revision=0, code=None, kind=None, at=None)
    return StandsOut(
        pupil=member.pupil, revision=beside.revision, code=beside.code, kind=beside.kind, at=beside.at
    )


def _refused(decision: Decision) -> Problem:
    return Problem(
        422,
        "beside-refused",
        "保存していません",
        "　".join(f"{wrong.cell} {wrong.message}" for wrong in decision.wrong[:3]),
        errors=[FieldError(cell=wrong.cell, message=wrong.message) for wrong in decision.wrong],
    )
