"""Ending mails by the link that is in them (RFC 8058): no session, an address that nobody can guess.

GET shows a page with a button, because scanners of mails open every link; POST alone changes something, pressed by a
person on that page or by a mailbox for its owner. Both say the same of an address that is gone already.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from services.messaging.channels import store
from services.messaging.channels.words import texts
from services.messaging.room import Messaging, messaging
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.database import Scope

router = APIRouter(prefix="/stop", tags=["お知らせをやめる"])

Room = Annotated[Messaging, Depends(messaging)]

CLIENT = "mail-link"
"""Who the access log says has asked: whoever has the mail."""

_STYLE = (
    "body{margin:0;padding:2rem 1rem;font:1.0625rem/1.7 system-ui,sans-serif;color:#1a1a1a;background:#fff}"
    "main{max-width:36rem;margin:auto}h1{font-size:1.375rem;line-height:1.5}"
    "button{min-height:3rem;padding:0 1.5rem;border:0;border-radius:6px;background:#0017c1;color:#fff;font:inherit;"
    "font-weight:700}"
)
_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
}
_PAGE = Environment(autoescape=True).from_string(
    """<!doctype html>
<html lang="{{ lang }}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ title }}</title><style>{{ style|safe }}</style></head>
<body><main><h1>{{ title }}</h1><p>{{ body }}</p>
{% if button %}<form method="post"><button type="submit">{{ button }}</button></form>{% endif %}
</main></body></html>
"""
)


@router.get("/{token}", summary="お知らせのメールをやめるか、たずねる", response_class=HTMLResponse)
async def ask(token: str, room: Room) -> HTMLResponse:
    """A page with a button; nothing is changed."""
    found = room.deliveries.stopped(token)
    if found is None:
        return _page("ja", "strange", status=404)
    board, channel = found
    async with room.units.read(Scope(board)) as session:
        language = await store.language(session, board, channel)
    return _page("ja", "stopped") if language is None else _page(language, "stop", button=True)


@router.post("/{token}", summary="お知らせのメールをやめる", response_class=HTMLResponse)
async def stop(token: str, room: Room) -> HTMLResponse:
    """Take the address away; a second time changes nothing."""
    found = room.deliveries.stopped(token)
    if found is None:
        return _page("ja", "strange", status=404)
    board, channel = found
    async with room.units.work(Scope(board), actor=CLIENT) as work:
        removed = await store.stop(work, channel)
        if removed is not None:
            guardian, _ = removed
            who = Principal(
                subject=CLIENT,
                kind="guardian",
                board=board,
                person=None,
                client=CLIENT,
                acr=0,
                auth_time=None,
                session=None,
                expires_at=work.at,
            )
            seen = Seen("ChooseChannels", "channel", channel, "II", [guardian])
            await log_change(work.session, who, seen, work.at)
    return _page("ja" if removed is None else removed[1], "stopped")


def _page(language: str, what: str, *, button: bool = False, status: int = 200) -> HTMLResponse:
    said = texts(language)
    html = _PAGE.render(
        lang="ja" if language == "ja-x-easy" else language,
        style=_STYLE,
        title=said[f"{what}_title"],
        body=said[f"{what}_body"],
        button=said["stop_button"] if button else "",
    )
    return HTMLResponse(html, status, _HEADERS)
