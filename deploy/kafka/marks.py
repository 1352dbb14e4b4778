"""What the keeper of the broker leaves of its looks: for a pod's probes, for `tsumugi status`, and for Prometheus.

The keeper answers nobody. It writes at every look into a file what it could not do, and touches another one when all
was held.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shared.telemetry import meters
from shared.telemetry.meters import Reading

TURNED, KEPT = "kafka-turned", "kafka-kept"
LATE_SECONDS = 180.0
"""A keeper that has not looked for so long stands still: longer than the longest look with the pause before it."""


class Marks:
    """Of one keeper, in ``home``; what an earlier one left is forgotten."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._held = time.monotonic()
        for name in (TURNED, KEPT):
            (home / name).unlink(missing_ok=True)
        meters.KEEPER_AGE.watch(self._read)

    def looked(self, whole: bool, said: str) -> None:
        """Leave word of one look: whether all was held, and what is left to say."""
        (self._home / TURNED).write_text(said, encoding="utf-8")
        if whole:
            (self._home / KEPT).touch()
            self._held = time.monotonic()

    def _read(self) -> Iterable[Reading]:
        return [(time.monotonic() - self._held, {})]


@dataclass(frozen=True)
class KeeperStatus:
    """When topics and rights on the broker were last known to be held, and what is in the way."""

    kept_at: str | None
    stopped_because: str | None


def read(home: Path, now: datetime) -> KeeperStatus:
    """What the keeper in ``home`` left."""
    turned, said = _when(home / TURNED), None
    if turned is not None:
        said = (home / TURNED).read_text(encoding="utf-8") or None
        if (still := (now - turned).total_seconds()) > LATE_SECONDS:
            said = f"{still:.0f}秒前から動いていません。"
    kept = _when(home / KEPT)
    return KeeperStatus(None if kept is None else kept.isoformat(), said)


def _when(file: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
