"""Bulk yields: a run waits while a reader of the log is too far behind, and only then."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest

from services.registry.imports.applying import apply_run
from services.registry.imports.pace import RECORDS, Behind, Pace, Reader, readers_over_http
from services.registry.imports.tests.test_runs import begun
from services.registry.oneroster.importing import ACTOR, import_package
from services.registry.oneroster.tests.packages import small_package
from shared.database import Units


class World:
    """A log with readers, and a clock that moves only while the run naps."""

    def __init__(self) -> None:
        self.head = 0
        self.readers: dict[str, int] = {}
        self.speed: dict[str, int] = {}
        self.time = 0.0
        self.waited: list[list[Behind]] = []
        self.pace = Pace(self.look, self.waited_for, self.nap, lambda: self.time)

    async def look(self) -> tuple[int, Sequence[Reader]]:
        return self.head, [Reader(name, at) for name, at in self.readers.items()]

    def waited_for(self, slow: Sequence[Behind]) -> None:
        self.waited.append(list(slow))

    async def nap(self, seconds: float) -> None:
        self.time += seconds
        for name, records in self.speed.items():
            self.readers[name] = min(self.head, self.readers[name] + records)


async def test_nobody_behind_is_not_waited_for() -> None:
    world = World()
    world.head, world.readers = 50_000, {"dashboard/roster": 50_000, "identity/directory": 48_000}
    await world.pace(None)
    assert world.waited == []


async def test_too_many_records_are_waited_for() -> None:
    world = World()
    world.head, world.readers = 50_000, {"dashboard/roster": 50_000, "identity/directory": 47_999}
    world.speed = {"identity/directory": 1}
    await world.pace(None)
    assert [[each.name for each in slow] for slow in world.waited] == [["identity/directory"], []]
    assert world.readers["identity/directory"] == 50_000 - RECORDS


async def test_a_reader_that_lingers_over_few_records_is_waited_for_until_it_has_them() -> None:
    world = World()
    world.head, world.readers = 10, {"dashboard/roster": 5}
    await world.pace(None)
    assert world.waited == []
    world.time += 1.5
    world.speed = {"dashboard/roster": 1}
    await world.pace(None)
    assert world.waited[0] == [Behind("dashboard/roster", 5, 1.5)]
    assert world.readers["dashboard/roster"] == 10


async def test_a_second_is_counted_from_the_first_record_that_is_missing() -> None:
    """A reader that keeps up with a log that goes on is never late, however long it takes."""
    world = World()
    world.readers = {"dashboard/roster": 0}
    for step in range(1, 40):
        world.head = step * 100
        world.readers["dashboard/roster"] = (step - 1) * 100
        world.time += 0.5
        await world.pace(world.head)
    assert world.waited == []


async def test_a_log_without_readers_is_not_waited_for() -> None:
    world = World()
    world.head = 1_000_000
    await world.pace(1_000_000)
    assert world.waited == []


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (
            [
                {"copy": "roster", "publisher": "registry", "reached": 7, "stopped_because": None},
                {"copy": "lunch", "publisher": "identity", "reached": 1, "stopped_because": None},
                {"copy": "day", "publisher": "registry", "reached": 1, "stopped_because": "epoch"},
            ],
            [Reader("dashboard/roster", 7)],
        ),
        ([], []),
        ({"what": True}, []),
        (["what"], []),
        ([{"copy": 1}], []),
    ],
)
async def test_readers_are_asked_at_their_services(units: Units, answer: object, found: list[Reader]) -> None:
    """Feeds of other logs, feeds that stand still for an operator, and strangers on the port are not waited for."""
    await import_package(units, small_package())

    def respond(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/health/reached"
        if request.url.host == "nobody":
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json=answer)

    urls = {"dashboard": "http://somebody", "identity": "http://nobody"}
    async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as client:
        head, readers = await readers_over_http(units, urls, client)()
    assert (head, list(readers)) == (26, found)


async def test_a_run_asks_before_each_part(units: Units) -> None:
    run = await begun(units, small_package())
    asked: list[int | None] = []

    async def pause(position: int | None) -> None:
        asked.append(position)

    done = await apply_run(units, run, actor=ACTOR, pause=pause)
    assert asked[0] is None
    assert asked[-1] == done.position
    assert asked == sorted(asked, key=lambda each: each or 0)
    assert len(asked) == run.parts + 1
