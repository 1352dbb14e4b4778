"""What goes over HTTP: requests refuse what they do not name, answers name people as schools do."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.registry.attendance import rules, store
from services.registry.attendance.rules import Mark
from services.registry.attendance.symbols import Symbol
from shared.contracts.registry import CorrectionReason, Source, Status


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Reason(_Body):
    """Why a recorded cell is corrected."""

    code: CorrectionReason
    text: str | None = Field(default=None, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")


class MarkIn(_Body):
    """One cell: what was entered, and the revision of the day that was seen."""

    pupil: UUID
    seen: int = Field(ge=0)
    code: str | None = Field(max_length=40)
    reason: Reason | None = None

    def to_rules(self) -> Mark:
        """The cell as the rules know it."""
        if self.reason is None:
            return Mark(self.pupil, self.seen, self.code)
        return Mark(self.pupil, self.seen, self.code, self.reason.code, self.reason.text)


class RollIn(_Body):
    """A save of a class's roll; any subset of the cells."""

    marks: list[MarkIn] = Field(max_length=rules.MAX_CLASS)
    taken: bool = False
    claimed_at: AwareDatetime | None = Field(default=None, ge=datetime(2000, 1, 1, tzinfo=UTC))


class PersonOut(BaseModel):
    """A person, named as schools name people."""

    id: UUID
    family: str
    given: str
    family_kana: str | None
    given_kana: str | None

    @classmethod
    def of(cls, person: UUID, name: store.Named) -> Self:
        """``person`` with a name."""
        return cls(
            id=person,
            family=name.family,
            given=name.given,
            family_kana=name.family_kana,
            given_kana=name.given_kana,
        )


class SavedOut(BaseModel):
    """A cell as it now is."""

    pupil: UUID
    revision: int
    code: str | None
    status: Status


class Theirs(BaseModel):
    """What stands in a stale cell, and whose word it is."""

    code: str | None
    status: Status
    revision: int
    source: Source | None
    by: PersonOut | None
    at: datetime | None


class Yours(BaseModel):
    """What was sent for a stale cell."""

    code: str | None


class RefusedOut(BaseModel):
    """A stale cell: both values; a person chooses."""

    pupil: UUID
    yours: Yours
    theirs: Theirs


class TakenOut(BaseModel):
    """The roll was taken."""

    at: datetime
    by: PersonOut
    members: int


class RollSaved(BaseModel):
    """The answer to a save."""

    saved: list[SavedOut]
    refused: list[RefusedOut]
    taken: TakenOut | None


class FactOut(BaseModel):
    """What one source says."""

    source: Source
    revision: int
    code: str | None
    by: UUID
    at: datetime
    reason: CorrectionReason | None


class MemberOut(BaseModel):
    """A pupil on the list with the day as it stands and what it follows from."""

    pupil: UUID
    family: str
    given: str
    family_kana: str | None
    given_kana: str | None
    number: int | None
    exchange: bool
    revision: int
    code: str | None
    status: Status
    decided_by: Source | None
    contradiction: str | None
    facts: list[FactOut]


class RollOut(BaseModel):
    """A class's roll of a date."""

    class_id: UUID
    name: str
    school: UUID
    on: date
    open: bool
    why_not_open: str | None
    symbols: list[Symbol]
    taken: TakenOut | None
    members: list[MemberOut]


class ClassOut(BaseModel):
    """A class whose roll the asker may read."""

    id: UUID
    name: str
    school: UUID
    school_name: str
