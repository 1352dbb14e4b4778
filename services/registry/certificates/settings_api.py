"""The board's own 証明書の様式 and 教科書 over HTTP: versions with their days, a sample, a new one."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.shapes import PersonOut
from services.registry.attendance.store import names
from services.registry.certificates import printing, rules, textbooks, wording
from services.registry.certificates.rules import BOOKS, DEFAULT_FORMS, Forms, Kind
from services.registry.certificates.sample import facts
from services.registry.certificates.wording import FormIn, FormsIn, Wrong
from services.registry.moves.rules import wrong_year
from services.registry.people import store as people
from services.registry.room import Registry, registry
from services.registry.roster import dated
from services.registry.roster.dated import Said, State
from services.registry.roster.settings import TooLarge
from shared.access.log import Seen, log_change
from shared.access.principal import Principal, entity, ref, refs
from shared.database import Command, Scope, Work
from shared.printing import NoGlyph
from shared.web import FieldError, Problem, command_of, current, not_found, run_command

router = APIRouter(prefix="/v1", tags=["証明書"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Given = Annotated[Command, Depends(command_of)]
MAX_ROWS = 800
T = TypeVar("T")
_NO_BOOKS: textbooks.Books = {}

Cells = Annotated[list[Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]], Field(max_length=8)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Dated(_In):
    """From when it holds, and the revision that was read."""

    since: date
    seen: str = Field(max_length=40)


class SayForms(Dated):
    """Both forms from a day on."""

    forms: FormsIn


class SayBooks(Dated):
    """The textbooks of every grade from a day on, line by line."""

    rows: list[Cells] = Field(max_length=MAX_ROWS)


class SampleIn(_In):
    """A form to look at; ``left``: as it reads after the last day."""

    kind: Kind
    form: FormIn
    left: bool = False


class SampleOut(BaseModel):
    """The sheet as pictures, and as the PDF that would be printed; both as data addresses."""

    pages: list[str]
    pdf: str


class VersionOut(BaseModel):
    """What was said: from when it holds, who said it when, and what it says otherwise than the version before."""

    since: date
    said_at: datetime
    said_by: PersonOut | None
    state: State
    words: list[str]
    forms: Forms | None = None
    rows: list[list[str]] | None = None
    """Textbooks as lines."""


class _Versions(BaseModel):
    today: date
    revision: str
    versions: list[VersionOut]
    as_of: datetime


class FieldOut(BaseModel):
    """What may stand in braces, and what is printed there."""

    name: str
    word: str


class FormsOut(_Versions):
    """The board's forms: those that hold, or the standard ones, and every version."""

    forms: Forms
    fields: list[FieldOut]
    row_fields: list[FieldOut]


class BooksOut(_Versions):
    """The board's textbooks: those that hold, line by line, and every version."""

    rows: list[list[str]]
    heads: list[str]


@router.get("/boards/{board}/certificate-forms", summary="証明書の様式")
async def read_forms(board: UUID, room: Reg, who: Who) -> FormsOut:
    """The forms that hold today, and every version."""
    async with room.units.read(Scope(who.board)) as session:
        await _may(room, session, who, board)
        out = await _forms(room, session, who)
    await room.log.read(who, Seen("ReadForms", "board", who.board, "IV"))
    return out


@router.get("/boards/{board}/textbooks", summary="教科書")
async def read_books(board: UUID, room: Reg, who: Who) -> BooksOut:
    """The textbooks that hold today, and every version."""
    async with room.units.read(Scope(who.board)) as session:
        await _may(room, session, who, board)
        out = await _books(room, session, who)
    await room.log.read(who, Seen("ReadForms", "board", who.board, "IV"))
    return out


