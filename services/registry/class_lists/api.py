"""A class's list over HTTP: read it of a day, set its numbers in one command, take that back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.attendance.shapes import PersonOut
from services.registry.attendance.store import Named, names, step_up_setting
from services.registry.class_lists import rules, store
from services.registry.class_lists.rules import Decision, Stored
from services.registry.class_lists.shapes import (
    ListOut,
    MayOut,
    MemberOut,
    NumberedOut,
    NumbersIn,
    RenumberedOut,
    UndoIn,
    UndoneOut,
    UndoOut,
)
from services.registry.class_lists.store import Card, ClassRow, Numbering
from services.registry.people.store import asking
from services.registry.room import Registry, registry
from services.registry.roster import published
from services.registry.roster import store as roster
from services.registry.roster.rows import Held, I, Standing
from services.registry.roster.shapes import ClassOut, PlaceOut
from services.registry.roster.taking_back import note_undone, take_back_periods
from shared.access.log import Seen, log_change
from shared.access.principal import Holder, Principal, entity, ref
from shared.database import Command, Scope, Work
from shared.database.units import narrow
from shared.ids import new_id
from shared.web import FieldError, Problem, command_of, current, denied, not_found, run_command

router = APIRouter(prefix="/v1/classes/{class_id}/list", tags=["学級の名簿"])

Reg = Annotated[Registry, Depends(registry)]
Who = Annotated[Principal, Depends(current)]
Given = Annotated[Command, Depends(command_of)]


@dataclass
class Looked:
    """A class as somebody sees it."""

    of: ClassRow
    holder: Holder
    standing: list[Stored]
    hidden: set[UUID]
    """Children who are not there for whoever asks."""
    cards: Mapping[UUID, Card]

    def person(self, pupil: UUID) -> PersonOut:
        """A child by name."""
        card = self.cards.get(pupil)
        named = (
            Named("", "", None, None)
            if card is None
            else Named(card.family, card.given, card.kana_family, card.kana_given)
        )
        return PersonOut.of(pupil, named)

    def name(self, pupil: UUID) -> str:
        """A child in a sentence."""
        card = self.cards.get(pupil)
        return "名簿にない子" if card is None else card.name


@router.get("", summary="学級の名簿")
async def read_list(class_id: UUID, room: Reg, who: Who, on: date | None = None) -> ListOut:
    """The children of a class on a day in the order of their numbers, those of 交流 after them."""
    day = on or room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        seen = await _see(room, session, who, class_id)
        beside = await store.classes_beside(session, who.board, seen.of, day)
        undo = await _undo_of(session, who.board, seen)
        makers = await names(session, who.board, [undo.made_by]) if undo else {}
    listed = [
        each for each in seen.standing if each.held.valid.holds(day) and each.held.subject not in seen.hidden
    ]
    may = _allows(room, seen, "SetNumbers", class_id)
    await room.log.read(
        who, Seen("ReadClassList", "class", class_id, "III", sorted({each.held.subject for each in listed}))
    )
    return ListOut(
        class_=ClassOut(
            id=class_id, name=seen.of.name, grade=seen.of.grade, special_needs=seen.of.special_needs
        ),
        school=PlaceOut(id=seen.of.school_id, name=seen.of.school_name),
        on=day,
        today=room.clock.today(),
        school_year=seen.of.school_year,
        revision=rules.revision(rules.members_on(seen.standing, day)),
        members=_members(seen, listed),
        classes=[
            ClassOut(id=r.id, name=r.name, grade=r.grade, special_needs=r.special_needs) for r in beside
        ],
        may=MayOut(number=may),
        undo=_undo_out(undo, makers) if undo and may else None,
        live=[f"class-day:{class_id}:{day}"],
        as_of=room.clock.now(),
    )


@router.post("", summary="出席番号を決める", response_model=NumberedOut)
async def set_numbers(class_id: UUID, body: NumbersIn, room: Reg, who: Who, command: Given) -> Response:
    """Give every child of the class a number from a day on; with ``dry`` only say what that would do."""

    async def number(work: Work) -> NumberedOut:
        seen = await _change(room, work, who, class_id, look=body.dry)
        if rules.revision(rules.members_on(seen.standing, body.since)) != body.seen:
            raise _moved()
        wished = [(each.pupil, each.number) for each in body.numbers]
        decision = rules.decide(
            seen.standing,
            wished,
            set(body.gaps),
            body.since,
            seen.of.school_year,
            seen.name,
            seen.hidden,
        )
        if decision.wrong:
            raise _refused(decision)
        act = None
        if decision.changed and not body.dry:
            act = await _write(work, who, seen.of, decision, body.since)
        return NumberedOut(
            change=act,
            changed=[
                RenumberedOut(pupil=seen.person(each.pupil), before=each.before, after=each.after)
                for each in sorted(decision.changed, key=lambda each: each.after)
            ],
            rolls=await store.rolls_since(work.session, who.board, class_id, body.since),
        )

    return await run_command("registry", room.units, Scope(who.board), command, number)


@router.post("/undo", summary="出席番号を元に戻す", response_model=UndoneOut)
async def undo_numbers(class_id: UUID, body: UndoIn, room: Reg, who: Who, command: Given) -> Response:
    """The last act on the class's numbers is taken back, while nothing has changed the list since."""

    async def undo(work: Work) -> UndoneOut:
        seen = await _change(room, work, who, class_id)
        if await store.is_undone(work.session, who.board, class_id, body.change):
            return UndoneOut(pupils=[])
        last = await _undo_of(work.session, who.board, seen)
        if last is None or last.id != body.change:
            raise Problem(
                409,
                "changed-since",
                "元に戻せません",
                "そのあとに、この学級の名簿が変わりました。いまの名簿を見て、番号を決め直してください。",
            )
        pupils = sorted({each.held.subject for each in seen.standing})
        touched = await take_back_periods(work, roster.MEMBERSHIP, last.id, pupils, rules.TAKEN_BACK)
        await note_undone(work, last.id)
        await store.note_undone(work, last.id)
        await _tell(work, sorted(touched))
        noted = Seen("UndoNumbers", "class", class_id, "III", sorted(touched))
        await log_change(work.session, who, noted, work.at)
        return UndoneOut(pupils=sorted(set(touched) - seen.hidden))

    return await run_command("registry", room.units, Scope(who.board), command, undo)


