"""A refusal for whoever comes to an address of the interface by itself: a file's link, a ticket that is over.

Pages read the interface with a script and say themselves what went wrong; a browser sent there would show JSON.
"""

from __future__ import annotations

from html import escape

import orjson
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import Message, Receive, Scope, Send

_BACK = (
    ("/api/registry/v1/exports", "/exports", "名簿の書き出しへ"),
    ("/api/registry/v1/imports", "/imports", "名簿取込へ"),
    ("/api/registry/v1/moves", "/moves", "転出入へ"),
    ("/api/registry/v1/certificates", "/moves", "転出入へ"),
    ("", "/", "はじめの画面へ"),
)
"""Where one came from: no referrer is ever sent."""


def sent_there(scope: Scope) -> bool:
    """Whether a browser goes to the address as to a page."""
    return (
        scope["method"] == "GET"
        and scope["path"].startswith(("/api/", "/auth/"))
        and Headers(scope=scope).get("accept", "").startswith("text/html")
    )


def in_words(scope: Scope, receive: Receive, send: Send) -> Send:
    """Sends everything on, but a problem as a page."""
    start: Message | None = None
    told = b""

    async def on(message: Message) -> None:
        nonlocal start, told
        if message["type"] == "http.response.start" and _is_problem(message):
            start = message
        elif start is None:
            await send(message)
        else:
            told += message.get("body", b"")
            if not message.get("more_body", False):
                later = Headers(raw=start["headers"]).get("retry-after")
                # A page that was told to come back does so by itself; RFC 9110 §10.2.3 leaves that to scripts.
                headers = {"cache-control": "no-store"} | ({"refresh": later} if later else {})
                page = HTMLResponse(_page(told, scope["path"]), start["status"], headers)
                await page(scope, receive, send)

    return on


def _is_problem(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith("application/problem+json")


def _page(problem: bytes, path: str) -> str:
    told = orjson.loads(problem)
    said = [told.get("detail", ""), *(each["message"] for each in told.get("errors", []))]
    _, back, words = next(each for each in _BACK if path.startswith(each[0]))
    title = escape(told["title"])
    lines = "".join(f"<p>{escape(line)}</p>" for line in said if line)
    return (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title} 紬</title><link rel="icon" href="/icon.svg" type="image/svg+xml">'
        '<link rel="stylesheet" href="/words.css"></head>'
        f'<body><main><h1>{title}</h1>{lines}<p><a href="{back}">{words}</a></p></main></body></html>'
    )
