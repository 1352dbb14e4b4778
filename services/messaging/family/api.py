"""A guardian's notices over HTTP: reading, telling, changing, withdrawing.

Who has no right about a child finds no such child (404), whatever else is known of them; who may read and not tell is
told so (403). Words and answers are between the guardian whose word it is and the school: another guardian with the
right to read sees what was told, not how.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from services.messaging.family import rules, store
from services.messaging.family.answers import Page, child_out
from services.messaging.family.shapes import ChangeToldIn, FamilyOut, TellIn
from services.messaging.notices import replies
from services.messaging.notices import store as notices
from services.messaging.notices.acts import (
    changed,
    first,
    refuse_unseen,
    refused,
    withdrawal,
    write,
)
from services.messaging.notices.rules import Said, Wrong, cut_off, refuse
from services.messaging.notices.shapes import NoticesSaved, WithdrawIn
from services.messaging.notices.store import Child, Standing
from services.messaging.room import Asker, Messaging, messaging
from shared.access.log import Seen
from shared.access.principal import Principal, entity, ref, refs
from shared.database import Command, Scope, Work
from shared.web import command_of, current, denied, not_found, run_command

router = APIRouter(prefix="/v1/family", tags=["保護者からの連絡"])

Room = Annotated[Messaging, Depends(messaging)]
Who = Annotated[Principal, Depends(current)]
Sent = Annotated[Command, Depends(command_of)]

_NOT_A_TELLER = "このお子さんの欠席などの連絡をする人になっていません。学校に問い合わせてください。"
_NOT_OWN = "ほかの人の連絡は、その人か学校が変えられます。あらためて連絡するか、学校に伝えてください。"


@router.get("", summary="わが子の連絡")
async def read_family(room: Room, who: Who) -> FamilyOut:
    """Every child of the asking guardian with what was told of days that are not long over."""
    today = room.clock.today()
    async with room.units.read(Scope(who.board)) as session:
        asker, guardian = await _asker(room, session, who)
        own = await store.children_of(session, who.board, guardian, today)
        children = await _children(room, session, asker, "ReadFamilyNotices", own)
        room.strong_enough(asker)
        if not children:
            raise not_found()
        at = {pupil: rules.place(child.places, today) for pupil, child in children.items()}
        since = today - rules.LOOK_BACK
        found = await notices.of_family(session, who.board, list(children), since)
        answers = await replies.of(session, who.board, [each.standing.id for each in found])
        people = {*children, *(each.by for each in answers)}
        page = Page(
            guardian=guardian,
            names=await notices.names(session, who.board, people),
            board=await store.board_of(
                session, who.board, {unit for place in at.values() for unit in place.units}, today
            ),
            today=today,
            found=found,
            replies=answers,
        )
    await room.log.read(who, Seen("ReadFamilyNotices", "family-notices", guardian, "II", sorted(children)))
    told = [
        child_out(page, child, at[pupil], may_tell=_may(room, asker, "TellNotice", child))
        for pupil, child in children.items()
    ]
    return FamilyOut(
        today=today,
        cut_off=cut_off(page.board.cut_off),
        children=sorted(told, key=lambda one: (one.at.name, one.at.class_name or "", str(one.pupil.id))),
    )


@router.post("/notices", summary="欠席などを連絡する", response_model=NoticesSaved)
async def tell(body: TellIn, room: Room, who: Who, command: Sent) -> Response:
    """Tell the same of each of these children, at whichever schools; anything wrong refuses the whole."""

    async def save(work: Work) -> NoticesSaved:
        pupils = list(dict.fromkeys(body.pupils))
        asker, guardian = await _asker(room, work.session, who)
        children = await _children(room, work.session, asker, "TellNotice", pupils)
        room.strong_enough(asker)
        said = body.to_rules(guardian)
        _check(room, said, children.values())
        written = [first(said, children[pupil], guardian, work.at) for pupil in pupils]
        return await write(work, who, "TellNotice", written)

    return await run_command("messaging", room.units, Scope(who.board), command, save)


@router.post("/notices/{notice}/change", summary="自分の連絡を変える", response_model=NoticesSaved)
async def change(notice: UUID, body: ChangeToldIn, room: Room, who: Who, command: Sent) -> Response:
    """Put a whole new word in the place of one's own, also of one that the school took on the telephone."""

    async def save(work: Work) -> NoticesSaved:
        before, child, guardian = await _open(room, work, who, notice, body.seen)
        said = body.to_rules(guardian)
        _check(room, said, [child])
        after = changed(before, said, child, guardian, work.at)
        return await write(work, who, "ChangeToldNotice", [after])

    return await run_command("messaging", room.units, Scope(who.board), command, save)


