"""The duties of a school over HTTP: who may take every class's roll, who holds what, giving and ending duties."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.shapes import PersonOut
from services.registry.attendance.store import Named, names
from services.registry.duties import rules, store
from services.registry.duties.asker import Asker, why_not
from services.registry.duties.rules import HEADS, Change, Wish, Wrong
from services.registry.duties.shapes import (
    CandidatesOut,
    ChangedOut,
    ClassDutiesOut,
    DutiesOut,
    DutyIn,
    DutyOut,
    EndIn,
    KindOut,
    MayOut,
    StaffOut,
    class_out,
)
from services.registry.people import store as people
from services.registry.room import Registry, registry
from services.registry.roster import published
from services.registry.roster import store as roster
from services.registry.roster.kana import search_text
from services.registry.roster.rows import Added, DutyIs, Held, Standing
from services.registry.roster.shapes import PlaceOut
from services.registry.school_calendar.store import with_lessons
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Command, Scope, Work
from shared.dates import school_year
from shared.web import FieldError, Problem, command_of, current, denied, not_found, run_command

router = APIRouter(prefix="/v1/schools/{school}", tags=["職務"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Given = Annotated[Command, Depends(command_of)]

_MOST = 40
"""Candidates of one search."""


@router.get("/duties", summary="学校の職務")
async def read_duties(school: UUID, room: Reg, who: Who, on: date | None = None) -> DutiesOut:
    """Who may take the roll of each class on a day, classes without anybody first; and who holds what from then on."""
    day = on or room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        asker, name = await _see(room, session, who, school)
        standing = await store.duties(session, who.board, school, day)
        listed = await store.classes(session, who.board, school, day, school_year(day))
        named = await names(session, who.board, sorted({each.held.subject for each in standing}))
        lessons = await with_lessons(session, who.board, school, {of.id: of.grade for of in listed}, day)
    await room.log.read(who, Seen("ReadDuties", "school", school, "III", sorted(named)))
    ids = {each.held: each.id for each in standing}
    takers = rules.takers(ids, day)
    words = {of.id: class_out(of) for of in listed}

    def duty_out(held: Held[DutyIs]) -> DutyOut:
        return DutyOut(
            id=ids[held],
            staff=_person(held.subject, named),
            kind=held.what.kind,
            word=rules.words(held.what, None),
            class_=words.get(held.what.class_id) if held.what.class_id else None,
            since=held.valid.since,
            until=held.valid.until,
            holds=held.valid.holds(day),
        )

    classes = [
        ClassDutiesOut(
            class_=words[of.id],
            takers=[duty_out(held) for held in takers.get(of.id, [])],
            lessons=of.id in lessons,
            taken_at=of.taken_at,
        )
        for of in listed
    ]
    of_people: dict[UUID, list[DutyOut]] = {}
    for each in standing:
        of_people.setdefault(each.held.subject, []).append(duty_out(each.held))
    may = _may(asker)
    return DutiesOut(
        school=PlaceOut(id=school, name=name),
        on=day,
        today=room.clock.today(),
        classes=sorted(classes, key=lambda each: bool(each.takers)),
        staff=[StaffOut(person=_person(id_, named), duties=held) for id_, held in of_people.items()],
        kinds=_kinds(may),
        may=may,
        live=[f"duties:{who.board}", f"school-day:{school}:{day}"],
        as_of=room.clock.now(),
    )


@router.get("/candidates", summary="職務に就ける人")
async def read_candidates(
    school: UUID, room: Reg, who: Who, find: Annotated[str, Query(min_length=1, max_length=40)]
) -> CandidatesOut:
    """Staff of the whole board by name or reading: for those who may give them a duty here."""
    async with room.units.read(Scope(who.board)) as session:
        asker, _ = await _see(room, session, who, school)
        if not asker.may("GiveDuty", colleague=False):
            raise denied("ほかの学校の人に職務を決めるのは、教育委員会の名簿を受け持つ課です。")
        part, today = search_text(find), room.clock.today()
        found = await store.staff_like(session, who.board, part, today, _MOST) if part else []
        named = await names(session, who.board, found)
    await room.log.read(who, Seen("FindStaff", "school", school, "III", found))
    return CandidatesOut(staff=[_person(id_, named) for id_ in found], more=len(found) == _MOST)


@router.post("/duties", summary="職務を決める", response_model=ChangedOut)
async def give_duty(school: UUID, body: DutyIn, room: Reg, who: Who, command: Given) -> Response:
    """Give somebody a duty at the school; of those it takes the place of, each ends the day before."""

    async def give(work: Work) -> ChangedOut:
        asker, _ = await _see(room, work.session, who, school)
        today = room.clock.today()
        await roster.lock_roster(work, patient=False)
        here = await store.duties(work.session, who.board, school, today)
        colleague = any(each.held.subject == body.staff for each in here)
        substitute = body.kind == "substitute"
        action = "PutSubstitute" if substitute else "GiveDuty"
        if not asker.may(action, colleague=colleague, head=body.kind in HEADS, receiver=body.staff):
            raise denied(why_not(body.kind, colleague, oneself=body.staff == who.person))
        ending = [each for each in here if each.id in set(body.instead_of)]
        if any(each.held.what.kind in HEADS for each in ending) and not asker.may("GiveDuty", head=True):
            raise denied(why_not("principal", colleague))
        ends_for_good = any(each.held.what.kind != "substitute" for each in ending)
        if ends_for_good and not asker.may("GiveDuty"):
            raise denied(why_not(body.kind, colleague))
        asker.strong(substitute=substitute and not ends_for_good)
        of = await store.class_of(work.session, who.board, body.class_) if body.class_ else None
        wish = Wish(body.kind, body.class_, body.valid)
        if not await _is_staff(work.session, who.board, body.staff):
            raise refused([Wrong("staff", "職員の中から選んでください。")])
        touched = sorted({body.staff, *(each.held.subject for each in ending)})
        standing = await roster.standing(work.session, who.board, roster.DUTY, touched)
        theirs = [each.held for each in standing if each.held.subject == body.staff]
        lessons = True
        if substitute and of is not None:
            lessons = bool(
                await with_lessons(work.session, who.board, school, {of.id: of.grade}, wish.valid.since)
            )
        wrong = rules.wrong_wish(wish, school, of, theirs, today, lessons=lessons)
        if len(ending) < len(set(body.instead_of)):
            wrong.append(
                Wrong("instead_of", "代わる人の職務が、ほかの人に変えられました。読み直してください。")
            )
        if wrong:
            raise refused(wrong)
        change = Change([], [Added(rules.given(body.staff, school, wish, of), None)])
        for each in ending:
            shorter = rules.ended(each, body.since)
            if isinstance(shorter, Wrong):
                raise refused([Wrong("since", shorter.message)])
            change.voided += shorter.voided
            change.added += shorter.added
        return await _save(work, who, school, change, standing, "GiveDuty")

    return await run_command("registry", room.units, Scope(who.board), command, give)


@router.post("/duties/{duty}/end", summary="職務を終える", response_model=ChangedOut)
async def end_duty(school: UUID, duty: UUID, body: EndIn, room: Reg, who: Who, command: Given) -> Response:
    """From a day on somebody holds a duty no longer; from its first day on: it was never so."""

    async def end(work: Work) -> ChangedOut:
        asker, _ = await _see(room, work.session, who, school)
        await roster.lock_roster(work, patient=False)
        here = await store.duties(work.session, who.board, school, room.clock.today())
        stored = next((each for each in here if each.id == duty), None)
        if stored is None:
            raise not_found()
        kind = stored.held.what.kind
        substitute = kind == "substitute"
        action = "PutSubstitute" if substitute else "GiveDuty"
        if not asker.may(action, head=kind in HEADS):
            raise denied(why_not(kind, colleague=True))
        asker.strong(substitute=substitute)
        change = rules.ended(stored, body.until)
        if isinstance(change, Wrong):
            raise refused([change])
        standing = await roster.standing(work.session, who.board, roster.DUTY, [stored.held.subject])
        return await _save(work, who, school, change, standing, "EndDuty")

    return await run_command("registry", room.units, Scope(who.board), command, end)


async def _see(room: Registry, session: AsyncSession, who: Principal, school: UUID) -> tuple[Asker, str]:
    """Who asks, and the school's name; 404 for those to whom the school is none of theirs, then 403, then 401."""
    name = await store.school_name(session, who.board, school)
    holder, setting, offices = await people.asking(session, who, room.clock.today())
    staff = who.kind == "staff"
    if name is None or not staff or not (school in holder.schools() or holder.whole_board()):
        raise not_found()
    asker = Asker(room, holder, setting, offices, school)
    if not asker.may("ReadDuties"):
        raise denied("学校の職務を見られるのは、校長・教頭・事務と教育委員会です。")
    asker.strong(substitute=True)
    return asker, name


