"""The roster's rules: what a snapshot asks for, and which dated relations must change for it. Pure.

Periods are never edited: a change is a set of voided periods and a set of added ones (decisions.md §1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic
from uuid import UUID

from services.registry.roster.kana import kana_sort_key, search_text
from services.registry.roster.rows import (
    Added,
    CalendarRow,
    ContactIs,
    DutyIs,
    EnrolmentIs,
    GuardianshipIs,
    Held,
    I,
    MembershipIs,
    OrganisationRow,
    PersonRow,
    Phone,
    ProtectionIs,
    Standing,
    Voided,
)
from services.registry.roster.snapshot import (
    Calendar,
    Contact,
    Duty,
    Enrolment,
    ExternalKey,
    Guardianship,
    Membership,
    Organisation,
    Period,
    Person,
    Protection,
    RosterSnapshot,
)
from shared.ids import calendar_id

Ids = Mapping[ExternalKey, UUID]


@dataclass(slots=True)
class PeriodChanges(Generic[I]):
    """What must change, and the subjects whose set changes."""

    voided: list[Voided] = field(default_factory=list)
    added: list[Added[I]] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    ended: int = 0

    def __bool__(self) -> bool:
        return bool(self.voided or self.added)

    def subjects(self) -> set[UUID]:
        """Everybody whose set of relations changes."""
        return {each.subject for each in self.voided} | {each.held.subject for each in self.added}


CORRECTED = "import: the source says otherwise"
ENDED = "import: no longer in the source"


def diff_periods(
    standing: Sequence[Standing[I]], wanted: Sequence[Held[I]], coverage: Period, today: date
) -> PeriodChanges[I]:
    """What must change for the wanted relations to stand, in the time the source speaks about.

    What the source no longer has ends today (or when something that excludes it begins); what had ended before stays,
    as does everything outside ``coverage``. A source about a past school year ends nothing. Applying the same source
    again changes nothing.
    """
    changes: PeriodChanges[I] = PeriodChanges()
    asked: dict[UUID, list[Held[I]]] = {}
    for held in wanted:
        asked.setdefault(held.subject, []).append(held)
    known: dict[UUID, list[Standing[I]]] = {}
    for stored in standing:
        known.setdefault(stored.held.subject, []).append(stored)
    for subject in asked.keys() | known.keys():
        before, after = known.get(subject), asked.get(subject)
        if before is None and after is not None:
            changes.added += [Added(each, None) for each in after]
            changes.new += len(after)
        elif before is not None:
            _diff_subject(changes, before, after or [], coverage, today)
    return changes


def _diff_subject(
    changes: PeriodChanges[I],
    standing: list[Standing[I]],
    wanted: list[Held[I]],
    coverage: Period,
    today: date,
) -> None:
    kept = {stored.held for stored in standing} & set(wanted)
    kept |= _held_longer(standing, wanted, coverage)
    replaced: dict[str, UUID] = {}
    for stored in standing:
        held = stored.held
        if held in kept:
            continue
        rivals: list[Held[I]] = _rivals(held, wanted)
        if any(each.what.tie == held.what.tie for each in rivals):
            changes.voided.append(Voided(stored.id, held.subject, CORRECTED))
            changes.changed += 1
            replaced.setdefault(held.what.tie, stored.id)
            continue
        past = coverage.until is not None and coverage.until <= today
        if not rivals and (past or not held.valid.overlaps(coverage)):
            continue
        end = min([max(today, coverage.since), *(each.valid.since for each in rivals)])
        if held.valid.until is not None and held.valid.until <= end:
            continue
        changes.voided.append(Voided(stored.id, held.subject, ENDED))
        changes.ended += 1
        if held.valid.since < end:
            shortened = Held(held.subject, Period(held.valid.since, end), held.what)
            changes.added.append(Added(shortened, stored.id))
    for each in wanted:
        if each not in kept:
            before = replaced.pop(each.what.tie, None)
            changes.added.append(Added(each, before))
            changes.new += before is None


def _held_longer(standing: list[Standing[I]], wanted: list[Held[I]], coverage: Period) -> set[Held[I]]:
    """Relations of a school year that are as the source says, but for days outside the year it speaks about."""
    kept: set[Held[I]] = set()
    for stored in standing:
        held = stored.held
        if held.what.of_a_year and not coverage.covers(held.valid) and held.valid.overlaps(coverage):
            inside = held._replace(valid=held.valid.within(coverage))
            if inside in wanted:
                kept |= {held, inside}
    return kept


def _rivals(held: Held[I], wanted: list[Held[I]]) -> list[Held[I]]:
    """Wanted relations that cannot stand beside this one."""
    return [each for each in wanted if each.what.slot == held.what.slot and each.valid.overlaps(held.valid)]


def after(standing: Sequence[Standing[I]], changes: PeriodChanges[I]) -> dict[UUID, list[Held[I]]]:
    """The whole sets of the subjects that change, as they will be."""
    touched = changes.subjects()
    gone = {each.id for each in changes.voided}
    sets: dict[UUID, list[Held[I]]] = {subject: [] for subject in touched}
    for stored in standing:
        if stored.held.subject in touched and stored.id not in gone:
            sets[stored.held.subject].append(stored.held)
    for added in changes.added:
        sets[added.held.subject].append(added.held)
    for held in sets.values():
        held.sort(key=lambda each: (each.valid.since, each.what.slot))
    return sets


@dataclass(frozen=True, slots=True)
class Translator:
    """A source's words in our ids. ``school_of`` knows the school of each class."""

    ids: Ids
    school_of: Mapping[ExternalKey, UUID]

    @classmethod
    def of(cls, snapshot: RosterSnapshot, ids: Ids) -> Translator:
        """The translator of one snapshot."""
        schools = {each.key: ids[each.school] for each in snapshot.organisations if each.school is not None}
        return cls(ids, schools)

    def organisation(self, unit: Organisation) -> OrganisationRow:
        """A board, department, school or class."""
        return _organisation(unit, self.ids)

    def person(self, person: Person) -> PersonRow:
        """A card."""
        return _person(person, self.ids)

    def calendar(self, calendar: Calendar) -> CalendarRow:
        """A school's days."""
        return _calendar(calendar, self.ids)

    def enrolment(self, told: Enrolment) -> Held[EnrolmentIs]:
        """在籍 at a school."""
        return Held(self.ids[told.pupil], told.valid, EnrolmentIs(self.ids[told.school], told.grade))

    def membership(self, told: Membership) -> Held[MembershipIs]:
        """A class."""
        at = MembershipIs(self.school_of[told.class_key], self.ids[told.class_key], told.kind, told.number)
        return Held(self.ids[told.pupil], told.valid, at)

    def duty(self, told: Duty) -> Held[DutyIs]:
        """A duty."""
        class_id = self.ids[told.class_key] if told.class_key else None
        return Held(
            self.ids[told.staff], told.valid, DutyIs(told.kind, self.ids[told.organisation], class_id)
        )

    def guardianship(self, told: Guardianship) -> Held[GuardianshipIs]:
        """A guardian with rights."""
        tie = GuardianshipIs(self.ids[told.guardian], told.relation, told.notify, told.read, told.contact)
        return Held(self.ids[told.pupil], told.valid, tie)

    def protection(self, told: Protection) -> Held[ProtectionIs]:
        """A protection mark."""
        hidden_from = ProtectionIs(tuple(sorted(self.ids[each] for each in told.confidential_from)))
        return Held(self.ids[told.pupil], Period(told.since, told.until), hidden_from)

    def contact(self, told: Contact) -> Held[ContactIs]:
        """連絡先."""
        phones = tuple(Phone(*each) for each in told.phones)
        reached = ContactIs(told.postal_code, told.address, phones, told.language)
        return Held(self.ids[told.person], told.valid, reached)


