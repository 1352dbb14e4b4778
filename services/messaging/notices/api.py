"""Notices over HTTP: what was told about a child or to a school; taking, changing, withdrawing one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.messaging.notices import answers, replies, rules, store
from services.messaging.notices.about import about
from services.messaging.notices.acts import (
    changed,
    first,
    refuse_unseen,
    refused,
    withdrawal,
    write,
)
from services.messaging.notices.beside import beside
from services.messaging.notices.replies import Reply
from services.messaging.notices.rules import Days, Said
from services.messaging.notices.shapes import (
    ChangeIn,
    ClassNoticesOut,
    NoticeIn,
    NoticesSaved,
    PupilNoticesOut,
    PupilOut,
    ReplyIn,
    ReplySaved,
    SchoolNoticesOut,
    WithdrawIn,
)
from services.messaging.notices.store import Child, Standing
from services.messaging.room import Asker, Messaging, messaging
from shared.access.log import Seen, log_change
from shared.access.principal import Principal, entity, ref, refs
from shared.database import Command, Scope, Work
from shared.ids import new_id
from shared.web import command_of, current, denied, not_found, run_command

router = APIRouter(prefix="/v1", tags=["欠席などの連絡"])

Room = Annotated[Messaging, Depends(messaging)]
Who = Annotated[Principal, Depends(current)]
Sent = Annotated[Command, Depends(command_of)]

_NOT_YOURS = "欠席などの連絡を見て受けるのは、その学校の事務・校長・教頭と、その学級の担任・副担任です。"


@router.get("/pupils/{pupil}/notices", summary="子の欠席などの連絡")
async def read_pupil(pupil: UUID, room: Room, who: Who) -> PupilNoticesOut:
    """A child's notices of days at the asker's school, the newest first, and the guardians who may tell."""
    today = room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        asker = await room.asker(session, who)
        child = (await _children(room, session, asker, "ReadNotices", [pupil], rules.day(today)))[pupil]
        room.strong_enough(asker)
        schools = _places(room, child, rules.day(today))[0] & asker.holder.schools()
        found = await store.of_child(session, who.board, pupil, schools)
        by = await beside(session, who.board, found, room.clock.today())
        told_of = await about(session, who.board, pupil, schools, today)
        named = await store.names(session, who.board, {*answers.people_of(found, by.replies), *child.ties})
    await room.log.read(who, Seen("ReadNotices", "pupil-notices", pupil, "II", [pupil]))
    return PupilNoticesOut(
        pupil=PupilOut(id=pupil, **told_of._asdict()),
        guardians=answers.guardians(child, named),
        notices=[answers.notice(each, named, by) for each in found],
    )


@router.get("/schools/{school}/notices", summary="学校に届いた1日分の連絡")
async def read_school(school: UUID, room: Room, who: Who, on: date | None = None) -> SchoolNoticesOut:
    """What families have told about a day (default: today), the last one first."""
    today = room.clock.today()
    day = on or today
    async with room.units.read(Scope(who.board)) as session:
        asker = await room.asker(session, who)
        here = school in asker.holder.schools() and who.kind == "staff"
        resource = entity(
            "SchoolNotices", school, board=ref("Board", who.board), school=ref("School", school)
        )
        if not await store.is_school(session, who.board, school):
            raise not_found()
        if not room.policies.allows(asker.holder, "ReadSchoolNotices", resource):
            raise denied("学校に届いた連絡を見られるのは、校長・教頭・事務です。") if here else not_found()
        room.strong_enough(asker)
        found = await store.of_school(session, who.board, school, day, viewer=who.person, today=today)
        by = await beside(session, who.board, found, room.clock.today())
        named = await store.names(session, who.board, answers.people_of(found, by.replies))
    pupils = sorted({each.person for each in found})
    await room.log.read(who, Seen("ReadSchoolNotices", "school-notices", school, "II", pupils))
    offered = room.deliveries.offered().on()
    shown = [answers.notice(each, named, by) for each in found]
    return SchoolNoticesOut(on=day, mail="email" in offered, push="push" in offered, notices=shown)


@router.get("/classes/{class_id}/notices", summary="学級に届いた1日分の連絡")
async def read_class(class_id: UUID, room: Room, who: Who, on: date | None = None) -> ClassNoticesOut:
    """What families of a class have told about a day, with their words: the roll shows it beside its marks."""
    today = room.clock.today()
    day = on or today
    async with room.units.read(Scope(who.board)) as session:
        asker = await room.asker(session, who)
        school = await store.school_of_class(session, who.board, class_id)
        if school is None:
            raise not_found()
        here = school in asker.holder.schools() and who.kind == "staff"
        resource = class_of(who.board, school, class_id, is_today=day == today)
        if not room.policies.allows(asker.holder, "ReadClassNotices", resource):
            raise (
                denied("学級に届いた連絡を見られるのは、担任・副担任と、校長・教頭・事務です。")
                if here
                else not_found()
            )
        room.strong_enough(asker)
        found = await store.of_class(
            session, who.board, class_id, school, day, viewer=who.person, today=today
        )
        by = await beside(session, who.board, found, today)
        named = await store.names(session, who.board, answers.people_of(found, by.replies))
    pupils = sorted({each.person for each in found})
    await room.log.read(who, Seen("ReadClassNotices", "class-notices", class_id, "II", pupils))
    return ClassNoticesOut(on=day, notices=[answers.notice(each, named, by) for each in found])


def class_of(board: UUID, school: UUID, class_id: UUID, *, is_today: bool) -> dict[str, object]:
    """The resource ``ClassNotices`` of policy.cedar: a day of a class."""
    return entity(
        "ClassNotices",
        class_id,
        **{
            "board": ref("Board", board),
            "school": ref("School", school),
            "class": ref("Class", class_id),
            "isToday": is_today,
        },
    )


@router.post("/notices", summary="欠席などの連絡を受ける", response_model=NoticesSaved)
async def take(body: NoticeIn, room: Room, who: Who, command: Sent) -> Response:
    """Write the same notice for each child of a family, in one transaction; anything wrong refuses the whole."""

    async def save(work: Work) -> NoticesSaved:
        pupils = list(dict.fromkeys(body.pupils))
        asker, person = await _asker(room, work.session, who)
        said = body.to_rules()
        today = rules.day(room.clock.today())
        children = await _children(room, work.session, asker, "TakeNotice", pupils, today, said.days)
        room.strong_enough(asker)
        _check(room, asker, said, children.values())
        written = [first(said, children[pupil], person, work.at) for pupil in pupils]
        return await write(work, who, "TakeNotice", written)

    return await run_command("messaging", room.units, Scope(who.board), command, save)


@router.post("/notices/{notice}/change", summary="連絡を変える", response_model=NoticesSaved)
async def change(notice: UUID, body: ChangeIn, room: Room, who: Who, command: Sent) -> Response:
    """Put a whole new fact in the place of the revision that was seen; a withdrawn notice holds again by it."""

    async def save(work: Work) -> NoticesSaved:
        asker, person = await _asker(room, work.session, who)
        before, child = await _open(room, work, asker, notice, body.seen)
        said = body.to_rules()
        _check(room, asker, said, [child])
        after = changed(before, said, child, person, work.at)
        return await write(work, who, "ChangeNotice", [after])

    return await run_command("messaging", room.units, Scope(who.board), command, save)


@router.post("/notices/{notice}/withdraw", summary="連絡を取り消す", response_model=NoticesSaved)
async def withdraw(notice: UUID, body: WithdrawIn, room: Room, who: Who, command: Sent) -> Response:
    """The family takes its word back; what it was stays readable."""

    async def save(work: Work) -> NoticesSaved:
        asker, person = await _asker(room, work.session, who)
        before, _ = await _open(room, work, asker, notice, body.seen)
        return await write(work, who, "WithdrawNotice", [withdrawal(before, person, work.at)])

    return await run_command("messaging", room.units, Scope(who.board), command, save)


@router.post("/notices/{notice}/replies", summary="連絡に返信する", response_model=ReplySaved)
async def reply(notice: UUID, body: ReplyIn, room: Room, who: Who, command: Sent) -> Response:
    """A short answer to whoever told it; over the revision that was read, so that nobody answers what was not said."""

    async def save(work: Work) -> ReplySaved:
        asker, person = await _asker(room, work.session, who)
        standing, _ = await _open(room, work, asker, notice, body.seen)
        id = new_id()
        await replies.save(work, id, Reply(standing.id, standing.revision, body.words, work.at, person))
        await log_change(
            work.session, who, Seen("ReplyToNotice", "notice", standing.id, "II", [standing.pupil]), work.at
        )
        return ReplySaved(reply=id, notice=standing.id)

    answer = await run_command("messaging", room.units, Scope(who.board), command, save)
    room.deliveries.wake()
    return answer


async def _asker(room: Messaging, session: AsyncSession, who: Principal) -> tuple[Asker, UUID]:
    """Who asks, and the person whose act it is: a service takes no telephone calls."""
    if who.person is None:
        raise not_found()
    return await room.asker(session, who), who.person


async def _children(
    room: Messaging, session: AsyncSession, asker: Asker, action: str, pupils: Collection[UUID], *days: Days
) -> dict[UUID, Child]:
    """The children, when the asker may do ``action`` for every one of them on some of ``days``.

    Raises 404 and 403, in this order.
    """
    who = asker.holder.principal
    found = await store.children(session, who.board, pupils, room.clock.today())
    may = True
    for pupil in pupils:
        child = found.get(pupil)
        if child is None or who.kind != "staff" or who.person in child.kept_from:
            raise not_found()
        if not any(_places(room, child, each)[0] & asker.holder.schools() for each in days):
            raise not_found()
        may &= any(_may(room, asker, action, child, each) for each in days)
    if not may:
        raise denied(_NOT_YOURS)
    return found


def _places(room: Messaging, child: Child, days: Days) -> tuple[frozenset[UUID], frozenset[UUID]]:
    return rules.places_on(child.places, days, today=room.clock.today(), protected=child.is_protected)


def _may(room: Messaging, asker: Asker, action: str, child: Child, days: Days) -> bool:
    holder = asker.holder
    resource = resource_of(holder.principal.board, child, *_places(room, child, days))
    return room.policies.allows(holder, action, resource)


def resource_of(
    board: UUID, child: Child, schools: Collection[UUID], classes: Collection[UUID]
) -> dict[str, object]:
    """The resource ``PupilNotices`` of policy.cedar: a child, and where it is on the days that are asked about."""
    return entity(
        "PupilNotices",
        child.id,
        board=ref("Board", board),
        schools=refs("School", schools),
        classes=refs("Class", classes),
        confidentialFrom=refs("Person", child.kept_from),
    )


async def _open(room: Messaging, work: Work, asker: Asker, notice: UUID, seen: int) -> tuple[Standing, Child]:
    """A notice to be changed, held, when the asker may and has seen its newest revision."""
    standing = await store.lock(work.session, work.scope.board, notice)
    if standing is None:
        raise not_found()
    pupil, days = standing.pupil, standing.said.days
    children = await _children(room, work.session, asker, "TakeNotice", [pupil], days)
    room.strong_enough(asker)
    refuse_unseen(standing, seen)
    return standing, children[pupil]


def _check(room: Messaging, asker: Asker, said: Said, children: Collection[Child]) -> None:
    wrong = rules.refuse(said, room.clock.today())
    if said.since < said.until and not all(
        _may(room, asker, "TakeNotice", child, said.days) for child in children
    ):
        wrong.append(rules.NOT_HERE)
    guardian = said.teller.guardian
    if guardian is not None:
        told = (rules.refuse_teller(guardian, child.ties) for child in children)
        wrong += list(dict.fromkeys(each for each in told if each is not None))
    if wrong:
        raise refused(wrong)
