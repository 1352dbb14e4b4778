"""What a 学齢簿's row says, read: a child who begins at a school."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.registry.gakureibo.cells import Halves


@dataclass(frozen=True, slots=True)
class Guardian:
    """The guardian as the row names them."""

    number: str | None
    """The board's own number of the guardian."""
    name: Halves
    reading: Halves | None
    relation: str
    address: str | None = None
    """現住所; None: nothing is said."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A child who begins at a school."""

    line: int
    number: str
    name: Halves
    reading: Halves
    common: Halves | None
    common_reading: Halves | None
    birth_date: date
    sex: str
    school: UUID
    grade: str
    arrives: bool
    """During the year, from elsewhere; else with the beginning of the school year."""
    on: date
    protected: bool
    guardian: Guardian | None
    address: str | None = None
    """現住所; None: nothing is said."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a sheet says of one school year."""

    year: int
    entries: tuple[Entry, ...]
