"""Ready time and memory of the embedded edition, on the second start."""

from __future__ import annotations

import time

from benchmarks.deployment import deployment
from benchmarks.load import Figure
from deploy.local import lifecycle
from deploy.local.instance import Instance
from deploy.local.status import memory


def measure() -> list[Figure]:
    """Stop and start a deployment three times; the median."""
    with deployment() as deployed:
        state = deployed.instance.state
        seconds = []
        for _ in range(3):
            lifecycle.down(Instance(state))
            began = time.perf_counter()
            lifecycle.up(Instance(state), transport="log", training_date=deployed.day, say=lambda _: None)
            seconds.append(time.perf_counter() - began)
        used = memory(Instance(state))
    parts = ", ".join(f"{name} {mib}" for name, mib in used.items())
    return [
        Figure("embedded edition ready, second start", f"{sorted(seconds)[1]:.1f} s", "≤ 8 s (stretch 4)"),
        Figure("its memory", f"{sum(used.values())} MiB ({parts})", "≤ 600 MiB (stretch 400)"),
    ]
