"""What goes over HTTP about the board's lists of attendance."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from services.registry.attendance.shapes import PersonOut
from services.registry.attendance_lists.rules import Row, Told, Which
from services.registry.roster.dated import State


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DatedIn(_In):
    """From when it holds, and the revision that was read."""

    since: date
    seen: str = Field(max_length=40)


class RowIn(_In):
    """A line as it is written; without a code it is a new one."""

    code: str | None = Field(default=None, max_length=40)
    counts: str = Field(max_length=20)
    word: str = Field(max_length=80)
    glyph: str = Field(default="", max_length=20)
    key: str = Field(default="", max_length=20)
    days: int | None = None

    def to_rules(self) -> Row:
        """As the rules know it; a key is one in full width, too."""
        key = self.key if self.key == " " else unicodedata.normalize("NFKC", self.key).strip().upper()
        return Row(self.code, self.counts, self.word.strip(), self.glyph.strip(), key, self.days)


class ListIn(DatedIn):
    """A list from a day on."""

    rows: list[RowIn] = Field(max_length=40)
    holidays: bool = False


class RowOut(BaseModel):
    """A line."""

    model_config = ConfigDict(from_attributes=True)

    code: str | None
    counts: str
    word: str
    glyph: str
    key: str
    days: int | None


class ToldOut(BaseModel):
    """A list as it is said."""

    rows: list[RowOut]
    holidays: bool

    @classmethod
    def of(cls, told: Told) -> Self:
        """Lines of the rules."""
        return cls(rows=[RowOut.model_validate(row) for row in told.rows], holidays=told.holidays)


class VersionOut(ToldOut):
    """What was said: from when it holds, who said it when, and what it says otherwise than the version before."""

    since: date
    said_at: datetime
    said_by: PersonOut | None
    state: State
    words: list[str]


class ListOut(ToldOut):
    """A list: what holds today, and every version."""

    which: Which
    name: str
    revision: str
    first: date
    """The first day from which it can be said."""
    versions: list[VersionOut]


class CountOut(BaseModel):
    """What a symbol can count as."""

    name: str
    word: str


class ListsOut(BaseModel):
    """The board's three lists."""

    today: date
    lists: list[ListOut]
    counts: list[CountOut]
    as_of: datetime
