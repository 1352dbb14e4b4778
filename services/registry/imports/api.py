"""Bringing a roster over the web: files are received, looked at by a process of its own, shown, and made a run."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import anyio.to_thread
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.bulk.foreman import Fore
from services.registry.gakureibo.store import mapping_of
from services.registry.imports import found, store, uploads
from services.registry.imports.applying import at_work
from services.registry.imports.asking import Asker, asker, hidden, name_of, school_names
from services.registry.imports.chores import RUN
from services.registry.imports.receiving import check_files, check_register, receive
from services.registry.imports.shapes import (
    ApplyIn,
    Done,
    ImportsOut,
    Nothing,
    RowsOut,
    RunOut,
    ScopeOut,
    UploadIn,
    UploadOut,
)
from services.registry.imports.uploads import Upload
from services.registry.oneroster.packages import MAX_BYTES
from services.registry.oneroster.problems import Note
from services.registry.oneroster.problems import Problem as Wrong
from services.registry.oneroster.sheets import write_problems
from services.registry.room import Registry, registry
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Command, Scope, Work
from shared.ids import new_id
from shared.web import FieldError, Problem, command_of, current, not_found, run_command

router = APIRouter(prefix="/v1/imports", tags=["名簿の取り込み"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Cmd = Annotated[Command, Depends(command_of)]


RUNS = 20
FILES = re.compile(r"/v1/imports/uploads/[^/]+/files/[^/]+")
"""Addresses of :func:`send_file`."""
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("", summary="取り込みの一覧")
async def list_imports(room: Reg, who: Who, foreman: Fore, before: int | None = None) -> ImportsOut:
    """What the asker may import, packages that are no run yet, and runs, the newest first."""
    async with room.units.read(Scope(who.board)) as session:
        asking = await asker(room, session, who, for_a_list=True)
        mine = await uploads.uploads(session, who.board, asking.schools)
        listed = await store.runs_before(session, who.board, asking.schools, before, RUNS + 1)
        runs, more = listed[:RUNS], len(listed) > RUNS
        named = {each.school for each in mine if each.school} | {run.school for run in runs if run.school}
        offices = asking.offices_of_schools
        names = await school_names(session, who.board, {*named, *offices, who.board})
        files = {each.id: await uploads.files(session, each) for each in mine}
        working = {run.number: await at_work(session, run) for run in runs if run.open}
    await room.log.read(who, Seen("ListImports", "import", None, "III"))
    scopes = [ScopeOut(school=None, name=names.get(who.board, ""))] if asking.whole else []
    scopes += [ScopeOut(school=id_, name=name) for id_, name in names.items() if id_ in offices]
    return ImportsOut(
        scopes=scopes,
        uploads=[UploadOut.of(each, files[each.id], _named(names, each.school)) for each in mine],
        runs=[
            RunOut.of(
                run,
                foreman.said(RUN, run.number),
                working=working.get(run.number, False),
                name=_named(names, run.school),
            )
            for run in runs
        ],
        next=runs[-1].number if more else None,
    )


@router.post("/uploads", summary="名簿を送り始める", response_model=UploadOut)
async def begin_upload(body: UploadIn, room: Reg, who: Who, command: Cmd) -> Response:
    """Say which files will be sent. The files follow, each by itself; when all are there they are looked at."""

    async def make(work: Work) -> UploadOut:
        asking = await asker(room, work.session, who)
        asking.need(body.school)
        if body.school and not await school_names(work.session, who.board, [body.school]):
            raise not_found()
        if body.mapping is not None:
            mapping = await mapping_of(work.session, who.board, body.mapping)
            if body.school is not None or mapping is None or mapping.removed:
                raise not_found()
        sizes = check_files(body.files) if body.mapping is None else check_register(body.files)
        upload = Upload(
            id=new_id(),
            board=who.board,
            school=body.school,
            by_person=asking.person,
            by_name=await name_of(work.session, who.board, asking.person),
            state="receiving",
            made_at=work.at,
            touched_at=work.at,
            found={},
            preview=None,
            confirmed=False,
            anew=False,
            stopped=None,
            run=None,
            mapping=body.mapping,
            year=body.school_year if body.mapping is not None else None,
        )
        await uploads.make(work, upload, sizes)
        await log_change(work.session, who, Seen("UploadRoster", "import-upload", upload.id, "II"), work.at)
        return await _told(work.session, upload)

    return await run_command("registry", room.units, Scope(who.board), command, make)


@router.put("/uploads/{upload}/files/{name}", summary="名簿のファイルを送る", max_body_size=MAX_BYTES)
async def send_file(
    upload: UUID, name: str, request: Request, room: Reg, who: Who, foreman: Fore
) -> UploadOut:
    """The bytes of one announced file. Sending it again replaces it; the last file begins the looking."""
    async with room.units.read(Scope(who.board)) as session:
        mine = await _see(room, session, who, upload)
        files = {each.name: each for each in await uploads.files(session, mine)}
    await receive(room.units, mine, files, name, request)
    async with room.units.read(Scope(who.board)) as session:
        mine = await _see(room, session, who, upload)
        told = await _told(session, mine)
    if mine.state == "checking":
        foreman.wake()
    return told


@router.get("/uploads/{upload}", summary="送った名簿のようす")
async def read_upload(upload: UUID, room: Reg, who: Who) -> UploadOut:
    """How far it is: received, looked at, refused with so many problems, or ready with its preview's numbers."""
    async with room.units.read(Scope(who.board)) as session:
        mine = await _see(room, session, who, upload)
        told = await _told(session, mine)
    await room.log.read(who, Seen("ReadUpload", "import-upload", upload, "III"))
    return told


