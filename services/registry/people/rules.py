"""A person's card as it stood on a day, as it was known at an instant; and who it concerns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Generic, Literal, NamedTuple
from uuid import UUID

from services.registry.roster.rows import (
    ContactIs,
    DutyIs,
    EnrolmentIs,
    GuardianshipIs,
    Held,
    I,
    MembershipIs,
    PersonRow,
    ProtectionIs,
)

Act = Literal["import", "entry", "correction", "change"]
Hat = Literal["pupil", "staff", "guardian"]


class Told(NamedTuple, Generic[I]):
    """A stored period with who said it when, and who took it back when and why."""

    id: UUID
    held: Held[I]
    at: datetime
    by: str
    replaces: UUID | None
    voided_at: datetime | None = None
    voided_by: str | None = None
    void_reason: str | None = None

    @property
    def stands(self) -> bool:
        """Whether nobody has taken it back."""
        return self.voided_at is None


class Version(NamedTuple):
    """A card as it reads, or read until it was written over."""

    card: PersonRow
    revision: int
    act: Act
    at: datetime
    by: str | None
    since: date | None
    """Of a change: the day from which the card is another."""
    reason: str | None


@dataclass(frozen=True)
class Record:
    """All that was ever said about a person, in the order in which it was said."""

    versions: Sequence[Version]
    enrolments: Sequence[Told[EnrolmentIs]] = ()
    memberships: Sequence[Told[MembershipIs]] = ()
    duties: Sequence[Told[DutyIs]] = ()
    guardians: Sequence[Told[GuardianshipIs]] = ()
    protections: Sequence[Told[ProtectionIs]] = ()
    children: Sequence[Told[GuardianshipIs]] = ()
    """Ties of which this person is the guardian; each names the child as its subject."""
    contacts: Sequence[Told[ContactIs]] = ()

    @property
    def now(self) -> Version:
        """The card as it reads."""
        return self.versions[-1]

    @property
    def id(self) -> UUID:
        """The person."""
        return self.now.card.id

    def known_at(self, at: datetime) -> Record | None:
        """What was known at an instant; None before anything was."""
        versions = [each for each in self.versions if each.at <= at]
        if not versions:
            return None
        return replace(
            self,
            versions=versions,
            enrolments=_known(self.enrolments, at),
            memberships=_known(self.memberships, at),
            duties=_known(self.duties, at),
            guardians=_known(self.guardians, at),
            protections=_known(self.protections, at),
            children=_known(self.children, at),
            contacts=_known(self.contacts, at),
        )

    def hats(self) -> frozenset[Hat]:
        """What the person is or was here. Somebody may be a guardian and a teacher."""
        found: set[Hat] = set()
        if standing(self.enrolments):
            found.add("pupil")
        if standing(self.duties):
            found.add("staff")
        if standing(self.children):
            found.add("guardian")
        return frozenset(found)


def _known(told: Iterable[Told[I]], at: datetime) -> list[Told[I]]:
    """What had been said by then; what was taken back only later stood."""
    return [
        each
        if each.voided_at is None or each.voided_at <= at
        else each._replace(voided_at=None, voided_by=None, void_reason=None)
        for each in told
        if each.at <= at
    ]


def standing(told: Iterable[Told[I]]) -> list[Told[I]]:
    """What nobody has taken back, first things first."""
    return sorted((each for each in told if each.stands), key=lambda each: each.held.valid.since)


def on(told: Iterable[Told[I]], day: date) -> list[Told[I]]:
    """What holds on a day."""
    return [each for each in standing(told) if each.held.valid.holds(day)]


def not_over(told: Iterable[Told[I]], day: date) -> list[Told[I]]:
    """What holds on a day or begins later."""
    return [
        each
        for each in standing(told)
        if each.held.valid.until is None or each.held.valid.until > max(day, each.held.valid.since)
    ]


@dataclass(frozen=True)
class Where:
    """Whom a card concerns: what its policy decides by."""

    schools: frozenset[UUID] = frozenset()
    classes: frozenset[UUID] = frozenset()
    protected: bool = False
    confidential_from: frozenset[UUID] = field(default=frozenset())


def where_pupil(record: Record, today: date) -> Where:
    """The schools and classes of a child from today on; of one who has left, the last school."""
    schools = {each.held.what.school_id for each in not_over(record.enrolments, today)}
    if not schools and (past := standing(record.enrolments)):
        schools = {past[-1].held.what.school_id}
    marks = on(record.protections, today)
    return Where(
        frozenset(schools),
        frozenset(each.held.what.class_id for each in on(record.memberships, today)),
        bool(marks),
        frozenset(person for mark in marks for person in mark.held.what.confidential_from),
    )


def where_staff(record: Record, today: date) -> Where:
    """Where somebody works from today on; of one who has left, where they worked last."""
    duties = not_over(record.duties, today) or standing(record.duties)[-1:]
    return Where(frozenset(each.held.what.organisation_id for each in duties))


def names_in_use(card: PersonRow) -> tuple[str, str]:
    """The name that schools use: 通称 where there is one."""
    return card.common_family or card.legal_family, card.common_given or card.legal_given


def by_slot(told: Iterable[Told[I]]) -> Mapping[str, list[Told[I]]]:
    """Standing periods by what a person can have only one of."""
    found: dict[str, list[Told[I]]] = {}
    for each in standing(told):
        found.setdefault(each.held.what.slot, []).append(each)
    return found
