"""What goes over HTTP: requests refuse what they do not name."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.identity.invitations.rules import State

MOST_SHEETS = 120
"""A class of 45 with two guardians a child, and some more."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PersonOut(BaseModel):
    """A person as schools name them; empty names while the card has not come."""

    id: UUID
    family: str
    given: str


class Counts(BaseModel):
    """How many guardians are in which state; each guardian once."""

    guardians: int
    signed_in: int
    holding: int
    expired: int
    none: int


class ClassOut(BaseModel):
    """A class, or the children without one (``id`` null)."""

    id: UUID | None
    name: str
    grade: str | None
    counts: Counts


class SchoolOut(BaseModel):
    """A school's guardians, in numbers."""

    school: UUID
    name: str
    days: int
    counts: Counts
    classes: list[ClassOut]


class CodeOut(BaseModel):
    """A code that nobody has used; the code itself is on paper only."""

    id: UUID
    issued_at: datetime
    issued_by: str
    last_day: date


class FamilyOut(BaseModel):
    """A guardian of a child of the class."""

    guardian: PersonOut
    relation_word: str
    pupil: PersonOut
    number: int | None
    state: State
    code: CodeOut | None
    signed_in_on: date | None


class ClassFamiliesOut(BaseModel):
    """The guardians of a class."""

    id: UUID | None
    name: str
    families: list[FamilyOut]


class WantedIn(_Body):
    """A sheet for a guardian, about a child; ``seen`` is the open code that the page showed."""

    guardian: UUID
    pupil: UUID
    seen: UUID | None = None


class SheetsIn(_Body):
    """The sheets of one printing."""

    class_id: UUID | None = None
    sheets: list[WantedIn] = Field(min_length=1, max_length=MOST_SHEETS)


class RefusedOut(BaseModel):
    """A sheet that was not printed: ``moved`` somebody has given a code meanwhile, ``gone`` no guardian any more."""

    guardian: UUID
    why: Literal["moved", "gone"]


class SheetsDone(BaseModel):
    """What was done; kept with the command, so it says no code."""

    printed: int
    last_day: date
    refused: list[RefusedOut]


class SheetsOut(SheetsDone):
    """The answer: the sheets as PDF/A, once. ``pdf`` null: this command had been answered before."""

    pdf: str | None
    missing: list[str]
    """Characters that the printing font does not have; 〓 stands in their place."""
    after: str | None


class WithdrawIn(_Body):
    """Nothing needs to be said."""


class WithdrawnOut(BaseModel):
    """The code opens nothing any more."""

    invitation: UUID
