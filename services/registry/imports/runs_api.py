"""Runs over HTTP: how far they are, going on with one that stopped, taking one back."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.bulk.foreman import Fore
from services.registry.imports import store
from services.registry.imports.api import Cmd, Reg, Who
from services.registry.imports.applying import at_work
from services.registry.imports.asking import asker, name_of, school_names
from services.registry.imports.chores import RUN
from services.registry.imports.reverting import Depended, NotToRevert, check_revert
from services.registry.imports.shapes import DependentOut, Done, Nothing, RevertOut, RunOut
from services.registry.imports.store import Run, Wish
from services.registry.room import Registry
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Scope, Work
from shared.web import FieldError, Problem, not_found, run_command

router = APIRouter(prefix="/v1/imports/runs", tags=["名簿の取り込み"])


@router.get("/{number}", summary="取り込みのようす")
async def read_run(number: int, room: Reg, who: Who, foreman: Fore) -> RunOut:
    """How far a run is, and what it changed in numbers."""
    async with room.units.read(Scope(who.board)) as session:
        run = await _see(room, session, who, number)
        working = run.open and await at_work(session, run)
        names = await school_names(session, who.board, [run.school] if run.school else [])
    await room.log.read(who, Seen("ReadImport", "import", run.id, "III"))
    name = names.get(run.school) if run.school else None
    return RunOut.of(run, foreman.said(RUN, number), working=working, name=name, whole=True)


@router.get("/{number}/revert", summary="元に戻せるか")
async def read_revert(number: int, room: Reg, who: Who) -> RevertOut:
    """What taking the run back would touch, or what depends on it."""
    async with room.units.read(Scope(who.board)) as session:
        run = await _see(room, session, who, number)
    await room.log.read(who, Seen("ReadImport", "import", run.id, "III"))
    try:
        would = await check_revert(room.units, run)
    except Depended as error:
        named = [DependentOut(what=each.what, number=each.number) for each in error.dependents]
        return RevertOut(may=False, people=0, organisations=0, dependents=named, why=None)
    except NotToRevert as error:
        return RevertOut(may=False, people=0, organisations=0, dependents=[], why=str(error))
    return RevertOut(
        may=True, people=would.people, organisations=would.organisations, dependents=[], why=None
    )


@router.post("/{number}/resume", summary="取り込みを続ける", response_model=Done)
async def resume_run(
    number: int, body: Nothing, room: Reg, who: Who, foreman: Fore, command: Cmd
) -> Response:
    """Go on with a run, or with taking it back, where it stopped."""

    async def resume(work: Work) -> Done:
        run = await _see(room, work.session, who, number)
        if not run.open and run.wish is None:
            raise Problem(409, "over", "この取り込みは終わっています", "続けるものはありません。")
        return await _wish(work, who, run, "revert" if run.state == "reverting" else "apply", "ResumeImport")

    answer = await run_command("registry", room.units, Scope(who.board), command, resume)
    foreman.wake()
    return answer


@router.post("/{number}/revert", summary="取り込みを元に戻す", response_model=Done)
async def revert_run(
    number: int, body: Nothing, room: Reg, who: Who, foreman: Fore, command: Cmd
) -> Response:
    """Take a run back, as long as nothing depends on it."""
    async with room.units.read(Scope(who.board)) as session:
        seen = await _see(room, session, who, number)
    try:
        if seen.wish is None and seen.state != "reverting":
            await check_revert(room.units, seen)
    except Depended as error:
        named = [FieldError(cell=each.what, message=f"{each.number} 件") for each in error.dependents]
        raise Problem(
            409, "depended", "元に戻せません", "何も変えていません。頼っているものがあります。", errors=named
        ) from None
    except NotToRevert as error:
        raise Problem(409, "not-to-revert", "元に戻せません", str(error)) from None

    async def revert(work: Work) -> Done:
        run = await _see(room, work.session, who, number)
        return await _wish(work, who, run, "revert", "RevertImport")

    answer = await run_command("registry", room.units, Scope(who.board), command, revert)
    foreman.wake()
    return answer


async def _wish(work: Work, who: Principal, run: Run, wish: Wish, action: str) -> Done:
    if run.wish is None:
        by = await name_of(work.session, who.board, who.person or UUID(int=0))
        if not await store.wish(work, run.number, wish, by):
            raise Problem(409, "under-way", "いま進んでいます", "終わるのを待ってください。")
    elif (run.wish == "revert") != (wish == "revert") and action != "ResumeImport":
        raise Problem(409, "under-way", "いま取り込んでいます", "終わってから元に戻してください。")
    await log_change(work.session, who, Seen(action, "import", run.id, "II"), work.at)
    return Done()


async def _see(room: Registry, session: AsyncSession, who: Principal, number: int) -> Run:
    """The run if the asker may import what it is about; otherwise it does not exist."""
    asking = await asker(room, session, who)
    run = await store.run(session, who.board, number)
    if run is None or not asking.may(run.school):
        raise not_found()
    return run
