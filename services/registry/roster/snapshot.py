"""What a source says the roster is: plain values keyed by the source's own ids.

A source (today OneRoster) fills it; ``rules.py`` compares it with what stands. Ids of the source stay outside: ours are
minted when a thing is first seen (decisions.md §1). The order of tuples means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Literal, NamedTuple

ExternalKind = Literal["organisation", "class", "department", "person"]


class ExternalKey(NamedTuple):
    """A thing as its source names it."""

    kind: ExternalKind
    sourced_id: str


class Period(NamedTuple):
    """``[since, until)``; ``until`` is ``None`` while nobody knows the end."""

    since: date
    until: date | None

    def overlaps(self, other: Period) -> bool:
        """Whether both hold on some day."""
        return (other.until is None or self.since < other.until) and (
            self.until is None or other.since < self.until
        )

    def covers(self, other: Period) -> bool:
        """Whether the other lies wholly inside."""
        if other.since < self.since:
            return False
        return self.until is None or (other.until is not None and other.until <= self.until)

    def within(self, other: Period) -> Period:
        """The part of it that lies inside the other, which it overlaps."""
        ends = [each.until for each in (self, other) if each.until is not None]
        return Period(max(self.since, other.since), min(ends, default=None))

    def outside(self, other: Period) -> list[Period]:
        """The parts of it that do not lie inside the other."""
        if not self.overlaps(other):
            return [self]
        parts = [Period(self.since, other.since)] if self.since < other.since else []
        if other.until is not None and (self.until is None or other.until < self.until):
            parts.append(Period(other.until, self.until))
        return parts

    def holds(self, on: date) -> bool:
        """Whether it holds on a business date."""
        return self.since <= on and (self.until is None or on < self.until)

    def uncovered(self, by: Iterable[Period]) -> list[Period]:
        """The parts of it in which none of the others holds, in their order."""
        parts = [self]
        for each in by:
            parts = [part for whole in parts for part in whole.outside(each)]
        return parts


@dataclass(frozen=True, slots=True)
class Organisation:
    """A board, department, school or class."""

    key: ExternalKey
    kind: str
    parent: ExternalKey | None
    school: ExternalKey | None
    name: str
    short_name: str
    code: str | None = None
    school_year: int | None = None
    grades: tuple[str, ...] = ()
    special_needs: bool = False
    until: date | None = None
    """The day from which it no longer exists."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person's card. Names are code point for code point what the source wrote."""

    key: ExternalKey
    legal_family: str
    legal_given: str
    kana_family: str | None
    kana_given: str | None
    common_family: str | None
    common_given: str | None
    common_kana_family: str | None
    common_kana_given: str | None
    birth_date: date | None
    sex: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """在籍 of a pupil at a school."""

    pupil: ExternalKey
    school: ExternalKey
    grade: str
    valid: Period


@dataclass(frozen=True, slots=True)
class Membership:
    """A pupil in a class: ``home`` is 在籍, ``exchange`` 交流."""

    pupil: ExternalKey
    class_key: ExternalKey
    kind: Literal["home", "exchange"]
    number: int | None
    valid: Period


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty of a staff member at a school, a department or the board."""

    staff: ExternalKey
    kind: str
    organisation: ExternalKey
    class_key: ExternalKey | None
    valid: Period


@dataclass(frozen=True, slots=True)
class Guardianship:
    """A guardian's tie to a child and what it allows."""

    pupil: ExternalKey
    guardian: ExternalKey
    relation: str
    notify: bool
    read: bool
    contact: bool
    valid: Period


@dataclass(frozen=True, slots=True)
class Protection:
    """A protected child (DV 等支援措置) and the people from whom everything is withheld.

    ``until`` is never guessed: a mark that its source no longer has is not thereby lifted.
    """

    pupil: ExternalKey
    since: date
    until: date | None
    confidential_from: tuple[ExternalKey, ...]


@dataclass(frozen=True, slots=True)
class Contact:
    """連絡先 of somebody. ``phones``: number and kind, in the order in which they are called."""

    person: ExternalKey
    postal_code: str | None
    address: str
    phones: tuple[tuple[str, str], ...]
    language: str | None
    valid: Period


@dataclass(frozen=True, slots=True)
class Closure:
    """臨時休業 on one day, of a school, a grade or a class."""

    on: date
    scope: Literal["school", "grade", "class"]
    grade: str | None
    class_key: ExternalKey | None
    reason: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """A school's days of one school year."""

    school: ExternalKey
    school_year: int
    school_days: tuple[date, ...]
    closures: tuple[Closure, ...]
    replaces: bool = False
    """What was changed by hand goes: the source says that it is the whole truth."""


Aspect = Literal[
    "card",
    "enrolment",
    "membership",
    "duty",
    "guardianship",
    "protection",
    "contact",
    "calendar",
    "organisation",
    "class",
    "department",
]


@dataclass(frozen=True, slots=True)
class Spoken:
    """Of whom and what a source speaks: the source's ids, by aspect. An aspect that is not listed: of all there are.

    What a source does not speak about stays as it is, whoever made it so.
    """

    OF_PEOPLE: ClassVar[frozenset[Aspect]] = frozenset(
        ("card", "enrolment", "membership", "duty", "guardianship", "protection", "contact")
    )
    about: Mapping[Aspect, frozenset[str] | None] = field(default_factory=dict)

    def of(self, aspect: Aspect, sourced_id: str) -> bool:
        """Whether the source says how this now is."""
        named = self.about.get(aspect)
        return named is None or sourced_id in named

    def everything(self, aspect: Aspect) -> bool:
        """Whether what the source does not have is thereby no longer so."""
        return self.about.get(aspect) is None


@dataclass(frozen=True, slots=True)
class RosterSnapshot:
    """The whole roster of one board in one school year."""

    school_year: int
    board: ExternalKey
    organisations: tuple[Organisation, ...]
    people: tuple[Person, ...]
    enrolments: tuple[Enrolment, ...]
    memberships: tuple[Membership, ...]
    duties: tuple[Duty, ...]
    guardianships: tuple[Guardianship, ...]
    protections: tuple[Protection, ...]
    calendars: tuple[Calendar, ...]
    spoken: Spoken = Spoken()
    contacts: tuple[Contact, ...] = ()
