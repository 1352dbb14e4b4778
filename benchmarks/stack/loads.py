"""Commands until pages show them, and pages: the same on either transport."""

from __future__ import annotations

import asyncio

from benchmarks.arrival import arrive, warm
from benchmarks.cost import cost_of
from benchmarks.deployment import Deployment
from benchmarks.load import Figure, offered, saturated
from benchmarks.pages import morning_pages, reading
from benchmarks.stack.outcome import Outcome

RATES = (50, 200, 400)
"""Commands a second; the targets are of 200 (design.md §8)."""
P50_MS, P99_MS = 25.0, 150.0
REACHED = 0.98
"""A rate is held when so much of what was offered was done in its time; the rest is the last answers' way."""
PAGES_A_SECOND = 100.0
CONNECTIONS = 8
WARM_SECONDS = 2.0
IDLE_SECONDS = 15.0


async def idle(deployed: Deployment) -> Outcome:
    """What it takes to be there: heartbeats, timers, questions whether there is anything new."""
    _, cost = await cost_of(deployed, asyncio.sleep(IDLE_SECONDS))
    return Outcome([Figure("nobody there, processor of a second", cost.each(IDLE_SECONDS))])


async def commands(deployed: Deployment, how: str, seconds: float) -> Outcome:
    """Save cells at each rate: from when each was due to its answer, and on to the copy that pages read."""
    found = Outcome()
    for rate in RATES:
        await warm(deployed)
        arrived, cost = await cost_of(deployed, arrive(deployed, rate=rate, seconds=seconds))
        sent, shown, whole = arrived.commands, arrived.shown, arrived.whole
        held = sent.done >= REACHED * rate
        lost = f"; {shown.errors} accepted and not seen" if shown.errors else ""
        target = rate == 200
        in_time = shown.percentile(0.5) <= P50_MS and shown.percentile(0.99) <= P99_MS
        found.figures += [
            Figure(
                f"command accepted → page, {rate}/s offered, {how}",
                f"p50 {shown.percentile(0.5):.1f}, p99 {shown.percentile(0.99):.1f} ms{lost}",
                f"p50 ≤ {P50_MS:.0f}, p99 ≤ {P99_MS:.0f} ms at 200/s" if target else "–",
                (in_time and held and not shown.errors) if target else None,
            ),
            Figure(
                f"… from when it was due, {rate}/s offered, {how}",
                f"to the answer p50 {sent.percentile(0.5):.1f}, p99 {sent.percentile(0.99):.1f} ms;"
                f" to the page p50 {whole.percentile(0.5):.1f}, p99 {whole.percentile(0.99):.1f} ms",
            ),
            Figure(
                f"… commands done, {how}",
                f"{sent.done:.0f} of {rate}/s; {sent.errors} refused, {sent.given_up} given up;"
                f" {cost.each(sent.well)}",
                f"{rate}/s held" if target else "–",
                held if target else None,
            ),
        ]
        found.numbers |= {
            f"command → page at {rate}/s, p50 ms": shown.percentile(0.5),
            f"command → page at {rate}/s, p99 ms": shown.percentile(0.99),
            f"commands done of {rate}/s": sent.done,
        }
    return found


async def pages(
    deployed: Deployment, teacher: dict[str, str], principal: dict[str, str], how: str, seconds: float
) -> Outcome:
    """What a teacher and a principal open in the morning, of one process: how many a second, and how soon."""
    found = Outcome()
    opened, _ = await morning_pages(deployed, teacher, principal)
    for what, path, cookie in opened:
        act, url = reading(path, cookie), deployed.instance.origin
        await saturated(url, act, seconds=WARM_SECONDS, connections=CONNECTIONS)
        steady = await offered(url, act, rate=PAGES_A_SECOND, seconds=seconds)
        full, cost = await cost_of(deployed, saturated(url, act, seconds=seconds, connections=CONNECTIONS))
        found.figures += [
            Figure(
                f"{what}, {PAGES_A_SECOND:.0f}/s offered, {how}",
                f"p50 {steady.percentile(0.5):.1f}, p99 {steady.percentile(0.99):.1f} ms; {steady.done:.0f}/s done,"
                f" {steady.errors} errors",
            ),
            Figure(
                f"{what}, saturated, one process, {how}",
                f"{full.done:.0f}/s; with a core of its own {cost.per_second('dashboard', full.well):.0f}/s;"
                f" {cost.each(full.well)}",
            ),
        ]
        found.numbers |= {f"{what}, pages/s": full.done}
    return found
