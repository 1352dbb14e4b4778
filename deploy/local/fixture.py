"""`make fixture`: keep a small town's data as today's version has made them, for every later version to upgrade.

A version is what pyproject.toml says. Its fixture is a backup without any key or secret, of generated people; where one
lies, the scripts that made it never change again (tests/upgrades).
"""

import asyncio
import lzma
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from deploy.local import admin, backup, lifecycle
from deploy.local.example import allow_lunch_count, import_example, only_board, training_day
from deploy.local.instance import Instance
from deploy.local.prepare import prepare_databases
from deploy.local.state import ROOT, LocalError
from deploy.local.temporary import temporary_home
from deploy.town.generate import SEED
from deploy.town.history import History
from shared.dates import SystemClock

FOLDER = ROOT / "tests" / "upgrades"
SUFFIX = ".tsumugi"
LARGEST = 400_000
"""Bytes: it stays in the repository for ever."""
PUPILS = 200
DAYS = 1


def make(path: Path, say: Callable[[str], None], *, largest: int = LARGEST) -> None:
    """Write the fixture of today's code to ``path``. Raises LocalError when it is there or too large."""
    with temporary_home() as home:
        day = training_day(SystemClock().today())
        instance = Instance(home).choose(training_date=day, durable=False)
        lifecycle.start_postgres(instance)
        try:
            asyncio.run(_fill(instance))
            backup.backup(instance, path, say, bare=True, preset=9 | lzma.PRESET_EXTREME)
        finally:
            instance.postgres.stop()
    if (size := path.stat().st_size) > largest:
        path.unlink()
        raise LocalError(f"見本が {size} バイトになりました。{largest} までです。")


async def _fill(instance: Instance) -> None:
    await prepare_databases(instance)
    await import_example(instance, instance.clock.today(), pupils=PUPILS)
    await admin.settle(instance)
    await allow_lunch_count(instance, instance.clock)
    async with admin.app_units(instance, "registry") as units:
        past = History(units, await only_board(instance), seed=SEED)
        await past.plan(DAYS)
        await past.run()
    await admin.settle(instance)


if __name__ == "__main__":
    try:
        make(FOLDER / f"{version('tsumugi')}{SUFFIX}", print)
    except LocalError as error:
        sys.exit(str(error))
