"""What a load costs each part in processor time: unlike waiting, nearly the same on a machine that is busy."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

import psutil

from benchmarks.deployment import Deployment
from deploy.local.status import families

T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor by part, while something was measured."""

    parts: dict[str, float]

    def each(self, many: float) -> str:
        """What each part took for one of so ``many``; what is next to nothing is left out."""
        shares = {part: seconds / many * 1000 for part, seconds in self.parts.items()} if many else {}
        unit = "ms"
        if sum(shares.values()) < 1:
            unit, shares = "µs", {part: ms * 1000 for part, ms in shares.items()}
        whole = sum(shares.values())
        told = [f"{part} {share:.1f}" for part, share in shares.items() if share >= whole / 100]
        told.sort(key=lambda words: -float(words.rsplit(" ", 1)[1]))
        return f"processor {whole:.1f} {unit} each ({', '.join(told)})"

    def with_more(self, other: Cost) -> Cost:
        """Both together."""
        return Cost(
            {
                part: self.parts.get(part, 0.0) + other.parts.get(part, 0.0)
                for part in self.parts | other.parts
            }
        )

    def per_second(self, part: str, many: float) -> float:
        """How many of these ``part`` does a second of its own processor."""
        return many / self.parts[part] if self.parts.get(part) else float("nan")


async def cost_of(deployed: Deployment, load: Awaitable[T]) -> tuple[T, Cost]:
    """The outcome of ``load``, and what it cost."""
    before = _spent(deployed)
    outcome = await load
    after = _spent(deployed)
    return outcome, Cost({part: max(0.0, now - before.get(part, 0.0)) for part, now in after.items()})


def _spent(deployed: Deployment) -> dict[str, float]:
    found = families(deployed.instance)
    found |= {name: [psutil.Process(pid)] for name, pid in deployed.pids.items()}
    return {part: sum(map(_of, family)) for part, family in found.items()}


def _of(process: psutil.Process) -> float:
    """Of it, and of those of its children that have ended."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def machine() -> str:
    """What the figures were taken on."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    memory = psutil.virtual_memory().total / 2**30
    day = time.strftime("%Y-%m-%d", time.gmtime())
    return f"{day}: {os.cpu_count()} cores, {memory:.0f} GiB; load average {load}"
