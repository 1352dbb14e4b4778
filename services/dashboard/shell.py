"""What surrounds every answer of the origin: its headers, who may send commands, and the front end's own files."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.dashboard.sessions.backchannel import PATH as BACKCHANNEL
from services.dashboard.words import in_words, sent_there
from shared.web import Problem, not_found

DIST = Path(__file__).parent / "web" / "dist"

REACT_ARIA_STYLE = "'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='"
"""The one ``<style>`` that React Aria injects; a browser test recomputes it (ux.md §13)."""
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' {style}; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": _POLICY.format(style=REACT_ARIA_STYLE),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BEARER_ONLY = "/api/feeds/"
"""Departments come here with a token and no cookie: nobody's browser can be made to send one."""
LINKS = "/stop/"
"""Links of mails (forward/stopping.py): a mailbox presses them, and no cookie counts there."""


class Shell:
    """Outermost layer of the origin."""

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self._app = app
        self._origin = origin
        parts = urlsplit(origin)
        self._secure = parts.scheme == "https"
        self._strangers = {f"127.0.0.1:{parts.port}", f"[::1]:{parts.port}"} - {parts.netloc}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self._secure:
                    headers.setdefault("strict-transport-security", "max-age=63072000")
            await send(message)

        answered = in_words(scope, receive, with_headers) if sent_there(scope) else with_headers
        turned = self._turned_away(scope)
        await (turned or self._app)(scope, receive, answered)

    def _turned_away(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        path, method = scope["path"], scope["method"]
        # The authority comes to BACKCHANNEL with a signed token and no cookie.
        if path.startswith(("/health/", BEARER_ONLY, LINKS)) or path == BACKCHANNEL:
            return None
        if headers.get("host") in self._strangers and method in SAFE:
            # Cookies, passkeys and the service worker belong to a name: one deployment has one.
            query = scope["query_string"].decode("latin-1")
            return RedirectResponse(self._origin + path + (f"?{query}" if query else ""), 308)
        if method not in SAFE and not self._from_our_pages(headers):
            return Problem(
                403,
                "foreign-origin",
                "この操作はできません",
                "この画面からの操作だと確かめられません。画面を読み直してください。",
            ).response()
        return None

    def _from_our_pages(self, headers: Headers) -> bool:
        """SameSite is a browser's promise; the origin and a header that no form can send are checked here.

        The header says whose act it is, or ``1``; whether the session is that person's, :func:`room.look` knows.
        """
        return headers.get("origin") == self._origin and _is_actor(headers.get("x-tsumugi", ""))


def _is_actor(value: str) -> bool:
    if value == "1":
        return True
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False


class FrontEnd:
    """The built front end: its files, and ``index.html`` for every address of a screen."""

    def __init__(self, dist: Path = DIST) -> None:
        self._dist = dist

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answer(scope) if scope["type"] == "http" else not_found().response()
        await answer(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        path = scope["path"]
        if scope["method"] not in ("GET", "HEAD") or path.startswith(("/api/", "/auth/", "/health/")):
            return not_found().response()
        index = self._dist / "index.html"
        if not index.is_file():
            return PlainTextResponse(
                "画面がまだ作られていません。`make up` か `make stack` で作ってから読み直してください。", 503
            )
        file = self._file(path)
        if file is not None:
            hashed = path.startswith("/assets/")
            kept = "public, max-age=31536000, immutable" if hashed else "no-cache"
            return FileResponse(file, headers={"cache-control": kept})
        if "." in path.rsplit("/", 1)[-1]:
            return not_found().response()
        return FileResponse(index, headers={"cache-control": "no-store"})

    def _file(self, path: str) -> Path | None:
        """The file a path names, if it lies in the built folder."""
        if "\0" in path or path.endswith("/"):
            return None
        found = Path(os.path.normpath(self._dist / path.lstrip("/")))
        inside = found.is_relative_to(self._dist) and found.name != "index.html"
        return found if inside and found.is_file() else None