@router.post(
    "/boards/{board}/certificate-forms/sample",
    summary="証明書の様式の見本（保存しない）",
)
async def sample(board: UUID, body: SampleIn, room: Reg, who: Who) -> SampleOut:
    """A form with an invented child. Nothing is kept."""
    today = room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        await _may(room, session, who, board)
        said = await dated.versions(session, who.board, rules.TEXTBOOKS)
    await room.log.read(who, Seen("PreviewForm", "board", who.board, "IV"))
    if wrong := wording.wrong_in(body.form, body.kind):
        raise _refused(wrong, "このままでは印刷できません")
    holding = dated.holding(said, today)
    books = BOOKS.validate_python(holding.value) if holding else {}
    about = facts(today, books, left=body.left)
    made = rules.sheet(wording.made(body.form), about, serial=1, issued_on=today, sample="見本")
    try:
        pictures, pdf = await asyncio.to_thread(lambda: (printing.pictures(made), printing.pdf(made)))
    except NoGlyph as error:
        raise _refused([_no_glyph(body.kind, error)], "このままでは印刷できません") from None
    return SampleOut(pages=[_data("image/png", each) for each in pictures], pdf=_data("application/pdf", pdf))


@router.post("/boards/{board}/certificate-forms", summary="証明書の様式を決める", response_model=FormsOut)
async def say_forms(board: UUID, body: SayForms, room: Reg, who: Who, command: Given) -> Response:
    """Both forms from a day on. What was issued before stays as it was issued."""

    async def say(work: Work) -> FormsOut:
        await _may(room, work.session, who, board)
        written: Mapping[Kind, FormIn] = {
            "enrolment": body.forms.enrolment,
            "textbooks": body.forms.textbooks,
        }
        wrong = [each for kind, form in written.items() for each in wording.wrong_in(form, kind)]
        for kind, form in written.items() if not wrong else ():
            made = rules.sheet(wording.made(form), facts(body.since, {}), serial=1, issued_on=body.since)
            try:
                await asyncio.to_thread(printing.pdf, made)
            except NoGlyph as error:
                wrong.append(_no_glyph(kind, error))
        if wrong:
            raise _refused(wrong)
        await _say(room, work, who, rules.FORMS, body, body.forms.model_dump())
        return await _forms(room, work.session, who)

    return await run_command("registry", room.units, Scope(who.board), command, say)


@router.post("/boards/{board}/textbooks", summary="教科書を決める", response_model=BooksOut)
async def say_books(board: UUID, body: SayBooks, room: Reg, who: Who, command: Given) -> Response:
    """The textbooks of every grade from a day on."""

    async def say(work: Work) -> BooksOut:
        await _may(room, work.session, who, board)
        books, wrong = textbooks.read_rows(body.rows)
        if wrong:
            raise _refused(wrong)
        value = BOOKS.dump_python(books, mode="json")
        await _say(room, work, who, rules.TEXTBOOKS, body, value)
        return await _books(room, work.session, who)

    return await run_command("registry", room.units, Scope(who.board), command, say)


@router.post(
    "/boards/{board}/certificate-forms/withdraw",
    summary="まだ始まっていない様式を取りやめる",
    response_model=FormsOut,
)
async def withdraw_forms(board: UUID, body: Dated, room: Reg, who: Who, command: Given) -> Response:
    """What was said of a day that has not come was not said."""

    async def act(work: Work) -> FormsOut:
        await _withdraw(room, work, who, board, rules.FORMS, body)
        return await _forms(room, work.session, who)

    return await run_command("registry", room.units, Scope(who.board), command, act)


@router.post(
    "/boards/{board}/textbooks/withdraw",
    summary="まだ始まっていない教科書を取りやめる",
    response_model=BooksOut,
)
async def withdraw_books(board: UUID, body: Dated, room: Reg, who: Who, command: Given) -> Response:
    """What was said of a day that has not come was not said."""

    async def act(work: Work) -> BooksOut:
        await _withdraw(room, work, who, board, rules.TEXTBOOKS, body)
        return await _books(room, work.session, who)

    return await run_command("registry", room.units, Scope(who.board), command, act)


