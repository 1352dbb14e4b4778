"""Certificates over HTTP: look at one before it is issued, issue it, fetch it, list them, declare one void."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance import store as attendance
from services.registry.attendance.shapes import PersonOut
from services.registry.certificates import printing, rules, store
from services.registry.certificates.rules import BOOKS, DEFAULT_FORMS, Book, Facts, Forms, Kind
from services.registry.certificates.store import Issued
from services.registry.certificates.wording import TITLES
from services.registry.moves.asker import Asker, Reg, Who, asker_of, see, strong_enough
from services.registry.moves.rules import wrong_year
from services.registry.moves.store import Move, moves_by_id
from services.registry.roster import offices
from services.registry.roster import store as roster
from services.registry.roster.grades import grade_in_words
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Command, Scope, Work
from shared.dates import school_year
from shared.ids import new_id
from shared.printing import NoGlyph
from shared.web import FieldError, Problem, command_of, denied, not_found, run_command

router = APIRouter(prefix="/v1", tags=["証明書"])

_WORDS = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
"""Not blanks alone, nothing that cannot be seen."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Asked(_Body):
    """Which certificate. ``books`` null: those the board's list has for the grade."""

    kind: Kind
    issued_on: date
    books: list[Book] | None = Field(default=None, max_length=60)


class VoidIn(_Body):
    """Why a certificate counts no longer."""

    reason: str = Field(min_length=1, max_length=100, pattern=_WORDS)


class Pages(BaseModel):
    """A certificate to look at: its pages as pictures, and the books it lists."""

    pages: list[str]
    books: list[Book]
    head: str


class AdoptedOut(BaseModel):
    """The board's textbooks of a grade on a day; none: nobody has said any for this grade."""

    grade_word: str
    books: list[Book]


class CertificateOut(BaseModel):
    """An issued certificate."""

    id: UUID
    kind: Kind
    title: str
    number: str
    pupil: PersonOut
    move: UUID
    issued_on: date
    issued_at: datetime
    by: PersonOut | None
    voided_at: datetime | None
    void_reason: str | None


class Certificates(BaseModel):
    """Issued certificates."""

    certificates: list[CertificateOut]


class CertificatesPage(Certificates):
    """Issued certificates on a page that stays open."""

    live: list[str]


@router.get("/certificates", summary="出した証明書の一覧")
async def list_certificates(room: Reg, who: Who) -> Certificates:
    """What the asker's school has issued, the newest first."""
    async with room.units.read(Scope(who.board)) as session:
        asker = await asker_of(room, session, who)
        own = asker.holder.organisations("office") if who.kind == "staff" else frozenset()
        await strong_enough(room, session, who)
        issued = await store.of_schools(session, who.board, sorted(own))
        # A pupil who is kept from this member of the office is not on the list either.
        moves = await moves_by_id(session, who.board, {each.move for each in issued}, room.clock.today())
        seen = [each for each in issued if each.move in moves and _may(asker, moves[each.move])]
        out = await _out(session, who.board, seen)
    await room.log.read(who, Seen("ListCertificates", "certificate", None, "II", [e.pupil for e in seen]))
    return Certificates(certificates=out)


@router.get("/moves/{move}/certificates", summary="転出で出した証明書")
async def of_move(move: UUID, room: Reg, who: Who) -> CertificatesPage:
    """What was issued for a move."""
    async with room.units.read(Scope(who.board)) as session:
        asker = await asker_of(room, session, who)
        found = await _see(session, asker, move)
        await strong_enough(room, session, who)
        out = await _out(session, who.board, await store.of_move(session, who.board, move))
    await room.log.read(who, Seen("ListCertificates", "move", move, "II", [found.pupil]))
    return CertificatesPage(certificates=out, live=asker.live)


@router.get("/moves/{move}/textbooks", summary="転出する子の学年の教科書")
async def adopted_books(move: UUID, on: date, room: Reg, who: Who) -> AdoptedOut:
    """What a certificate of textbooks would list on a day unless others are named: the board's, and of no child."""
    async with room.units.read(Scope(who.board)) as session:
        found = await _see(session, await asker_of(room, session, who), move)
        await strong_enough(room, session, who)
        books = await _adopted(session, who.board, found.grade, on)
    await room.log.read(who, Seen("ReadForms", "board", who.board, "IV"))
    return AdoptedOut(grade_word=grade_in_words(found.grade), books=books)