async def _write(work: Work, who: Principal, of: ClassRow, decision: Decision, since: date) -> UUID:
    assert who.person is not None  # the policy asks for staff, and staff are people
    act = new_id()
    await roster.void(work, roster.MEMBERSHIP, decision.voided, run=act)
    await roster.add(work, roster.MEMBERSHIP, decision.added, run=act)
    left_as = rules.revision(await store.standing(work.session, work.scope.board, of.id))
    await store.note(work, act, of, since, len(decision.changed), who.person, left_as)
    pupils = sorted({each.subject for each in decision.voided})
    await _tell(work, pupils)
    await log_change(work.session, who, Seen("SetNumbers", "class", of.id, "III", pupils), work.at)
    return act


async def _tell(work: Work, pupils: Iterable[UUID]) -> None:
    """Publish the whole sets of these children, as they now stand."""
    whose, board = list(pupils), work.scope.board
    # The whole set has the schools a child was at before: more than those the asker works in.
    await narrow(work.session, Scope(board))
    enrolments = _by_subject(await roster.standing(work.session, board, roster.ENROLMENT, whose))
    memberships = _by_subject(await roster.standing(work.session, board, roster.MEMBERSHIP, whose))
    for pupil in whose:
        told = published.enrolment_changed(pupil, enrolments.get(pupil, []), memberships.get(pupil, []))
        work.publish(told, key=pupil, subject=pupil)


def _by_subject(standing: Iterable[Standing[I]]) -> dict[UUID, list[Held[I]]]:
    found: dict[UUID, list[Held[I]]] = {}
    for each in sorted(standing, key=lambda each: (each.held.valid.since, each.held.what.slot)):
        found.setdefault(each.held.subject, []).append(each.held)
    return found


async def _see(room: Registry, session: AsyncSession, who: Principal, class_id: UUID) -> Looked:
    """The class if the asker may see it: 404 for everybody else, then 401."""
    of = await store.class_row(session, who.board, class_id)
    holder = await room.holder(session, who)
    if of is None:
        raise not_found()
    seen = Looked(of, holder, [], set(), {})
    if not _allows(room, seen, "ReadClassList", class_id):
        raise not_found()
    room.strong_enough(who, await step_up_setting(session, who.board, room.clock.today()))
    await _fill(room, session, who, seen)
    return seen


