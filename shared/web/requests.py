"""What a request carries: the bearer token and what it says, the service it reached.

Every dependency is ``async def``: FastAPI runs a plain one in a thread, which costs more than all these do.
"""

from __future__ import annotations

from typing import cast

from fastapi import Request

from shared.access.principal import Principal, Unauthenticated
from shared.web.app import ServiceApp


def bearer(request: Request) -> str:
    """The bearer token. Raises :class:`Unauthenticated`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("no bearer token", "missing")
    return token


async def current(request: Request) -> Principal:
    """The verified principal of the request."""
    return await cast("ServiceApp", request.app.state.service).verifier.verify(bearer(request))