def _may(asker: Asker) -> MayOut:
    return MayOut(
        substitute=asker.may("PutSubstitute"),
        give=asker.may("GiveDuty"),
        heads=asker.may("GiveDuty", head=True),
        anybody=asker.may("GiveDuty", colleague=False),
    )


def _kinds(may: MayOut) -> list[KindOut]:
    return [
        KindOut(code=kind, word=word, needs=needs)
        for kind, (word, needs) in rules.AT_SCHOOL.items()
        if (may.heads if kind in HEADS else may.substitute if kind == "substitute" else may.give)
    ]


async def _is_staff(session: AsyncSession, board: UUID, person: UUID) -> bool:
    return bool(await roster.standing(session, board, roster.DUTY, [person]))


async def _save(
    work: Work,
    who: Principal,
    school: UUID,
    change: Change,
    standing: Sequence[Standing[DutyIs]],
    act: str,
) -> ChangedOut:
    await roster.void(work, roster.DUTY, change.voided)
    await roster.add(work, roster.DUTY, change.added)
    sets = change.sets(standing)
    for staff, whole in sets.items():
        work.publish(published.duty_changed(staff, whole), key=staff, subject=staff)
    if sets:
        await log_change(work.session, who, Seen(act, "school", school, "III", sorted(sets)), work.at)
    return ChangedOut(staff=sorted(sets))


def refused(wrong: Sequence[Wrong]) -> Problem:
    """Nothing was saved, because of these."""
    errors = [FieldError(field=each.field, message=each.message) for each in wrong]
    detail = " ".join(each.message for each in wrong)
    return Problem(422, "duty-refused", "職務を変えていません", detail, errors=errors)


def _person(id_: UUID, named: dict[UUID, Named]) -> PersonOut:
    return PersonOut.of(id_, named.get(id_) or Named("", "", None, None))
