"""What goes over HTTP about people: lists, a card with its history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from services.registry.people.history import Side


class PersonOut(BaseModel):
    """A person, named as schools name people."""

    id: UUID
    family: str
    given: str
    family_kana: str
    given_kana: str


class PlaceOut(BaseModel):
    """A school, class or department."""

    id: UUID
    name: str


class FoundOut(BaseModel):
    """A row of a list."""

    person: PersonOut
    hat: Literal["pupil", "staff", "guardian"]
    school: PlaceOut | None
    school_class: PlaceOut | None
    number: int | None
    grade: str | None
    birth_month: int | None
    """Of pupils: tells namesakes apart."""
    mine: bool
    of: str | None
    """Of staff their duties, of guardians their children, in words."""


class PeopleOut(BaseModel):
    """A list of people, those of one's own class first."""

    people: list[FoundOut]
    more: bool
    """There are more than are shown: type another character."""
    unknown_class: str | None
    """The class that was asked for, when no school in reach has one of that name."""
    live: list[str]


class ClassPlaceOut(PlaceOut):
    """A class to choose a list by."""

    grade: str | None


class PlacesOut(BaseModel):
    """Schools whose lists the asker may open, and the classes of the first or the asked one."""

    schools: list[PlaceOut]
    classes: list[ClassPlaceOut]


class NameOut(BaseModel):
    """A name with its reading."""

    family: str
    given: str
    family_kana: str
    given_kana: str


class EnrolmentOut(BaseModel):
    """在籍 at a school. ``last`` is the last day, not the day after."""

    period: UUID
    school: PlaceOut
    grade: str
    grade_word: str
    since: date
    last: date | None


class ClassOut(BaseModel):
    """A class and the number in it."""

    period: UUID
    school: UUID
    school_class: PlaceOut
    kind: Literal["home", "exchange"]
    number: int | None
    since: date
    last: date | None


class PupilOut(BaseModel):
    """Where a child is on the day asked about."""

    enrolment: EnrolmentOut | None
    home: ClassOut | None
    exchange: list[ClassOut]
    next: list[str]
    """What begins later, in words."""


class PhoneOut(BaseModel):
    """A number to call somebody at."""

    number: str
    kind: Literal["mobile", "home", "work", "other"]
    kind_word: str


class ContactOut(BaseModel):
    """連絡先 on the day asked about."""

    period: UUID
    postal_code: str
    address: str
    phones: list[PhoneOut]
    """In the order in which they are called."""
    language: str
    language_word: str
    since: date
    last: date | None


class TieOut(BaseModel):
    """A guardian of the child, or a child of the guardian."""

    period: UUID
    person: PersonOut
    relation: str
    relation_word: str
    notify: bool
    read: bool
    contact: bool
    phones: list[PhoneOut] = []
    """Of a guardian whom the school may call, today's numbers."""
    since: date
    last: date | None


class DutyOut(BaseModel):
    """A duty in words."""

    words: str
    since: date
    last: date | None


class ProtectionOut(BaseModel):
    """The mark of 支援措置."""

    period: UUID
    since: date
    confidential_from: list[PersonOut]


class EntryOut(BaseModel):
    """A line of the history."""

    side: Side
    since: date
    words: str
    notes: list[str]
    at: datetime
    by: str
    reason: str | None
    taken_back: bool


class MayOut(BaseModel):
    """What the page may offer; each command decides again."""

    change: bool
    family: bool
    protection: bool
    contact: bool
    erase: bool
    same: bool = False
    """Ask whether another card is of the same child (名寄せ)."""


class MergedOut(BaseModel):
    """A card that was merged into this one, and the question (名寄せ) under which that is taken back."""

    question: UUID
    name: str


class CardOut(BaseModel):
    """A person's card on a day, as known at an instant."""

    person: PersonOut
    legal: NameOut
    common: NameOut | None
    birth_date: date | None
    sex: str | None
    sex_word: str | None
    revision: int
    hats: list[Literal["pupil", "staff", "guardian"]]
    as_of: date
    known_at: datetime | None
    pupil: PupilOut | None
    protected: bool
    guardians: list[TieOut] | None
    """None: not for this reader, and not on the page."""
    protection: ProtectionOut | None
    children: list[TieOut] | None
    duties: list[DutyOut] | None
    contact: ContactOut | None = None
    contact_next: ContactOut | None = None
    """What will hold after it, when that is known."""
    history: list[EntryOut] | None
    merged: list[MergedOut] = []
    """For those who may take it back."""
    may: MayOut