async def _change(
    room: Registry, work: Work, who: Principal, class_id: UUID, *, look: bool = False
) -> Looked:
    """The class for a command: 404, 403, 401, and then whoever else changes the roster waits, unless it is a look."""
    of = await store.class_row(work.session, who.board, class_id)
    holder = await room.holder(work.session, who)
    if of is None:
        raise not_found()
    seen = Looked(of, holder, [], set(), {})
    if not _allows(room, seen, "ReadClassList", class_id):
        raise not_found()
    await _fill(room, work.session, who, seen)
    if not _allows(room, seen, "SetNumbers", class_id):
        raise denied("この学級の出席番号は、教頭か事務に決めてもらってください。")
    room.strong_enough(who, await step_up_setting(work.session, who.board, room.clock.today()))
    if not look:
        await roster.lock_roster(work, patient=False)
        await _fill(room, work.session, who, seen)
    return seen


async def _fill(room: Registry, session: AsyncSession, who: Principal, seen: Looked) -> None:
    schools, today = seen.holder.schools(), room.clock.today()
    _, _, offices = await asking(session, who, today)
    await narrow(session, Scope(who.board, schools))
    seen.standing = await store.standing(session, who.board, seen.of.id)
    pupils = sorted({each.held.subject for each in seen.standing})
    named = who.person in offices.named
    seen.hidden = await store.hidden_from(
        session, who.board, who.person, pupils, today, schools=schools, named=named
    )
    seen.cards = await store.cards(session, who.board, [each for each in pupils if each not in seen.hidden])


def _allows(room: Registry, seen: Looked, action: str, class_id: UUID) -> bool:
    class_list = entity(
        "ClassList",
        class_id,
        board=ref("Board", seen.holder.principal.board),
        school=ref("School", seen.of.school_id),
        **{"class": ref("Class", class_id)},
    )
    return room.policies.allows(seen.holder, action, class_list)


async def _undo_of(session: AsyncSession, board: UUID, seen: Looked) -> Numbering | None:
    """The last act on the numbers, unless anything has changed the list since."""
    last = await store.last_numbering(session, board, seen.of.id)
    return last if last and last.left_as == rules.revision(seen.standing) else None


def _undo_out(undo: Numbering, makers: Mapping[UUID, Named]) -> UndoOut:
    by = PersonOut.of(undo.made_by, makers.get(undo.made_by) or Named("", "", None, None))
    return UndoOut(id=undo.id, at=undo.made_at, by=by, since=undo.since, changed=undo.changed)


def _members(seen: Looked, listed: list[Stored]) -> list[MemberOut]:
    pupils = [each.held.subject for each in listed]
    cards = [seen.cards[pupil] for pupil in dict.fromkeys(pupils) if pupil in seen.cards]
    kana = {card.id: at for at, card in enumerate(sorted(cards, key=lambda c: (c.sort_key, str(c.id))), 1)}
    born = sorted(
        (card.birth_date, card.sort_key, str(card.id), card.id) for card in cards if card.birth_date
    )
    births = {entry[3]: at for at, entry in enumerate(born, 1)}
    ordered = sorted(
        listed,
        key=lambda each: (
            each.held.what.kind == "exchange",
            each.held.what.number is None,
            each.held.what.number or 0,
            kana.get(each.held.subject, 0),
        ),
    )
    return [
        MemberOut(
            pupil=seen.person(each.held.subject),
            number=each.held.what.number,
            exchange=each.held.what.kind == "exchange",
            since=each.held.valid.since,
            until=each.held.valid.until,
            kana_order=kana.get(each.held.subject, len(kana) + 1),
            birth_order=births.get(each.held.subject),
        )
        for each in ordered
    ]


def _refused(decision: Decision) -> Problem:
    errors = [FieldError(cell=each.cell, message=each.message) for each in decision.wrong]
    rows = "、".join(dict.fromkeys(each.cell for each in decision.wrong[:5]))
    return Problem(
        422,
        "numbers-refused",
        "出席番号を変えていません",
        f"{rows}を直してから、もう一度保存してください。",
        errors=errors,
    )


def _moved() -> Problem:
    return Problem(
        409,
        "moved",
        "ほかの人が先に変えました",
        "この学級の名簿は、見ていたものから変わっています。読み直してから、もう一度決めてください。",
    )
