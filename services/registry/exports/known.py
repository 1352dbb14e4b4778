"""What is known of some people on their way out, and what is told of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.registry.exports.places import Places
from services.registry.exports.rules import Frame, Told, deleted, marked
from services.registry.oneroster import layout
from services.registry.oneroster.packing import Content, Part, Row
from services.registry.roster.rows import (
    ContactIs,
    DutyIs,
    EnrolmentIs,
    GuardianshipIs,
    I,
    MembershipIs,
    PersonRow,
    ProtectionIs,
)


class Card(NamedTuple):
    """A person's card, when it was last written, and whether its import was taken back."""

    row: PersonRow
    recorded_at: datetime
    withdrawn_at: datetime | None


class Charge(NamedTuple):
    """A tie of a guardian to a child."""

    pupil: UUID
    told: Told[GuardianshipIs]


@dataclass(slots=True)
class People:
    """What is stored about some people, by our ids. Of children of guardians among them, where they are and marks."""

    ids: Sequence[UUID]
    cards: Mapping[UUID, Card]
    names: Mapping[UUID, str]
    """Names outside, of everybody who is mentioned; who has none is not told."""
    enrolments: Mapping[UUID, list[Told[EnrolmentIs]]]
    memberships: Mapping[UUID, list[Told[MembershipIs]]]
    duties: Mapping[UUID, list[Told[DutyIs]]]
    guardianships: Mapping[UUID, list[Told[GuardianshipIs]]]
    protections: Mapping[UUID, list[Told[ProtectionIs]]]
    charges: Mapping[UUID, list[Charge]]
    """By guardian."""
    contacts: Mapping[UUID, list[Told[ContactIs]]] = field(default_factory=dict)
    shielded: Mapping[UUID, list[UUID]] = field(default_factory=dict)
    """By somebody from whom children are protected: those children."""


_CAN_END = ("duties", "guardianships", "exchanges", "awaiting_class", "contacts")
"""Members of the companion that a delta takes away by name; a protection mark ends by its day alone."""


@dataclass(slots=True)
class Out:
    """What is told of some people."""

    frame: Frame
    rows: dict[str, list[Row]] = field(
        default_factory=lambda: {
            name: [] for name in (layout.USERS, layout.ROLES, layout.ENROLLMENTS, layout.DEMOGRAPHICS)
        }
    )
    parts: dict[str, list[Part]] = field(
        default_factory=lambda: {name: [] for name in ("protections", *_CAN_END)}
    )
    removed: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in _CAN_END})
    anew: datetime | None = None
    """Since when everything about the person in hand is news to whom it is told."""

    def row(self, name: str, row: Row, at: datetime | None) -> str:
        """Write a row if it is news; returns its id."""
        at = at or self.anew
        if at is not None:
            self.rows[name].append(marked(self.frame, row, at))
        return row["sourcedId"]

    def gone(self, name: str, once: Iterable[tuple[Row, datetime | None]], there: set[str]) -> None:
        """Write that rows are gone that were told once and are not told now."""
        if self.frame.since is not None:
            rows = {row["sourcedId"]: (row, at) for row, at in once}
            self.rows[name] += [
                deleted(row, at) for own, (row, at) in rows.items() if at is not None and own not in there
            ]

    def kind(self, member: str, subject: str, parts: list[Part], at: datetime | None) -> None:
        """Write all parts of a kind about somebody, if one of them is news."""
        at = at or self.anew
        if at is None:
            return
        self.parts[member] += parts
        if not parts and self.frame.since is not None and member in self.removed:
            self.removed[member].append(subject)

    def content(self) -> Content:
        """All of it."""
        if not self.frame.companion:
            return Content(self.rows, {})
        return Content(self.rows, self.parts, self.removed)


def pupils_there(places: Places, told: Iterable[Told[EnrolmentIs]]) -> list[Told[EnrolmentIs]]:
    """Standing 在籍 of the school year at schools that are told."""
    term = places.frame.term
    found = [
        each
        for each in told
        if each.stands
        and each.held.valid.overlaps(term)
        and each.held.what.school_id in places.units
        and (places.frame.grades is None or each.held.what.grade in places.frame.grades)
    ]
    return sorted(found, key=lambda each: each.held.valid.since)


def hidden(frame: Frame, marks: Iterable[Told[ProtectionIs]]) -> bool:
    """Whether a child is protected now or will be, and so is not told: to nobody, or not to whom it is kept from."""
    return any(
        each.stands
        and (each.held.valid.until is None or each.held.valid.until > frame.marks_from)
        and (not frame.protected or frame.reader in each.held.what.confidential_from)
        for each in marks
    )


def told_until(frame: Frame, marks: Iterable[Told[ProtectionIs]]) -> datetime | None:
    """Until when what was said of a hidden child may be in the package that a delta is read on top of.

    None: it was hidden then already, and a delta has nothing to say of it. A delta that took back what was said later
    would tell where the child has gone.
    """
    hiding = [each.recorded_at for each in marks if _hid(frame, each)]
    if frame.since is None or frame.cutoff is None or any(each <= frame.cutoff for each in hiding):
        return None
    return min([frame.since, *hiding])