@router.post("/moves/{move}/certificates/preview", summary="証明書を見る（出さない）")
async def preview(move: UUID, body: Asked, room: Reg, who: Who) -> Pages:
    """The certificate as it would be printed, without a number. Nothing is kept."""
    async with room.units.read(Scope(who.board)) as session:
        found = await _see(session, await asker_of(room, session, who), move)
        await strong_enough(room, session, who)
        facts = await _facts(session, who.board, found, body, room.clock.today())
        form = await _form(session, who.board, body)
    await room.log.read(who, Seen("PreviewCertificate", "move", move, "II", [found.pupil]))
    made = rules.sheet(form, facts, serial=None, issued_on=body.issued_on, sample="見本")
    try:
        pictures = await asyncio.to_thread(printing.pictures, made)
    except NoGlyph as error:
        raise _no_glyph(error) from None
    pages = [f"data:image/png;base64,{base64.b64encode(each).decode()}" for each in pictures]
    return Pages(pages=pages, books=list(facts.books), head=facts.head)


@router.post("/moves/{move}/certificates", summary="証明書を出す", response_model=Certificates)
async def issue(
    move: UUID, body: Asked, room: Reg, who: Who, command: Annotated[Command, Depends(command_of)]
) -> Response:
    """Number, document and record in one act."""

    async def act(work: Work) -> Certificates:
        asker = await asker_of(room, work.session, who)
        await _see(work.session, asker, move)
        await strong_enough(room, work.session, who)
        await roster.lock_roster(work, patient=False)
        found = await _see(work.session, asker, move)
        if found.undone_at is not None:
            raise Problem(
                409, "undone", "取り消された転出入です", "証明書は出せません。新しく届けてください。"
            )
        assert found.from_school is not None
        facts = await _facts(work.session, who.board, found, body, room.clock.today())
        form = await _form(work.session, who.board, body)
        year = school_year(body.issued_on)
        serial = await store.next_serial(work, found.from_school, year, body.kind)
        made = rules.sheet(form, facts, serial=serial, issued_on=body.issued_on)
        try:
            document = await asyncio.to_thread(printing.pdf, made)
        except NoGlyph as error:
            raise _no_glyph(error) from None
        values = {
            "id": new_id(),
            "school": found.from_school,
            "year": year,
            "kind": body.kind,
            "serial": serial,
            "number": made["number"],
            "pupil": found.pupil,
            "move": move,
            "issued_on": body.issued_on,
            "by": asker.person,
            "pdf": document,
            "sha256": hashlib.sha256(document).hexdigest(),
        }
        await store.add(work, values, made)
        offices.tell(work, who.board, *found.schools)
        await _log(work, who, "IssueCertificate", move, found.pupil)
        issued = await store.of_move(work.session, who.board, move)
        return Certificates(certificates=await _out(work.session, who.board, issued))

    return await run_command("registry", room.units, Scope(who.board), command, act)


@router.get("/certificates/{certificate}/pdf", summary="証明書（PDF/A）", response_class=Response)
async def read_pdf(certificate: UUID, room: Reg, who: Who) -> Response:
    """The document as it was issued."""
    async with room.units.read(Scope(who.board)) as session:
        asker = await asker_of(room, session, who)
        found = await _issued(session, asker, certificate)
        await strong_enough(room, session, who)
        document = await store.document(session, who.board, certificate)
    await room.log.read(who, Seen("ReadCertificate", "certificate", certificate, "II", [found.pupil]))
    name = f"{found.kind}-{found.issued_on.isoformat()}.pdf"
    headers = {"content-disposition": f'inline; filename="{name}"', "cache-control": "no-store"}
    return Response(document, media_type="application/pdf", headers=headers)


@router.post("/certificates/{certificate}/void", summary="証明書を無効にする", response_model=Certificates)
async def void(
    certificate: UUID, body: VoidIn, room: Reg, who: Who, command: Annotated[Command, Depends(command_of)]
) -> Response:
    """It counts no longer; the number stays used, and the list says why."""

    async def act(work: Work) -> Certificates:
        asker = await asker_of(room, work.session, who)
        await roster.lock_roster(work)
        found = await _issued(work.session, asker, certificate)
        await strong_enough(room, work.session, who)
        if found.voided_at is not None and found.void_reason != body.reason:
            words = f"この証明書は、もう無効です（{found.void_reason}）。わけは書きかえられません。"
            raise Problem(409, "void-already", "もう無効です", words)
        await store.void(work, certificate, asker.person, body.reason)
        move = await see(work.session, asker, found.move)
        offices.tell(work, who.board, *move.schools)
        await _log(work, who, "VoidCertificate", found.move, found.pupil)
        issued = await store.of_move(work.session, who.board, found.move)
        return Certificates(certificates=await _out(work.session, who.board, issued))

    return await run_command("registry", room.units, Scope(who.board), command, act)


