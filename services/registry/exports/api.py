"""名簿の書き出し over HTTP: asked for, written by a process of its own, fetched for a moment, removed."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.bulk.foreman import Fore
from services.registry.exports import packages
from services.registry.exports.asking import Asker, asker
from services.registry.exports.chores import EXPORT
from services.registry.exports.packages import KEPT, Asked, Package
from services.registry.exports.rules import out_of_time
from services.registry.imports.asking import name_of
from services.registry.oneroster.packing import Profile
from services.registry.room import Registry, registry
from services.registry.roster import offices
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.contracts import Importance
from shared.database import Command, Scope, Work
from shared.dates import TOKYO
from shared.ids import new_id
from shared.web import FieldError, Problem, command_of, current, denied, not_found, run_command

router = APIRouter(prefix="/v1/exports", tags=["名簿の書き出し"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Cmd = Annotated[Command, Depends(command_of)]

LISTED = 30


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ExportIn(_Body):
    """What shall leave, and what for."""

    purpose: str = Field(max_length=200)
    profile: Profile = "1.2_JP"
    since: AwareDatetime | None = Field(default=None, description="Only what changed after it; null: all.")
    as_of: date | None = Field(default=None, description="Of which day's school year; null: today.")
    school: UUID | None = None
    for_others: bool = Field(
        default=False, description="Without companion.json and guardians without any right."
    )
    protected: bool = Field(default=False, description="With protected children.")


class Nothing(_Body):
    """A command without content."""


class ExportOut(BaseModel):
    """An export."""

    id: UUID
    by: str
    mine: bool
    """Whoever asked for it fetches it, and nobody else."""
    purpose: str
    profile: Profile
    since: datetime | None
    as_of: date
    school: UUID | None
    school_name: str | None
    for_others: bool
    protected: bool
    state: packages.State
    made_at: datetime
    written: int
    """People so far, while it is being written."""
    until: datetime | None
    """When it is removed from here."""
    instant: datetime | None
    """What the next one may be told since."""
    rows: dict[str, int]
    """By file; nothing for others than who asked: a child may be kept from them and not from their colleague."""
    children_protected: int | None
    """In it, or left out, as asked; null for whom it does not concern."""
    bytes: int
    """0 for others than who asked."""
    stopped: str | None

    @classmethod
    def of(
        cls, each: Package, who: Principal, now: datetime, written: int, name: str | None, *, counted: bool
    ) -> Self:
        """As it is told; ``counted`` to whoever may know how many children are protected."""
        mine = each.by_person == who.person
        return cls(
            id=each.id,
            by=each.by_name,
            mine=mine,
            purpose=each.purpose,
            school_name=name,
            state="removed" if each.state == "ready" and not each.lies_here(now) else each.state,
            made_at=each.made_at,
            written=written if mine else 0,
            until=each.until,
            instant=each.instant,
            rows=dict(each.rows) if mine else {},
            children_protected=each.protected if mine and counted else None,
            bytes=each.bytes if mine else 0,
            stopped=each.stopped,
            **each.asked.model_dump(exclude={"counted"}),
        )


class SchoolOut(BaseModel):
    """A school that may be exported by itself."""

    id: UUID
    name: str


class ExportsOut(BaseModel):
    """What somebody may export, and what has been."""

    may: bool
    may_protected: bool
    fresh: bool
    """Whether they have proved who they are within the last minutes, as each export asks."""
    kept_minutes: int
    schools: list[SchoolOut]
    exports: list[ExportOut]
    live: list[str]


class TicketOut(BaseModel):
    """What fetches an export for a moment."""

    ticket: str
    until: datetime


class Taken(BaseModel):
    """It is being written, or will be."""

    id: UUID


class Done(BaseModel):
    """A command was taken."""

    state: Literal["taken"] = "taken"


@router.get("", summary="名簿の書き出しの一覧")
async def list_exports(room: Reg, who: Who, foreman: Fore) -> ExportsOut:
    """What the asker may export, and the last exports of the board; empty for whoever may not."""
    async with room.units.read(Scope(who.board)) as session:
        asking = await asker(room, session, who)
        may, kept = asking.may("ExportRoster"), int(KEPT / timedelta(minutes=1))
        if not may:
            return ExportsOut(
                may=False,
                may_protected=False,
                fresh=False,
                kept_minutes=kept,
                schools=[],
                exports=[],
                live=[],
            )
        asking.strong_enough()
        listed = await packages.packages(session, who.board, LISTED)
        schools = await packages.schools(session, who.board)
    await room.log.read(who, Seen("ListExports", "export", None, "III"))
    now, counted = room.clock.now(), asking.may("ExportProtected")
    return ExportsOut(
        may=True,
        may_protected=counted,
        fresh=asking.fresh,
        kept_minutes=kept,
        schools=[SchoolOut(id=id_, name=name) for id_, name in schools.items()],
        exports=[
            ExportOut.of(
                each,
                who,
                now,
                foreman.said(EXPORT, each.id).get("read", 0),
                None if each.asked.school is None else schools.get(each.asked.school),
                counted=counted,
            )
            for each in listed
        ],
        live=offices.live(who.board, (), whole_board=True),
    )


@router.post("", summary="名簿を書き出す", response_model=Taken)
async def ask(body: ExportIn, room: Reg, who: Who, foreman: Fore, command: Cmd) -> Response:
    """Have it written. Its purpose, and who asked, stay when the package is gone."""

    async def make(work: Work) -> Taken:
        asking = await asker(room, work.session, who)
        asking.need(protected=body.protected)
        asked = _asked(body, room, counted=asking.may("ExportProtected"))
        if body.school is not None and body.school not in await packages.schools(work.session, who.board):
            raise not_found()
        same = [
            each
            for each in await packages.under_way(work.session, who.board)
            if (each.by_person, each.purpose, each.asked) == (asking.person, body.purpose.strip(), asked)
        ]
        export = same[0].id if same else new_id()
        if not same:
            name = await name_of(work.session, who.board, asking.person)
            await packages.make(work, export, asking.person, name, body.purpose.strip(), asked)
        seen = Seen("ExportRoster", "export", export, _importance(asked))
        await log_change(work.session, who, seen, work.at)
        return Taken(id=export)

    answer = await run_command("registry", room.units, Scope(who.board), command, make)
    foreman.wake()
    return answer


@router.post("/{export}/ticket", summary="書き出したものを受け取る", response_model=TicketOut)
async def ticket(export: UUID, body: Nothing, room: Reg, who: Who, command: Cmd) -> Response:
    """A word that fetches the package for a moment, for whoever asked for it."""

    async def give(work: Work) -> TicketOut:
        asking = await asker(room, work.session, who)
        each = await _mine(work.session, asking, export)
        asking.strong_enough("export")
        if not each.lies_here(room.clock.now()) or await packages.kept_since(work.session, each):
            raise _gone()
        word = secrets.token_urlsafe(24)
        until = await packages.say_ticket(work, export, _hashed(word))
        await log_change(
            work.session, who, Seen("DownloadRoster", "export", export, _importance(each.asked)), work.at
        )
        return TicketOut(ticket=word, until=until)

    return await run_command("registry", room.units, Scope(who.board), command, give)


@router.get("/{export}/file", summary="書き出したファイル", response_class=StreamingResponse)
async def read_file(export: UUID, room: Reg, who: Who, ticket: str = "") -> StreamingResponse:
    """The zip, as long as the ticket and the package last."""
    now = room.clock.now()
    async with room.units.read(Scope(who.board)) as session:
        asking = await asker(room, session, who)
        each = await _mine(session, asking, export)
        asking.strong_enough()
        fits = await packages.fits(session, who.board, export, _hashed(ticket), now)
        fits = fits and not await packages.kept_since(session, each)
    if not fits or not each.lies_here(now):
        raise _gone()
    await room.log.read(who, Seen("DownloadRoster", "export", export, _importance(each.asked)))
    name = f"roster-{each.made_at.astimezone(TOKYO):%Y%m%d-%H%M}.zip"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "content-length": str(each.bytes),
        "cache-control": "no-store",
    }
    return StreamingResponse(
        packages.content(room.units, each), media_type="application/zip", headers=headers
    )


@router.post("/{export}/remove", summary="書き出したものを捨てる", response_model=Done)
async def remove(export: UUID, body: Nothing, room: Reg, who: Who, command: Cmd) -> Response:
    """Delete the package before its time; anybody of the office may."""

    async def drop(work: Work) -> Done:
        asking = await asker(room, work.session, who)
        asking.see()
        if await packages.package(work.session, who.board, export) is None:
            raise not_found()
        asking.strong_enough()
        if not await packages.remove(work, export):
            raise Problem(409, "writing", "まだ書き出しています", "書き終わってから、いま捨ててください。")
        await log_change(work.session, who, Seen("RemoveExport", "export", export, "III"), work.at)
        return Done()

    return await run_command("registry", room.units, Scope(who.board), command, drop)


def _asked(body: ExportIn, room: Registry, *, counted: bool) -> Asked:
    """What is asked for. Raises a problem that names each field that cannot be so."""
    wrong: list[FieldError] = []
    if not body.purpose.strip():
        wrong.append(FieldError(field="purpose", message="何のために書き出すかを書いてください。"))
    if body.since is not None and body.since > room.clock.now():
        wrong.append(
            FieldError(field="since", message="これからの時刻です。前の書き出しか、前の日を選んでください。")
        )
    if body.for_others and body.protected:
        words = "ほかのシステムに渡すものには入れられません。入れないを選んでください。"
        wrong.append(FieldError(field="protected", message=words))
    named = {each.field for each in wrong}
    wrong += [
        FieldError(field=field, message=words)
        for field, words in out_of_time(body.as_of, body.since).items()
        if field not in named
    ]
    if wrong:
        raise Problem(422, "not-to-export", "書き出していません", wrong[0].message, errors=wrong)
    return Asked(
        profile=body.profile,
        since=body.since,
        as_of=body.as_of or room.clock.today(),
        school=body.school,
        for_others=body.for_others,
        protected=body.protected,
        counted=counted,
    )


async def _mine(session: AsyncSession, asking: Asker, export: UUID) -> Package:
    """The export, for whoever asked for it; others of the office know of it, and have no use of it."""
    asking.see()
    each = await packages.package(session, asking.holder.principal.board, export)
    if each is None:
        raise not_found()
    if each.by_person != asking.person:
        raise denied("受け取れるのは、書き出した人だけです。")
    asking.need_now(protected=each.asked.protected)
    return each


def _importance(asked: Asked) -> Importance:
    return "I" if asked.protected else "II"


def _hashed(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()


def _gone() -> Problem:
    return Problem(
        410,
        "gone",
        "もう受け取れません",
        "書き出したものは、しばらくすると消えます。名簿の書き出しの画面で、もう一度「受け取る」を押すか、書き出してください。",
    )
