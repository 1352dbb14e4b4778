"""What goes over HTTP about class lists."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.attendance.rules import MAX_CLASS
from services.registry.attendance.shapes import PersonOut
from services.registry.class_lists.rules import HIGHEST
from services.registry.roster.shapes import ClassOut, PlaceOut


class NumberIn(BaseModel):
    """A child's number."""

    model_config = ConfigDict(extra="forbid")

    pupil: UUID
    number: int


class NumbersIn(BaseModel):
    """The numbers of a whole class from a day on."""

    model_config = ConfigDict(extra="forbid")

    since: date
    seen: str = Field(max_length=40)
    """Revision of the list that was looked at."""
    numbers: list[NumberIn] = Field(max_length=2 * MAX_CLASS)
    gaps: list[int] = Field(default=[], max_length=HIGHEST)
    """Numbers that shall stay without anybody (欠番)."""
    dry: bool = False
    """Only say what it would do."""


class UndoIn(BaseModel):
    """The act to take back."""

    model_config = ConfigDict(extra="forbid")

    change: UUID


class MemberOut(BaseModel):
    """A child on the list."""

    pupil: PersonOut
    number: int | None
    exchange: bool
    since: date
    until: date | None
    kana_order: int
    """Place in kana order, from 1."""
    birth_order: int | None
    """Place by date of birth, from 1; None where it is not known."""


class UndoOut(BaseModel):
    """The last act on the numbers, while nothing has changed the list since."""

    id: UUID
    at: datetime
    by: PersonOut
    since: date
    changed: int


class MayOut(BaseModel):
    """What the asker may do with the list."""

    number: bool


class ListOut(BaseModel):
    """A class's list of a day."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    class_: ClassOut = Field(alias="class")
    school: PlaceOut
    on: date = Field(alias="date")
    today: date
    school_year: int
    revision: str
    members: list[MemberOut]
    classes: list[ClassOut]
    may: MayOut
    undo: UndoOut | None
    live: list[str]
    as_of: datetime


class RenumberedOut(BaseModel):
    """A child whose number changes."""

    pupil: PersonOut
    before: int | None
    after: int


class NumberedOut(BaseModel):
    """What the numbers did, or would do."""

    change: UUID | None
    """The act, to be taken back by; None when nothing was written."""
    changed: list[RenumberedOut]
    rolls: int
    """Rolls taken on that day or later: they show the new numbers."""


class UndoneOut(BaseModel):
    """Whose numbers are what they were before."""

    pupils: list[UUID]