def _organisation(unit: Organisation, ids: Ids) -> OrganisationRow:
    return OrganisationRow(
        ids[unit.key],
        unit.kind,
        ids[unit.parent] if unit.parent else None,
        ids[unit.school] if unit.school else None,
        unit.name,
        unit.short_name,
        unit.code,
        unit.school_year,
        unit.grades[0] if len(unit.grades) == 1 else None,
        unit.special_needs,
        unit.until,
    )


def _person(person: Person, ids: Ids) -> PersonRow:
    legal_kana = _reading(person.kana_family, person.kana_given)
    common_kana = _reading(person.common_kana_family, person.common_kana_given)
    common = person.common_family is not None
    kana = common_kana if common else legal_kana
    search = (
        search_text(person.common_family, person.common_given),
        search_text(person.legal_family, person.legal_given),
        search_text(*kana),
        search_text(*legal_kana) if common else "",
    )
    return PersonRow(
        id=ids[person.key],
        legal_family=person.legal_family,
        legal_given=person.legal_given,
        common_family=person.common_family,
        common_given=person.common_given,
        kana_family=kana[0],
        kana_given=kana[1],
        legal_kana_family=legal_kana[0] if common else None,
        legal_kana_given=legal_kana[1] if common else None,
        sort_key=kana_sort_key(*kana),
        search="\n".join(part for part in search if part),
        birth_date=person.birth_date,
        sex=person.sex,
    )


def _reading(family: str | None, given: str | None) -> tuple[str, str] | tuple[None, None]:
    """A reading has both parts or neither; one part alone leaves the other empty."""
    return (family or "", given or "") if family or given else (None, None)


def _calendar(calendar: Calendar, ids: Ids) -> CalendarRow:
    school = ids[calendar.school]
    closures = tuple(
        {
            "on": each.on.isoformat(),
            "scope": each.scope,
            "grade": each.grade,
            "class_id": str(ids[each.class_key]) if each.class_key else None,
            "reason": each.reason,
        }
        for each in calendar.closures
    )
    key = calendar_id(school, calendar.school_year)
    told: dict[str, Any] | None = {} if calendar.replaces else None
    return CalendarRow(key, school, calendar.school_year, calendar.school_days, closures, told=told)
