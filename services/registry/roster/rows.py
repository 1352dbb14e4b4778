"""Rows of the roster as plain values, in our ids: what rules compare and stores write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from services.registry.roster.snapshot import Period


class OrganisationRow(NamedTuple):
    """A row of ``organisation``."""

    id: UUID
    kind: str
    parent_id: UUID | None
    school_id: UUID | None
    name: str
    short_name: str
    code: str | None
    school_year: int | None
    grade: str | None
    special_needs: bool
    until: date | None = None
    """The day from which it no longer exists."""


class PersonRow(NamedTuple):
    """A row of ``person``. ``kana_*`` read the name that is shown."""

    id: UUID
    legal_family: str
    legal_given: str
    common_family: str | None
    common_given: str | None
    kana_family: str | None
    kana_given: str | None
    legal_kana_family: str | None
    legal_kana_given: str | None
    sort_key: str
    search: str
    birth_date: date | None
    sex: str
    merged_into: UUID | None = None


class CalendarRow(NamedTuple):
    """A row of ``calendar``."""

    id: UUID
    school_id: UUID
    school_year: int
    school_days: tuple[date, ...]
    closures: tuple[dict[str, Any], ...]
    marks: tuple[dict[str, Any], ...] = ()
    terms: tuple[dict[str, Any], ...] = ()
    told: dict[str, Any] | None = None
    """Days and closures as the last package said them: what stands beside that was changed by hand. Of a package's own
    row: an empty mapping when it says that it is the whole truth, else None."""


class EnrolmentIs(NamedTuple):
    """在籍 at a school: one at a time."""

    school_id: UUID
    grade: str

    @property
    def of_a_year(self) -> bool:
        """Whether sources tell it school year by school year, and so never of days outside the one they are about."""
        return True

    @property
    def slot(self) -> str:
        """What a pupil can have only one of."""
        return "school"

    @property
    def tie(self) -> str:
        """What makes it the same relation, however its details change."""
        return str(self.school_id)


class MembershipIs(NamedTuple):
    """A class: one of 在籍 at a time, any number of 交流."""

    school_id: UUID
    class_id: UUID
    kind: str
    number: int | None

    @property
    def of_a_year(self) -> bool:
        """Whether sources tell it school year by school year, and so never of days outside the one they are about."""
        return True

    @property
    def slot(self) -> str:
        """What a pupil can have only one of."""
        return "home" if self.kind == "home" else f"exchange:{self.class_id}"

    @property
    def tie(self) -> str:
        """What makes it the same relation, however its details change."""
        return f"{self.kind}:{self.class_id}"


class DutyIs(NamedTuple):
    """A duty: the same one only once at a time."""

    kind: str
    organisation_id: UUID
    class_id: UUID | None

    @property
    def of_a_year(self) -> bool:
        """Whether sources tell it school year by school year, and so never of days outside the one they are about."""
        return False

    @property
    def slot(self) -> str:
        """What a staff member can have only one of."""
        return f"{self.kind}:{self.class_id or self.organisation_id}"

    @property
    def tie(self) -> str:
        """What makes it the same relation, however its details change."""
        return self.slot


class GuardianshipIs(NamedTuple):
    """A guardian with rights: each guardian of a child once at a time."""

    guardian_id: UUID
    relation: str
    may_notify: bool
    may_read: bool
    may_contact: bool

    @property
    def of_a_year(self) -> bool:
        """Whether sources tell it school year by school year, and so never of days outside the one they are about."""
        return False

    @property
    def slot(self) -> str:
        """What a pupil can have only one of."""
        return f"guardian:{self.guardian_id}"

    @property
    def tie(self) -> str:
        """What makes it the same relation, however its details change."""
        return self.slot


class ProtectionIs(NamedTuple):
    """A protection mark: one at a time."""

    confidential_from: tuple[UUID, ...]

    @property
    def of_a_year(self) -> bool:
        """Whether sources tell it school year by school year, and so never of days outside the one they are about."""
        return False

    @property
    def slot(self) -> str:
        """What a pupil can have only one of."""
        return "protection"

    @property
    def tie(self) -> str:
        """What makes it the same relation, however its details change."""
        return "protection"


@dataclass(frozen=True, slots=True, order=True)
class Phone:
    """A number to call somebody at."""

    number: str
    kind: str
    """mobile, home, work or other."""


class ContactIs(NamedTuple):
    """連絡先: where somebody lives, the numbers to call in their order, the language they read best."""

    postal_code: str | None
    """Seven digits."""
    address: str
    """Code point for code point; empty while nobody has told it."""
    phones: tuple[Phone, ...]
    language: str | None
    """BCP 47; None while nobody has asked."""

    @property
    def of_a_year(self) -> bool:
        """Whether sources tell it school year by school year, and so never of days outside the one they are about."""
        return False

    @property
    def slot(self) -> str:
        """What a person can have only one of."""
        return "contact"

    @property
    def tie(self) -> str:
        """What makes it the same relation, however its details change."""
        return "contact"


Is = EnrolmentIs | MembershipIs | DutyIs | GuardianshipIs | ProtectionIs | ContactIs
I = TypeVar("I", EnrolmentIs, MembershipIs, DutyIs, GuardianshipIs, ProtectionIs, ContactIs)  # noqa: E741


class Held(NamedTuple, Generic[I]):
    """A relation of a subject during a period."""

    subject: UUID
    valid: Period
    what: I


class Standing(NamedTuple, Generic[I]):
    """A stored period that is not voided."""

    id: UUID
    held: Held[I]
    by_hand: bool = False
    """A person recorded it, no import."""


class Voided(NamedTuple):
    """A stored period that no longer stands."""

    id: UUID
    subject: UUID
    reason: str


class Added(NamedTuple, Generic[I]):
    """A period to store, and the one it replaces."""

    held: Held[I]
    replaces: UUID | None


def place_of(what: Is) -> UUID | None:
    """The organisation a relation is at; a tie between people is at none."""
    if isinstance(what, EnrolmentIs | MembershipIs):
        return what.school_id
    return what.organisation_id if isinstance(what, DutyIs) else None
