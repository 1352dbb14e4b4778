"""Pages as browsers read them: through the BFF, with a session's cookie, authorised and access-logged."""

from __future__ import annotations

import asyncio
import time

from benchmarks.browser import Browser
from benchmarks.counting import statements
from benchmarks.deployment import Deployment, deployment
from benchmarks.load import SECONDS, Act, Answer, Connection, Figure, Timings, latency, offered, saturated
from benchmarks.processes import Layout
from benchmarks.seats import save, seats_of
from services.dashboard import service

OFFERED = 100.0
"""Readings a second of which the latency is told."""


def measure(layout: Layout) -> list[Figure]:
    """What a teacher and a principal open in the morning."""
    with deployment(layout=layout) as deployed:
        return asyncio.run(_measure(deployed, layout, *sessions(deployed)))


def sessions(deployed: Deployment) -> tuple[dict[str, str], dict[str, str]]:
    """A teacher and a principal, signed in at the embedded edition: the header that their requests carry."""
    origin = deployed.instance.origin
    return Browser().sign_in(origin, "2年1組", "2年1組 担任"), Browser().sign_in(origin, "校長", "校長")


Page = tuple[str, str, dict[str, str]]
"""What it is, its path, and the header of whoever reads it."""


async def morning_pages(
    deployed: Deployment, teacher: dict[str, str], principal: dict[str, str]
) -> tuple[list[Page], str]:
    """What a teacher and a principal open in the morning, and the principal's school."""
    mine = (await _read(deployed, "/api/today", teacher)).json()["classes"][0]["class"]["id"]
    school = (await _read(deployed, "/api/me", principal)).json()["roles"][0]["school"]["id"]
    return [
        ("teacher's first page", "/api/today", teacher),
        ("roll page of a class", f"/api/classes/{mine}/days/{deployed.day}/roll", teacher),
        ("school page", f"/api/schools/{school}/days/{deployed.day}", principal),
    ], str(school)


def reading(path: str, cookie: dict[str, str]) -> Act:
    """Reads one page."""

    async def act(connection: Connection, number: int) -> bool:
        return (await connection.ask("GET", path, cookie)).status == 200

    return act


async def _measure(
    deployed: Deployment, layout: Layout, teacher: dict[str, str], principal: dict[str, str]
) -> list[Figure]:
    opened, school = await morning_pages(deployed, teacher, principal)
    figures = []
    for what, path, cookie in opened:
        act = reading(path, cookie)
        url = deployed.instance.origin
        await saturated(url, act, seconds=2, connections=4)
        steady = await offered(url, act, rate=OFFERED, seconds=SECONDS)
        full = await saturated(url, act, seconds=SECONDS, connections=8)
        figures += [
            Figure(f"{what}, {OFFERED:.0f}/s offered, {layout}", latency(steady), "–"),
            Figure(f"{what}, saturated, {layout}", latency(full), "–"),
        ]
        if layout == "one process":  # the same in the other
            sent = await _statements(deployed, path, cookie)
            figures.append(Figure("SQL statements of it", sent, "–"))
    return [*figures, await _own_write(deployed, school, principal, layout)]


async def _own_write(deployed: Deployment, school: str, cookie: dict[str, str], layout: Layout) -> Figure:
    """The page that was asked for with what a save had answered, and so shows it (decisions.md §2)."""
    seats = [seat for seat in seats_of(deployed) if str(seat.of.school) == school]
    origin, registry = Connection(deployed.instance.origin), deployed.instance.url("registry")
    shown = Timings()
    began = time.perf_counter()

    async def act(connection: Connection, number: int) -> bool:
        answer = await save(seats[number % len(seats)], connection, seats[number % len(seats)].of.pupils)
        asked = {**cookie, "x-after": answer.json()["after"]}
        at = time.perf_counter()
        page = await origin.ask("GET", f"/api/schools/{school}/days/{deployed.day}", asked)
        shown.milliseconds.append((time.perf_counter() - at) * 1000)
        name, position = asked["x-after"].split(":")
        shown.errors += page.status != 200 or page.json()["reached"][name] < int(position)
        return page.status == 200

    await saturated(registry, act, seconds=SECONDS, connections=1)
    shown.seconds = time.perf_counter() - began
    origin.close()
    return Figure(f"school page right after a save, with it, {layout}", latency(shown), "≤ 1 s")


async def _read(deployed: Deployment, path: str, cookie: dict[str, str]) -> Answer:
    connection = Connection(deployed.instance.origin)
    try:
        answer = await connection.ask("GET", path, cookie)
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {answer.body.decode()}")
    return answer


async def _statements(deployed: Deployment, path: str, cookie: dict[str, str]) -> str:
    instance = deployed.instance
    app = service.build(instance.settings("dashboard"), instance.clock, instance.make_feed("dashboard"))
    engine = app.state.dashboard.units.engine
    return await statements(app, engine, instance.origin, lambda http: http.get(path, headers=cookie))
