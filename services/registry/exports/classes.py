"""enrollments.csv of an export: which pupil is in which class, which teacher has which class. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from services.registry.exports.known import Person
from services.registry.exports.rules import Told
from services.registry.oneroster import layout
from services.registry.oneroster.packing import Row
from services.registry.roster.rows import (
    DutyIs,
    EnrolmentIs,
    MembershipIs,
)

_IN_A_CLASS = ("homeroom", "assistant")


def home_told(one: Person, told: Told[MembershipIs]) -> bool:
    held = told.held
    return (
        told.stands
        and held.what.kind == "home"
        and held.what.class_id in one.places.units
        and held.valid.overlaps(one.frame.term)
    )


def tell_classes(one: Person, stays: list[Told[EnrolmentIs]]) -> None:
    there: set[str] = set()
    for each in one.of(one.people.memberships):
        if stays and home_told(one, each):
            there.add(one.out.row(layout.ENROLLMENTS, student(one, each), one.frame.changed([each])))
    for duty in one.of(one.people.duties):
        if duty.stands and teaches(one, duty):
            there.add(one.out.row(layout.ENROLLMENTS, teacher(one, duty), one.frame.changed([duty])))
    one.out.gone(layout.ENROLLMENTS, every_enrollment(one), there)


def every_enrollment(one: Person) -> Iterator[tuple[Row, datetime | None]]:
    for each in one.once(one.person, one.of(one.people.memberships)):
        if each.held.what.kind == "home":
            yield student(one, each), one.frame.changed([each])
    for duty in one.of(one.people.duties):
        if duty.held.what.kind in _IN_A_CLASS and duty.held.what.class_id is not None:
            yield teacher(one, duty), one.frame.changed([duty])


def teaches(one: Person, told: Told[DutyIs]) -> bool:
    """Whether enrollments.csv says it: its dates must be those of the duty."""
    what, valid = told.held.what, told.held.valid
    if what.kind not in _IN_A_CLASS or what.class_id not in one.places.units:
        return False
    return valid.overlaps(one.frame.term) and (not one.frame.companion or one.frame.within(valid))


def student_id(one: Person, told: Told[MembershipIs]) -> str:
    return one.frame.row_id("student", one.person, told.held.what.class_id, told.held.valid.since)


def teacher_id(one: Person, told: Told[DutyIs]) -> str:
    what = told.held.what
    return one.frame.row_id("teacher", one.person, what.class_id, what.kind, told.held.valid.since)


def student(one: Person, told: Told[MembershipIs]) -> Row:
    what, number = told.held.what, told.held.what.number
    return {
        **enrollment(one, what.class_id, what.school_id, student_id(one, told)),
        "role": "student",
        "primary": "false",
        **one.frame.span(told.held.valid),
        "metadata.jp.shussekiNo": str(number) if number is not None else "",
    }


def teacher(one: Person, told: Told[DutyIs]) -> Row:
    what = told.held.what
    assert what.class_id is not None
    return {
        **enrollment(one, what.class_id, what.organisation_id, teacher_id(one, told)),
        "role": "teacher",
        "primary": "true" if told.held.what.kind == "homeroom" else "false",
        **one.frame.span(told.held.valid),
    }


def enrollment(one: Person, class_id: UUID, school: UUID, own: str) -> Row:
    return {
        "sourcedId": own,
        "classSourcedId": one.places.id(class_id),
        "schoolSourcedId": one.places.id(school),
        "userSourcedId": one.name,
        "metadata.jp.publicFlg": "true",
    }
