"""People over HTTP: find them, read a card as it stands, stood, or was known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.matching import looking
from services.registry.people import history, search, store
from services.registry.people.access import reach
from services.registry.people.card import Page, named_in, reaches
from services.registry.people.rights import Asker, rights, where_child
from services.registry.people.rules import Hat, Record, names_in_use, where_pupil
from services.registry.people.search import Found
from services.registry.people.shapes import (
    CardOut,
    ClassPlaceOut,
    FoundOut,
    MergedOut,
    PeopleOut,
    PersonOut,
    PlaceOut,
    PlacesOut,
)
from services.registry.room import Registry, registry
from services.registry.roster import offices
from shared.access.log import Seen
from shared.access.principal import Principal
from shared.access.step_up import StepUp
from shared.database import Scope
from shared.web import current, not_found

router = APIRouter(prefix="/v1", tags=["名簿"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]

MOST = 1_000
"""Rows of one list: a school is smaller, and nobody reads more."""


@router.get("/people", summary="人をさがす・名簿を見る")
async def find_people(
    room: Reg,
    who: Who,
    q: Annotated[str, Query(max_length=60)] = "",
    hat: Literal["all", "pupil", "staff", "guardian"] = "all",
    school: UUID | None = None,
    class_id: UUID | None = None,
    rows: Annotated[int, Query(ge=1, le=MOST)] = 20,
) -> PeopleOut:
    """By kana, name in any of its forms, class and number; a school's or class's list when nothing is typed."""
    what, today = search.wanted(q), room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        holder, step_up, keepers = await store.asking(session, who, today)
        room.strong_enough(who, step_up)
        far = reach(holder, keepers)
        hats: tuple[Hat, ...] = get_args(Hat) if hat == "all" else (hat,)
        found: list[Found] = []
        for each in hats:
            # A class or a number says whom of the pupils is meant, and nobody else.
            if far.nothing or (each != "pupil" and not what.words and not (school and what.nothing)):
                continue
            found += await search.find(
                session, who.board, far, each, what, today, school=school, class_id=class_id, rows=rows
            )
        unknown = None
        if what.class_name is not None and not found and not far.nothing:
            there = await search.has_class(session, who.board, far, what.class_name, today, school)
            unknown = None if there else what.class_name
    shown = found[:rows]
    await room.log.read(who, Seen("FindPeople", "person", None, "II", [each.id for each in shown]))
    return PeopleOut(
        people=[_found(each) for each in shown],
        more=len(found) > rows,
        unknown_class=unknown,
        # Duties stand beside the staff's names.
        live=[]
        if far.nothing
        else [*offices.live(who.board, far.schools, whole_board=far.whole_board), f"duties:{who.board}"],
    )


def _found(found: Found) -> FoundOut:
    of = found.of
    if found.hat == "staff" and of:
        of = "・".join(word for kind, word in history.DUTIES.items() if kind in of.split(","))
    school = PlaceOut(id=found.school, name=found.school_name or "") if found.school is not None else None
    return FoundOut(
        person=PersonOut(
            id=found.id,
            family=found.family,
            given=found.given,
            family_kana=found.family_kana or "",
            given_kana=found.given_kana or "",
        ),
        hat=found.hat,
        school=school,
        school_class=None
        if found.class_id is None
        else PlaceOut(id=found.class_id, name=found.class_name or ""),
        number=found.number,
        grade=found.grade,
        birth_month=found.birth_date.month if found.birth_date else None,
        mine=found.mine,
        of=" ".join(part for part in (found.school_name, of) if part) if found.hat == "staff" else of,
    )


@router.get("/people/places", summary="名簿を見られる学校と学級")
async def read_places(room: Reg, who: Who, school: UUID | None = None) -> PlacesOut:
    """What the list page can be narrowed by."""
    today = room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        holder, step_up, keepers = await store.asking(session, who, today)
        room.strong_enough(who, step_up)
        schools, classes = await search.places(session, who.board, reach(holder, keepers), school, today)
    await room.log.read(who, Seen("ReadPlaces", "organisation", None, "IV"))
    return PlacesOut(
        schools=[PlaceOut(id=each.id, name=each.name) for each in schools],
        classes=[ClassPlaceOut(id=each.id, name=each.name, grade=each.grade) for each in classes],
    )


@dataclass(frozen=True)
class Opened:
    """A card that the asker may see."""

    record: Record
    asker: Asker
    rights: dict[Hat, Any]
    children: dict[UUID, dict[str, Any]]
    step_up: StepUp


async def opened(room: Registry, session: AsyncSession, who: Principal, person: UUID) -> Opened:
    """The card if the asker may see it; otherwise it does not exist."""
    today = room.clock.today()
    holder, step_up, keepers = await store.asking(session, who, today)
    record = await store.record(session, who.board, person)
    if record is None:
        raise not_found()
    asker = Asker(room, holder, keepers, today)
    ties = {each.held.subject for each in record.children}
    children = await store.children(session, who.board, ties, today)
    allowed = rights(asker, record, children)
    if not allowed:
        raise not_found()
    return Opened(record, asker, allowed, children, step_up)


@router.get("/people/{person}", summary="カード")
async def read_card(
    person: UUID,
    room: Reg,
    who: Who,
    as_of: date | None = None,
    known_at: AwareDatetime | None = None,
    purpose: Literal["rights"] | None = None,
) -> CardOut:
    """The card of a day (today), as it is known now, or was at an instant.

    ``purpose=rights`` asks for the proof of identity that a change of rights will need: before anything is typed.
    """
    async with room.units.read(Scope(who.board)) as session:
        found = await opened(room, session, who, person)
        room.strong_enough(who, found.step_up, purpose or "ordinary")
        answer = await card_of(session, who.board, found, as_of, known_at)
    family = answer.guardians is not None or answer.children is not None
    subjects = [found.record.id, *(tie.person.id for tie in answer.guardians or ())]
    await room.log.read(who, Seen("ReadCard", "person", found.record.id, "I" if family else "II", subjects))
    return answer


async def _shown(session: AsyncSession, found: Opened) -> set[UUID]:
    """The child's guardians whose numbers the reader may see.

    Not those of a protected child whom the reader must not know of: it may live with them.
    """
    asker, board = found.asker, found.asker.holder.principal.board
    guardians = {each.held.what.guardian_id for each in found.record.guardians}
    wards = await store.wards(session, board, guardians, asker.today)
    rows = await store.children(
        session, board, {each for mine in wards.values() for each in mine}, asker.today
    )
    where = {child: where_child(row) for child, row in rows.items()}
    hidden = {child for child, at in where.items() if at.protected and "ReadCard" not in asker.of(child, at)}
    return {each for each in guardians if hidden.isdisjoint(wards[each])}


async def card_of(
    session: AsyncSession, board: UUID, found: Opened, as_of: date | None, known_at: datetime | None
) -> CardOut:
    """What the reader sees of an opened card."""
    record = found.record if known_at is None else found.record.known_at(known_at)
    if record is None:
        raise not_found()
    place_ids, people_ids = named_in(record)
    merged = await store.merged(session, board, record.id)
    earlier = [each if known_at is None else each.known_at(known_at) for each in merged]
    for each in earlier:
        if each is not None:
            more_places, more_people = named_in(each)
            place_ids, people_ids = place_ids | more_places, people_ids | more_people
    places = await store.places(session, board, place_ids)
    people = await store.people(session, board, people_ids)
    names = store.names_of(places, people)
    asker = found.asker
    # Who may be called is asked of today, and so is the number.
    now = known_at is None and as_of in (None, asker.today) and reaches(found.rights)
    guardians = await _shown(session, found) if now else set()
    phones = await store.phones(session, board, guardians, asker.today)
    page = Page(record, found.rights, places, people, names, as_of or asker.today, asker.today, phones)
    visible = {
        child for child, row in found.children.items() if "ReadCard" in asker.of(child, where_child(row))
    }
    answer = page.card(known_at, visible, [each for each in earlier if each is not None])
    if set(found.rights) == {"pupil"}:
        side = where_pupil(found.record, asker.today)
        answer.may.same = looking.may_ask(asker.room, asker.holder, asker.offices, [side])
    if merged:
        called = {each.id: " ".join(names_in_use(each.now.card)) for each in merged}
        undoable = await looking.undoable(
            session, asker.room, asker.holder, asker.offices, record.id, asker.today
        )
        answer.merged = [
            MergedOut(question=each.question, name=called[each.gone])
            for each in undoable
            if each.gone in called
        ]
    return answer
