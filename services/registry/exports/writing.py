"""An export in a process of its own: written where nobody else can look, then kept block by block."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from services.registry.bulk import locks
from services.registry.bulk.locks import Of
from services.registry.exports import packages
from services.registry.exports.exporting import DeltaNotPossible, NothingToExport, export
from services.registry.oneroster.packing import NotWritable
from services.registry.roster import store as roster
from shared.database import Scope, Units

ACTOR = "exporter"
BLOCK = 1 << 20
"""Bytes in memory and in a transaction."""
FULL = "書き出す場所に書けません。空きがあるかどうかを、システム管理に確かめてもらってください。"


class Busy(Exception):
    """Another process writes it."""


async def work_on(units: Units, board: UUID, id_: UUID, tell: Callable[[int], None]) -> None:
    """Write what was asked for; nothing when it waits for nothing. Raises :class:`Busy`."""
    async with units.read(Scope(board)) as alone:
        if not await locks.alone(alone, Of.EXPORT, id_):
            raise Busy
        async with units.read(Scope(board)) as session:
            asked = await packages.package(session, board, id_)
        if asked is None or asked.state != "writing":
            return
        # Whoever is being erased meanwhile is gone before the roster is read; nobody is erased while this is written.
        async with units.work(Scope(board), actor=ACTOR) as work:
            await roster.lock_roster(work)
        with _folder(id_) as folder:
            path = folder / "roster.zip"
            try:
                frame = asked.asked.frame(board, units.clock.now(), asked.by_person)
                done = await export(units, frame, path, None, tell=tell)
            except (NothingToExport, DeltaNotPossible, NotWritable) as error:
                words = FULL if isinstance(error, NotWritable) else str(error)
                async with units.work(Scope(board), actor=ACTOR) as work:
                    await packages.stop(work, id_, words)
                return
            await _keep(units, board, id_, path)
            async with units.work(Scope(board), actor=ACTOR) as work:
                await packages.ready(work, id_, done, path.stat().st_size)


async def _keep(units: Units, board: UUID, id_: UUID, path: Path) -> None:
    async with units.work(Scope(board), actor=ACTOR) as work:
        await packages.empty(work, id_)  # a process that was killed may have begun
    with path.open("rb") as file:
        ordinal = 0
        while block := file.read(BLOCK):
            async with units.work(Scope(board), actor=ACTOR) as work:
                await packages.keep_block(work, id_, ordinal, block)
            ordinal += 1


def _path(id_: UUID) -> Path:
    return Path(tempfile.gettempdir()) / f"tsumugi-export-{id_}"


def delete_folder(id_: UUID) -> None:
    """Delete what a process that was killed has left of the roster."""
    shutil.rmtree(_path(id_), ignore_errors=True)


@contextmanager
def _folder(id_: UUID) -> Iterator[Path]:
    """A folder of this export's own: whoever does it again after a kill finds, and deletes, what was left there."""
    delete_folder(id_)
    _path(id_).mkdir(mode=0o700)
    try:
        yield _path(id_)
    finally:
        delete_folder(id_)
