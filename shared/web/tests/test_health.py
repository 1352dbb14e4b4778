"""Three questions with three meanings: started, ready, alive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import httpx

from shared.access.tokens import TokenVerifier
from shared.web.app import ServiceApp, make_app
from tests.support.waiting import eventually


async def for_ever() -> None:
    await asyncio.Event().wait()


async def ends() -> None:
    return


async def answers(ready: bool, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[list[int]]]:
    async def is_ready() -> bool:
        return ready

    verifier = cast(TokenVerifier, None)  # no health endpoint asks who is there
    app = make_app(ServiceApp("toy", verifier, is_ready, background=[work]), "Toy", [])

    async def ask() -> list[int]:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://toy") as http,
        ):
            await asyncio.sleep(0)  # what ends at once has ended
            return [(await http.get(f"/health/{ask}")).status_code for ask in ("started", "ready", "live")]

    return ask


async def test_at_work() -> None:
    assert await (await answers(True, for_ever))() == [200, 200, 200]


async def test_what_it_needs_is_away_for_a_while() -> None:
    """A new process would not bring the database back: it is left alone, and gets no requests."""
    assert await (await answers(False, for_ever))() == [200, 503, 200]


async def test_a_worker_that_has_ended_needs_a_new_process() -> None:
    ask = await answers(True, ends)

    async def ended() -> bool:
        return await ask() == [200, 503, 503]

    await eventually(ended)
