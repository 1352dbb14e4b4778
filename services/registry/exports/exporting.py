"""From the roster to a package: read at one instant, written as it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.registry.exports import people, places, store
from services.registry.exports.places import Places
from services.registry.exports.rules import Frame
from services.registry.oneroster.packing import OWN, Label, growing
from shared.access.log import Seen, log_change
from shared.access.principal import Principal
from shared.contracts import Importance
from shared.database import Scope, Units

SOURCE = "oneroster"
SYSTEM = ("Tsumugi", "tsumugi")


class NothingToExport(Exception):
    """There is no roster of that school year; the message is for a person, in Japanese."""


class DeltaNotPossible(Exception):
    """What changed since cannot be told; the message says why and what to do, in Japanese."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    frame: Frame
    rows: Mapping[str, int]
    """By file."""
    protected: int
    """Protected children of these schools: in the package when the frame says so, otherwise left out."""

    @property
    def instant(self) -> datetime:
        """What the next delta may be told since."""
        return self.frame.now


async def export(
    units: Units,
    frame: Frame,
    path: Path,
    who: Principal | None,
    *,
    tell: Callable[[int], None] = lambda _: None,
) -> Exported:
    """Write the package to ``path``, a zip or a folder; it appears there whole or not at all.

    The access log has it before anything is written; ``who`` is None where that was done when it was asked for.
    Raises :class:`NothingToExport`, :class:`DeltaNotPossible`, ``packing.NotWritable``.
    """
    async with units.read(Scope(frame.board), frozen=True) as session:
        there = await store.places(session, frame, SOURCE)
        _check(there)
        if frame.since is not None and await store.reverted_since(session, frame):
            raise DeltaNotPossible(
                "その後に取り消された取り込みがあるので、変わったところだけを書き出せません。全件で書き出してください。"
            )
        protected = await store.protected_pupils(session, there)
        if who is not None:
            await _log(units, frame, who)
        with growing(path, _label(there, protected if frame.counted and not frame.protected else 0)) as files:
            files.add(places.content(there, await store.calendars(session, frame)))
            done = 0
            async for group in store.groups(session, there):
                known = await store.people(session, frame, group, SOURCE)
                files.add(people.content(there, known))
                done += len(group)
                tell(done)
    _keep_private(path)
    return Exported(frame, files.counts, protected)


def _keep_private(path: Path) -> None:
    """Names of children are for whoever asked for them."""
    for each in (path,) if path.is_file() else (path / name for name in OWN):
        if each.exists():
            each.chmod(0o600)


def _check(there: Places) -> None:
    frame = there.frame
    boards = [unit for unit in there.units.values() if unit.row.kind == "board"]
    if not boards:
        raise NothingToExport("まだ名簿がありません。先に取り込んでください。")
    if not there.schools():
        raise NothingToExport("その学校はありません。学校の番号を確かめてください。")
    if not there.classes():
        raise NothingToExport(f"{frame.school_year}年度の学級がありません。日付を確かめてください。")


def _label(there: Places, left_out: int) -> Label:
    frame = there.frame
    head = places.head(there, left_out) if frame.companion else None
    return Label(head, SYSTEM, frame.mode, frame.profile)


async def _log(units: Units, frame: Frame, who: Principal) -> None:
    importance: Importance = "I" if frame.protected else "II"
    async with units.work(Scope(frame.board), actor=f"{who.kind}:{who.subject}") as work:
        about = frame.school or frame.board
        seen = Seen("ExportRoster", "school" if frame.school else "board", about, importance)
        await log_change(work.session, who, seen, work.at)
