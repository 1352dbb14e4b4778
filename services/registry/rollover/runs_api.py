"""The board's 年度更新 over HTTP: a dry run, its confirmation, runs with their progress, taking one back."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.bulk import locks
from services.registry.bulk.foreman import Fore
from services.registry.bulk.locks import Of
from services.registry.imports.asking import name_of
from services.registry.rollover import looks, run_store
from services.registry.rollover.api import Cmd, Reg, Who, year_of
from services.registry.rollover.applying import TooLate, check_revert
from services.registry.rollover.asking import asker
from services.registry.rollover.chores import LOOK, RUN
from services.registry.rollover.run_store import Run, Wish
from services.registry.rollover.runs_shapes import (
    ApplyIn,
    Done,
    LookOut,
    Nothing,
    RevertOut,
    RolloverOut,
    RunOut,
)
from services.registry.room import Registry
from services.registry.roster import offices
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Scope, Work
from shared.web import FieldError, Problem, not_found, run_command

router = APIRouter(prefix="/v1/rollover", tags=["年度更新"])

ODD = {
    "without_class": "学級の決まっていない子が {number} 人います（{of} 人のうち）。",
    "nowhere": "進学先の分からない卒業生が {number} 人います（{of} 人のうち）。",
    "empty": "いま {of} 人いる子が、来年度はだれもいなくなります。",
}


@router.get("/{year}", summary="年度更新のようす")
async def read_rollover(year: int, room: Reg, who: Who, foreman: Fore) -> RolloverOut:
    """The dry run in numbers, and runs; empty for whoever may not see it."""
    of = year_of(room, year)
    begun = room.clock.today() >= of.begins
    async with room.units.read(Scope(who.board)) as session:
        asking = await asker(room, session, who)
        if not asking.may("ReadRollover"):
            return RolloverOut(
                year=year,
                begins=of.begins,
                begun=begun,
                may_read=False,
                may_apply=False,
                look=None,
                runs=[],
                live=[],
            )
        asking.strong_enough()
        look = await looks.open_look(session, who.board, year)
        runs = [run for run in await run_store.runs(session, who.board) if run.year == of][::-1]
        working = {run.number: await locks.at_work(session, Of.ROLLOVER, run.id) for run in runs if run.open}
    await room.log.read(who, Seen("ReadRollover", "board", who.board, "IV"))
    return RolloverOut(
        year=year,
        begins=of.begins,
        begun=begun,
        may_read=True,
        may_apply=asking.may("RollOver"),
        look=None if look is None else LookOut.of(look, foreman.said(LOOK, look.id)),
        runs=[
            RunOut.of(run, foreman.said(RUN, run.number), working=working.get(run.number, False))
            for run in runs
        ],
        live=offices.live(who.board, (), whole_board=True),
    )


@router.post("/{year}/looks", summary="年度更新をしたらどうなるかを確かめる", response_model=Done)
async def look_at(year: int, body: Nothing, room: Reg, who: Who, foreman: Fore, command: Cmd) -> Response:
    """Ask for a dry run, by a process of its own; one that is under way is enough for everybody."""
    of = year_of(room, year)

    async def ask(work: Work) -> Done:
        asking = await asker(room, work.session, who)
        asking.need("RollOver")
        if room.clock.today() >= of.begins:
            raise _begun(year)
        before = await looks.open_look(work.session, who.board, year)
        if before is None or before.state not in looks.WORKED_ON:
            name = await name_of(work.session, who.board, asking.person)
            await looks.anew(work, year, asking.person, name)
        await log_change(work.session, who, Seen("LookAtRollover", "board", who.board, "IV"), work.at)
        return Done()

    answer = await run_command("registry", room.units, Scope(who.board), command, ask)
    foreman.wake()
    return answer


@router.post("/{year}/apply", summary="年度更新を適用する", response_model=Done)
async def apply(year: int, body: ApplyIn, room: Reg, who: Who, foreman: Fore, command: Cmd) -> Response:
    """Make true what was shown, and nothing else: when that has changed meanwhile it is shown anew."""
    of = year_of(room, year)

    async def begin(work: Work) -> Done:
        asking = await asker(room, work.session, who)
        asking.need("RollOver")
        if room.clock.today() >= of.begins:
            raise _begun(year)
        other = await run_store.unfinished(work.session, who.board)
        if other is not None:
            remedy = "終わるのを待つか、続けるか元に戻してから適用してください。"
            raise Problem(409, "unfinished", f"年度更新 {other.number} が途中です", remedy)
        look = await looks.open_look(work.session, who.board, year)
        if look is None or look.preview != body.preview:
            raise _another_preview()
        if look.state == "beginning":
            return Done()
        odd = look.found.get("surprises", [])
        if odd and not body.confirm_surprises:
            named = [
                FieldError(cell=each["name"], message=ODD[each["kind"]].format_map(each)) for each in odd
            ]
            remedy = "確かめたうえで、もう一度適用してください。"
            raise Problem(422, "surprises", "思いがけないところがあります", remedy, errors=named)
        if not await looks.apply(work, look, body.preview, confirmed=body.confirm_surprises):
            raise _another_preview()
        await log_change(work.session, who, Seen("RollOver", "board", who.board, "II"), work.at)
        return Done()

    answer = await run_command("registry", room.units, Scope(who.board), command, begin)
    foreman.wake()
    return answer


@router.get("/runs/{number}", summary="年度更新の番号ごとのようす")
async def read_run(number: int, room: Reg, who: Who, foreman: Fore) -> RunOut:
    """How far a run is."""
    async with room.units.read(Scope(who.board)) as session:
        run = await _see(room, session, who, number, "ReadRollover")
        working = run.open and await locks.at_work(session, Of.ROLLOVER, run.id)
    await room.log.read(who, Seen("ReadRollover", "rollover", run.id, "IV"))
    return RunOut.of(run, foreman.said(RUN, number), working=working)


@router.get("/runs/{number}/revert", summary="年度更新を元に戻せるか")
async def read_revert(number: int, room: Reg, who: Who) -> RevertOut:
    """Whether the run can be taken back; otherwise why not."""
    async with room.units.read(Scope(who.board)) as session:
        run = await _see(room, session, who, number, "RollOver")
        why = await _why_not(session, run, room.clock.today())
    await room.log.read(who, Seen("ReadRollover", "rollover", run.id, "IV"))
    return RevertOut(may=why is None, why=why)


@router.post("/runs/{number}/resume", summary="年度更新を続ける", response_model=Done)
async def resume_run(
    number: int, body: Nothing, room: Reg, who: Who, foreman: Fore, command: Cmd
) -> Response:
    """Go on with a run, or with taking it back, where it stopped."""

    async def resume(work: Work) -> Done:
        run = await _see(room, work.session, who, number, "RollOver")
        if not run.open and run.wish is None:
            raise Problem(409, "over", "この年度更新は終わっています", "続けるものはありません。")
        return await _wish(
            work, who, run, "revert" if run.state == "reverting" else "apply", "ResumeRollOver"
        )

    answer = await run_command("registry", room.units, Scope(who.board), command, resume)
    foreman.wake()
    return answer


@router.post("/runs/{number}/revert", summary="年度更新を元に戻す", response_model=Done)
async def revert_run(
    number: int, body: Nothing, room: Reg, who: Who, foreman: Fore, command: Cmd
) -> Response:
    """Take a run back, until the day, as long as nothing depends on it."""

    async def revert(work: Work) -> Done:
        run = await _see(room, work.session, who, number, "RollOver")
        if run.wish is None and run.state != "reverting":
            why = await _why_not(work.session, run, room.clock.today())
            if why is not None:
                raise Problem(409, "not-to-revert", "元に戻せません", f"何も変えていません。{why}")
        return await _wish(work, who, run, "revert", "RevertRollOver")

    answer = await run_command("registry", room.units, Scope(who.board), command, revert)
    foreman.wake()
    return answer


async def _why_not(session: AsyncSession, run: Run, today: date) -> str | None:
    """Why a run cannot be taken back as things stand; the process that does it asks once more, alone."""
    try:
        await check_revert(session, run, today)
    except TooLate as error:
        return str(error)
    return None


async def _wish(work: Work, who: Principal, run: Run, wish: Wish, action: str) -> Done:
    if run.wish is None:
        by = await name_of(work.session, who.board, who.person or UUID(int=0))
        if not await looks.wish(work, run.number, wish, by):
            raise Problem(409, "under-way", "いま進んでいます", "終わるのを待ってください。")
    elif run.wish != wish and action != "ResumeRollOver":
        raise Problem(409, "under-way", "いま適用しています", "終わってから元に戻してください。")
    await log_change(work.session, who, Seen(action, "rollover", run.id, "II"), work.at)
    return Done()


async def _see(room: Registry, session: AsyncSession, who: Principal, number: int, action: str) -> Run:
    """The run, if the asker may see and do so; otherwise it does not exist, or is not theirs to change."""
    asking = await asker(room, session, who)
    run = await run_store.run(session, who.board, number)
    if run is None or not asking.may("ReadRollover"):
        raise not_found()
    asking.need("RollOver" if action == "RollOver" else "ReadRollover")
    return run


def _begun(year: int) -> Problem:
    words = "学級の変更は、日付を決めて一人ずつしてください。"
    return Problem(409, "begun", f"{year}年度はもう始まっています", words)


def _another_preview() -> Problem:
    return Problem(
        409,
        "another-preview",
        "確かめたあとで名簿か学級の案が変わりました",
        "何も変えていません。いまの見通しを確かめてから、もう一度適用してください。",
    )
