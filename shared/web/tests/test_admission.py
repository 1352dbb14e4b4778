"""A rush: some are served, some wait a moment, the others are told to come back, and nothing of theirs is done."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from shared.web.admission import Admission, Bounds, one_lane

LONG = 30.0
"""Seconds that no test waits: whoever has so much patience is served or the test has failed before."""


@dataclass
class Slow:
    """A service whose every request takes until it is let go."""

    begun: list[str] = field(default_factory=list)
    doors: dict[str, asyncio.Event] = field(default_factory=dict)
    rest: dict[str, asyncio.Event] = field(default_factory=dict)
    """After the answer has begun: for streams."""
    came: asyncio.Condition = field(default_factory=asyncio.Condition)
    most: int = 0
    inside: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"]
        self.inside += 1
        self.most = max(self.most, self.inside)
        async with self.came:
            self.begun.append(name)
            self.came.notify_all()
        try:
            await self.doors.setdefault(name, asyncio.Event()).wait()
        finally:
            self.inside -= 1
        if name.startswith("/fails"):
            raise RuntimeError("a mistake of ours")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if name in self.rest:
            await self.rest[name].wait()
        await send({"type": "http.response.body", "body": b"done"})

    def let_go(self, name: str) -> None:
        self.doors.setdefault(name, asyncio.Event()).set()

    async def has_begun(self, *names: str) -> None:
        async with asyncio.timeout(5), self.came:
            await self.came.wait_for(lambda: set(names) <= set(self.begun))


@dataclass
class House:
    """The service behind its door, and who asks."""

    slow: Slow
    http: httpx.AsyncClient

    def ask(self, path: str, method: str = "GET") -> asyncio.Task[httpx.Response]:
        return asyncio.ensure_future(self.http.request(method, path))


def house(lane: Any = one_lane, **bounds: float) -> House:
    slow = Slow()
    chosen: dict[str, Any] = {
        "at_work": 1,
        "in_line": 10,
        "reads_wait": LONG,
        "commands_wait": LONG,
        **bounds,
    }
    app = Admission(slow, "test", lane, Bounds(**chosen))
    return House(slow, httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test"))


async def turns(count: int = 5) -> None:
    """Let tasks that can go on do so."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_no_more_are_served_at_once_than_there_are_places() -> None:
    at = house(at_work=2)
    asked = [at.ask(f"/{number}") for number in range(5)]
    await at.slow.has_begun("/0", "/1")
    await turns()
    assert at.slow.begun == ["/0", "/1"]
    for number in range(5):
        at.slow.let_go(f"/{number}")
    answers = await asyncio.gather(*asked)
    assert [answer.status_code for answer in answers] == [200] * 5
    assert at.slow.begun == [f"/{number}" for number in range(5)], "first come, first served"
    assert at.slow.most == 2


async def test_whoever_waited_too_long_is_told_when_to_come_back_and_nothing_was_done() -> None:
    at = house(reads_wait=0.01)
    first = at.ask("/first")
    await at.slow.has_begun("/first")
    refused = await at.ask("/second")
    assert refused.status_code == 503
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"].endswith("/busy")
    assert 1 <= int(refused.headers["retry-after"]) <= 10
    assert "保存していません" in refused.json()["detail"]
    at.slow.let_go("/first")
    assert (await first).status_code == 200
    assert at.slow.begun == ["/first"]


async def test_a_full_line_refuses_at_once() -> None:
    at = house(in_line=1)
    first, second = at.ask("/first"), at.ask("/second")
    await at.slow.has_begun("/first")
    async with asyncio.timeout(5):
        assert (await at.ask("/third")).status_code == 503
    for name in ("/first", "/second"):
        at.slow.let_go(name)
    assert [(await each).status_code for each in (first, second)] == [200, 200]


async def test_what_somebody_has_written_goes_before_what_somebody_wants_to_read() -> None:
    at = house()
    asked = [at.ask("/first"), at.ask("/read"), at.ask("/written", "POST")]
    await at.slow.has_begun("/first")
    at.slow.let_go("/first")
    await at.slow.has_begun("/written")
    assert "/read" not in at.slow.begun
    at.slow.let_go("/written")
    at.slow.let_go("/read")
    assert [answer.status_code for answer in await asyncio.gather(*asked)] == [200] * 3