_AFTER = 200


@router.get("/uploads/{upload}/problems", summary="直すところ")
async def read_problems(
    upload: UUID, room: Reg, who: Who, file: str | None = None, after: str = "", notes: bool = False
) -> RowsOut:
    """Problems (or ``notes``: what was read otherwise than it is written) by file, a page at a time."""
    async with room.units.read(Scope(who.board)) as session:
        mine = await _see(room, session, who, upload)
        listed = await uploads.pages(
            session, mine, "note" if notes else "problem", part=file, after=_place(after), limit=2
        )
    await room.log.read(who, Seen("ReadUpload", "import-upload", upload, "II"))
    fields = Note._fields if notes else Wrong._fields
    rows = [dict(zip(fields, row, strict=True)) for page in listed[:1] for row in found.entries(page)]
    return RowsOut(rows=rows, next=_next(listed))


@router.get("/uploads/{upload}/problems.xlsx", summary="直すところを表で", response_class=Response)
async def problems_sheet(upload: UUID, room: Reg, who: Who) -> Response:
    """Problems and notes as a spreadsheet to send back; no cell of it is ever a formula."""
    async with room.units.read(Scope(who.board)) as session:
        mine = await _see(room, session, who, upload)
        problems = [Wrong(*row) for row in await _all(session, mine, "problem")]
        notes = [Note(*row) for row in await _all(session, mine, "note")]
    await room.log.read(who, Seen("DownloadProblems", "import-upload", upload, "II"))

    def written() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "problems.xlsx"
            write_problems(path, problems, notes)
            return path.read_bytes()

    content = await anyio.to_thread.run_sync(written)
    headers = {
        "content-disposition": "attachment; filename=\"problems.xlsx\"; filename*=UTF-8''%E5%90%8D%E7%B0%BF%E3%81%AE%E7%9B%B4%E3%81%99%E3%81%A8%E3%81%93%E3%82%8D.xlsx",  # noqa: E501
        "cache-control": "no-store",
    }
    return Response(content, media_type=SHEET, headers=headers)


@router.get("/uploads/{upload}/changes", summary="変わること")
async def read_changes(upload: UUID, kind: str, room: Reg, who: Who, after: str = "") -> RowsOut:
    """Changes of a kind one by one, old → new. Those about protected children are counted, and shown where they go to
    school alone."""
    async with room.units.read(Scope(who.board)) as session:
        mine, asking = await _see_as(room, session, who, upload)
        listed = await uploads.pages(session, mine, "change", part=kind, after=_place(after), limit=2)
        rows = [row for page in listed[:1] for row in found.entries(page)]
        people = [UUID(row[-1]) for row in rows if row[-1] is not None]
        kept = await hidden(session, asking, people, room.clock.today())
    guarded, schools = mine.found.get("guard", {}), asking.holder.schools()

    def known(person: str | None) -> bool:
        return person is None or (
            UUID(person) not in kept
            and found.may_know(guarded.get(person, ()), who.person, schools, named=asking.named)
        )

    shown = [row for row in rows if known(row[-1])]
    about = [UUID(row[-1]) for row in shown if row[-1] is not None]
    await room.log.read(who, Seen("ReadUpload", "import-upload", upload, "II", about))
    fields = ("kind", "who", "what", "before", "after")
    return RowsOut(
        rows=[dict(zip(fields, row, strict=False)) for row in shown],
        hidden=len(rows) - len(shown),
        next=_next(listed),
    )


