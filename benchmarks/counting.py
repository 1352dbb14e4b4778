"""Counting the SQL statements of a request, in a process of our own over the deployment's database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

_FRAMES = ("begin", "commit", "rollback")
TIMES = 5


async def statements(
    app: FastAPI,
    engine: AsyncEngine,
    base_url: str,
    ask: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]],
) -> str:
    """How many statements ``engine`` sends for what ``ask`` asks of ``app``.

    The fewest of some times: what the driver asks once a connection, and what the process does beside, is no request's.
    """
    sent: list[str] = []

    # Some statements go through SQLAlchemy and others past it (shared/database/statements.py): each is heard once.
    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def through(*arguments: Any) -> None:
        sent.append(str(arguments[2]))

    def past(query: Any) -> None:
        if not query.query.lower().startswith(_FRAMES):
            sent.append(query.query)

    @event.listens_for(engine.sync_engine, "connect")
    def listen(connection: Any, _record: Any) -> None:
        connection.driver_connection.add_query_logger(past)

    counts = []
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url) as http,
    ):
        for _ in range(TIMES):
            sent.clear()
            answer = await ask(http)
            await asyncio.sleep(0)  # the driver tells of a statement in the loop's next turn
            counts.append(len(sent))
            if answer.status_code != 200:
                raise RuntimeError(f"{answer.request.url}: {answer.status_code} {answer.text}")
    return f"{min(counts)} (begin and commit apart)"
