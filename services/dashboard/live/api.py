"""``GET /api/live``: the one stream of a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from services.dashboard.live.rules import MAX_VIEWS, View, view
from services.dashboard.live.stream import Stream, allowed
from services.dashboard.room import dashboard, opening
from shared.web import FieldError, Problem, not_found, step_up

router = APIRouter(prefix="/api", tags=["動き"])

MAX_STREAMS = 10
"""Open streams of one session; a browser keeps one, whatever the number of its tabs."""


@router.get("/live", summary="変わったことを聞く")
async def live(request: Request, views: str) -> StreamingResponse:
    """Server-sent events: ``view`` names a view that changed, ``end`` says that who-may-see-what must be asked anew.

    Views that the asker may not open are not followed; when none is left there is nothing here. Whoever must prove a
    second factor to open them must do so to follow them.
    """
    wanted = _views(views)
    room = await dashboard(request)
    async with opening(request) as page:
        granted = await allowed(page, wanted)
        if not granted:
            raise not_found()
        if page.must_step_up():
            raise step_up()
        if room.streams.get(page.signed.id, 0) >= MAX_STREAMS:
            raise Problem(
                429,
                "too-many-streams",
                "開いている画面が多すぎます",
                "使っていないタブを閉じてから、読み直してください。",
                headers={"retry-after": "15"},
            )
        stream = Stream(room, request, page, granted)

    async def events() -> AsyncIterator[bytes]:
        session = page.signed.id
        room.streams[session] += 1
        try:
            async for event in stream.events():
                yield event
        finally:
            room.streams[session] -= 1
            if not room.streams[session]:
                del room.streams[session]

    return StreamingResponse(
        events(),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def _views(given: str) -> set[View]:
    keys = [key for key in given.split(",") if key]
    found = {key: view(key) for key in keys}
    wrong = [key for key, seen in found.items() if seen is None]
    if wrong or not keys or len(keys) > MAX_VIEWS:
        message = (
            f"「{wrong[0][:60]}」という画面はありません。"
            if wrong
            else f"1から{MAX_VIEWS}までの画面を書いてください。"
        )
        raise Problem(
            422,
            "invalid",
            "入力を確かめてください",
            f"「views」を確かめてください。{message}",
            errors=[FieldError(field="views", message=message)],
        )
    return {seen for seen in found.values() if seen is not None}
