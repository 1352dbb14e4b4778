"""The month's end over HTTP: 担任 closes it, 校長 checks it or sends it back (docs/register.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response

from services.registry.attendance.store import names
from services.registry.closing import rules, store
from services.registry.closing.looking import Look, look
from services.registry.closing.published import publish_step
from services.registry.closing.rules import Act, Kept, Open, Step
from services.registry.closing.shapes import ReturnIn, SeenIn, StepOut
from services.registry.register import rules as sheets
from services.registry.register import store as register
from services.registry.register.noting import short
from services.registry.register.reading import Asking, Seeing, see
from services.registry.register.rules import Sheet
from services.registry.room import Registry, registry
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Command, Scope, Work
from shared.web import FieldError, Problem, command_of, current, denied, run_command

router = APIRouter(prefix="/v1/classes/{class_id}/register/months/{month}", tags=["出席簿"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Month = Annotated[str, Path(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]
Told = Annotated[Command, Depends(command_of)]
_MOST = 20

_RIGHT: dict[Act, tuple[str, str]] = {
    "close": ("CloseMonth", "月を締めるのは、その学級の担任・副担任です。"),
    "check": ("CheckMonth", "月を点検するのは、校長・教頭です。"),
    "return": ("CheckMonth", "月を差し戻すのは、校長・教頭です。"),
}
_STEP: dict[Act, Step] = {"close": "closed", "check": "checked", "return": "returned"}
_DONE = {"close": "締めていません", "check": "点検していません", "return": "差し戻していません"}


@router.post("/close", summary="月を締める", response_model=StepOut)
async def close_month(
    class_id: UUID, month: Month, body: SeenIn, room: Reg, who: Who, command: Told
) -> Response:
    """Close a class's month as it was seen; refused while anything is open, with child and day."""

    async def close(work: Work) -> StepOut:
        return await _step(work, room, who, class_id, month, "close", seen=body.seen)

    return await run_command("registry", room.units, Scope(who.board), command, close)


@router.post("/check", summary="締めた月を点検する", response_model=StepOut)
async def check_month(
    class_id: UUID, month: Month, body: SeenIn, room: Reg, who: Who, command: Told
) -> Response:
    """Say that a closed month was checked as it was seen; again after any change."""

    async def check(work: Work) -> StepOut:
        return await _step(work, room, who, class_id, month, "check", seen=body.seen)

    return await run_command("registry", room.units, Scope(who.board), command, check)


@router.post("/return", summary="締めた月を差し戻す", response_model=StepOut)
async def return_month(
    class_id: UUID, month: Month, body: ReturnIn, room: Reg, who: Who, command: Told
) -> Response:
    """Open a closed month again, with a sentence for who closed it."""

    async def send_back(work: Work) -> StepOut:
        return await _step(work, room, who, class_id, month, "return", returned=body)

    return await run_command("registry", room.units, Scope(who.board), command, send_back)


async def _step(
    work: Work,
    room: Registry,
    who: Principal,
    class_id: UUID,
    month: str,
    act: Act,
    *,
    seen: str | None = None,
    returned: ReturnIn | None = None,
) -> StepOut:
    right, why = _RIGHT[act]
    seeing = await see(room, work.session, who, class_id, month, right, why)
    if who.person is None:
        raise denied(why)
    since, until = seeing.since, seeing.until
    await store.hold(work, who.board, class_id, since, until)
    sheet = await _sheet(work, seeing, who.board, {"person": who.person, "today": seeing.of.today})
    standing = await store.standing(
        work.session, who.board, class_id, since, until, person=who.person, today=seeing.of.today
    )
    found = look(seeing.of, sheet, standing, planned=seeing.row.planned)
    told = rules.why_not(act, standing.state, found.current, own=found.closed_by(who.person))
    if told is not None:
        raise Problem(409, "month-not-so", _DONE[act], told)
    if (seen is not None and seen != found.digest) or (returned and returned.revision != standing.revision):
        words = "画面を開いたあとに出席簿が変わりました。読み直して、確かめてからもう一度押してください。"
        raise Problem(409, "month-moved", _DONE[act], words)
    if act != "return" and found.open:
        raise await _refused(work, who, act, found, sheet)
    kept: Kept | None = None
    if act != "return":  # the whole class: who is kept from the one who closes is in the sheet all the same
        nobody: Asking = {"person": None, "today": seeing.of.today}
        kept = rules.keep(await _sheet(work, seeing, who.board, nobody))
    step = _STEP[act]
    place = {"board": who.board, "school": seeing.row.school, "class_id": class_id, "month": since}
    sentence = returned.sentence.strip() if returned else None
    await store.write(work, standing, place, step, who.person, sentence=sentence, sheet=kept)
    publish_step(work, standing, step, who.person, class_id=class_id, school=seeing.row.school, month=since)
    pupils = [line.child.pupil for line in sheet.lines]
    await log_change(work.session, who, Seen(right, "class-month", standing.id, "III", pupils), work.at)
    return StepOut(state=step, revision=standing.revision + 1)


async def _sheet(work: Work, seeing: Seeing, board: UUID, asking: Asking) -> Sheet:
    children = await register.children(work.session, board, seeing.row, seeing.since, seeing.until, **asking)
    return sheets.sheet(seeing.of, children, seeing.since, seeing.until)


_WORDS = {
    "unrecorded": "未入力です。朝の記録で入れてください。",
    "contradiction": "記録が食い違っています。朝の記録で、どちらかに決めてください。",
    "unplanned": "この年度の年間予定がありません。",
    "ahead": "この日がまだ来ていません。",
}


async def _refused(work: Work, who: Principal, act: Act, found: Look, sheet: Sheet) -> Problem:
    pupils = sorted({each.pupil for each in found.open if each.pupil is not None})
    named = await names(work.session, who.board, pupils)
    numbers = {line.child.pupil: line.child.number for line in sheet.lines}

    def cell(each: Open) -> str:
        name = named.get(each.pupil) if each.pupil else None
        number = numbers.get(each.pupil) if each.pupil else None
        words = [
            "" if number is None else f"{number}番",
            "" if name is None else f"{name.family} {name.given}",
            "" if each.on is None else short(each.on),
        ]
        return " ".join(filter(None, words)) or "この月"

    wrong: Sequence[Open] = found.open[:_MOST]
    more = f"ほか{len(found.open) - _MOST}か所" if len(found.open) > _MOST else ""
    told = "、".join(cell(each) for each in wrong[:5])
    return Problem(
        422,
        "month-open",
        _DONE[act],
        f"{told}が残っています。{more}".strip(),
        errors=[FieldError(cell=cell(each), message=_WORDS[each.what]) for each in wrong],
    )
