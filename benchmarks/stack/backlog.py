"""What was away catches up: a service's copies, the relay, a copy built anew."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import asyncpg
import psutil

from benchmarks.cost import Cost, cost_of
from benchmarks.deployment import Deployment
from benchmarks.load import Figure, Timings
from benchmarks.seats import fill
from benchmarks.stack.outcome import Outcome
from deploy.local.admin import feed_units, rebuild_copy
from deploy.local.instance import Instance
from deploy.local.serve import make_relay
from deploy.local.status import families
from shared.database import connect
from shared.events.kafka_verify import ask_again
from shared.service import MakeFeed
from tests.support.waiting import eventually

AWAY = "dashboard"
"""Whose copies catch up: all that pages read."""
COPY = "school_day"
"""The copy that is built anew: it reads nearly all there is."""
FILL_SECONDS = 5.0
"""How long saves are played before it is looked whether there are enough."""
PATIENCE_SECONDS = 600.0
REBUILD = 40_000
"""Events a second (design.md §8)."""
_HEAD = "select position from log.head"
_SINCE = """
select (select count(*) from log.log_state where position > $1)
     + (select count(*) from log.log_fact where position > $1)
"""
_RELAYED = "select position from feed.relayed"
_REACHED = "select min(reached) from feed.checkpoint where publisher = 'registry'"


async def catch_up(deployed: Deployment, events: int, how: str, say: Callable[[str], None]) -> Outcome:
    """Stop the dashboard where it stands, let so many events happen, and let it go on."""
    instance = deployed.instance
    registry = await connect(instance.settings("registry").feed)
    dashboard = await connect(instance.settings(AWAY).feed)
    try:
        start = await registry.fetchval(_HEAD)
        saves, spent = Timings(), Cost({})
        with _standing_still(_process(deployed)):
            while (many := await registry.fetchval(_SINCE, start)) < events:
                say(f"  {many:,} of {events:,} events")
                more, cost = await cost_of(deployed, fill(deployed, seconds=FILL_SECONDS))
                saves.milliseconds += more.milliseconds
                saves.seconds += more.seconds
                saves.errors += more.errors
                spent = spent.with_more(cost)
            head = await registry.fetchval(_HEAD)
            if instance.has_broker:
                await _until(registry, _RELAYED, head)
        began = time.perf_counter()
        _, cost = await cost_of(deployed, _until(dashboard, _REACHED, head))
        seconds = time.perf_counter() - began
    finally:
        await registry.close()
        await dashboard.close()
    filled = Figure(
        f"a class saved whole, saturated, the dashboard away, {how}",
        f"{saves.done:.0f}/s, {many / saves.seconds:,.0f} events/s; {spent.each(saves.well)}",
    )
    figure = Figure(
        f"pages' copies level again after {many:,} events, {how}",
        f"{seconds:.1f} s, {many / seconds:,.0f} events/s; {cost.each(many)}",
    )
    return Outcome([filled, figure], {"catch-up, events/s": many / seconds})


def _process(deployed: Deployment) -> psutil.Process:
    if AWAY in deployed.pids:
        return psutil.Process(deployed.pids[AWAY])
    return families(deployed.instance)[AWAY][0]


@contextmanager
def _standing_still(process: psutil.Process) -> Iterator[None]:
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


async def _until(connection: asyncpg.Connection, asked: str, position: int) -> None:
    async def there() -> bool:
        return bool((await connection.fetchval(asked) or 0) >= position)

    await eventually(there, within=PATIENCE_SECONDS, every=0.05)


async def rebuild(instance: Instance) -> Outcome:
    """A copy built anew beside the live one and compared with it: from the broker, and from the logs themselves."""
    found = Outcome()
    ways: dict[str, MakeFeed] = {
        "from Kafka": instance.make_feed(AWAY),
        "from the log": instance.make_log_feed(AWAY),
    }
    rates = []
    for way, make_feed in ways.items():
        began = time.perf_counter()
        done = await rebuild_copy(instance, AWAY, COPY, make_feed=make_feed)
        seconds = time.perf_counter() - began
        rates.append(done.records / seconds)
        found.figures.append(
            Figure(
                f"rebuild of {COPY}, {way}",
                f"{rates[-1]:,.0f} events/s ({done.records:,} in {seconds:.1f} s with the comparing;"
                f" {done.different} rows differ)",
                f"{REBUILD:,} events/s",
                rates[-1] >= REBUILD,
            )
        )
    found.figures.append(Figure("rebuild: from Kafka ÷ from the log", f"{rates[0] / rates[1]:.2f}"))
    return found


async def relay(instance: Instance) -> Outcome:
    """Everything that registry ever said sent again, in a process that does nothing else; no service runs."""
    async with feed_units(instance, "registry") as units, units.maintain() as session:
        await ask_again(session)
    registry = await connect(instance.settings("registry").feed)
    try:
        head = await registry.fetchval(_HEAD)
    finally:
        await registry.close()
    sender = make_relay(instance, "registry")
    sending = asyncio.create_task(sender.run())
    try:
        first = await eventually(lambda: sender.state.applied, within=PATIENCE_SECONDS)
        began, spent = time.perf_counter(), time.process_time()
        await eventually(lambda: sender.state.reached >= head, within=PATIENCE_SECONDS, every=0.05)
        seconds, spent = time.perf_counter() - began, time.process_time() - spent
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    many = sender.state.applied - first
    figure = Figure(
        "relay, records sent again by itself",
        f"{many / seconds:,.0f}/s ({many:,} in {seconds:.1f} s; of its own processor {many / spent:,.0f}/s)",
    )
    return Outcome([figure])