@router.post("/uploads/{upload}/apply", summary="取り込む", response_model=Done)
async def apply_upload(
    upload: UUID, body: ApplyIn, room: Reg, who: Who, foreman: Fore, command: Cmd
) -> Response:
    """Make true what was shown, and nothing else: when that has changed meanwhile it is shown anew."""

    async def apply(work: Work) -> Done:
        mine = await _see(room, work.session, who, upload)
        if mine.state != "ready" or mine.preview != body.preview:
            raise _another_preview()
        if mine.found.get("nothing"):
            raise Problem(422, "nothing-changes", "変更はありません", "この名簿は、もう取り込まれています。")
        if mine.found.get("losses") and not body.confirm_losses:
            words = "多くがいなくなります。確かめてください。"
            named = [FieldError(cell=each["school"], message=words) for each in mine.found["losses"]]
            remedy = "確かめたうえで、もう一度取り込んでください。"
            raise Problem(422, "losses", "思いがけず多くがいなくなります", remedy, errors=named)
        other = await store.unfinished(work.session, who.board)
        if other is not None:
            raise Problem(
                409,
                "unfinished",
                f"取り込み {other.number} が途中です",
                "終わるのを待つか、続けるか元に戻してから取り込んでください。",
            )
        if not await uploads.apply(work, upload, body.preview, confirmed=body.confirm_losses):
            raise _another_preview()
        await log_change(work.session, who, Seen("ImportRoster", "import-upload", upload, "II"), work.at)
        return Done()

    answer = await run_command("registry", room.units, Scope(who.board), command, apply)
    foreman.wake()
    return answer


@router.post("/uploads/{upload}/discard", summary="送った名簿を捨てる", response_model=Done)
async def discard_upload(upload: UUID, body: Nothing, room: Reg, who: Who, command: Cmd) -> Response:
    """Delete what was sent and what was found in it."""

    async def discard(work: Work) -> Done:
        await _see(room, work.session, who, upload)
        if not await uploads.discard(work, upload):
            raise Problem(
                409, "begun", "もう取り込みが始まっています", "取り込みの一覧で続きを見てください。"
            )
        await log_change(work.session, who, Seen("DiscardUpload", "import-upload", upload, "III"), work.at)
        return Done()

    return await run_command("registry", room.units, Scope(who.board), command, discard)


def _another_preview() -> Problem:
    return Problem(
        409,
        "another-preview",
        "確かめたあとで名簿が変わりました",
        "何も変えていません。いまの変更を確かめてから、もう一度取り込んでください。",
    )


async def _see(room: Registry, session: AsyncSession, who: Principal, id: UUID) -> Upload:
    return (await _see_as(room, session, who, id))[0]


async def _see_as(room: Registry, session: AsyncSession, who: Principal, id: UUID) -> tuple[Upload, Asker]:
    """The upload if the asker may import what it is about; otherwise it does not exist."""
    asking = await asker(room, session, who)
    upload = await uploads.upload(session, who.board, id, asking.schools)
    if upload is None:
        raise not_found()
    asking.need(upload.school)
    return upload, asking


async def _told(session: AsyncSession, upload: Upload) -> UploadOut:
    files = await uploads.files(session, upload)
    names = await school_names(session, upload.board, [upload.school] if upload.school else [])
    return UploadOut.of(upload, files, _named(names, upload.school))


def _named(names: Mapping[UUID, str], school: UUID | None) -> str | None:
    return None if school is None else names.get(school)


async def _all(session: AsyncSession, upload: Upload, list_: str) -> list[list[Any]]:
    listed = await uploads.pages(session, upload, list_, limit=_AFTER)
    return [row for page in listed for row in found.entries(page)]


def _place(after: str) -> tuple[str, int]:
    """Where a page stands, as :func:`_next` wrote it; anything else is the beginning."""
    ordinal, _, part = after.partition(":")
    return (part, int(ordinal)) if ordinal.isascii() and ordinal.isdigit() else ("", -1)


def _next(listed: list[uploads.Page]) -> str | None:
    return f"{listed[0].ordinal}:{listed[0].part}" if len(listed) > 1 else None
