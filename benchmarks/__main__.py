"""`make bench`: every figure of one run on this machine, against the targets of design.md §8.

python -m benchmarks                 all
python -m benchmarks roll commands      some
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import imports, spine, start
from benchmarks.load import Figure, report

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "start": start.measure,
    "roll": spine.measure_roll,
    "commands": spine.measure_commands,
    "arrival": spine.measure_arrival,
    "arrival-kafka": lambda: spine.measure_arrival("kafka"),
    "rebuild": spine.measure_rebuild,
    "import": imports.measure,
}


def main() -> None:
    """Run the named benches, or all."""
    names = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        sys.exit(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    figures: list[Figure] = []
    for name in names:
        print(f"… {name}", file=sys.stderr, flush=True)
        figures += BENCHES[name]()
        print(report(figures[-4:]), file=sys.stderr, flush=True)
    table = report(figures)
    print(table)
    Path("benchmarks-results.md").write_text(table + "\n", encoding="utf-8")


main()
