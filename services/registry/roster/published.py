"""The roster in the published language: rows and whole sets as events. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, cast
from uuid import UUID

from services.registry.roster.rows import (
    CalendarRow,
    ContactIs,
    DutyIs,
    EnrolmentIs,
    GuardianshipIs,
    Held,
    MembershipIs,
    OrganisationRow,
    PersonRow,
    ProtectionIs,
)
from shared.contracts.registry import (
    CalendarChanged,
    CalendarMark,
    Closure,
    Contact,
    ContactChanged,
    Duty,
    DutyChanged,
    Enrolment,
    EnrolmentChanged,
    Guardian,
    GuardianshipChanged,
    Membership,
    Name,
    OrganisationChanged,
    PersonChanged,
    PhoneNumber,
    Protection,
    Setting,
    SettingChanged,
    Term,
)


def organisation_changed(row: OrganisationRow) -> OrganisationChanged:
    """An organisation as it now is."""
    return OrganisationChanged(
        organisation=row.id,
        kind=row.kind,
        name=row.name,
        short_name=row.short_name,
        parent=row.parent_id,
        school=row.school_id,
        code=row.code,
        school_year=row.school_year,
        grade=row.grade,
        special_needs=row.special_needs,
        until=row.until,
    )


def person_changed(row: PersonRow) -> PersonChanged:
    """A person's card as it now is."""
    return PersonChanged(
        person=row.id,
        legal=Name(family=row.legal_family, given=row.legal_given),
        common=_name(row.common_family, row.common_given),
        kana=_name(row.kana_family, row.kana_given),
        sort_key=row.sort_key,
        birth_date=row.birth_date,
        sex=cast("Any", row.sex),
        merged_into=row.merged_into,
    )


def _name(family: str | None, given: str | None) -> Name | None:
    return None if family is None or given is None else Name(family=family, given=given)


def enrolment_changed(
    pupil: UUID, enrolments: Iterable[Held[EnrolmentIs]], memberships: Iterable[Held[MembershipIs]]
) -> EnrolmentChanged:
    """A pupil's enrolments and classes, whole."""
    return EnrolmentChanged(
        pupil=pupil,
        enrolments=[
            Enrolment(school=e.what.school_id, grade=e.what.grade, since=e.valid.since, until=e.valid.until)
            for e in enrolments
        ],
        memberships=[
            Membership(
                class_id=m.what.class_id,
                school=m.what.school_id,
                kind=cast("Any", m.what.kind),
                number=m.what.number,
                since=m.valid.since,
                until=m.valid.until,
            )
            for m in memberships
        ],
    )


def guardianship_changed(
    pupil: UUID,
    guardians: Iterable[Held[GuardianshipIs]],
    protections: Iterable[Held[ProtectionIs]],
) -> GuardianshipChanged:
    """A pupil's guardians and protection marks, whole: which of them hold is for readers to say, on their day."""
    return GuardianshipChanged(
        pupil=pupil,
        guardians=[
            Guardian(
                guardian=g.what.guardian_id,
                relation=g.what.relation,
                notify=g.what.may_notify,
                read=g.what.may_read,
                contact=g.what.may_contact,
                since=g.valid.since,
                until=g.valid.until,
            )
            for g in guardians
        ],
        protections=[
            Protection(
                since=p.valid.since, until=p.valid.until, confidential_from=list(p.what.confidential_from)
            )
            for p in protections
        ],
    )


def duty_changed(staff: UUID, duties: Iterable[Held[DutyIs]]) -> DutyChanged:
    """A staff member's duties, whole."""
    return DutyChanged(
        staff=staff,
        duties=[
            Duty(
                kind=cast("Any", d.what.kind),
                organisation=d.what.organisation_id,
                class_id=d.what.class_id,
                since=d.valid.since,
                until=d.valid.until,
            )
            for d in duties
        ],
    )


def contact_changed(person: UUID, contacts: Iterable[Held[ContactIs]]) -> ContactChanged:
    """Where a person can be reached, whole: which of them holds is for readers to say, on their day."""
    return ContactChanged(
        person=person,
        contacts=[
            Contact(
                postal_code=c.what.postal_code,
                address=c.what.address,
                phones=[
                    PhoneNumber(number=each.number, kind=cast("Any", each.kind)) for each in c.what.phones
                ],
                language=c.what.language,
                since=c.valid.since,
                until=c.valid.until,
            )
            for c in contacts
        ],
    )


def calendar_changed(row: CalendarRow) -> CalendarChanged:
    """A school's calendar of a school year, whole."""
    return CalendarChanged(
        school=row.school_id,
        school_year=row.school_year,
        school_days=list(row.school_days),
        closures=[Closure.model_validate(each) for each in row.closures],
        terms=[Term.model_validate(each) for each in row.terms],
        marks=[
            CalendarMark(on=date.fromisoformat(each["on"]), kind=each["kind"], grades=each["grades"])
            for each in row.marks
        ],
    )


def setting_changed(board: UUID, settings: Iterable[tuple[str, date, Any]]) -> SettingChanged:
    """All dated settings of a board."""
    return SettingChanged(
        board=board,
        settings=[Setting(name=name, since=since, value=value) for name, since, value in settings],
    )
