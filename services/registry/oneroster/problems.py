"""What is wrong with a package, said so that the sender can mend it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

_SHOWN = 80


class Problem(NamedTuple):
    """One reason to refuse a package. ``line`` counts from 1 with the header as line 1; a JSON file has none."""

    file: str
    line: int | None
    column: str
    value: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file} {self.line}行"
        column = f" {self.column}" if self.column else ""
        return f"{place}{column}「{self.value}」: {self.rule}。{self.remedy}"


@dataclass(slots=True)
class Problems:
    """Collects problems; a cell is named once for each rule it breaks."""

    _found: dict[Problem, None] = field(default_factory=dict)

    def add(self, file: str, line: int | None, column: str, value: str, rule: str, remedy: str) -> None:
        """Note one problem."""
        shown = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
        self._found.setdefault(Problem(file, line, column, shown, rule, remedy))

    def __len__(self) -> int:
        return len(self._found)

    def listed(self) -> tuple[Problem, ...]:
        """All, by file, line and column."""
        return tuple(
            sorted(self._found, key=lambda each: (each.file, each.line or 0, each.column, each.rule))
        )