def back_since(frame: Frame, marks: Iterable[Told[ProtectionIs]]) -> datetime | None:
    """Of a child who is not hidden: when a mark ended that hid it before a delta; all that is known of it is news."""
    marks = list(marks)
    cutoff = frame.cutoff
    if cutoff is None or not any(each.recorded_at <= cutoff and _hid(frame, each) for each in marks):
        return None
    return frame.changed(marks)


def _hid(frame: Frame, mark: Told[ProtectionIs]) -> bool:
    """Whether a mark hid its child from a delta's reader before the delta, or has since."""
    until = mark.held.valid.until
    over = frame.cutoff is not None and until is not None and until <= frame.day_of(frame.cutoff)
    return not over and (not frame.protected or frame.reader in mark.held.what.confidential_from)


@dataclass(slots=True)
class Person:
    """One person on the way out."""

    out: Out
    places: Places
    people: People
    person: UUID

    @property
    def frame(self) -> Frame:
        """What the export is about."""
        return self.out.frame

    @property
    def name(self) -> str:
        """The name outside."""
        return self.people.names[self.person]

    def of(self, table: Mapping[UUID, list[Told[I]]]) -> list[Told[I]]:
        return table.get(self.person, [])

    def once(self, pupil: UUID, told: Iterable[Told[I]]) -> list[Told[I]]:
        """What is said of a pupil, without what has come since the child is hidden: that was never told."""
        marks = self.people.protections.get(pupil, ())
        if not hidden(self.frame, marks):
            return list(told)
        until = told_until(self.frame, marks)
        if until is None:
            return []
        return [
            each if each.voided_at is None or each.voided_at <= until else each._replace(voided_at=None)
            for each in told
            if each.recorded_at <= until
        ]

    def stays_once(self, pupil: UUID) -> list[Told[EnrolmentIs]]:
        """Where a pupil is or was 在籍, as far as it may have been told."""
        return self.once(pupil, self.people.enrolments.get(pupil, ()))

    def charges_once(self) -> list[Charge]:
        """Ties to children, as far as they may have been told."""
        return [
            Charge(each.pupil, told)
            for each in self.people.charges.get(self.person, ())
            for told in self.once(each.pupil, [each.told])
        ]

    def posts(self) -> list[Told[DutyIs]]:
        units, term = self.places.units, self.frame.term
        return [
            each
            for each in self.of(self.people.duties)
            if each.stands
            and each.held.what.kind != "substitute"  # whoever stands in for a day is on no roster
            and each.held.what.organisation_id in units
            and (each.held.what.class_id is None or each.held.what.class_id in units)
            and (each.held.valid.until is None or each.held.valid.until > term.since)
        ]

    def charges(self) -> list[Charge]:
        return [
            each
            for each in self.people.charges.get(self.person, ())
            if each.told.stands and self.told_tie(each.told) and self.pupil_told(each.pupil)
        ]

    def told_tie(self, told: Told[GuardianshipIs]) -> bool:
        """Ties of the past are no news; whoever has no right at all is nothing to other systems."""
        valid, what = told.held.valid, told.held.what
        if valid.until is not None and valid.until <= self.frame.term.since:
            return False
        return self.frame.companion or what.may_notify or what.may_read or what.may_contact

    def pupil_told(self, pupil: UUID) -> bool:
        there = pupils_there(self.places, self.people.enrolments.get(pupil, ()))
        return bool(there) and not hidden(self.frame, self.people.protections.get(pupil, ()))

    def changed(self) -> datetime | None:
        """When anything that a user's row is made of became other.

        A delta has to tell what is no longer told, too. Elsewhere a child who is not told moves no instant of another's
        row: it would say when the child's mark was set.
        """
        frame, people = self.frame, self.people
        charges = self.charges() if frame.since is None else self.charges_once()
        wards = {each.pupil for each in charges}
        marks = [people.protections.get(pupil, ()) for pupil in wards]
        return frame.news(
            people.cards[self.person].recorded_at,
            frame.changed(self.of(people.enrolments)),
            frame.changed(self.of(people.memberships)),
            frame.changed(self.of(people.duties)),
            frame.changed(self.of(people.guardianships)),
            frame.changed(self.of(people.protections)),
            frame.changed(each.told for each in charges),
            *(frame.changed(self.stays_once(pupil)) for pupil in wards),
            *(frame.changed(each) for each in marks),
        )

    def present(self, told: Sequence[Told[I]]) -> Told[I] | None:
        """What holds on the export's day, or else the last of it."""
        for each in told:
            if each.held.valid.holds(self.frame.as_of):
                return each
        return max(told, key=lambda each: each.held.valid.since, default=None)
