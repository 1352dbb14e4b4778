"""A city of 100,000 pupils imported by command into a running product, while another board takes its rolls."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from pathlib import Path

import asyncpg

from benchmarks.deployment import Deployment, deployment
from benchmarks.load import Connection, Figure, Timings
from benchmarks.processes import memory
from benchmarks.seats import save, seats_of
from deploy.local.process import inherited
from deploy.local.state import ROOT
from deploy.local.status import status

PUPILS = 100_000
_PATIENCE_SECONDS = 900.0


def measure() -> list[Figure]:
    """Seconds until the import is committed and until every copy has it; how soon a save meanwhile is seen."""
    with tempfile.TemporaryDirectory(prefix="tsumugi-bench-city-") as folder, deployment() as deployed:
        town = Path(folder) / "town"
        return asyncio.run(_measure(deployed, town))


async def _command(deployed: Deployment, *words: str) -> Process:
    return await create_subprocess_exec(
        sys.executable,
        *("-m", "deploy.local", *words),
        cwd=ROOT,
        env={**inherited("PATH", "HOME", "LANG"), "TSUMUGI_STATE": str(deployed.instance.state)},
        stdout=PIPE,
    )


async def _measure(deployed: Deployment, town: Path) -> list[Figure]:
    await (await _command(deployed, "town", str(town), "--pupils", str(PUPILS), "--seed", "2")).communicate()
    began = time.perf_counter()
    importing = await _command(deployed, "import", "oneroster", str(town), "--json")
    largest = 0.0
    done = asyncio.create_task(importing.communicate())
    seen = asyncio.create_task(_saves(deployed, done))
    while not done.done():
        largest = max(largest, memory(importing.pid))
        await asyncio.wait([done], timeout=0.2)
    committed = time.perf_counter() - began
    told = json.loads((await done)[0])
    if importing.returncode != 0:
        raise RuntimeError(told)
    while any(feed.lag for feed in (await status(deployed.instance)).feeds):
        if time.perf_counter() - began > _PATIENCE_SECONDS:
            raise RuntimeError("the copies do not follow")
        await asyncio.sleep(0.2)
    level = time.perf_counter() - began
    timings = await seen
    words = f"p50 {timings.percentile(0.5):.0f}, p99 {timings.percentile(0.99):.0f} ms of {len(timings.milliseconds)}"
    return [
        Figure(
            f"import of {PUPILS:,} pupils by command, committed",
            f"{committed:.0f} s, {told['events']:,} events, at most {largest:.0f} MiB",
            "≤ 60 s",
        ),
        Figure("… and every copy has it", f"{level:.0f} s", "≤ 180 s"),
        Figure("a save of another board meanwhile, seen by the pages' copy", words, "≤ 1 s"),
    ]


async def _saves(deployed: Deployment, done: asyncio.Task[tuple[bytes, bytes]]) -> Timings:
    """Twice a second a save of one pupil, until ``done``; how long until the copy that pages read has it."""
    login = deployed.instance.settings("dashboard").feed
    copy = await asyncpg.connect(
        host=login.host,
        port=login.port,
        user=login.role,
        password=login.password,
        database=login.database,
    )
    seats, connection = seats_of(deployed), Connection(deployed.instance.url("registry"))
    timings, number = Timings(), 0
    while not done.done():
        seat = seats[number % len(seats)]
        began = time.perf_counter()
        answer = await save(seat, connection, seat.of.pupils[:1])
        position = int(answer.json()["after"].split(":")[1])
        query = "select reached from feed.checkpoint where copy = 'school_day' and publisher = 'registry'"
        while await copy.fetchval(query) < position:  # noqa: ASYNC110 – another process's table
            await asyncio.sleep(0.005)
        timings.milliseconds.append((time.perf_counter() - began) * 1000)
        number += 1
        await asyncio.wait([done], timeout=0.5)
    connection.close()
    await copy.close()
    return timings
