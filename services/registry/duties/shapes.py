"""What goes over HTTP about duties. ``until`` is the day from which something no longer holds."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.attendance.shapes import PersonOut
from services.registry.duties.rules import Needs
from services.registry.duties.store import ClassRow
from services.registry.roster.shapes import ClassOut, PlaceOut
from services.registry.roster.snapshot import Period
from shared.contracts.registry import DutyKind


class DutyIn(BaseModel):
    """A duty that somebody shall have."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    staff: UUID
    kind: DutyKind
    class_: UUID | None = Field(default=None, alias="class")
    since: date
    until: date | None = None
    instead_of: list[UUID] = Field(default=[], max_length=10)
    """Duties of others that end the day before."""

    @property
    def valid(self) -> Period:
        """From when to when."""
        return Period(self.since, self.until)


class EndIn(BaseModel):
    """The day from which a duty no longer holds."""

    model_config = ConfigDict(extra="forbid")

    until: date


class DutyOut(BaseModel):
    """A duty at the school."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    id: UUID
    staff: PersonOut
    kind: str
    word: str
    class_: ClassOut | None = Field(alias="class")
    since: date
    until: date | None
    holds: bool


class ClassDutiesOut(BaseModel):
    """A class, and who takes its roll that day."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    class_: ClassOut = Field(alias="class")
    takers: list[DutyOut]
    lessons: bool
    """Whether the class has lessons that day; where it has none, nobody need take it."""
    taken_at: datetime | None


class StaffOut(BaseModel):
    """Somebody with what they hold here."""

    person: PersonOut
    duties: list[DutyOut]


class KindOut(BaseModel):
    """A duty that the asker may give."""

    code: str
    word: str
    needs: Needs


class MayOut(BaseModel):
    """What the asker may do here."""

    substitute: bool
    give: bool
    heads: bool
    anybody: bool
    """Also people who have no duty at the school yet."""


class DutiesOut(BaseModel):
    """The page of a school's duties."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    school: PlaceOut
    on: date = Field(alias="date")
    today: date
    classes: list[ClassDutiesOut]
    staff: list[StaffOut]
    kinds: list[KindOut]
    may: MayOut
    live: list[str]
    as_of: datetime


class CandidatesOut(BaseModel):
    """Staff whose name fits."""

    staff: list[PersonOut]
    more: bool


class ChangedOut(BaseModel):
    """Whose duties changed."""

    staff: list[UUID]


def class_out(row: ClassRow) -> ClassOut:
    """A class of the store."""
    return ClassOut(id=row.id, name=row.name, grade=row.grade, special_needs=row.special_needs)