async def _see(session: AsyncSession, asker: Asker, move: UUID) -> Move:
    """The move, if the asker may issue certificates for it."""
    found = await see(session, asker, move)
    if found.from_school is None:
        raise not_found()
    if not _may(asker, found):
        raise denied("証明書を出せるのは、出る学校の事務です。")
    return found


def _may(asker: Asker, move: Move) -> bool:
    """Whether somebody may issue certificates for a move; nobody may who does not see it."""
    return all(asker.may(action, asker.resource_of(move)) for action in ("ReadMove", "IssueCertificate"))


async def _issued(session: AsyncSession, asker: Asker, certificate: UUID) -> Issued:
    found = await store.one(session, asker.board, certificate)
    # The issuing school's, as the rows' own wall has it: the accepting school sees the move and not its papers.
    if found is None or not (asker.whole_board or found.school in asker.holder.schools()):
        raise not_found()
    await _see(session, asker, found.move)
    return found


async def _form(session: AsyncSession, board: UUID, asked: Asked) -> rules.Form:
    value = await store.setting(session, board, rules.FORMS, asked.issued_on)
    forms = DEFAULT_FORMS if value is None else Forms.model_validate(value)
    return forms.enrolment if asked.kind == "enrolment" else forms.textbooks


async def _facts(session: AsyncSession, board: UUID, move: Move, asked: Asked, today: date) -> Facts:
    assert move.from_school is not None
    about = await store.about(session, board, move.pupil, move.from_school, asked.issued_on)
    wrong = []
    if other := wrong_year("issued_on", "発行する日", asked.issued_on, today):
        wrong.append(FieldError(field=other.field, message=other.message))
    elif not about.head:
        wrong.append(
            FieldError(
                field="issued_on",
                message="その日の校長が名簿にありません。職務に校長を入れてから、証明書を出してください。",
            )
        )
    books: list[Book] = []
    if asked.kind == "textbooks":
        books = asked.books or []
        if asked.books is None:
            books = await _adopted(session, board, move.grade, asked.issued_on)
        if not books:
            wrong.append(
                FieldError(
                    field="books",
                    message="給与した教科用図書を、1冊以上入れてください（表から貼り付けられます）。",
                )
            )
    if wrong:
        raise Problem(422, "certificate-refused", "証明書を出していません", wrong[0].message, errors=wrong)
    return Facts(
        family=about.family,
        given=about.given,
        kana=about.kana,
        birth_date=about.birth_date,
        sex=about.sex,
        grade=rules.grade_of_school(move.grade),
        school=about.school,
        head=about.head,
        left_on=move.left_on,
        transferred_on=move.dates.transferred_on,
        to=await _to(session, board, move),
        year=school_year(asked.issued_on),
        books=books,
    )


async def _adopted(session: AsyncSession, board: UUID, grade: str, on: date) -> list[Book]:
    said = await store.setting(session, board, rules.TEXTBOOKS, on)
    return BOOKS.validate_python(said or {}).get(grade, [])


async def _to(session: AsyncSession, board: UUID, move: Move) -> str:
    if move.elsewhere is not None:
        return move.elsewhere["name"]
    assert move.to_school is not None
    return (await roster.organisations(session, board, [move.to_school]))[move.to_school].name


def _no_glyph(error: NoGlyph) -> Problem:
    shown = error.text if error.text.isprintable() else "・".join(f"U+{ord(c):04X}" for c in error.text)
    words = (
        f"「{shown}」を印字できる字形がありません。欠けた証明書は出さずに止めました。"
        "手書きの証明書で出し、この字を管理者に知らせてください。"
    )
    return Problem(
        422, "no-glyph", "証明書を出していません", words, errors=[FieldError(field="name", message=words)]
    )


async def _log(work: Work, who: Principal, action: str, move: UUID, pupil: UUID) -> None:
    await log_change(work.session, who, Seen(action, "move", move, "II", [pupil]), work.at)


async def _out(session: AsyncSession, board: UUID, issued: list[Issued]) -> list[CertificateOut]:
    people = {person for each in issued for person in (each.pupil, each.issued_by)}
    named = await attendance.names(session, board, sorted(people))
    return [
        CertificateOut(
            id=each.id,
            kind=each.kind,
            title=TITLES[each.kind],
            number=each.number,
            pupil=PersonOut.of(each.pupil, named[each.pupil]),
            move=each.move,
            issued_on=each.issued_on,
            issued_at=each.issued_at,
            by=PersonOut.of(each.issued_by, named[each.issued_by]) if each.issued_by in named else None,
            voided_at=each.voided_at,
            void_reason=each.void_reason,
        )
        for each in issued
    ]
