"""Calls of the browser to a service, with a token made for that service on behalf of the signed-in person.

The service decides, logs and answers; nothing is changed on the way and nothing is tried twice, except when the service
did not accept the token and so did nothing. A write goes to exactly one service (decisions.md §4 "BFF").
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from services.dashboard.room import Dashboard, dashboard, opening
from services.dashboard.sessions.service import issuer_away
from shared.events.trace import current_traceparent
from shared.web import Problem, not_found
from shared.web.problems import TYPES

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/api", tags=["取り次ぎ"])

TIMEOUT = httpx.Timeout(10.0, connect=2.0, pool=2.0)
FILE_TIMEOUT = httpx.Timeout(60.0, connect=2.0, pool=2.0)
"""Of one piece of a file on its way; the whole takes what a school's line takes."""
MAX_FILE_BYTES = 1_000_000_000
"""The service that takes the file says itself how much it takes."""
_FILE = "/registry/v1/imports/uploads/{upload}/files/{name}"
_PACKAGE = "/registry/v1/exports/{export}/file"
"""The address by which a roster goes out."""
FILES = re.compile("/api" + re.sub(r"\{\w+\}", "[^/]+", _FILE))
"""Addresses by which files come in."""
_PASSED_ON = ("content-type", "accept", "idempotency-key", "if-match", "if-none-match", "x-after")
_PASSED_BACK = (
    "content-type",
    "cache-control",
    "etag",
    "retry-after",
    "www-authenticate",
    "content-disposition",
)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@router.put(_FILE, include_in_schema=False, max_body_size=MAX_FILE_BYTES)
async def pass_file(upload: str, name: str, request: Request) -> Response:
    """Pass a file of a roster on as it comes in: no more of it than a piece is ever here.

    What has gone through cannot be sent twice from here; the browser sends the file again.
    """
    room = await dashboard(request)
    path = f"imports/uploads/{upload}/files/{name}"
    if not _plain(path):
        raise not_found()
    async with opening(request) as page:
        session = page.signed
    token = await room.sessions.exchanged(session, "registry")
    url = f"{room.settings.urls['registry']}/v1/{quote(path)}"
    answer = await _send(room, request, url, token, request.stream(), "registry", FILE_TIMEOUT)
    if _token_refused(answer):
        await room.sessions.exchanged(session, "registry", anew=True)
        raise away(request.method)
    headers = {name: answer.headers[name] for name in _PASSED_BACK if name in answer.headers}
    return Response(answer.content, answer.status_code, headers)


@router.get(_PACKAGE, include_in_schema=False)
async def fetch_package(export: str, request: Request) -> Response:
    """Pass an exported roster back as it comes: no more of it than a piece is ever here."""
    room = await dashboard(request)
    path = f"exports/{export}/file"
    if not _plain(path):
        raise not_found()
    async with opening(request) as page:
        session = page.signed
    url = f"{room.settings.urls['registry']}/v1/{quote(path)}"
    for anew in (False, True):
        token = await room.sessions.exchanged(session, "registry", anew=anew)
        answer = await _send(room, request, url, token, b"", "registry", FILE_TIMEOUT, stream=True)
        if answer.is_success:
            headers = {name: answer.headers[name] for name in _PASSED_BACK if name in answer.headers}
            headers["content-length"] = answer.headers["content-length"]
            return StreamingResponse(
                answer.aiter_raw(), answer.status_code, headers, background=BackgroundTask(answer.aclose)
            )
        await answer.aread()
        if not _token_refused(answer):
            break
    else:
        raise away(request.method)
    headers = {name: answer.headers[name] for name in _PASSED_BACK if name in answer.headers}
    return Response(answer.content, answer.status_code, headers)


@router.api_route("/{service}/v1/{path:path}", methods=METHODS, include_in_schema=False)
async def forward(service: str, path: str, request: Request) -> Response:
    """Pass the request on to ``service``. Only services of this deployment, only their versioned interface."""
    room = await dashboard(request)
    base = room.settings.urls.get(service)
    if base is None or service == room.settings.service or not _plain(path):
        raise not_found()
    async with opening(request) as page:
        session = page.signed
    body = await request.body()
    token = await room.sessions.exchanged(session, service)
    answer = await _send(room, request, f"{base}/v1/{path}", token, body, service)
    if _token_refused(answer):
        token = await room.sessions.exchanged(session, service, anew=True)
        answer = await _send(room, request, f"{base}/v1/{path}", token, body, service)
        if _token_refused(answer):
            logger.error("%s does not accept exchanged tokens", service)
            raise away(request.method)
    headers = {name: answer.headers[name] for name in _PASSED_BACK if name in answer.headers}
    return Response(answer.content, answer.status_code, headers)


def _plain(path: str) -> bool:
    """Whether a path stays below ``/v1/`` whatever a server makes of it."""
    return (
        path.isprintable()
        and all(part not in ("", ".", "..") for part in path.split("/"))
        and not set(path) & set("\\%?#")
    )


def _token_refused(answer: httpx.Response) -> bool:
    # Another 401 is the service's own question to the person: step-up.
    return answer.status_code == 401 and _is(answer, "signed-out", or_nothing=True)


def _is(answer: httpx.Response, kind: str, *, or_nothing: bool = False) -> bool:
    """Whether an answer is that problem; ``or_nothing``: what holds where it is none at all."""
    try:
        return bool(answer.json().get("type") == f"{TYPES}{kind}")
    except (ValueError, AttributeError):
        return or_nothing


async def _send(
    room: Dashboard,
    request: Request,
    url: str,
    token: str,
    body: bytes | AsyncIterator[bytes],
    service: str,
    patience: httpx.Timeout = TIMEOUT,
    *,
    stream: bool = False,
) -> httpx.Response:
    headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
    if not isinstance(body, bytes) and "content-length" in request.headers:
        headers["content-length"] = request.headers["content-length"]
    headers["authorization"] = f"Bearer {token}"
    traceparent = current_traceparent()
    if traceparent is not None:
        headers["traceparent"] = traceparent
    try:
        asked = room.http.build_request(
            request.method,
            url,
            params=request.url.query,
            content=body,
            headers=headers,
            timeout=patience,
        )
        answer = await room.http.send(asked, stream=stream)
        if answer.status_code == 503:
            await answer.aread()
    except httpx.TransportError as error:
        logger.warning("%s is away: %s", service, type(error).__name__)
        raise away(request.method) from error
    if answer.status_code == 503 and _is(answer, "unchecked"):
        # It could not ask the authority for its keys, and says so of a token, which nobody at a page knows of.
        raise issuer_away()
    return answer


def away(method: str) -> Problem:
    """The service does not answer. Whether it did anything is not known; the same command id may be sent again."""
    if method == "GET":
        title, detail = (
            "いま記録を読み出せません",
            "少し待ってから、もう一度お試しください。入力したものは消えていません。",
        )
    else:
        title, detail = (
            "いま保存先につながりません",
            "保存できたかどうかが分かりません。少し待って、もう一度お試しください。同じ送信が二重に記録されることはありません。",
        )
    return Problem(503, "service-away", title, detail, headers={"retry-after": "3"})
