"""A guardian's channels over HTTP: reading one's own, adding, confirming, removing.

Whoever is no guardian has none and finds none (404); so does whoever names somebody else's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from services.messaging.channels import push, rules, store
from services.messaging.channels.rules import Kind
from services.messaging.channels.shapes import (
    ChannelOut,
    ChannelSaved,
    ChannelsOut,
    ConfirmIn,
    ConfirmSaved,
    EmailIn,
    LastOut,
    PushIn,
)
from services.messaging.channels.store import Channel
from services.messaging.room import Messaging, messaging
from shared.access.log import Seen, log_change
from shared.access.principal import Principal, entity, ref
from shared.database import Command, Scope, Work
from shared.ids import new_id
from shared.web import FieldError, Problem, command_of, current, not_found, run_command

router = APIRouter(prefix="/v1/family/channels", tags=["お知らせの受け取り方"])

Room = Annotated[Messaging, Depends(messaging)]
Who = Annotated[Principal, Depends(current)]
Sent = Annotated[Command, Depends(command_of)]
Save = Callable[[Work], Awaitable[BaseModel]]


@router.get("", summary="お知らせの受け取り方")
async def read(room: Room, who: Who) -> ChannelsOut:
    """One's own addresses and devices with what last became of a message, and what this deployment offers."""
    async with room.units.read(Scope(who.board)) as session:
        guardian = await _guardian(room, session, who, "ReadChannels")
        found = await store.own(session, who.board, guardian, room.clock.today())
        setting = await store.quiet_setting(session, who.board, room.clock.today())
    await room.log.read(who, Seen("ReadChannels", "channels", guardian, "II", [guardian]))
    offered, quiet = room.deliveries.offered(), rules.quiet(setting)
    on = offered.on()
    return ChannelsOut(
        mail="email" in on,
        kept=offered.kept,
        push="push" in on,
        push_key=room.deliveries.vapid().public if "push" in on else None,
        quiet_from=f"{quiet.since:%H:%M}",
        quiet_until=f"{quiet.until:%H:%M}",
        channels=[_out(each) for each in found],
    )


def _out(channel: Channel) -> ChannelOut:
    last = channel.last
    return ChannelOut(
        channel=channel.id,
        kind=channel.kind,
        address=channel.address if channel.kind == "email" else None,
        label=channel.label,
        made_at=channel.made_at,
        confirmed=channel.confirmed_at is not None,
        gone=channel.is_gone,
        last=last and LastOut(what=last.what, state=last.state, reason=last.reason, at=last.at),
    )


@router.post("/email", summary="メールアドレスを加える", response_model=ChannelSaved)
async def add_email(body: EmailIn, room: Room, who: Who, command: Sent) -> Response:
    """Take an address and send it a code; nothing else goes there before the code has come back."""

    async def save(work: Work) -> ChannelSaved:
        guardian = await _guardian(room, work.session, who, "ChooseChannels")
        _refuse_off(room, "email")
        if not rules.is_address(body.address):
            raise _wrong("address", "メールアドレスの形になっていません。@ の前と後ろを確かめてください。")
        await _refuse_codes(work, guardian)
        await _refuse_many(work, guardian)
        id = new_id()
        await store.add(work, id, guardian, "email", body.address, language=body.language)
        await _changed(work, who, id, guardian)
        return ChannelSaved(channel=id)

    return await _run(room, who, command, save)


@router.post("/push", summary="この端末で受け取る", response_model=ChannelSaved)
async def add_push(body: PushIn, room: Room, who: Who, command: Sent) -> Response:
    """Take a device's subscription; a device that told somebody else before tells this guardian from now on."""

    async def save(work: Work) -> ChannelSaved:
        guardian = await _guardian(room, work.session, who, "ChooseChannels")
        services = _refuse_off(room, "push")
        if not rules.may_push_to(body.endpoint, services):
            raise _wrong(
                "endpoint", "このブラウザーのお知らせには、まだ対応していません。メールをお使いください。"
            )
        if not push.is_subscription(body.p256dh, body.auth):
            raise _wrong("p256dh", "端末の鍵が読めません。一度やめてから、入れ直してください。")
        await _refuse_many(work, guardian)
        id, keys = new_id(), {"p256dh": body.p256dh, "auth": body.auth}
        await store.add(
            work, id, guardian, "push", body.endpoint, keys=keys, label=body.label, language=body.language
        )
        await _changed(work, who, id, guardian)
        return ChannelSaved(channel=id)

    return await _run(room, who, command, save)


