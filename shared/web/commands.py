"""Commands over HTTP: an ``Idempotency-Key``, one unit of work, an answer that says what to wait for.

The same principal and key are the same command: it happens once and is answered alike however often it is sent; the
same key with another body is refused (decisions.md §2 "Command identity").
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Request, Response
from pydantic import BaseModel

from shared.access.principal import Principal
from shared.database import AlreadyDone, Busy, Command, Moved, Scope, Units, Work
from shared.database.units import CommandReused
from shared.web.problems import FieldError, Problem
from shared.web.requests import current


async def command_of(request: Request, principal: Annotated[Principal, Depends(current)]) -> Command:
    """The identity of the command a request carries."""
    return await command_for(request, principal)


async def command_for(request: Request, principal: Principal) -> Command:
    """The identity of the command of a request whose sender is known otherwise than by a token."""
    try:
        key = UUID(request.headers.get("idempotency-key", ""))
    except ValueError:
        raise Problem(
            422,
            "no-command-id",
            "送信の番号がありません",
            "Idempotency-Key に UUID を付けて送ってください。同じ番号は一度だけ実行されます。",
            errors=[FieldError(field="Idempotency-Key", message="UUID を付けてください。")],
        ) from None
    digest = hashlib.sha256()
    for part in (request.method.encode(), request.url.path.encode(), await request.body()):
        digest.update(len(part).to_bytes(8) + part)
    actor = principal.subject if principal.person is None else str(principal.person)
    return Command(principal.subject, key, digest.hexdigest(), actor)


async def run_command(
    service: str,
    units: Units,
    scope: Scope,
    command: Command,
    do: Callable[[Work], Awaitable[BaseModel]],
) -> Response:
    """Run ``do`` once for ``command`` and answer; when another transaction came first, run it once more."""
    for last in (False, True):
        try:
            async with units.work(scope, actor=command.actor or command.principal, command=command) as work:
                work.answer = await do(work)
            return _answer(service, work.answer.model_dump(mode="json"), work.position)
        except AlreadyDone as done:
            return _answer(service, done.response, done.position)
        except CommandReused:
            raise Problem(
                422,
                "command-reused",
                "同じ番号で別の内容が届きました",
                "Idempotency-Key は送る内容ごとに新しくしてください。何も保存していません。",
            ) from None
        except Busy:
            raise Problem(
                503,
                "busy",
                "いまは保存できません",
                "名簿の取り込みなどが続いています。何も保存していません。少し待ってから、もう一度送ってください。",
                headers={"retry-after": "5"},
            ) from None
        except Moved:
            if last:
                raise Problem(
                    409,
                    "moved",
                    "ほかの人が先に変えました",
                    "画面を読み直してから、もう一度保存してください。",
                ) from None
    raise AssertionError("unreachable")


def _answer(service: str, body: Any, position: int | None) -> Response:
    after = None if position is None else f"{service}:{position}"
    content = orjson.dumps({**body, "after": after})
    return Response(content, media_type="application/json", headers={"cache-control": "no-store"})
