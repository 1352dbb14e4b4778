"""Where a school's graduates go (通学区域) over HTTP: the board's dated setting, unless somebody said so of a child."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.rollover import store
from services.registry.rollover.api import Cmd, Reg, Who, year_of
from services.registry.rollover.asking import asker
from services.registry.rollover.rules import Year, follow_on
from services.registry.rollover.store import School
from services.registry.roster import offices, settings
from services.registry.roster import store as roster
from shared.access.log import Seen, log_change
from shared.database import Scope, Work
from shared.web import FieldError, Problem, run_command

router = APIRouter(prefix="/v1/rollover", tags=["年度更新"])


class Feeding(BaseModel):
    """A school whose graduates go on to another one."""

    school: UUID
    name: str
    next_school: UUID | None
    choices: list[UUID]
    """Schools that have the grade after this one's last."""


class OnwardOut(BaseModel):
    """Where graduates go, and the names of the schools they could go to."""

    schools: list[Feeding]
    names: dict[UUID, str]


class OnwardIn(BaseModel):
    """What shall be so of these schools; ``seen`` is what was on the screen of them."""

    model_config = ConfigDict(extra="forbid")

    seen: dict[UUID, UUID | None] = Field(max_length=500)
    told: dict[UUID, UUID | None] = Field(max_length=500)


@router.get("/{year}/onward", summary="卒業生の進む学校")
async def read_onward(year: int, room: Reg, who: Who) -> OnwardOut:
    """Of every school that does not have all grades."""
    of = year_of(room, year)
    async with room.units.read(Scope(who.board)) as session:
        asking = await asker(room, session, who)
        asking.need("ReadRollover")
        found = await _onward(session, who.board, of)
    await room.log.read(who, Seen("ReadRollover", "board", who.board, "IV"))
    return found


@router.post("/{year}/onward", summary="卒業生の進む学校を決める", response_model=OnwardOut)
async def say_onward(year: int, body: OnwardIn, room: Reg, who: Who, command: Cmd) -> Response:
    """Whole or not at all; of two who change it at once the second is told."""
    of = year_of(room, year)

    async def say(work: Work) -> OnwardOut:
        asking = await asker(room, work.session, who)
        asking.need("RollOver")
        await roster.lock_roster(work, patient=False)
        there = {each.school: each for each in (await _onward(work.session, who.board, of)).schools}
        wrong = [
            FieldError(field=str(school), message="その学校には進めません。選び直してください。")
            for school, onward in body.told.items()
            if school not in there or onward not in (None, *there[school].choices)
        ]
        if wrong:
            raise Problem(422, "not-onward", "保存していません", wrong[0].message, errors=wrong)
        if any(there[school].next_school != body.seen.get(school) for school in body.told):
            remedy = "画面を読み直してから、もう一度保存してください。"
            raise Problem(409, "moved", "ほかの人が先に変えました", remedy)
        city, _ = await store.city(work.session, who.board, of)
        whole = {**city.next_schools, **body.told}
        told = {school: onward for school, onward in whole.items() if onward is not None}
        await store.put_next_schools(work, told, room.clock.today())
        try:
            await settings.publish(work)
        except settings.TooLarge as error:
            raise Problem(422, "not-onward", "保存していません", str(error)) from None
        offices.tell(work, who.board, *body.told)
        await log_change(work.session, who, Seen("SayNextSchool", "board", who.board, "IV"), work.at)
        return await _onward(work.session, who.board, of)

    return await run_command("registry", room.units, Scope(who.board), command, say)


async def _onward(session: AsyncSession, board: UUID, year: Year) -> OnwardOut:
    city, schools = await store.city(session, board, year)
    return OnwardOut(
        schools=[
            Feeding(
                school=each.id,
                name=each.name,
                next_school=city.next_schools.get(each.id),
                choices=choices,
            )
            for each in schools
            if (choices := _choices(each, schools))
        ],
        names={each.id: each.name for each in schools},
    )


def _choices(school: School, schools: Sequence[School]) -> list[UUID]:
    return [each.id for each in schools if each.id != school.id and follow_on(school.kind, each.kind)]
