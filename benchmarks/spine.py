"""The spine under load: the roll, commands, arrival, rebuild."""

from __future__ import annotations

import asyncio
import time

import httpx

from benchmarks.arrival import arrive, warm
from benchmarks.counting import statements
from benchmarks.deployment import Deployment, deployment
from benchmarks.load import SECONDS, Answer, Connection, Figure, Timings, latency, offered, saturated
from benchmarks.processes import Layout
from benchmarks.seats import fill, save, seats_of
from deploy.local.admin import rebuild_copy
from deploy.local.instance import Transport
from deploy.topology import topology
from services.registry import service
from shared.service import ServiceParts


def measure_roll(layout: Layout) -> list[Figure]:
    """Save a class (whole classes of up to 35) at 85/s, then as fast as it goes."""
    with deployment(layout=layout) as deployed:
        return asyncio.run(_roll(deployed, layout))


async def _roll(deployed: Deployment, layout: Layout) -> list[Figure]:
    seats = seats_of(deployed)
    url = deployed.instance.url("registry")

    async def act(connection: Connection, number: int) -> bool:
        seat = seats[number % len(seats)]
        return (await save(seat, connection, seat.of.pupils)).status == 200

    await offered(url, act, rate=40, seconds=3)
    steady = await offered(url, act, rate=85, seconds=SECONDS)
    full = await saturated(url, act, seconds=SECONDS, connections=8)
    pupils = sum(len(seat.of.pupils) for seat in seats) / len(seats)
    figures = [
        Figure(
            f"save a class (mean {pupils:.0f} pupils) with its events, 85/s offered, {layout}",
            latency(steady),
            "p95 ≤ 20 ms",
        ),
        Figure(f"the same, saturated, {layout}", latency(full), "stretch 150/s"),
    ]
    if layout == "one process":  # the same in the other
        figures.append(Figure("SQL statements of such a save", await _statements(deployed), "single digit"))
    return figures


async def _statements(deployed: Deployment) -> str:
    instance = deployed.instance
    app = service.build(instance.settings("registry"), instance.clock, instance.make_feed("registry"))
    seat = seats_of(deployed)[-1]

    async def ask(http: httpx.AsyncClient) -> httpx.Response:
        if not seat.revision:
            seat.read((await http.get(seat.path, headers=seat.headers)).json())
        answer = await http.post(seat.path, content=seat.body(seat.of.pupils), headers=seat.command())
        seat.learn(Answer(answer.status_code, answer.content))
        return answer

    return await statements(app, app.state.registry.units.engine, instance.url("registry"), ask)


def measure_commands(layout: Layout) -> list[Figure]:
    """Durable ordered commands through HTTP with authorisation: one cell each."""
    with deployment(layout=layout) as deployed:
        seats = seats_of(deployed)

        async def act(connection: Connection, number: int) -> bool:
            seat = seats[number % len(seats)]
            pupil = seat.of.pupils[(number // len(seats)) % len(seat.of.pupils)]
            return (await save(seat, connection, [pupil])).status == 200

        async def run() -> Timings:
            url = deployed.instance.url("registry")
            await saturated(url, act, seconds=3, connections=16)
            return await saturated(url, act, seconds=SECONDS, connections=16)

        return [
            Figure(
                f"durable ordered commands through HTTP, authorised, {layout}",
                latency(asyncio.run(run())),
                "600/s",
            )
        ]


def measure_arrival(transport: Transport, layout: Layout) -> list[Figure]:
    """Command accepted → the copies that pages read have it, at 200 commands a second."""
    with deployment(transport, layout) as deployed:
        how = f"over {transport}, {layout}"
        asyncio.run(warm(deployed))
        found = asyncio.run(arrive(deployed, rate=200, seconds=SECONDS))
        words = f"p50 {found.shown.percentile(0.5):.1f}, p99 {found.shown.percentile(0.99):.1f} ms"
        return [
            Figure(
                f"command accepted → pages' copy has it, {how}",
                f"{words}, {found.shown.errors} never",
                "p50 ≤ 25, p99 ≤ 150 ms at 200/s",
            ),
            Figure(f"those commands, {how}", latency(found.commands), "200/s"),
        ]


def measure_rebuild() -> list[Figure]:
    """Fold all of registry's log anew."""
    with deployment() as deployed:

        async def run() -> Figure:
            instance = deployed.instance
            await fill(deployed, seconds=SECONDS)
            parts = ServiceParts.of(topology().services["dashboard"].application)
            began, records, different = time.perf_counter(), 0, 0
            for copy in parts.copies:
                done = await rebuild_copy(instance, "dashboard", copy.name)
                records, different = records + done.records, different + done.different
            seconds = time.perf_counter() - began
            words = f"{records / seconds:,.0f} events/s ({records:,} in {seconds:.1f} s, compared; {different} differ)"
            return Figure("rebuild of the dashboard's copies", words, "40,000 events/s")

        return [asyncio.run(run())]
