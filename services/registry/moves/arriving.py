"""One who comes from a school elsewhere, with or without papers, over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.matching.acting import raise_questions
from services.registry.moves import looking, making
from services.registry.moves.api import refusals, saved
from services.registry.moves.asker import Asker, Reg, Who, asker_of, strong_enough, widen
from services.registry.moves.making import Asked
from services.registry.moves.rules import Dates, Place, Refused, Wrong
from services.registry.moves.shapes import Elsewhere, PlaceIn, Reason, Saved
from services.registry.roster import published
from services.registry.roster import store as roster
from services.registry.roster.kana import search_text
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
    """Who arrives, as the papers or the family write it; stored code point for code point."""

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
        if body.pupil is not None and not await _known(work.session, asker, body.pupil):
            raise not_found()
        with refusals():
            made = await making.make(work, _asked(body, pupil), asker.person, room.clock.today())
        if card is not None:
            await raise_questions(work, [card])
        await log_change(work.session, who, Seen("MakeMove", "move", made.id, "II", [pupil]), work.at)
        return await saved(work, asker, [made.id])

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
    card = body.card
    assert card is not None
    youngest, oldest = (asker.room.clock.today().year - age for age in _AGES)
    if not oldest <= card.birth_date.year <= youngest:
        with refusals():
            raise Refused(
                [Wrong("birth_date", f"生年月日を確かめてください。入力: {in_words(card.birth_date)}")]
            )
    if not body.nobody_else:
        same = await _same(work.session, asker, card)
        if same:
            # Names of children are told, of whatever school: whoever asks leaves a trace, though nothing is saved.
            ids = [UUID(each.cell) for each in same]
            seen = Seen("FindPupils", "pupil", None, "II", ids)
            await asker.room.log.read(asker.holder.principal, seen)
            raise Problem(
                409,
                "same-person",
                "同じ人かもしれません",
                "前にいた子なら、その子を選んでください。べつの子なら、そう確かめてから届けてください。",
                errors=same,
            )
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


# Whoever is protected is not among them: that they are known is not for everybody to learn.
_SAME = text(
    """
select p.id, coalesce(p.common_family, p.legal_family) || ' ' || coalesce(p.common_given, p.legal_given) as name,
       p.birth_date
from person p
where p.board_id = :board and p.withdrawn_at is null and p.merged_into is null and p.birth_date = :born
  and (strpos(p.search, :legal) > 0 or strpos(p.search, :kana) > 0)
  and exists (select from enrolment_period e where e.board_id = :board and e.subject_id = p.id)
  and not exists (select from protection_period k where k.board_id = :board and k.subject_id = p.id
                  and k.voided_at is null and k.valid @> cast(:today as date))
order by p.sort_key, p.id limit 10
"""
)


async def _same(session: AsyncSession, asker: Asker, card: Card) -> list[FieldError]:
    values = {
        "board": asker.board,
        "born": card.birth_date,
        "legal": search_text(card.legal_family, card.legal_given),
        "kana": search_text(card.kana_family, card.kana_given),
        "today": asker.room.clock.today(),
    }
    return [
        FieldError(
            field="pupil", cell=str(row.id), message=f"{row.name}さん（{in_words(row.birth_date)}生まれ）"
        )
        for row in await session.execute(_SAME, values)
    ]


# A child who was at one of the board's schools before: staff and guardians are people, too, and never arrive.
_KNOWN = text(
    "select true from person p where p.board_id = :board and p.id = :pupil and p.withdrawn_at is null"
    " and p.merged_into is null"
    " and exists (select from enrolment_period e where e.board_id = :board and e.subject_id = p.id)"
    " and not exists (select from protection_period k where k.board_id = :board and k.subject_id = p.id"
    " and k.voided_at is null and k.valid @> cast(:today as date))"
)


async def _known(session: AsyncSession, asker: Asker, pupil: UUID) -> bool:
    values = {"board": asker.board, "pupil": pupil, "today": asker.room.clock.today()}
    return bool(await session.scalar(_KNOWN, values))
