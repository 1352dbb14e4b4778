"""What may be asked of a card by hand: one shape an act. A misspelt field is refused by name."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.roster.contacts import MOST_PHONES

Reason = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
]
Part = Annotated[str, Field(max_length=100)]
Relation = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NameIn(_Body):
    """A name with its reading."""

    family: Part
    given: Part
    family_kana: Part = ""
    given_kana: Part = ""


class CorrectName(_Body):
    """The name was written wrongly."""

    act: Literal["correct_name"]
    seen: int
    legal: NameIn
    common: NameIn | None = None
    reason: Reason


class ChangeName(_Body):
    """The name is another from a day on: 婚姻, 養子縁組, 通称の使用 …"""

    act: Literal["change_name"]
    seen: int
    legal: NameIn
    common: NameIn | None = None
    since: date
    reason: Reason | None = None


NameAct = CorrectName | ChangeName


class CorrectBasics(_Body):
    """Birth date or sex were wrong."""

    act: Literal["correct_basics"]
    seen: int
    birth_date: date | None
    sex: Literal["male", "female", "unspecified", "other"]
    reason: Reason


class CorrectSeat(_Body):
    """Class or number were wrong all along."""

    act: Literal["correct_seat"]
    seen: UUID
    class_id: UUID
    number: Annotated[int, Field(ge=1, le=999)] | None
    reason: Reason

    @property
    def since(self) -> date:
        """A correction has no day of its own."""
        return date.min


class ChangeSeat(_Body):
    """Another class or number from a day on; ``seen`` null for a child without a class."""

    act: Literal["change_seat"]
    seen: UUID | None
    class_id: UUID
    number: Annotated[int, Field(ge=1, le=999)] | None
    since: date
    reason: Reason | None = None


Seat = CorrectSeat | ChangeSeat


class _Rights(_Body):
    relation: Relation
    notify: bool
    read: bool
    contact: bool


class AddGuardian(_Rights):
    """A guardian who is known here, or a new person."""

    act: Literal["add_guardian"]
    guardian: UUID | None = None
    person: NameIn | None = None
    since: date


class CorrectGuardian(_Rights):
    """Relation or rights were wrong all along."""

    act: Literal["correct_guardian"]
    period: UUID
    reason: Reason

    @property
    def since(self) -> date:
        """A correction has no day of its own."""
        return date.min


class GuardianFrom(_Rights):
    """Another relation or other rights from a day on."""

    act: Literal["change_guardian"]
    period: UUID
    since: date
    reason: Reason | None = None


ChangeGuardian = CorrectGuardian | GuardianFrom


class EndGuardian(_Body):
    """No guardian any more after ``last``; null: it was a mistake, and needs its reason."""

    act: Literal["end_guardian"]
    period: UUID
    last: date | None
    reason: Reason | None = None


class PhoneIn(_Body):
    """A number to call somebody at, in any width."""

    number: Annotated[str, Field(max_length=40)]
    kind: Literal["mobile", "home", "work", "other"]


class _Contact(_Body):
    postal_code: Annotated[str, Field(max_length=20)] = ""
    address: Annotated[str, Field(max_length=1000)] = ""
    phones: Annotated[list[PhoneIn], Field(max_length=MOST_PHONES)]
    language: Annotated[str, Field(max_length=35)] = ""


class CorrectContact(_Contact):
    """連絡先 was wrong all along."""

    act: Literal["correct_contact"]
    seen: UUID
    reason: Reason

    @property
    def since(self) -> date:
        """A correction has no day of its own."""
        return date.min


class ContactFrom(_Contact):
    """Another 連絡先 from a day on: a house move, a new number; ``seen`` null while there is none."""

    act: Literal["change_contact"]
    seen: UUID | None
    since: date
    reason: Reason | None = None


ChangeContact = CorrectContact | ContactFrom


class CancelContact(_Body):
    """A 連絡先 that was to hold from a coming day on will not; what it would have followed goes on."""

    act: Literal["cancel_contact"]
    seen: UUID
    reason: Reason


class Protect(_Body):
    """支援措置 from a day on, or other people to keep everything from."""

    act: Literal["protect"]
    seen: UUID | None = None
    since: date
    confidential_from: Annotated[list[UUID], Field(max_length=10)]
    reason: Reason | None = None


class EndProtection(_Body):
    """The mark ends after ``last``."""

    act: Literal["end_protection"]
    period: UUID
    last: date
    reason: Reason


Ask = Annotated[
    CorrectName
    | ChangeName
    | CorrectBasics
    | CorrectSeat
    | ChangeSeat
    | AddGuardian
    | CorrectGuardian
    | GuardianFrom
    | EndGuardian
    | CorrectContact
    | ContactFrom
    | CancelContact
    | Protect
    | EndProtection,
    Field(discriminator="act"),
]