async def _may(room: Registry, session: AsyncSession, who: Principal, board: UUID) -> None:
    holder, step_up, offices = await people.asking(session, who, room.clock.today())
    keepers = refs("Unit", offices.departments)
    resource = entity("BoardForms", board, board=ref("Board", board), offices=keepers)
    if not room.policies.allows(holder, "SetForms", resource):
        raise not_found()
    room.strong_enough(who, step_up)


async def _say(room: Registry, work: Work, who: Principal, name: str, body: Dated, value: Any) -> None:
    if slip := wrong_year("since", "始まる日", body.since, room.clock.today()):
        raise _refused([Wrong("始まる日", slip.message)])
    try:
        said = await dated.say(work, name, body.since, body.seen, value)
    except TooLarge as error:
        raise _refused([Wrong("全体", str(error))]) from None
    if said:
        act = "WithdrawForms" if value is None else "SetForms"
        await log_change(work.session, who, Seen(act, "board", who.board, "IV"), work.at)


async def _withdraw(room: Registry, work: Work, who: Principal, board: UUID, name: str, body: Dated) -> None:
    await _may(room, work.session, who, board)
    await _say(room, work, who, name, body, None)


async def _forms(room: Registry, session: AsyncSession, who: Principal) -> FormsOut:
    said = await dated.versions(session, who.board, rules.FORMS)
    value = dated.holding(said, room.clock.today())
    return FormsOut(
        **await _versions(
            room,
            session,
            who,
            said,
            Forms.model_validate,
            DEFAULT_FORMS,
            wording.changes,
            lambda forms: {"forms": forms},
        ),
        forms=Forms.model_validate(value.value) if value else DEFAULT_FORMS,
        fields=[FieldOut(name=name, word=word) for name, word in rules.FIELDS.items()],
        row_fields=[FieldOut(name=name, word=rules.FIELDS[name]) for name in wording.ROW_FIELDS],
    )


async def _books(room: Registry, session: AsyncSession, who: Principal) -> BooksOut:
    said = await dated.versions(session, who.board, rules.TEXTBOOKS)
    value = dated.holding(said, room.clock.today())
    return BooksOut(
        **await _versions(
            room,
            session,
            who,
            said,
            BOOKS.validate_python,
            _NO_BOOKS,
            textbooks.changes,
            lambda books: {"rows": textbooks.rows_of(books)},
        ),
        rows=textbooks.rows_of(BOOKS.validate_python(value.value)) if value else [],
        heads=list(textbooks.HEADS),
    )


async def _versions(
    room: Registry,
    session: AsyncSession,
    who: Principal,
    said: Sequence[Said],
    read: Callable[[Any], T],
    first: T,
    told: Callable[[T, T], list[str]],
    shown: Callable[[T], dict[str, Any]],
) -> dict[str, Any]:
    """What both answers have in common; ``first`` is what held before anything was said."""
    today = room.clock.today()
    makers = await names(session, who.board, sorted({each.by for each in said if each.by}))
    values = [read(each.value) for each in said]
    versions = [
        VersionOut(
            since=each.since,
            said_at=each.at,
            said_by=PersonOut.of(each.by, makers[each.by]) if each.by in makers else None,
            state=dated.state(each, said, today),
            words=told(before, value),
            **shown(value),
        )
        for each, value, before in zip(said, values, [*values, first][1:], strict=True)
    ]
    revision = dated.revision(said)
    return {"today": today, "revision": revision, "versions": versions, "as_of": room.clock.now()}


def _no_glyph(kind: Kind, error: NoGlyph) -> Wrong:
    words = f"「{error.text}」を印字できる字形がありません。ほかの字にしてください。"
    return Wrong(wording.TITLES[kind], words)


def _refused(wrong: Sequence[Wrong], title: str = "保存していません") -> Problem:
    errors = [FieldError(cell=each.where, message=each.message) for each in wrong]
    places = "、".join(dict.fromkeys(each.where for each in wrong[:5]))
    return Problem(
        422,
        "setting-refused",
        f"{title}（{len(wrong)}か所）",
        f"{places}を直してください。",
        errors=errors,
    )


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