@router.post("/{channel}/confirm", summary="番号でアドレスを確かめる", response_model=ConfirmSaved)
async def confirm(channel: UUID, body: ConfirmIn, room: Room, who: Who, command: Sent) -> Response:
    """Give the code back. A wrong one is counted; after a few the code is worth nothing."""

    async def save(work: Work) -> ConfirmSaved:
        guardian, found = await _open(room, work, who, channel)
        if found.confirmed_at is not None:
            return ConfirmSaved(channel=channel, confirmed=True, tries_left=0)
        asked_at = found.asked_at
        left = rules.CODE_TRIES - found.tried
        if left <= 0 or asked_at is None or work.at - asked_at > rules.CODE_HOLDS:
            return ConfirmSaved(channel=channel, confirmed=False, tries_left=0)
        if not room.deliveries.is_code(channel, found.asked, body.code):
            await store.count_wrong(work, channel)
            return ConfirmSaved(channel=channel, confirmed=False, tries_left=left - 1)
        await store.confirm(work, channel)
        await _changed(work, who, channel, guardian)
        return ConfirmSaved(channel=channel, confirmed=True, tries_left=0)

    return await _run(room, who, command, save)


@router.post("/{channel}/code", summary="番号をもう一度送る", response_model=ChannelSaved)
async def send_again(channel: UUID, room: Room, who: Who, command: Sent) -> Response:
    """Send another code; the one before is worth nothing."""

    async def save(work: Work) -> ChannelSaved:
        guardian, found = await _open(room, work, who, channel)
        _refuse_off(room, "email")
        if found.kind != "email" or found.confirmed_at is not None or found.is_gone:
            raise not_found()
        await _refuse_codes(work, guardian)
        await store.ask(work, channel)
        await _changed(work, who, channel, guardian)
        return ChannelSaved(channel=channel)

    return await _run(room, who, command, save)


@router.post("/{channel}/remove", summary="受け取りをやめる", response_model=ChannelSaved)
async def remove(channel: UUID, room: Room, who: Who, command: Sent) -> Response:
    """Send nothing there any more and forget the address. What is not there, or not one's own, stays as it is."""

    async def save(work: Work) -> ChannelSaved:
        guardian = await _guardian(room, work.session, who, "ChooseChannels")
        if await store.lock(work.session, work.scope.board, guardian, channel) is not None:
            await store.remove(work, channel)
            await _changed(work, who, channel, guardian)
        return ChannelSaved(channel=channel)

    return await _run(room, who, command, save)


async def _run(room: Messaging, who: Principal, command: Command, save: Save) -> Response:
    answer = await run_command("messaging", room.units, Scope(who.board), command, save)
    room.deliveries.wake()
    return answer


async def _guardian(room: Messaging, session: AsyncSession, who: Principal, action: str) -> UUID:
    """Whose channels they are: the asker's own. Raises 404 for whoever is no guardian."""
    if who.person is None:
        raise not_found()
    asker = await room.asker(session, who)
    if not room.policies.allows(asker.holder, action, resource_of(who.board, who.person)):
        raise not_found()
    room.strong_enough(asker)
    return who.person


def resource_of(board: UUID, owner: UUID) -> dict[str, object]:
    """The resource ``Channels`` of policy.cedar."""
    return entity("Channels", owner, board=ref("Board", board), owner=ref("Person", owner))


async def _open(room: Messaging, work: Work, who: Principal, channel: UUID) -> tuple[UUID, Channel]:
    guardian = await _guardian(room, work.session, who, "ChooseChannels")
    found = await store.lock(work.session, work.scope.board, guardian, channel)
    if found is None:
        raise not_found()
    return guardian, found


async def _changed(work: Work, who: Principal, channel: UUID, guardian: UUID) -> None:
    await log_change(work.session, who, Seen("ChooseChannels", "channel", channel, "II", [guardian]), work.at)


def _wrong(field: str, message: str) -> Problem:
    return Problem(
        422,
        "channel-refused",
        "保存していません",
        message,
        errors=[FieldError(field=field, message=message)],
    )


def _refuse_off(room: Messaging, kind: Kind) -> Collection[str]:
    """The push services that are allowed; raises when the way is not in use here."""
    set_ = room.deliveries.offered()
    if kind not in set_.on():
        raise _wrong("kind", "この方法でのお知らせは、いま使えません。アプリを開けば、いつでも見られます。")
    return set_.push.services if set_.push else ()


async def _refuse_many(work: Work, guardian: UUID) -> None:
    if await store.many(work.session, work.scope.board, guardian) >= rules.MAX_CHANNELS:
        raise _wrong("kind", f"受け取る先は{rules.MAX_CHANNELS}までです。使わないものを消してください。")


async def _refuse_codes(work: Work, guardian: UUID) -> None:
    if await store.count_code(work, guardian) > rules.CODES_A_DAY:
        raise _wrong("address", "きょうは、番号をこれ以上送れません。あした、もう一度ためしてください。")
