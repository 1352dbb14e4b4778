"""Changing a card over HTTP: what would follow, then the same as one command (decisions.md §2)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.people import changes, families, history, reaching, store, writing
from services.registry.people.api import Opened, Reg, Who, opened
from services.registry.people.asks import (
    AddGuardian,
    Ask,
    CancelContact,
    ChangeName,
    ChangeSeat,
    ContactFrom,
    CorrectBasics,
    CorrectContact,
    CorrectGuardian,
    CorrectName,
    CorrectSeat,
    EndGuardian,
    EndProtection,
    GuardianFrom,
    Protect,
)
from services.registry.people.card import named_in, reaches
from services.registry.people.changes import Around, Plan, Stale, made_card
from services.registry.people.rules import Act, Told, standing, where_pupil
from services.registry.room import Registry
from services.registry.roster import offices
from services.registry.roster import store as roster
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.access.step_up import ActionClass
from shared.contracts import Importance
from shared.database import Command, Scope, Work
from shared.dates import TOKYO, in_words
from shared.ids import new_id
from shared.web import FieldError, Problem, command_of, denied, not_found, run_command

router = APIRouter(prefix="/v1", tags=["名簿を直す"])

Asked = Annotated[Ask, Body()]
_FAMILY = (AddGuardian, CorrectGuardian, GuardianFrom, EndGuardian)
_PROTECTION = (Protect, EndProtection)
_CONTACT = (CorrectContact, ContactFrom, CancelContact)
_OLDEST_SEAT = date(2000, 4, 1)


class Follows(BaseModel):
    """What would be written and what follows from it, in sentences; none: all is so already."""

    words: list[str]


class Changed(BaseModel):
    """What was written."""

    person: UUID
    words: list[str]


class Decided:
    """A plan with what it was made from."""

    def __init__(self, found: Opened, plan: Plan, guardian: UUID | None) -> None:
        self.found, self.plan, self.guardian = found, plan, guardian


@router.post("/people/{person}/changes/preview", summary="カードを直すと何が起きるか")
async def preview_change(person: UUID, asked: Asked, room: Reg, who: Who) -> Follows:
    """The same decision as the command's, without writing anything."""
    async with room.units.read(Scope(who.board)) as session:
        decided = await _decide(room, session, who, person, asked)
    seen = Seen("PreviewChange", "person", person, _importance(asked), [person])
    await room.log.read(who, seen)
    return Follows(words=[] if decided.plan.nothing else decided.plan.words)


@router.post("/people/{person}/changes", summary="カードを直す", response_model=Changed)
async def change_card(
    person: UUID, asked: Asked, room: Reg, who: Who, command: Annotated[Command, Depends(command_of)]
) -> Response:
    """One act of the office upon a card. What stands beside a screen's stale value is answered with 409."""

    async def change(work: Work) -> Changed:
        await _decide(room, work.session, who, person, asked)
        await roster.lock_roster(work, patient=False)
        decided = await _decide(room, work.session, who, person, asked)
        if decided.plan.nothing:
            return Changed(person=decided.found.record.id, words=[])
        if isinstance(asked, AddGuardian) and asked.person is not None and decided.guardian is not None:
            await writing.new_card(work, made_card(decided.guardian, asked.person, None, None, "unspecified"))
        act: Act = "change" if isinstance(asked, ChangeName) else "correction"
        record = decided.found.record
        await writing.write(work, record, decided.plan, act)
        if decided.plan.guardians:
            offices.tell(work, who.board, *where_pupil(record, room.clock.today()).schools)
        subjects = [record.id, *([decided.guardian] if decided.guardian else [])]
        seen = Seen(_action(asked), "person", record.id, _importance(asked), subjects)
        await log_change(work.session, who, seen, work.at)
        return Changed(person=record.id, words=decided.plan.words)

    return await run_command("registry", room.units, Scope(who.board), command, change)


def _action(asked: Ask) -> str:
    return "ChangeProtection" if isinstance(asked, _PROTECTION) else "ChangeCard"


def _importance(asked: Ask) -> Importance:
    return "I" if isinstance(asked, (*_FAMILY, *_PROTECTION, *_CONTACT)) else "II"


async def _decide(room: Registry, session: AsyncSession, who: Principal, person: UUID, asked: Ask) -> Decided:
    """404 → 403 → 401 → 409 → 422."""
    found = await opened(room, session, who, person)
    allowed = {action for each in found.rights.values() for action in each}
    if isinstance(asked, _PROTECTION) and "ChangeProtection" not in found.rights.get("pupil", ()):
        raise denied("支援措置を記録できるのは、指名された職員です。仕事で必要なときは校長に伝えてください。")
    if not isinstance(asked, _PROTECTION) and "ChangeCard" not in allowed:
        raise denied("カードを直せるのは、その学校の事務と、名簿を受け持つ課です。")
    if isinstance(asked, (*_FAMILY, *_PROTECTION, CorrectSeat, ChangeSeat)) and "pupil" not in found.rights:
        raise not_found()
    if isinstance(asked, _CONTACT) and not reaches(found.rights):
        raise not_found()
    rights: ActionClass = "rights" if isinstance(asked, (*_FAMILY, *_PROTECTION)) else "ordinary"
    room.strong_enough(who, found.step_up, rights)
    try:
        plan, guardian = await _plan(room, session, who, found, asked)
    except Stale as stale:
        raise await _moved(session, who.board, found, stale.told) from None
    if plan.wrong:
        raise Problem(
            422,
            "card-refused",
            "保存していません",
            "".join(each.message for each in plan.wrong[:3]),
            errors=[FieldError(**each._asdict()) for each in plan.wrong],
        )
    return Decided(found, plan, guardian)