async def test_a_stream_that_is_open_takes_nobodys_place() -> None:
    at = house()
    at.slow.rest["/stream"] = asyncio.Event()
    stream = at.ask("/stream")
    at.slow.let_go("/stream")
    await at.slow.has_begun("/stream")
    at.slow.let_go("/next")
    async with asyncio.timeout(5):
        assert (await at.ask("/next")).status_code == 200
    at.slow.rest["/stream"].set()
    assert (await stream).status_code == 200
    # Its place was given back once: one at a time still.
    asked = [at.ask("/third"), at.ask("/fourth")]
    await at.slow.has_begun("/third")
    await turns()
    assert "/fourth" not in at.slow.begun
    at.slow.let_go("/third")
    at.slow.let_go("/fourth")
    await asyncio.gather(*asked)


async def test_a_place_comes_back_after_a_mistake_and_after_a_visitor_who_left() -> None:
    at = house()
    at.slow.let_go("/fails")
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        await at.ask("/fails")
    gone, waiting = at.ask("/gone"), at.ask("/waiting")
    await at.slow.has_begun("/gone")
    await turns()
    waiting.cancel()
    gone.cancel()
    await asyncio.gather(gone, waiting, return_exceptions=True)
    at.slow.let_go("/last")
    async with asyncio.timeout(5):
        assert (await at.ask("/last")).status_code == 200


async def test_whether_the_service_lives_can_always_be_asked() -> None:
    at = house(reads_wait=0.01)
    first = at.ask("/first")
    await at.slow.has_begun("/first")
    at.slow.let_go("/health/ready")
    assert (await at.ask("/health/ready")).status_code == 200
    at.slow.let_go("/first")
    await first


async def test_a_lane_that_hangs_holds_up_no_other() -> None:
    at = house(lambda path: path.split("/")[1])
    hanging = at.ask("/messaging/x")
    await at.slow.has_begun("/messaging/x")
    at.slow.let_go("/registry/x")
    async with asyncio.timeout(5):
        assert (await at.ask("/registry/x")).status_code == 200
    at.slow.let_go("/messaging/x")
    await hanging


@given(
    st.lists(
        st.tuples(st.sampled_from(["GET", "POST"]), st.booleans(), st.integers(0, 3)), min_size=1, max_size=30
    ),
    st.integers(1, 3),
)
def test_whatever_comes_and_goes_every_place_is_there_afterwards(
    visits: list[tuple[str, bool, int]], places: int
) -> None:
    async def play() -> None:
        at = house(at_work=places, in_line=5)
        asked: list[asyncio.Task[httpx.Response]] = []
        for number, (method, stays, pause) in enumerate(visits):
            asked.append(at.ask(f"/{number}", method))
            await turns(pause)
            if not stays:
                asked[number // 2].cancel()
        for number in range(len(visits)):
            at.slow.let_go(f"/{number}")
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert {getattr(answer, "status_code", None) for answer in answers} <= {200, 503, None}
        assert at.slow.most <= places
        after = [at.ask(f"/after{number}") for number in range(places)]
        await at.slow.has_begun(*(f"/after{number}" for number in range(places)))
        for number in range(places):
            at.slow.let_go(f"/after{number}")
        assert [answer.status_code for answer in await asyncio.gather(*after)] == [200] * places

    asyncio.run(play())


class Trickle(httpx.AsyncByteStream):
    """A body whose end comes when it is let go, or never."""

    def __init__(self) -> None:
        self.end = asyncio.Event()

    async def __aiter__(self) -> Any:
        yield b"{"
        await self.end.wait()
        yield b"}"


async def test_a_command_that_does_not_come_in_whole_holds_no_place() -> None:
    at = house()
    slow = Trickle()
    half = asyncio.ensure_future(at.http.post("/half", content=slow))
    await turns()
    at.slow.let_go("/other")
    async with asyncio.timeout(5):
        assert (await at.ask("/other", "POST")).status_code == 200
    assert at.slow.begun == ["/other"]
    slow.end.set()
    at.slow.let_go("/half")
    assert (await half).status_code == 200


async def test_and_is_told_so_after_a_while() -> None:
    slow = Slow()
    app = Admission(slow, "test", one_lane, Bounds(), body_seconds=0.01)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        answer = await http.post("/half", content=Trickle())
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (408, "too-slow")
    assert slow.begun == []


async def test_the_service_reads_the_body_as_it_was_sent() -> None:
    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        whole, more = b"", True
        while more:
            message = await receive()
            whole, more = whole + message["body"], message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": whole})

    app = Admission(echo, "test", one_lane, Bounds())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        for body in (b"", b"a mark", b"x" * 3_000_000):
            assert (await http.post("/", content=body)).content == body