@router.post("/notices/{notice}/withdraw", summary="自分の連絡を取り消す", response_model=NoticesSaved)
async def withdraw(notice: UUID, body: WithdrawIn, room: Room, who: Who, command: Sent) -> Response:
    """Take one's own word back, before or after the school has seen it."""

    async def save(work: Work) -> NoticesSaved:
        before, _, guardian = await _open(room, work, who, notice, body.seen)
        return await write(work, who, "WithdrawToldNotice", [withdrawal(before, guardian, work.at)])

    return await run_command("messaging", room.units, Scope(who.board), command, save)


async def _asker(room: Messaging, session: AsyncSession, who: Principal) -> tuple[Asker, UUID]:
    """Who asks; nobody but a guardian has a family here, whatever their duties."""
    if who.kind != "guardian" or who.person is None:
        raise not_found()
    return await room.asker(session, who), who.person


async def _children(
    room: Messaging, session: AsyncSession, asker: Asker, action: str, pupils: Collection[UUID]
) -> dict[UUID, Child]:
    """The children, when the asker may do ``action`` for every one of them. Raises 404 and 403, in this order."""
    today = room.clock.today()
    found = await notices.children(session, asker.holder.principal.board, pupils, today)
    may = True
    for pupil in pupils:
        child = found.get(pupil)
        if (
            child is None
            or not rules.stays(child.places, today)
            or not _may(room, asker, "ReadFamilyNotices", child)
        ):
            raise not_found()
        may &= _may(room, asker, action, child)
    if not may:
        raise denied(_NOT_A_TELLER)
    return found


def _may(room: Messaging, asker: Asker, action: str, child: Child) -> bool:
    return room.policies.allows(asker.holder, action, resource_of(asker.holder.principal.board, child))


def resource_of(board: UUID, child: Child) -> dict[str, object]:
    """The resource ``FamilyNotices`` of policy.cedar: a child with the guardians it has today."""
    ties = child.ties.values()
    return entity(
        "FamilyNotices",
        child.id,
        board=ref("Board", board),
        tellers=refs("Person", [tie.guardian for tie in ties if tie.notify]),
        readers=refs("Person", [tie.guardian for tie in ties if tie.read]),
        confidentialFrom=refs("Person", child.kept_from),
    )


async def _open(
    room: Messaging, work: Work, who: Principal, notice: UUID, seen: int
) -> tuple[Standing, Child, UUID]:
    """One's own notice to be changed, held, when its newest revision was seen."""
    asker, guardian = await _asker(room, work.session, who)
    standing = await notices.lock(work.session, work.scope.board, notice)
    if standing is None:
        raise not_found()
    pupil, own = standing.pupil, rules.is_own(standing.said, guardian)
    found = await _children(room, work.session, asker, "ReadFamilyNotices", [pupil])
    if not own and not _reads(found[pupil], guardian):
        raise not_found()
    if not _may(room, asker, "TellNotice", found[pupil]):
        raise denied(_NOT_A_TELLER)
    if not own:
        raise denied(_NOT_OWN)
    room.strong_enough(asker)
    refuse_unseen(standing, seen)
    return standing, found[pupil], guardian


def _reads(child: Child, guardian: UUID) -> bool:
    tie = child.ties.get(guardian)
    return tie is not None and tie.read


def _check(room: Messaging, said: Said, children: Collection[Child]) -> None:
    wrong: list[Wrong] = refuse(said, room.clock.today())
    if said.since < said.until and not wrong:
        wrong += [rules.NOT_AT_SCHOOL for child in children if not rules.at_school(child.places, said.days)][
            :1
        ]
    if wrong:
        raise refused(wrong)
