"""What waits of this service's copies, key by key: looked into, taken in again, thrown away with a reason.

An operator sees where a record belongs, its class and which fields it has, never a field's value: what is in it is not
needed to decide, and may be about a child.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.operations import store
from services.dashboard.room import Dashboard, Page, Parking, opening
from shared.access.log import Seen, log_change
from shared.access.principal import Principal, entity, ref
from shared.contracts import Importance
from shared.contracts.catalogue import topic_named
from shared.database import Scope, Work
from shared.events import parked
from shared.events.records import Record
from shared.web import not_found, run_command
from shared.web.commands import command_for

router = APIRouter(prefix="/api/operations/parked", tags=["配信の状態"])

CopyName = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$", description="写しの名前")]
Publisher = Annotated[str, Path(pattern=r"^[a-z]{1,40}$", description="もとの記録を出したサービス")]
Key = Annotated[UUID, Path(description="待っている記録の鍵")]


class Discard(BaseModel):
    """Why what waits is thrown away."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=200)

    @field_validator("reason")
    @classmethod
    def said(cls, reason: str) -> str:
        """A reason is words."""
        if not reason.strip():
            raise ValueError("捨てるわけを書いてください。")
        return reason.strip()


class Handled(BaseModel):
    """What became of a key."""

    records: int
    """How many records were taken in or thrown away."""
    still: str | None = None
    """Why it still waits."""


@router.get("/{copy}/{publisher}/{key}", summary="待っている記録を見る")
async def read_parked(copy: CopyName, publisher: Publisher, key: Key, request: Request) -> Response:
    """The waiting records of a key in order: where they belong and why they wait, no value of any field."""
    async with opening(request) as page:
        parking, board = _decide(page, copy)
    async with parking.units.maintain() as session:
        waiting = await _waiting(session, board, copy, publisher, key)
    body = {"records": [_told(record, reason) for record, reason in waiting], "live": ["operations"]}
    return await page.answer(body, Seen("ReadParked", "parked", key, _class_of(waiting)))


@router.post("/{copy}/{publisher}/{key}/retry", summary="もう一度取り込む", response_model=Handled)
async def retry_parked(copy: CopyName, publisher: Publisher, key: Key, request: Request) -> Response:
    """Take a key's records in now, all or none. Nothing changes when they still do not fold; ``still`` says why."""
    async with opening(request) as page:
        parking, board = _decide(page, copy)
        who = page.holder.principal

    async def act(_: Work) -> BaseModel:
        async with parking.units.maintain() as session:
            waiting = await _waiting(session, board, copy, publisher, key)
        if not waiting:
            return Handled(records=0)
        note = _Note(page.room, who, "RetryParked", key, _class_of(waiting))
        still = await parked.retry(parking.units, parking.copies[copy], publisher, str(key), also=note)
        return Handled(records=0 if still else len(waiting), still=still)

    command = await command_for(request, who)
    return await run_command("dashboard", page.room.units, Scope(board), command, act)


@router.post("/{copy}/{publisher}/{key}/discard", summary="捨てる", response_model=Handled)
async def discard_parked(
    copy: CopyName, publisher: Publisher, key: Key, body: Discard, request: Request
) -> Response:
    """Throw away what waits of a key; who did so and why is kept, and that it was no hole."""
    async with opening(request) as page:
        parking, board = _decide(page, copy)
        who = page.holder.principal

    async def act(_: Work) -> BaseModel:
        async with parking.units.maintain() as session:
            waiting = await _waiting(session, board, copy, publisher, key)
        if not waiting:
            return Handled(records=0)
        note = _Note(page.room, who, "DiscardParked", key, _class_of(waiting))
        by = str(who.person or who.subject)
        gone = await parked.discard(
            parking.units, copy, publisher, str(key), reason=body.reason, by=by, also=note
        )
        return Handled(records=gone)

    command = await command_for(request, who)
    return await run_command("dashboard", page.room.units, Scope(board), command, act)


def _decide(page: Page, copy: str) -> tuple[Parking, UUID]:
    board = page.holder.principal.board
    page.decide("HandleParked", entity("Operations", board, board=ref("Board", board)), visible=False, why="")
    parking = page.room.parking
    if copy not in parking.copies:
        raise not_found()
    return parking, board


async def _waiting(
    session: AsyncSession, board: UUID, copy: str, publisher: str, key: UUID
) -> list[tuple[Record, str]]:
    """The records of a key of this board; a key of another one is as if nothing waited."""
    place = {"copy": copy, "publisher": publisher, "key": str(key)}
    if not await store.is_of_board(session, board, **place):
        return []
    return await parked.inspect(session, **place)


def _told(record: Record, reason: str) -> dict[str, Any]:
    topic = topic_named(record.topic)
    return {
        "position": record.position,
        "epoch": record.epoch,
        "topic": record.topic,
        "type": record.type,
        "version": record.version,
        "recorded_at": record.recorded_at,
        "importance": topic.importance if topic else "I",
        "fields": sorted(orjson.loads(record.payload)) if record.payload else None,
        "reason": reason,
    }


def _class_of(waiting: list[tuple[Record, str]]) -> Importance:
    return parked.strictest(record for record, _ in waiting)


@dataclass(frozen=True)
class _Note:
    """Written in the transaction of what was done: the access log's row, and that the page shall look again."""

    room: Dashboard
    who: Principal
    action: str
    key: UUID
    importance: Importance

    async def __call__(self, session: AsyncSession) -> None:
        seen = Seen(self.action, "parked", self.key, self.importance)
        await log_change(session, self.who, seen, self.room.clock.now())
        await store.tell(session)
