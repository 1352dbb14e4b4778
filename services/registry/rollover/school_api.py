"""What a new school year does to one school over HTTP: numbers, and by name whom somebody has to look after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance import store as attendance
from services.registry.attendance.shapes import PersonOut
from services.registry.rollover import store
from services.registry.rollover.api import Reg, Who, year_of
from services.registry.rollover.asking import Asker, asker
from services.registry.rollover.candidates import Reader, candidates, kept_from
from services.registry.rollover.looking import numbers
from services.registry.rollover.plans import Candidate
from services.registry.rollover.rules import Consequences, Rolled, Year, enrolled, nowhere_known, roll
from services.registry.rollover.runs_shapes import Kind, Listed, RolledPupil, SchoolRolloverOut
from services.registry.roster import offices
from services.registry.roster.grades import grade_in_words
from shared.access.log import Seen
from shared.access.principal import entity, ref
from shared.database import Scope
from shared.web import not_found

router = APIRouter(prefix="/v1/rollover", tags=["年度更新"])

SHOWN = 200
"""Pupils of a kind by name: a school that has more of them lacks a plan, not a seat."""


class _One(NamedTuple):
    id: UUID
    grade: str
    rolled: Rolled


@router.get("/{year}/schools/{school}", summary="年度更新で学校がどうなるか")
async def read_school(year: int, school: UUID, room: Reg, who: Who) -> SchoolRolloverOut:
    """One school as it would be, from what stands now; nothing is kept of it."""
    of = year_of(room, year)
    async with room.units.read(Scope(who.board)) as session:
        asking = await asker(room, session, who)
        if not asking.may_read_school(school):
            raise not_found()
        asking.strong_enough()
        city, schools = await store.city(session, who.board, of)
        this = next((each for each in schools if each.id == school), None)
        if this is None:
            raise not_found()
        counted, found = Consequences(), dict[Kind, list[_One]]()
        kept = await kept_from(session, who.board, asking.holder.principal.person, room.clock.today())
        for pupil in await store.concerned(session, who.board, school, of, city):
            if pupil.id in kept:
                continue
            rolled = roll(pupil, of, city)
            at = enrolled(pupil, of.eve) or enrolled(pupil, of.begins)
            here = at is not None and at.held.what.school_id == school
            if here:
                counted.count(rolled, pupil, of)
            if rolled.next_school == school:
                counted.enter(rolled, pupil, of)
            one = _One(pupil.id, at.held.what.grade if at else "", rolled)
            for kind in _kinds(one, school, here=here):
                found.setdefault(kind, []).append(one)
        lacking, counted.without_teacher = await store.lacking(session, who.board, school, of, city)
        counted.lacking.update(lacking)
        classes, names = city.classes(school), {each.id: each.name for each in schools}
        if classes is None:  # all of them lack a class: that is one fact, and no list
            found.pop("without_class", None)
        lists = [
            await _listed(session, asking, school, of, kind, ones, names) for kind, ones in found.items()
        ]
    about = [row.pupil.id for each in lists for row in each.pupils]
    await room.log.read(who, Seen("ReadRollover", "school", school, "II", about))
    plan = entity("ClassPlan", school, board=ref("Board", who.board), school=ref("School", school))
    return SchoolRolloverOut(
        year=year,
        school=school,
        school_name=this.name,
        numbers=numbers(this, counted, names, classes),
        lists=lists,
        may_plan=room.policies.allows(asking.holder, "MakeClasses", plan),
        live=offices.live(who.board, [school], whole_board=asking.may("ReadRollover")),
    )


def _kinds(one: _One, school: UUID, *, here: bool) -> list[Kind]:
    """What is to be looked at of one at this school: a class, at the school where the child will be."""
    found: list[Kind] = []
    if here and nowhere_known(one.rolled, one.grade):
        found.append("nowhere")
    if one.rolled.next_school == school and not one.rolled.placed:
        found.append("without_class")
    if here and one.rolled.became == "repeating":
        found.append("repeating")
    return found


async def _listed(
    session: AsyncSession,
    asking: Asker,
    school: UUID,
    year: Year,
    kind: Kind,
    ones: Sequence[_One],
    names: dict[UUID, str],
) -> Listed:
    holder, board, today = asking.holder, asking.holder.principal.board, asking.room.clock.today()
    person = holder.principal.person
    reader = Reader(person, holder.schools(), named=person in asking.offices.named)
    grades = {one.id: one.grade for one in ones}
    known = (await candidates(session, board, grades, school, year, reader=reader, today=today)).known
    named = await attendance.names(session, board, sorted(known))
    shown = sorted(
        (one for one in ones if one.id in known),
        key=lambda one: (one.grade[:1] == "J", one.grade, known[one.id].sort_key, one.id),
    )
    return Listed(
        kind=kind,
        pupils=[
            RolledPupil(
                pupil=PersonOut.of(one.id, named[one.id]),
                grade=grade_in_words(one.grade),
                class_name=_before(known[one.id]),
                next_school=names.get(one.rolled.next_school) if one.rolled.next_school else None,
            )
            for one in shown[:SHOWN]
        ],
        number=len(ones),
        hidden=len(ones) - len(shown),
    )


def _before(of: Candidate) -> str | None:
    """This year's class; of another school, with its name: a 6年1組 there is nobody's here."""
    return f"{of.comes_from} {of.before_name}".strip() if of.before_name else None
