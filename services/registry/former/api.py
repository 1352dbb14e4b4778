"""Days of the former school over HTTP: entered by the office beside the year's 出席簿, corrected with a reason."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.former import rules, store
from services.registry.former.rules import Days, Former, Said, Source, Wrong
from services.registry.register import store as register
from services.registry.register.reading import Asking, see
from services.registry.room import Registry, registry
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Command, Scope, Work
from shared.web import FieldError, Problem, command_of, current, denied, not_found, run_command

router = APIRouter(prefix="/v1/classes/{class_id}/register/year/former", tags=["出席簿"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
_MAY = "前の学校の日数を入れるのは、その学校の事務です。"
_PLAIN = r"^[^\x00-\x1f\x7f]*$"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SaidIn(_Body):
    """What the paper says."""

    school: str = Field(max_length=60, pattern=_PLAIN)
    source: Source
    told_on: date
    days: Days
    apart: Days
    absent: Days
    late: Days = 0
    early: Days = 0


class FormerIn(_Body):
    """A child's days of before; null takes them back."""

    pupil: UUID
    seen: int = Field(ge=0, description="Revision that was seen; 0 where nothing was ever entered.")
    said: SaidIn | None
    reason: str = Field(default="", max_length=100, pattern=_PLAIN)


class FormerSaved(BaseModel):
    """The answer."""

    pupil: UUID
    revision: int


@router.post("", summary="前の学校の日数を入れる", response_model=FormerSaved)
async def save_former(
    class_id: UUID, body: FormerIn, room: Reg, who: Who, command: Annotated[Command, Depends(command_of)]
) -> Response:
    """Enter or correct the days that a child of the class brings from the school it came from this year."""

    async def save(work: Work) -> FormerSaved:
        seeing = await see(room, work.session, who, class_id, None, "EnterFormerDays", _MAY)
        if who.person is None:
            raise denied(_MAY)
        row, of = seeing.row, seeing.of
        asking: Asking = {"person": who.person, "today": of.today}
        found = await register.children(work.session, who.board, row, seeing.since, seeing.until, **asking)
        child = next((each for each in found if each.pupil == body.pupil and each.spans), None)
        if child is None:
            raise not_found()
        before = (await store.read(work.session, who.board, row.school, row.school_year, [child.pupil])).get(
            child.pupil
        )
        said = None if body.said is None else Said.model_validate(body.said.model_dump())
        if (before.said if before else None) == said:
            return FormerSaved(pupil=child.pupil, revision=before.revision if before else 0)
        if body.seen != (before.revision if before else 0):
            words = "開いたあとに、ほかの人がこの子の日数を変えました。読み直してから入れてください。"
            raise Problem(409, "moved", "保存していません", words)
        wrong = [] if said is None else rules.wrong_in(said, of.today)
        why = None if said is None else rules.why_not(of, child)
        if why is not None:
            wrong.append(Wrong("この子", why))
        if before is not None and before.said is not None and not body.reason.strip():
            wrong.append(Wrong("直すわけ", "一言書いてください。"))
        if wrong:
            raise _refused(wrong)
        after = Former(before.revision + 1 if before else 1, said, who.person, work.at)
        await store.add(work, row.school, row.school_year, child.pupil, after, body.reason.strip() or None)
        seen = Seen("EnterFormerDays", "class", class_id, "III", [child.pupil])
        await log_change(work.session, who, seen, work.at)
        return FormerSaved(pupil=child.pupil, revision=after.revision)

    return await run_command("registry", room.units, Scope(who.board), command, save)


def _refused(wrong: list[Wrong]) -> Problem:
    return Problem(
        422,
        "former-refused",
        "保存していません",
        f"{'、'.join(each.where for each in wrong)}を直してください。",
        errors=[FieldError(cell=each.where, message=each.message) for each in wrong],
    )
