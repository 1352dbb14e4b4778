"""Pages as browsers read them: through the BFF, with a session's cookie, authorised and access-logged."""

from __future__ import annotations

import asyncio
import time

from benchmarks.browser import Browser
from benchmarks.counting import statements
from benchmarks.deployment import Deployment, deployment
from benchmarks.load import SECONDS, Answer, Connection, Figure, Timings, latency, offered, saturated
from benchmarks.processes import Layout
from benchmarks.seats import save, seats_of
from services.dashboard import service

OFFERED = 100.0
"""Readings a second of which the latency is told."""


def measure(layout: Layout) -> list[Figure]:
    """What a teacher and a principal open in the morning."""
    with deployment(layout=layout) as deployed:
        origin = deployed.instance.origin
        teacher = Browser().sign_in(origin, "2年1組", "2年1組 担任")
        principal = Browser().sign_in(origin, "校長", "校長")
        return asyncio.run(_measure(deployed, teacher, principal, layout))


async def _measure(
    deployed: Deployment, teacher: dict[str, str], principal: dict[str, str], layout: Layout
) -> list[Figure]:
    mine = (await _read(deployed, "/api/today", teacher)).json()["classes"][0]["class"]["id"]
    school = (await _read(deployed, "/api/me", principal)).json()["roles"][0]["school"]["id"]
    figures = []
    for what, path, cookie in (
        ("teacher's first page", "/api/today", teacher),
        ("roll page of a class", f"/api/classes/{mine}/days/{deployed.day}/roll", teacher),
        ("school page", f"/api/schools/{school}/days/{deployed.day}", principal),
    ):

        async def act(
            connection: Connection, number: int, path: str = path, cookie: dict[str, str] = cookie
        ) -> bool:
            return (await connection.ask("GET", path, cookie)).status == 200

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
