"""忌引 that goes on for longer than the board allows for that kinship: told, never refused, and counted as ever. Pure.

A place far away, or the 校長, may allow more (docs/decisions/0023).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from services.registry.attendance.beside import BesideMark
from services.registry.register.lists import kin_on
from services.registry.register.rules import Cell, Child, ClassYear

BEFORE = timedelta(days=21)
"""How far back a row of days is followed: longer than any that is allowed, with what lies between."""
_BREAK = timedelta(days=8)
"""After a week without lessons another death has its own row."""


@dataclass(frozen=True, slots=True)
class Over:
    """The sheet's first day beyond, and how many days the row has."""

    on: date
    word: str
    """Kinship."""
    allowed: int
    days: int


def over(of: ClassYear, child: Child, since: date, until: date) -> list[Over]:
    """Rows of 忌引 with days beyond among those from ``since`` to the one before ``until``."""
    if not any(_bereaved(of.cell(child, day)) for day in of.days(since, until)):
        return []
    found = []
    for row in _rows(of, child, since - BEFORE, until):
        mark = next((each for _, each in row if each is not None), None)
        if mark is None or mark.days is None:
            continue
        holidays = kin_on(of.kin, row[0][0]).holidays
        counted = [(day - row[0][0]).days + 1 if holidays else n for n, (day, _) in enumerate(row, 1)]
        beyond = [day for (day, _), n in zip(row, counted, strict=True) if n > mark.days]
        here = next((day for day in beyond if day >= since), None)
        if here is not None:
            found.append(Over(here, mark.word, mark.days, counted[-1]))
    return found


def _rows(
    of: ClassYear, child: Child, since: date, until: date
) -> Iterator[Sequence[tuple[date, BesideMark | None]]]:
    """Days of 忌引 in a row, with whose death each is for; another kinship begins a row."""
    met = [(day.on, of.cell(child, day)) for day in of.days(since, until) if day.kind == "lesson"]
    row: list[tuple[date, BesideMark | None]] = []
    for (before, _), (on, cell) in pairwise([(date.min, Cell("off")), *met]):
        mark = cell.beside.mark if cell.beside and cell.beside.fits else None
        known = next((each.code for _, each in row if each is not None), None)
        other = mark is not None and known is not None and mark.code != known
        if row and (not _bereaved(cell) or other or on - before > _BREAK):
            yield row
            row = []
        if _bereaved(cell):
            row.append((on, mark))
    if row:
        yield row


def _bereaved(cell: Cell) -> bool:
    return cell.symbol is not None and cell.symbol.category == "bereavement"
