"""出席の記号と区分 over HTTP: the board's dated lists of attendance, every version with its day, a new one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.shapes import PersonOut
from services.registry.attendance.store import names
from services.registry.attendance_lists import rules
from services.registry.attendance_lists.rules import Row, Which, Wrong
from services.registry.attendance_lists.shapes import (
    CountOut,
    DatedIn,
    ListIn,
    ListOut,
    ListsOut,
    ToldOut,
    VersionOut,
)
from services.registry.moves.rules import wrong_year
from services.registry.people import store as people
from services.registry.room import Registry, registry
from services.registry.roster import dated
from services.registry.roster.dated import Said
from services.registry.roster.settings import TooLarge
from shared.access.log import Seen, log_change
from shared.access.principal import Principal, entity, ref, refs
from shared.database import Command, Scope, Work
from shared.dates import school_year, school_year_bounds
from shared.web import FieldError, Problem, command_of, current, not_found, run_command

router = APIRouter(prefix="/v1/boards/{board}/attendance-lists", tags=["出席簿"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Given = Annotated[Command, Depends(command_of)]


@router.get("", summary="出席の記号と区分")
async def read_lists(board: UUID, room: Reg, who: Who) -> ListsOut:
    """What holds today of each list, and every version."""
    async with room.units.read(Scope(who.board)) as session:
        await _may(room, session, who, board)
        out = await _lists(room, session, who)
    await room.log.read(who, Seen("ReadAttendanceLists", "board", who.board, "IV"))
    return out


@router.post("/{which}", summary="出席の記号と区分を決める", response_model=ListsOut)
async def say_list(board: UUID, which: Which, body: ListIn, room: Reg, who: Who, command: Given) -> Response:
    """A list from a day on. Days before it are read with the list that held on them."""

    async def say(work: Work) -> ListsOut:
        await _may(room, work.session, who, board)
        told = rules.Told(
            tuple(row.to_rules() for row in body.rows), body.holidays and which == "bereavement"
        )
        known = _known(which, await dated.versions(work.session, who.board, rules.SETTINGS[which]))
        wrong = rules.wrong_in(which, told.rows, known)
        if slip := _wrong_day(which, body.since, room.clock.today()):
            wrong.append(slip)
        if wrong:
            raise _refused(wrong)
        await _say(work, who, which, body, rules.value(which, told, known, command.id))
        return await _lists(room, work.session, who)

    return await run_command("registry", room.units, Scope(who.board), command, say)


@router.post("/{which}/withdraw", summary="まだ始まっていない一覧を取りやめる", response_model=ListsOut)
async def withdraw_list(
    board: UUID, which: Which, body: DatedIn, room: Reg, who: Who, command: Given
) -> Response:
    """What was said of a day that has not come was not said."""

    async def act(work: Work) -> ListsOut:
        await _may(room, work.session, who, board)
        await _say(work, who, which, body, None)
        return await _lists(room, work.session, who)

    return await run_command("registry", room.units, Scope(who.board), command, act)


async def _may(room: Registry, session: AsyncSession, who: Principal, board: UUID) -> None:
    holder, step_up, offices = await people.asking(session, who, room.clock.today())
    keepers = refs("Unit", offices.departments)
    resource = entity("BoardAttendance", board, board=ref("Board", board), offices=keepers)
    if not room.policies.allows(holder, "SetAttendance", resource):
        raise not_found()
    room.strong_enough(who, step_up)


def _first(which: Which, today: date) -> date:
    """Today's rolls are read with today's list: another one begins tomorrow. Days of 忌引 change no count."""
    if which == "bereavement":
        return school_year_bounds(school_year(today) - 1)[0]
    return today + timedelta(days=1)


def _wrong_day(which: Which, since: date, today: date) -> Wrong | None:
    if slip := wrong_year("since", "始まる日", since, today):
        return Wrong("始まる日", slip.message)
    if since < _first(which, today):
        words = "きょうまでの出欠は、いまの一覧で読みます。あすか、それより後の日にしてください。"
        return Wrong("始まる日", words)
    return None


async def _say(work: Work, who: Principal, which: Which, body: DatedIn, value: Any) -> None:
    try:
        said = await dated.say(work, rules.SETTINGS[which], body.since, body.seen, value)
    except TooLarge as error:
        raise _refused([Wrong("全体", str(error))]) from None
    if said:
        act = "WithdrawAttendanceList" if value is None else "SetAttendance"
        await log_change(work.session, who, Seen(act, "board", who.board, "IV"), work.at)


def _known(which: Which, said: Sequence[Said]) -> list[Row]:
    """Every line that any version ever had, the newest word of each last."""
    values = [None, *(each.value for each in reversed(said))]
    return [row for value in values for row in rules.read(which, value).rows]


async def _lists(room: Registry, session: AsyncSession, who: Principal) -> ListsOut:
    today = room.clock.today()
    return ListsOut(
        today=today,
        lists=[await _list(session, who, which, today) for which in rules.SETTINGS],
        counts=[CountOut(name=name, word=each.word) for name, each in rules.COUNTS.items()],
        as_of=room.clock.now(),
    )


async def _list(session: AsyncSession, who: Principal, which: Which, today: date) -> ListOut:
    said = await dated.versions(session, who.board, rules.SETTINGS[which])
    makers = await names(session, who.board, sorted({each.by for each in said if each.by}))
    told = [rules.read(which, each.value) for each in said]
    before = [*told, rules.read(which, None)][1:]
    holding = dated.holding(said, today)
    now = ToldOut.of(rules.read(which, holding.value if holding else None))
    return ListOut(
        **now.model_dump(),
        which=which,
        name=rules.NAMES[which],
        revision=dated.revision(said),
        first=_first(which, today),
        versions=[
            VersionOut(
                **ToldOut.of(one).model_dump(),
                since=each.since,
                said_at=each.at,
                said_by=PersonOut.of(each.by, makers[each.by]) if each.by in makers else None,
                state=dated.state(each, said, today),
                words=rules.changes(which, earlier, one),
            )
            for each, one, earlier in zip(said, told, before, strict=True)
        ],
    )


def _refused(wrong: Sequence[Wrong]) -> Problem:
    places = "、".join(dict.fromkeys(each.where for each in wrong[:5]))
    return Problem(
        422,
        "setting-refused",
        f"保存していません（{len(wrong)}か所）",
        f"{places}を直してください。",
        errors=[FieldError(cell=each.where, message=each.message) for each in wrong],
    )
