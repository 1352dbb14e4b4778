"""Moves over HTTP, read: lists, one move, and what a move may be."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.registry.moves import around, looking, rules, store
from services.registry.moves.asker import Reg, Who, asker_of, see, shown_pupils, strong_enough, widen
from services.registry.moves.shapes import (
    AcceptingOut,
    FoundPupil,
    MovePageOut,
    MovesOut,
    Options,
    RoomOut,
    SchoolOut,
    UnitOut,
)
from services.registry.people.search import wanted
from services.registry.roster import store as roster
from services.registry.roster.grades import TAUGHT_AT, grade_in_words
from shared.access.log import Seen
from shared.database import Scope
from shared.web import not_found

router = APIRouter(prefix="/v1", tags=["転出入"])


@router.get("/moves", summary="転出入の一覧")
async def list_moves(room: Reg, who: Who) -> MovesOut:
    """Moves of the asker's schools (学務課: of all), the latest first."""
    today = room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        asker = await asker_of(room, session, who)
        asked = looking.asking(asker.holder, asker.offices)
        await strong_enough(room, session, who)
        found = await store.moves(
            session,
            who.board,
            schools=asked.schools,
            duties=asked.duties,
            whole_board=asked.whole_board,
            named=asked.named,
            person=asked.person,
            today=today,
        )
        out = await looking.shown(session, room, asker.holder, asker.offices, found)
        own = asker.holder.organisations("office") if who.kind == "staff" else frozenset()
        schools = await roster.organisations(session, who.board, own)
        every = await around.every_school(session, who.board, today)
    await room.log.read(who, Seen("ListMoves", "move", None, "II", [each.pupil for each in found]))
    named = sorted(schools.values(), key=lambda row: row.name)
    return MovesOut(
        moves=out,
        schools=[UnitOut(id=row.id, name=row.short_name) for row in named],
        accepting=[
            AcceptingOut(
                id=row.id,
                name=row.short_name,
                grades=[(grade, grade_in_words(grade)) for grade in TAUGHT_AT[row.kind]],
            )
            for row in every
            if asked.whole_board or row.id in own
        ],
        whole_board=asked.whole_board,
        today=today,
        live=asker.live,
    )


@router.get("/moves/pupils", summary="転出する子をさがす")
async def find_pupils(
    room: Reg, who: Who, q: Annotated[str, Query(min_length=1, max_length=40)]
) -> list[FoundPupil]:
    """Pupils whom the asker may move: those of one's own school; 学務課: of all. Asked for as in every search."""
    today = room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        asker = await asker_of(room, session, who)
        await strong_enough(room, session, who)
        places = [None] if asker.whole_board else sorted(asker.holder.organisations("office"))
        found = []
        for place in places:
            found += await around.find_pupils(session, who.board, place, wanted(q), today)
        out = await shown_pupils(session, asker, found, today)
    await room.log.read(who, Seen("FindPupils", "pupil", None, "II", [each.pupil.id for each in out]))
    return out


@router.get("/pupils/{pupil}/move-options", summary="転出の相手ときょうだい")
async def move_options(pupil: UUID, room: Reg, who: Who) -> Options:
    """What the pupil's move may be: brothers and sisters to move along, and schools that have the grade."""
    today = room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        asker = await asker_of(room, session, who)
        found = await shown_pupils(session, asker, [pupil], today)
        if not found:
            raise not_found()
        await strong_enough(room, session, who)
        chosen = found[0]
        siblings = await around.siblings(session, who.board, pupil, today)
        shown = await shown_pupils(session, asker, [each.pupil for each in siblings], today)
        await widen(session, asker)
        # Whoever is protected is not even counted for those who may not see them.
        elsewhere = {
            each.school
            for each in await around.siblings(session, who.board, pupil, today)
            if not each.protected and each.pupil not in {one.pupil.id for one in shown}
        }
        names = await roster.organisations(session, who.board, elsewhere)
        schools = await around.schools(session, who.board, today, chosen.grade)
    seen = [pupil, *(each.pupil.id for each in shown)]
    await room.log.read(who, Seen("ReadMoveOptions", "pupil", pupil, "II", seen))
    return Options(
        chosen=chosen,
        siblings=shown,
        siblings_at=sorted(row.short_name for row in names.values()),
        schools=[SchoolOut(id=row.id, name=row.short_name, kind=row.kind) for row in schools],
    )


@router.get("/schools/{school}/rooms", summary="転入先の学級")
async def list_rooms(school: UUID, room: Reg, who: Who, on: date, grade: str) -> list[RoomOut]:
    """Classes of the grade on a day, with how many are there; for those who may move pupils there. No names."""
    async with room.units.read(Scope(who.board)) as session:
        asker = await asker_of(room, session, who)
        if who.kind != "staff" or not (asker.whole_board or asker.holder.organisations("office")):
            raise not_found()
        await widen(session, asker)
        target = await around.target(session, who.board, school, on, UUID(int=0))
        if target is None:
            raise not_found()
        await strong_enough(room, session, who)
        counted = await around.members(session, who.board, sorted(target.classes), on)
    await room.log.read(who, Seen("ListRooms", "school", school, "IV"))
    found = [row for row in target.classes.values() if row.grade in (None, grade)]
    return [
        RoomOut(
            id=row.id,
            name=row.name,
            special_needs=row.special_needs,
            members=counted.get(row.id, 0),
            next_number=rules.next_number([n for of, n in target.numbers if of == row.id]),
        )
        for row in sorted(found, key=lambda row: (row.special_needs, row.name))
    ]


@router.get("/moves/{move}", summary="転出入ひとつ")
async def read_move(move: UUID, room: Reg, who: Who) -> MovePageOut:
    """A move with its steps."""
    async with room.units.read(Scope(who.board)) as session:
        asker = await asker_of(room, session, who)
        found = await see(session, asker, move)
        await strong_enough(room, session, who)
        [out] = await looking.shown(session, room, asker.holder, asker.offices, [found])
    await room.log.read(who, Seen("ReadMove", "move", move, "II", [found.pupil]))
    return MovePageOut(**out.model_dump(), live=asker.live)
