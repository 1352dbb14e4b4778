"""Feeds over HTTP: items as JSON lines, waiting for news, and the department's word that it has them.

A department comes with its own token (audience ``dashboard``); no cookie counts here.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.dashboard.feeds import store
from services.dashboard.feeds.rules import Grant
from services.dashboard.room import Dashboard, dashboard
from services.dashboard.roster.store import copies_standing
from shared.access.log import Seen, log_change
from shared.access.principal import Holder, Principal, entity, ref
from shared.contracts import Importance
from shared.contracts.dashboard import feed_topic
from shared.database import Command, Scope, Work
from shared.web import FieldError, Problem, command_of, current, denied, not_found, run_command

router = APIRouter(prefix="/api/feeds", tags=["配信"])

LIMIT = 1_000
WAIT_AT_MOST = 25.0
"""Proxies and browsers give up on silent connections after thirty seconds."""
_LARGEST = 2**63 - 1

Name = Annotated[str, Path(pattern=r"^[a-z][a-z-]{0,40}$", description="配信の名前")]
Who = Annotated[Principal, Depends(current)]
Room = Annotated[Dashboard, Depends(dashboard)]


class Confirmation(BaseModel):
    """Up to which position the department has everything."""

    model_config = ConfigDict(extra="forbid")

    position: int = Field(ge=1, le=_LARGEST)


class Confirmed(BaseModel):
    """The proof that is kept."""

    feed: str
    position: int
    client: str


async def decide(
    room: Dashboard, session: AsyncSession, who: Principal, name: str, action: str
) -> tuple[UUID, Grant]:
    """Department and grant of the asking client. Raises 404 without a purpose, 403 when it no longer holds."""
    found = None
    if who.kind == "department":
        found = await store.known(session, who.board, who.client, name, room.clock.today())
    if found is None:
        raise not_found()
    resource = entity(
        "DepartmentFeed",
        f"{found.department}/{name}",
        board=ref("Board", who.board),
        department=ref("Department", who.client),
        isGranted=found.grant is not None,
    )
    if not room.policies.allows(Holder(who, ()), action, resource) or found.grant is None:
        raise denied("この配信の利用目的は、きょうは有効ではありません。統合IDの担当に確かめてください。")
    return found.department, found.grant


@router.get("/{name}/items", summary="配信を受け取る", response_class=Response)
async def read_items(
    name: Name,
    request: Request,
    room: Room,
    who: Who,
    after: Annotated[int | None, Query(ge=0, le=_LARGEST, description="この番号より後から")] = None,
    wait: Annotated[float, Query(ge=0, le=WAIT_AT_MOST, description="新しいものを待つ秒数")] = 0,
) -> Response:
    """Newest revision of each item after ``after`` (without it: after what was last confirmed), one JSON a line.

    Empty when nothing came within ``wait`` seconds. Read on after the last line's ``position``.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    start, shown = after, list[Any]()
    while True:
        pulse = room.hub.next("log")
        async with room.units.read(Scope(who.board)) as session:
            department, grant = await decide(room, session, who, name, "ReadFeed")
            if start is None:
                start = await store.confirmed(session, department, name)
            topic = feed_topic(who.board, department, name).name
            rows = await store.items_after(session, department, topic, start, LIMIT)
            standing = await copies_standing(session)
        shown = [row for row in rows if grant.covers(row.payload)]
        if rows and not shown:
            start = rows[-1].position
            continue
        left = deadline - loop.time()
        if shown or left <= 0 or room.ending.is_set():
            break
        await _either(pulse, room.ending, left)
    importance = cast("Importance", grant.importance)
    seen = Seen("ReadFeed", "feed", department, importance, copy_age_ms=room.age_ms(standing))
    await room.log.read(who, seen)
    return Response(
        b"".join(store.line(row, grant) for row in shown),
        media_type="application/x-ndjson",
        headers={"cache-control": "no-store"},
    )


async def _either(pulse: asyncio.Event, ending: asyncio.Event, within: float) -> None:
    waiting = [asyncio.ensure_future(event.wait()) for event in (pulse, ending)]
    try:
        # In between once a second: a notice may be lost with its connection.
        await asyncio.wait(waiting, timeout=min(within, 1.0), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


@router.post("/{name}/acks", summary="受け取ったと伝える", response_model=Confirmed)
async def confirm_items(
    name: Name,
    body: Confirmation,
    room: Room,
    who: Who,
    command: Annotated[Command, Depends(command_of)],
) -> Response:
    """Keep as proof of delivery that the department has everything up to ``position``."""

    async def keep(work: Work) -> Any:
        department, grant = await decide(room, work.session, who, name, "ConfirmFeed")
        newest = await store.newest(work.session, feed_topic(who.board, department, name).name)
        if body.position > newest:
            message = f"まだ届けていない番号です。{newest} までの番号を送ってください。"
            raise Problem(
                422,
                "invalid",
                "入力を確かめてください",
                f"「position」を確かめてください。{message}",
                errors=[FieldError(field="position", message=message)],
            )
        await store.confirm(
            work.session,
            board=who.board,
            department=department,
            feed=name,
            client=who.client,
            position=body.position,
            at=work.at,
        )
        importance = cast("Importance", grant.importance)
        await log_change(work.session, who, Seen("ConfirmFeed", "feed", department, importance), work.at)
        return Confirmed(feed=name, position=body.position, client=who.client)

    return await run_command("dashboard", room.units, Scope(who.board), command, keep)
