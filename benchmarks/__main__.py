"""`make bench`: every figure of one run on this machine, against the targets of design.md §8.

python -m benchmarks                 all
python -m benchmarks roll pages      some
python -m benchmarks morning --pupils 20000 --seconds 60    a smaller city, a shorter morning
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import (
    accounts,
    city,
    imports,
    morning,
    overviews,
    pages,
    readers,
    rollover,
    spine,
    start,
    year,
)
from benchmarks.load import Figure, report
from benchmarks.processes import LAYOUTS, Layout


def _both(measure: Callable[[Layout], list[Figure]]) -> Callable[[], list[Figure]]:
    """In one process, as `make up` runs it, and in a process a service, as a city does."""
    return lambda: [figure for layout in LAYOUTS for figure in measure(layout)]


BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "start": start.measure,
    "roll": _both(spine.measure_roll),
    "pages": _both(pages.measure),
    "commands": _both(spine.measure_commands),
    "arrival": _both(partial(spine.measure_arrival, "log")),
    "arrival-kafka": _both(partial(spine.measure_arrival, "kafka")),
    "rebuild": spine.measure_rebuild,
    "import": imports.measure,
    "overviews": overviews.measure,
    "city": city.measure,
    "readers": readers.measure,
    "rollover": rollover.measure,
    "accounts": accounts.measure,
    "year": year.measure,
    "morning": morning.measure,
}


def main() -> None:
    """Run the named benches, or all."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks")
    asked.add_argument("names", nargs="*")
    asked.add_argument("--pupils", type=int, default=morning.PUPILS, help="of the city of `morning`")
    asked.add_argument("--seconds", type=float, default=morning.SECONDS, help="of `morning`")
    given = asked.parse_args()
    benches: dict[str, Callable[[], list[Figure]]] = {
        **BENCHES,
        "morning": partial(morning.measure, given.pupils, given.seconds),
    }
    names = given.names or list(BENCHES)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        sys.exit(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    figures: list[Figure] = []
    for name in names:
        print(f"… {name}", file=sys.stderr, flush=True)
        found = benches[name]()
        figures += found
        print(report(found), file=sys.stderr, flush=True)
    table = report(figures)
    print(table)
    Path("benchmarks-results.md").write_text(table + "\n", encoding="utf-8")


main()
