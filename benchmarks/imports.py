"""Importing a municipality: the same code as `tsumugi import`, into an empty deployment."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.load import Figure
from deploy.local.instance import Instance
from deploy.local.prepare import prepare_databases
from deploy.town.generate import generate
from services.registry.oneroster.importing import import_package
from shared.database import Units, make_engine
from shared.dates import FixedClock, school_year


def measure() -> list[Figure]:
    """Seconds until a first import is committed, and until the same package is found unchanged."""
    return [figure for pupils in (900, 10_000) for figure in _in_new_folder(pupils)]


def _in_new_folder(pupils: int) -> list[Figure]:
    state = Path(tempfile.mkdtemp(prefix="tsumugi-bench-"))
    state.chmod(0o711)
    try:
        return asyncio.run(_measure(pupils, Instance(state)))
    finally:
        shutil.rmtree(state, ignore_errors=True)


async def _measure(pupils: int, instance: Instance) -> list[Figure]:
    clock = FixedClock(datetime(2026, 11, 20, 0, 0, tzinfo=UTC))
    files = generate(
        seed=1, school_year=school_year(clock.today()), training_date=clock.today(), pupils=pupils
    )
    try:
        instance.postgres.start()
        await prepare_databases(instance)
        engine = make_engine(instance.settings("registry").app)
        units = Units(engine, clock)
        began = time.perf_counter()
        done = await import_package(units, files)
        first = time.perf_counter() - began
        began = time.perf_counter()
        again = await import_package(units, files)
        second = time.perf_counter() - began
        await engine.dispose()
    finally:
        instance.postgres.remove()
    if not again.nothing:
        raise RuntimeError("the same package changed something")
    return [
        Figure(f"import of {pupils:,} pupils, committed", f"{first:.1f} s, {done.events:,} events", "–"),
        Figure(f"the same package again ({pupils:,})", f"{second:.1f} s, nothing changed", "–"),
    ]
