"""The link in a mail that ends mails (RFC 8058), at the one address that the outside knows.

Nobody is signed in here: a mailbox presses it for its owner, from anywhere and without a cookie. What a request carries
beside its address is not passed on; who may, messaging reads from the address alone.
"""

from __future__ import annotations

import re

import httpx
from fastapi import APIRouter, Request, Response

from services.dashboard.forward.api import TIMEOUT, away
from services.dashboard.room import dashboard
from shared.web import not_found

PREFIX = "/stop/"

router = APIRouter()

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")
_PASSED_BACK = ("content-type", "content-security-policy", "cache-control", "referrer-policy", "x-robots-tag")


@router.api_route(PREFIX + "{token}", methods=["GET", "POST"], include_in_schema=False)
async def pass_on(token: str, request: Request) -> Response:
    """Pass the address on to messaging, and its page back."""
    room = await dashboard(request)
    base = room.settings.urls.get("messaging")
    if base is None or _TOKEN.fullmatch(token) is None:
        raise not_found()
    try:
        answer = await room.http.request(request.method, f"{base}{PREFIX}{token}", timeout=TIMEOUT)
    except httpx.TransportError as error:
        raise away(request.method) from error
    headers = {name: answer.headers[name] for name in _PASSED_BACK if name in answer.headers}
    return Response(answer.content, answer.status_code, headers)
