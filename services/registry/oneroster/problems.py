"""What is wrong with a package, said so that the sender can mend it; and what was read otherwise than written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

_SHOWN = 80
_SHOWN_RULE = 300
"""Characters; a rule repeats values, and a cell may hold a whole file."""
KEPT_OF_A_COLUMN = 1_000
"""Problems told of one column of one file. The others of it are counted: a column in which every cell is wrong must
hide no other column, and fill no memory."""


class Problem(NamedTuple):
    """One reason to refuse a package. ``line`` counts from 1 with the header as line 1.

    A JSON file has no lines, and a row known from an earlier package is in no file.
    """

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


class Note(NamedTuple):
    """Cells of a column that were read otherwise than they are written, in one sentence, with the first of them."""

    file: str
    line: int | None
    column: str
    told: str
    before: str
    after: str
    times: int


@dataclass(slots=True)
class Problems:
    """Collects problems and notes; a cell is named once for each rule it breaks."""

    _found: dict[Problem, None] = field(default_factory=dict)
    _kept: dict[tuple[str, str], int] = field(default_factory=dict)
    _more: dict[tuple[str, str], int] = field(default_factory=dict)
    _notes: dict[tuple[str, str, str], Note] = field(default_factory=dict)

    def add(self, file: str, line: int | None, column: str, value: str, rule: str, remedy: str) -> None:
        """Note one problem."""
        found = Problem(file, line, column, shown(value), shown(rule, _SHOWN_RULE), remedy)
        if found in self._found:
            return
        kept = self._kept.get((file, column), 0)
        if kept >= KEPT_OF_A_COLUMN:
            self._more[file, column] = self._more.get((file, column), 0) + 1
            return
        self._kept[file, column] = kept + 1
        self._found[found] = None

    def note(
        self, file: str, line: int | None, column: str, told: str, before: str = "", after: str = ""
    ) -> None:
        """Tell that a cell, or something of the whole file, was read otherwise than it is written."""
        known = self._notes.get((file, column, told))
        if known is None:
            known = Note(file, line, column, told, shown(before), shown(after), 0)
        self._notes[file, column, told] = known._replace(times=known.times + 1)

    def __len__(self) -> int:
        return len(self._found)

    @property
    def total(self) -> int:
        """How many problems there are, those included that are only counted."""
        return len(self._found) + sum(self._more.values())

    def listed(self) -> tuple[Problem, ...]:
        """By file, line and column; a column's uncounted others are its last entry."""
        others = [
            Problem(
                file,
                None,
                column,
                "",
                f"この列には、ほかにも {count} 件の誤りがあります",
                "列の全体を確かめてください",
            )
            for (file, column), count in self._more.items()
        ]
        return tuple(
            sorted(
                [*self._found, *others],
                key=lambda each: (each.file, each.line or 0, each.column, each.rule),
            )
        )

    def notes(self) -> tuple[Note, ...]:
        """By file, line and column."""
        return tuple(sorted(self._notes.values(), key=lambda each: (each.file, each.line or 0, each.column)))


def shown(value: str, length: int = _SHOWN) -> str:
    """The beginning of a value, enough to find it."""
    return value if len(value) <= length else value[:length] + "…"
