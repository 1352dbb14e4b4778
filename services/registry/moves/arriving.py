"""One who comes from a school elsewhere, with or without papers, over HTTP."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.matching.acting import alike_beside, ask_about, askable
from services.registry.matching.marks import Alike as Alikes
from services.registry.moves import alike, looking, making, store
from services.registry.moves.alike import Alike
from services.registry.moves.api import refusals, saved
from services.registry.moves.asker import Asker, Reg, Who, asker_of, shown_pupils, strong_enough, widen
from services.registry.moves.making import Asked
from services.registry.moves.rules import Dates, Place, Refused, Wrong
from services.registry.moves.shapes import Elsewhere, PlaceIn, Reason, Saved
from services.registry.oneroster import cells
from services.registry.roster import published
from services.registry.roster import store as roster
from services.registry.roster.kana import reading, search_text
from services.registry.roster.rows import PersonRow
from services.registry.roster.rules import Translator
from services.registry.roster.snapshot import ExternalKey, Person
from shared.access.log import Seen, log_change
from shared.database import Command, Scope, Work
from shared.dates import in_words
from shared.ids import new_id
from shared.web import FieldError, Problem, command_of, not_found, run_command

router = APIRouter(prefix="/v1", tags=["転出入"])

_NAME = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
_AGES = (3, 20)
"""Years of age that a pupil may have, with room on both sides; a slip of the finger lies outside."""
_KEY = ExternalKey("person", "arriving")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Card(_Body):
    """Who arrives, as the papers or the family write it; names are stored code point for code point."""

    legal_family: str = Field(min_length=1, max_length=50, pattern=_NAME)
    legal_given: str = Field(min_length=1, max_length=50, pattern=_NAME)
    kana_family: str = Field(min_length=1, max_length=50, pattern=_NAME)
    kana_given: str = Field(min_length=1, max_length=50, pattern=_NAME)
    birth_date: date
    sex: Literal["male", "female", "unspecified", "other"]


class Arrival(_Body):
    """Somebody arrives. ``pupil`` is one who was here before; ``nobody_else`` says that nobody known is the same."""

    pupil: UUID | None = None
    card: Card | None = None
    nobody_else: bool = False
    to_school: UUID
    grade: str = Field(max_length=2)
    accepted_on: date
    left_on: date | None = None
    elsewhere: Elsewhere
    reason: Reason
    place: PlaceIn | None = None


@router.post("/arrivals", summary="転入を届ける", response_model=Saved)
async def arrive(
    body: Arrival, room: Reg, who: Who, command: Annotated[Command, Depends(command_of)]
) -> Response:
    """A pupil from elsewhere; provisional until the former school's papers are ticked as received."""

    async def act(work: Work) -> Saved:
        asker = await asker_of(room, work.session, who)
        asked = looking.resource(who.board, asker.offices, [body.to_school], [body.to_school], False, [])
        if not asker.may("MakeMove", asked):
            raise not_found()
        await strong_enough(room, work.session, who)
        await roster.lock_roster(work, patient=False)
        await widen(work.session, asker)
        with refusals():
            if (body.pupil is None) == (body.card is None):
                raise Refused(
                    [Wrong("card", "新しい子の氏名などか、前にいた子の、どちらかを入れてください。")]
                )
        card = None if body.pupil is not None else await _new_pupil(work, asker, body)
        pupil = body.pupil if card is None else card.id
        assert pupil is not None
        if body.pupil is not None and await alike.one(work.session, asker, body.pupil) is None:
            raise not_found()
        with refusals():
            made = await making.make(work, _asked(body, pupil), asker.person, room.clock.today())
        if card is not None:
            found = await alike_beside(work, [card])
            await _protect(work, asker, card.id, found, body.accepted_on)
            await ask_about(work, await askable(work, found))
        await log_change(work.session, who, Seen("MakeMove", "move", made.id, "II", [pupil]), work.at)
        now = await store.move(work.session, who.board, made.id, room.clock.today())
        # 学務課 announces a protected child without knowing it, and sees no more of it than of any other such move.
        seen = now is not None and asker.may("ReadMove", asker.resource_of(now))
        return await saved(work, asker, [made.id] if seen else [])

    return await run_command("registry", room.units, Scope(who.board), command, act)


def _asked(body: Arrival, pupil: UUID) -> Asked:
    return Asked(
        kind="arriving",
        pupil=pupil,
        from_school=None,
        to_school=body.to_school,
        dates=Dates(body.left_on, body.accepted_on),
        place=None if body.place is None else Place(body.place.class_id, body.place.number),
        elsewhere=body.elsewhere.model_dump(),
        reason=body.reason,
        together=new_id(),
        grade=body.grade,
    )


