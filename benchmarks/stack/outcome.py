"""What a part of the run found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.load import Figure


@dataclass
class Outcome:
    """Figures to be read, and numbers to be compared with those of the other transport."""

    figures: list[Figure] = field(default_factory=list)
    numbers: dict[str, float] = field(default_factory=dict)

    def add(self, other: Outcome) -> None:
        """Take in what another part found."""
        self.figures += other.figures
        self.numbers |= other.numbers


def ratios(kafka: Mapping[str, float], log: Mapping[str, float]) -> list[Figure]:
    """Of everything that both sides have a number of."""
    return [
        Figure(
            f"{what}: over Kafka ÷ over the log",
            f"{kafka[what] / log[what]:.2f} ({kafka[what]:,.1f} ÷ {log[what]:,.1f})",
        )
        for what in kafka
        if log.get(what)
    ]
