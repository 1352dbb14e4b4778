"""The year of a city by command and API (tests/journeys/year.py): what each step takes, nobody lost or doubled."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.deployment import PORT
from benchmarks.load import Figure
from benchmarks.processes import memory
from deploy.local.state import ROOT
from tests.journeys.year import play
from tests.support.product import Product, started

PUPILS = 20_000


@dataclass
class Measured(Product):
    """A product whose commands are measured, one after the other."""

    figures: list[Figure] = field(default_factory=list)

    def tsumugi(self, *words: str) -> str:
        """Run `tsumugi …` and return what it printed; it must succeed."""
        began = time.perf_counter()
        with (
            tempfile.TemporaryFile("w+") as said,
            subprocess.Popen(
                self.command(*words), cwd=ROOT, env=self.environment(), stdout=said, stderr=subprocess.STDOUT
            ) as process,
        ):
            mib = _largest(process, began + self.patience)
            seconds = time.perf_counter() - began
            said.seek(0)
            answer = said.read()
        if process.returncode != 0:
            raise RuntimeError(f"tsumugi {' '.join(words)}\n{answer}")
        if words[0] not in ("status", "token"):
            told = " ".join(Path(word).name for word in words if word != "--json")
            memory = "" if words[0] == "up" else f", at most {mib:.0f} MiB"
            self.figures.append(Figure(f"`tsumugi {told}`", f"{seconds:.1f} s{memory}", "–"))
        return answer

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """What is done within, as a figure of its own."""
        began = time.perf_counter()
        yield
        self.figures.append(Figure(what, f"{time.perf_counter() - began:.1f} s", "–"))


def _largest(process: subprocess.Popen[bytes], deadline: float) -> float:
    """MiB that a process needs at most, until it ends; killed when it has not by then."""
    largest = 0.0
    while True:
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            largest = max(largest, memory(process.pid))
            if time.perf_counter() > deadline:
                process.kill()
        else:
            return largest


def measure(pupils: int = PUPILS) -> list[Figure]:
    """Every step of the year; an AssertionError when somebody is lost or doubled, or a copy is not its rebuild."""
    with tempfile.TemporaryDirectory(prefix="tsumugi-bench-year-") as folder:
        product = Measured(Path(folder) / "state", PORT, "log", patience=1_800)
        with started(product, "--pupils", str(pupils)):
            play(product, Path(folder), pupils, product.timed)
        return product.figures