async def _new_pupil(work: Work, asker: Asker, body: Arrival) -> PersonRow:
    """A new card, once a person has said that nobody known is the same (one person for life inside a board).

    Whoever may be the same all the same (also a protected child, whom nobody is told of here) becomes a question to
    those who keep the roster (:mod:`services.registry.matching`).
    """
    assert body.card is not None
    card = _read(body.card)
    youngest, oldest = (asker.room.clock.today().year - age for age in _AGES)
    if not oldest <= card.birth_date.year <= youngest:
        with refusals():
            raise Refused(
                [Wrong("birth_date", f"生年月日を確かめてください。入力: {in_words(card.birth_date)}")]
            )
    legal = search_text(card.legal_family, card.legal_given)
    kana = search_text(card.kana_family, card.kana_given)
    found = await alike.same(work.session, asker, legal, kana, card.birth_date)
    if not body.nobody_else:
        await _ask(work.session, asker, [each for each in found if each.told], body)
    pupil = new_id()
    told = Person(
        key=_KEY,
        legal_family=card.legal_family,
        legal_given=card.legal_given,
        kana_family=card.kana_family,
        kana_given=card.kana_given,
        common_family=None,
        common_given=None,
        common_kana_family=None,
        common_kana_given=None,
        birth_date=card.birth_date,
        sex=card.sex,
    )
    row = Translator({_KEY: pupil}, {}).person(told)
    await roster.put_people(work, [row])
    work.publish(published.person_changed(row), key=pupil, subject=pupil)
    return row


async def _protect(work: Work, asker: Asker, pupil: UUID, found: Sequence[Alikes], accepted_on: date) -> None:
    """Give the new card the mark of whom it may be, from its first moment."""
    mark = await alike.mark_of(work, asker, pupil, found)
    if mark is None:
        return
    await alike.protect(work, pupil, mark, min(asker.room.clock.today(), accepted_on))
    seen = Seen("ChangeProtection", "person", pupil, "I", [pupil])
    await log_change(work.session, asker.holder.principal, seen, work.at)


_READINGS = {"kana_family": "姓のよみ", "kana_given": "名のよみ"}


def _read(card: Card) -> Card:
    """The card with its readings in katakana. Raises a refusal for signs alone, and for what is no reading."""
    kana = {field: reading(getattr(card, field)) for field in _READINGS}
    wrong = [
        Wrong(f"card.{field}", f"「{value}」は名前として読めません。書類のとおりに書いてください。")
        for field, value in card
        if field.startswith(("legal_", "kana_")) and not search_text(value)
    ]
    told = {each.field for each in wrong}
    for field, value in kana.items():
        fault = cells.KANA.check(value)
        if fault is not None and f"card.{field}" not in told:
            words = f"{_READINGS[field]}「{getattr(card, field)}」: {fault.rule}。{fault.remedy}。"
            wrong.append(Wrong(f"card.{field}", words))
    with refusals():
        if wrong:
            raise Refused(wrong)
    return card.model_copy(update=kana)


async def _ask(session: AsyncSession, asker: Asker, found: list[Alike], body: Arrival) -> None:
    """Whether it is one of these. What the question shows is a read, though nothing is written beside it.

    Of each the field says what can be done: ``pupil`` arrives again, ``movable`` is moved by the asker inside the city,
    ``enrolled`` is for others to move, or is where it would arrive.
    """
    if not found:
        return
    today = asker.room.clock.today()
    mine = await shown_pupils(session, asker, [each.id for each in found], today)
    movable = {each.pupil.id for each in mine if each.school.id != body.to_school}
    on = body.accepted_on
    asked = Seen("FindPupils", "pupil", None, "II", [each.id for each in found])
    await asker.room.log.read(asker.holder.principal, asked)
    raise Problem(
        409,
        "same-person",
        "同じ人かもしれません",
        "同じ子なら、その子を選んでください。べつの子なら、そう確かめてから届けてください。",
        errors=[
            FieldError(
                field="pupil" if not _enrolled(each, on) else "movable" if each.id in movable else "enrolled",
                cell=str(each.id),
                message=f"{each.name}さん{_born(each)} {_where(each, today, on)}{_what_then(each, body, movable)}",
            )
            for each in found
        ],
    )


def _enrolled(each: Alike, on: date) -> bool:
    return each.since is not None and each.since <= on and (each.until is None or on < each.until)


def _where(each: Alike, today: date, accepted_on: date) -> str:
    """Where one who may be the same is, or was: what tells one child from another beside name and birthday."""
    if each.since is None:
        return "在籍の記録はありません（届けは取り消されています）。"
    place = f"{each.school} {each.class_name}".strip()
    if _enrolled(each, accepted_on):
        return f"{place}に在籍しています。"
    if each.until is not None and each.until <= today:
        last = each.until - timedelta(days=1)
        return f"{each.school}に{last.year}年{in_words(last)}まで在籍していました。"
    if each.since > today:
        return f"{each.school}に{each.since.year}年{in_words(each.since)}から在籍します。"
    return f"{place}に在籍しています。"


def _what_then(each: Alike, body: Arrival, movable: Collection[UUID]) -> str:
    """What is announced instead of an arrival, and by whom."""
    if not _enrolled(each, body.accepted_on):
        return ""
    if each.school_id == body.to_school:
        return "この子なら、もうこの学校の子なので、転入の届けは要りません。"
    if each.id in movable:
        return f"この子なら、転入ではなく、{each.school}から市内の転学として届けます。"
    return f"この子なら、転入ではなく、市内の転学です。{each.school}の事務か学務課が届けます。"


def _born(each: Alike) -> str:
    born = each.birth_date
    return f"（{born.year}年{born.month}月{born.day}日生まれ）" if born else ""
