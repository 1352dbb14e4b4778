"""A trace begins with a command over HTTP and goes on where its events are folded and reacted to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter
from opentelemetry.trace import StatusCode

from shared.web.app import ServiceApp, make_app
from tests.support.fixtures import TODAY, Toy, catch_up
from tests.support.spans import Spans
from tests.support.tokens import Authority
from tests.support.toy import Change, Echo, ToyCopy, change
from tests.support.transports import Transport

TRACE = "0af7651916cd43dd8448eb211c80319c"
OTHER = "1bf7651916cd43dd8448eb211c80319d"


@pytest.fixture
async def http(toy: Toy) -> AsyncIterator[httpx.AsyncClient]:
    """The toy behind the app factory: a thing gets an amount."""
    router = APIRouter()

    @router.post("/things/{thing}")
    async def put(thing: UUID, amount: int, label: str = "thing") -> int | None:
        async with toy.app.work(toy.scope, actor="teacher") as work:
            await change(work, Change(thing, amount, TODAY, label))
        return work.position

    async def ready() -> bool:
        return True

    service = ServiceApp("toy", Authority().verifier("toy"), ready)
    transport = httpx.ASGITransport(make_app(service, "toy", [router]))
    async with httpx.AsyncClient(transport=transport, base_url="http://toy") as client:
        yield client


async def command(http: httpx.AsyncClient, trace: str, amount: int, label: str = "thing") -> int:
    """A command within ``trace``; returns the log's position after it."""
    answer = await http.post(
        f"/things/{uuid4()}",
        params={"amount": amount, "label": label},
        headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"},
    )
    assert answer.status_code == 200, answer.text
    return int(answer.text)


async def test_fold_and_reaction_belong_to_the_trace_of_the_command(
    transport: Transport, toy: Toy, http: httpx.AsyncClient, spans: Spans
) -> None:
    copy, echo = ToyCopy(), Echo()
    for trace in (OTHER, TRACE):
        position = await command(http, trace, amount=1)
        await catch_up(toy.copy_worker(copy, transport.feed(copy.topics_of("toy"))), to=position)
        await catch_up(toy.reaction_worker(echo, transport.feed(echo.topics_of("toy"))), to=position)
        assert {"POST /things/{thing}", "fold things", "react echo"} <= set(spans.names_of(trace))
    whispers = await toy.rows(
        "select traceparent from log.log_fact where topic = 'toy.secret' order by position"
    )
    assert [row.traceparent.split("-")[1] for row in whispers] == [OTHER, TRACE], "so does what is published"


async def test_what_several_commands_led_to_points_to_all_of_them(
    toy: Toy, http: httpx.AsyncClient, spans: Spans
) -> None:
    await command(http, OTHER, amount=1)
    position = await command(http, TRACE, amount=2)
    copy = ToyCopy()
    await catch_up(toy.copy_worker(copy, toy.log_feed(topics=copy.topics_of("toy"))), to=position)
    (fold,) = [span for span in spans.all() if span.name == "fold things"]
    assert fold.context is not None
    traces = {fold.context.trace_id, *(link.context.trace_id for link in fold.links)}
    assert {format(each, "032x") for each in traces} == {TRACE, OTHER}
    assert format(fold.context.trace_id, "032x") == TRACE


async def test_what_does_not_fold_says_nothing_of_itself(
    toy: Toy, http: httpx.AsyncClient, spans: Spans
) -> None:
    copy, echo = ToyCopy(), Echo()
    copy.poison, echo.poison = {"髙橋花子"}, {77}
    position = await command(http, TRACE, amount=77, label="髙橋花子")
    await catch_up(toy.copy_worker(copy), to=position)
    await catch_up(toy.reaction_worker(echo), to=position)
    failed = [span for span in spans.all() if span.status.status_code is StatusCode.ERROR]
    assert {span.name for span in failed} == {"fold things", "react echo"}
    assert {span.status.description for span in failed} == {None}
    assert [event for span in failed for event in span.events] == []