async def _plan(
    room: Registry, session: AsyncSession, who: Principal, found: Opened, asked: Ask
) -> tuple[Plan, UUID | None]:
    record, board, today = found.record, who.board, room.clock.today()
    match asked:
        case CorrectName() | ChangeName():
            return changes.names(record, asked, await _around(session, board, found, today)), None
        case CorrectBasics():
            return changes.basics(record, asked, await _around(session, board, found, today)), None
        case CorrectSeat() | ChangeSeat():
            return changes.seat(record, asked, await _around_seat(session, board, found, asked, today)), None
        case AddGuardian():
            guardian, wrong = await _guardian(room, session, who, asked)
            if wrong is not None:
                return Plan([wrong]), None
            around = await _around(session, board, found, today, guardian)
            if asked.person is not None:
                name = f"{asked.person.family} {asked.person.given}"
                around.names.people[guardian] = name
            return families.add_guardian(record, asked, guardian, around), guardian
        case CorrectGuardian() | GuardianFrom() | EndGuardian():
            tie = next((each for each in standing(record.guardians) if each.id == asked.period), None)
            other = tie.held.what.guardian_id if tie else None
            around = await _around(session, board, found, today, other)
            if isinstance(asked, EndGuardian):
                if asked.last is None and asked.reason is None:
                    wrong = changes.Wrong("reason", "取り消すわけを入れてください。")
                    return Plan([wrong]), None
                return families.end_guardian(record, asked, around), other
            return families.change_guardian(record, asked, around), other
        case CorrectContact() | ContactFrom():
            return reaching.change_contact(record, asked, Around(today, history.Names({}, {}))), None
        case CancelContact():
            return reaching.cancel_contact(record, asked, Around(today, history.Names({}, {}))), None
        case Protect():
            around = await _around(session, board, found, today, *asked.confidential_from)
            unknown = [each for each in asked.confidential_from if each not in around.names.people]
            if unknown:
                wrong = changes.Wrong("confidential_from", "相手が名簿にいません。選び直してください。")
                return Plan([wrong]), None
            return families.protect(record, asked, around), None
        case EndProtection():
            return families.end_protection(record, asked, await _around(session, board, found, today)), None
    raise AssertionError("unreachable")


async def _guardian(
    room: Registry, session: AsyncSession, who: Principal, asked: AddGuardian
) -> tuple[UUID, changes.Wrong | None]:
    """Whose tie it is: somebody the asker may see, or a new id for a new person."""
    if (asked.guardian is None) == (asked.person is None):
        wrong = changes.Wrong("guardian", "保護者をさがして選ぶか、新しい人の氏名を入れてください。")
        return new_id(), wrong
    if asked.guardian is None:
        return new_id(), None
    try:
        return (await opened(room, session, who, asked.guardian)).record.id, None
    except Problem:
        return asked.guardian, changes.Wrong("guardian", "この人は名簿に見つかりません。選び直してください。")


async def _around(
    session: AsyncSession, board: UUID, found: Opened, today: date, *people: UUID | None
) -> Around:
    place_ids, people_ids = named_in(found.record)
    people_ids |= {each for each in people if each is not None}
    places = await store.places(session, board, place_ids)
    names = store.names_of(places, await store.people(session, board, people_ids))
    guardian = people[0] if people else None
    elsewhere = guardian is not None and await writing.guardian_elsewhere(
        session, board, guardian, today, but_of=found.record.id
    )
    return Around(today, names, guardian_elsewhere=elsewhere)


async def _around_seat(
    session: AsyncSession, board: UUID, found: Opened, asked: CorrectSeat | ChangeSeat, today: date
) -> Around:
    record = found.record
    before = next((each for each in standing(record.memberships) if each.id == asked.seen), None)
    since = asked.since
    if isinstance(asked, CorrectSeat):
        since = before.held.valid.since if before else _OLDEST_SEAT
    place_ids, people_ids = named_in(record)
    places = await store.places(session, board, {*place_ids, asked.class_id})
    names = store.names_of(places, await store.people(session, board, people_ids))
    rooms = {asked.class_id, *([before.held.what.class_id] if before else [])}
    return Around(
        today,
        names,
        await writing.classes(session, board, rooms, today),
        await writing.taken_numbers(session, board, asked.class_id, since, but_of=record.id),
        await writing.recorded_days(session, board, record.id, since),
    )


async def _moved(session: AsyncSession, board: UUID, found: Opened, told: Told[Any] | None) -> Problem:
    """Somebody came first: who, when, and what stands now."""
    around = await _around(session, board, found, found.asker.today)
    record = found.record
    if told is None:
        at, by = record.now.at, record.now.by
        card = record.now.card
        now = f"氏名 {card.legal_family} {card.legal_given}"
    else:
        at, by = told.at, told.by
        now = f"{history.span(told.held.valid, found.asker.today)} {history.what_words(told.held.what, around.names)}"
    try:
        person = (await store.people(session, board, [UUID(by or "")])).get(UUID(by or ""))
        who = f"{person['family']} {person['given']}さん" if person else "ほかの人"
    except ValueError:
        who = "名簿の取り込み"
    local = at.astimezone(TOKYO)
    return Problem(
        409,
        "changed-meanwhile",
        "先に変えた人がいます",
        f"{who}が{in_words(local.date())} {local:%H:%M}に変えました。いまの内容: {now}。"
        "入れたものは残っています。見くらべて、もう一度選んでください。",
    )
