"""A school's month of 出席簿 as one printed file, over HTTP: asked for, watched, fetched, thrown away."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.store import step_up_setting
from services.registry.bulk.foreman import Fore
from services.registry.bundles import store
from services.registry.bundles.chores import BUNDLE
from services.registry.bundles.store import KEPT, Bundle
from services.registry.imports.asking import school_names
from services.registry.register.printing import Paper
from services.registry.room import Registry, registry
from services.registry.roster import offices
from services.registry.school_calendar.store import school_of
from shared.access.log import Seen, log_change
from shared.access.principal import Principal, entity, ref
from shared.database import Command, Scope, Work
from shared.database.units import narrow
from shared.dates import school_year
from shared.ids import new_id
from shared.web import Problem, command_of, current, denied, not_found, run_command

router = APIRouter(prefix="/v1/schools/{school}/register/bundles", tags=["出席簿"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Told = Annotated[Command, Depends(command_of)]
LISTED = 5
_WHO = "学校の出席簿をまとめて印刷できるのは、校長・教頭・事務です。"


class BundleIn(BaseModel):
    """What shall be printed."""

    model_config = ConfigDict(extra="forbid")

    month: str = Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")
    paper: Paper = "a4"


class Nothing(BaseModel):
    """A command without content."""

    model_config = ConfigDict(extra="forbid")


class BundleOut(BaseModel):
    """A file that the asker asked for."""

    id: UUID
    month: str
    paper: Paper
    state: store.State
    made_at: datetime
    read: int
    """Sheets so far, while it is being written."""
    of: int
    """0: it has not begun."""
    sheets: int
    bytes: int
    until: datetime | None
    """When it is removed from here."""
    stopped: str | None


class BundlesOut(BaseModel):
    """What the asker asked for last."""

    kept_minutes: int
    bundles: list[BundleOut]
    live: list[str]


class Taken(BaseModel):
    """It is being written, or will be."""

    id: UUID


class Done(BaseModel):
    """A command was taken."""

    state: Literal["taken"] = "taken"


@router.get("", summary="まとめて印刷した出席簿の一覧")
async def list_bundles(school: UUID, room: Reg, who: Who, foreman: Fore) -> BundlesOut:
    """The asker's last files of the school, and how far the one is that is being written."""
    async with room.units.read(Scope(who.board)) as session:
        person = await _may(room, session, who, school)
        found = await store.of(session, who.board, school, person, LISTED)
    await room.log.read(who, Seen("ListBundles", "school", school, "IV"))
    now = room.clock.now()
    return BundlesOut(
        kept_minutes=int(KEPT / timedelta(minutes=1)),
        bundles=[_out(each, now, foreman.said(BUNDLE, each.id)) for each in found],
        live=offices.live(who.board, [school], whole_board=False),
    )


@router.post("", summary="学校の月の出席簿をまとめて印刷する", response_model=Taken)
async def ask(school: UUID, body: BundleIn, room: Reg, who: Who, foreman: Fore, command: Told) -> Response:
    """Have every class's month written into one file; what is asked for twice is written once."""
    month = date.fromisoformat(f"{body.month}-01")

    async def make(work: Work) -> Taken:
        person = await _may(room, work.session, who, school)
        if month > room.clock.today():
            raise Problem(422, "not-begun", "印刷していません", "この月はまだ始まっていません。")
        if not (await school_of(work.session, who.board, school, school_year(month))).classes:
            raise Problem(422, "no-classes", "印刷していません", "この年度の学級がまだありません。")
        for each in await store.under_way(work.session, who.board):
            if (each.school, each.by_person, each.month, each.paper) == (school, person, month, body.paper):
                return Taken(id=each.id)
        asked = Bundle(
            new_id(), who.board, school, person, month, body.paper, "writing", work.at, None, 0, 0, None
        )
        await store.make(work, asked)
        await log_change(work.session, who, Seen("PrintBundle", "school", school, "III"), work.at)
        return Taken(id=asked.id)

    answer = await run_command("registry", room.units, Scope(who.board), command, make)
    foreman.wake()
    return answer


@router.get("/{bundle}/pdf", summary="まとめて印刷した出席簿（PDF/A）", response_class=StreamingResponse)
async def fetch(school: UUID, bundle: UUID, room: Reg, who: Who) -> StreamingResponse:
    """The file, for whoever asked for it, as long as it lies here."""
    async with room.units.read(Scope(who.board)) as session:
        person = await _may(room, session, who, school)
        each = await _mine(session, who.board, school, bundle, person)
        gone = await store.another_now(session, each, room.clock.today())
        if gone or not each.lies_here(room.clock.now()):
            words = "まとめて印刷したものは1時間で消えます。もう一度印刷してください。"
            raise Problem(410, "gone", "もう受け取れません", words)
        name = (await school_names(session, who.board, [school]))[school]
    await room.log.read(who, Seen("PrintBundle", "school", school, "III"))
    called = quote(f"出席簿_{name}_{each.month.year}年{each.month.month}月.pdf", safe="")
    headers = {
        "content-disposition": f"attachment; filename=\"register.pdf\"; filename*=UTF-8''{called}",
        "content-length": str(each.bytes),
        "cache-control": "no-store",
    }
    return StreamingResponse(store.content(room.units, each), media_type="application/pdf", headers=headers)


@router.post("/{bundle}/remove", summary="まとめて印刷するのをやめる・捨てる", response_model=Done)
async def remove(school: UUID, bundle: UUID, body: Nothing, room: Reg, who: Who, command: Told) -> Response:
    """End its writing, or delete the file."""

    async def drop(work: Work) -> Done:
        person = await _may(room, work.session, who, school)
        await _mine(work.session, who.board, school, bundle, person)
        await store.end(work, bundle, school, "removed")
        await log_change(work.session, who, Seen("RemoveBundle", "school", school, "IV"), work.at)
        return Done()

    return await run_command("registry", room.units, Scope(who.board), command, drop)


async def _may(room: Registry, session: AsyncSession, who: Principal, school: UUID) -> UUID:
    """The asker, who may print the school's registers; 404, then 403, then 401. The session sees their schools then."""
    holder = await room.holder(session, who)
    resource = entity("SchoolRegister", school, board=ref("Board", who.board), school=ref("School", school))
    if not room.policies.allows(holder, "PrintBundle", resource):
        if who.kind == "staff" and school in holder.schools():
            raise denied(_WHO)
        raise not_found()
    room.strong_enough(who, await step_up_setting(session, who.board, room.clock.today()))
    if who.person is None:
        raise denied(_WHO)
    await narrow(session, Scope(who.board, holder.schools()))
    if not await school_names(
        session, who.board, [school]
    ):  # what the rows say, should a policy ever say too much
        raise not_found()
    return who.person


async def _mine(session: AsyncSession, board: UUID, school: UUID, id_: UUID, person: UUID) -> Bundle:
    each = await store.bundle(session, board, id_)
    if each is None or (each.school, each.by_person) != (school, person):
        raise not_found()
    return each


def _out(each: Bundle, now: datetime, said: dict[str, int] | object) -> BundleOut:
    told = said if isinstance(said, dict) else {}
    return BundleOut(
        id=each.id,
        month=f"{each.month:%Y-%m}",
        paper=each.paper,
        state="removed" if each.state == "ready" and not each.lies_here(now) else each.state,
        made_at=each.made_at,
        read=told.get("read", 0),
        of=told.get("of", 0),
        sheets=each.sheets,
        bytes=each.bytes,
        until=each.until,
        stopped=each.stopped,
    )
