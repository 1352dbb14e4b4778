"""The board's dated lists that a sheet is read with: symbols, marks beside a day, days of 忌引 by kinship. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.registry.attendance.beside import DEFAULT_MARKS, BesideMark
from services.registry.attendance.kin import DEFAULT_TABLE, KinTable
from services.registry.attendance.symbols import Symbol


class SymbolSet(NamedTuple):
    """The board's symbols from a day on."""

    since: date
    symbols: Mapping[str, Symbol]


class MarkSet(NamedTuple):
    """The board's marks for beside a day, from a day on."""

    since: date
    marks: Mapping[str, BesideMark]


def marks_on(sets: Sequence[MarkSet], day: date) -> Mapping[str, BesideMark]:
    """The marks that hold on a day; a board that has said nothing has those it starts with."""
    known = {mark.code: mark for mark in DEFAULT_MARKS}
    return next((each.marks for each in reversed(sets) if each.since <= day), known)


class KinSet(NamedTuple):
    """The board's days of 忌引 by kinship, from a day on."""

    since: date
    table: KinTable


def kin_on(sets: Sequence[KinSet], day: date) -> KinTable:
    """The table that holds on a day; a board that has said nothing has the one it starts with."""
    return next((each.table for each in reversed(sets) if each.since <= day), DEFAULT_TABLE)


def symbols_on(sets: Sequence[SymbolSet], day: date) -> Mapping[str, Symbol]:
    """The symbols that hold on a day; ``sets`` in the order of their days."""
    return next((each.symbols for each in reversed(sets) if each.since <= day), {})


def legend(sets: Sequence[SymbolSet], days: Collection[date]) -> list[Symbol]:
    """The symbols of a sheet, each once, in the order of the lists that hold on its days."""
    found: dict[tuple[str, str], Symbol] = {}
    for day in sorted(days):
        for symbol in symbols_on(sets, day).values():
            found.setdefault((symbol.glyph, symbol.word), symbol)
    return list(found.values())
