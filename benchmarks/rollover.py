"""The new year for a city: plans, preview and run as `tsumugi rollover`, in a deployment of its own."""

from __future__ import annotations

import asyncio
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from benchmarks.load import Figure
from deploy.local.instance import Instance
from deploy.local.prepare import prepare_databases
from deploy.town.generate import generate
from services.registry.oneroster.importing import import_package
from services.registry.rollover import applying, store
from services.registry.rollover.planning import make_plans
from services.registry.rollover.previewing import preview
from services.registry.rollover.rules import Year
from services.registry.roster.external_ids import boards
from shared.database import Scope, Units, make_engine
from shared.dates import FixedClock, school_year

TARGET = "≤ 60 s"


def measure(sizes: tuple[int, ...] = (1_000, 10_000)) -> list[Figure]:
    """Seconds, and this process's own CPU, for the parts of a rollover."""
    return [figure for pupils in sizes for figure in _in_new_folder(pupils)]


def _in_new_folder(pupils: int) -> list[Figure]:
    state = Path(tempfile.mkdtemp(prefix="tsumugi-bench-"))
    state.chmod(0o711)
    try:
        return asyncio.run(_measure(pupils, Instance(state)))
    finally:
        shutil.rmtree(state, ignore_errors=True)


async def _measure(pupils: int, instance: Instance) -> list[Figure]:
    clock = FixedClock(datetime(2027, 3, 10, 0, 0, tzinfo=UTC))
    files = generate(
        seed=1, school_year=school_year(clock.today()), training_date=clock.today(), pupils=pupils
    )
    spent: dict[str, str] = {}

    @contextmanager
    def timed(what: str) -> Iterator[None]:
        began, cpu = time.perf_counter(), time.process_time()
        yield
        spent[what] = f"{time.perf_counter() - began:.1f} s, {time.process_time() - cpu:.1f} s CPU of Python"

    try:
        instance.postgres.start()
        await prepare_databases(instance)
        engine = make_engine(instance.settings("registry").app)
        units = Units(engine, clock)
        await import_package(units, files)
        del files
        [board] = await boards(units)
        year = Year(school_year(clock.today()) + 1)
        await _onward(units, board, year)
        with timed("plans proposed"):
            await make_plans(units, board, year, None, 1, "apart")
        with timed("preview"):
            planned = await preview(units, board, year)
        with timed("committed"):
            run = await applying.begin(units, planned, board, actor="bench", by="bench")
            events, _ = await applying.apply_run(units, run, actor="bench")
        await engine.dispose()
    finally:
        instance.postgres.remove()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    words = f"rollover of {pupils:,} pupils"
    return [
        Figure(f"{words}: plans proposed", spent["plans proposed"], "–"),
        Figure(f"{words}: preview", spent["preview"], "–"),
        Figure(f"{words}: committed", f"{spent['committed']}, {events:,} events, peak {peak} MiB", TARGET),
    ]


async def _onward(units: Units, board: UUID, year: Year) -> None:
    """Graduates of the elementary schools are shared among the junior high schools."""
    async with units.work(Scope(board), actor="bench") as work:
        _, schools = await store.city(work.session, board, year)
        young = [each.id for each in schools if each.kind == "elementary"]
        older = [each.id for each in schools if each.kind == "junior_high"]
        told = {school: older[place * len(older) // len(young)] for place, school in enumerate(young)}
        await store.put_next_schools(work, told, units.clock.today())


if __name__ == "__main__":
    for each in measure(tuple(int(size) for size in sys.argv[1:]) or (1_000,)):
        print(each)
