"""companion.json of an export: what is to be said of people and OneRoster has no place for. Pure."""

from __future__ import annotations

from typing import Any

from services.registry.exports.classes import home_told, teaches
from services.registry.exports.known import Person, hidden, told_until
from services.registry.exports.roles import leads
from services.registry.exports.rules import Told, dated
from services.registry.oneroster.packing import Part
from services.registry.roster.rows import (
    ContactIs,
    DutyIs,
    EnrolmentIs,
    GuardianshipIs,
    MembershipIs,
    ProtectionIs,
)


def tell_parts(one: Person, stays: list[Told[EnrolmentIs]], posts: list[Told[DutyIs]]) -> None:
    people, out = one.people, one.out
    duties = [duty(one, each) for each in posts if not teaches(one, each) and not leads(one, each)]
    out.kind("duties", one.name, duties, one.frame.changed(one.of(people.duties)))
    tell_contacts(one, stays)
    if not stays:
        return
    ties = [
        tie(one, each)
        for each in one.of(people.guardianships)
        if each.stands and one.told_tie(each) and each.held.what.guardian_id in people.names
    ]
    out.kind("guardianships", one.name, ties, one.frame.changed(one.of(people.guardianships)))
    marks = [
        mark(one, each)
        for each in one.of(people.protections)
        if each.stands and (each.held.valid.until is None or each.held.valid.until > one.frame.term.since)
    ]
    out.kind("protections", one.name, marks, one.frame.changed(one.of(people.protections)))
    hosts = [
        exchange(one, each)
        for each in one.of(people.memberships)
        if each.stands
        and each.held.what.kind == "exchange"
        and each.held.what.class_id in one.places.units
        and each.held.valid.overlaps(one.frame.term)
    ]
    out.kind("exchanges", one.name, hosts, one.frame.changed(one.of(people.memberships)))
    placed = {each.held.what.school_id for each in one.of(people.memberships) if home_told(one, each)}
    schools = {each.held.what.school_id for each in stays} - placed
    awaiting: list[Part] = [{"pupil": one.name, "school": id_} for id_ in sorted(map(one.places.id, schools))]
    news = one.frame.news(
        one.frame.changed(one.of(people.enrolments)), one.frame.changed(one.of(people.memberships))
    )
    out.kind("awaiting_class", one.name, awaiting, news)


def tell_contacts(one: Person, stays: list[Told[EnrolmentIs]]) -> None:
    """連絡先 of pupils and guardians. Of a guardian with a child who is not told: the child may live there, so none."""
    frame, known = one.frame, one.of(one.people.contacts)
    wards = [one.people.protections.get(each.pupil, ()) for each in one.people.charges.get(one.person, ())]
    hiding = [marks for marks in wards if hidden(frame, marks)]
    if not known or any(told_until(frame, marks) is None for marks in hiding):
        return  # the earlier package had none either
    parts = [
        contact(one, each)
        for each in known
        if not hiding
        and (stays or one.charges())
        and each.stands
        and (each.held.valid.until is None or each.held.valid.until > frame.term.since)
    ]
    # Whether any are told hangs on the ties to children, too: of staff whose child has gone they must be forgotten.
    at = one.changed() if frame.since is not None else frame.changed(known)
    one.out.kind("contacts", one.name, parts, frame.news(frame.changed(known), at))


def contact(one: Person, told: Told[ContactIs]) -> Part:
    what = told.held.what
    said: dict[str, Any] = {"postal_code": what.postal_code, "address": what.address}
    phones = [{"number": each.number, "kind": each.kind} for each in what.phones]
    said |= {"phones": phones, "language": what.language}
    return {
        "person": one.name,
        **{name: value for name, value in said.items() if value},
        **dated(told.held.valid),
    }


def duty(one: Person, told: Told[DutyIs]) -> Part:
    what = told.held.what
    unit = one.places.units[what.organisation_id]
    place: dict[str, Any] = {}
    if unit.row.school_id == unit.row.id:
        place["school"] = unit.sourced_id
    elif unit.row.kind != "board":
        place["department"] = unit.sourced_id
    if what.class_id is not None:
        place["class"] = one.places.id(what.class_id)
    return {"staff": one.name, "kind": what.kind, **place, **dated(told.held.valid)}


def tie(one: Person, told: Told[GuardianshipIs]) -> Part:
    what = told.held.what
    return {
        "pupil": one.name,
        "guardian": one.people.names[what.guardian_id],
        "relation": what.relation,
        "rights": {"notify": what.may_notify, "read": what.may_read, "contact": what.may_contact},
        **dated(told.held.valid),
    }


def mark(one: Person, told: Told[ProtectionIs]) -> Part:
    names = one.people.names
    hidden_from = sorted(names[each] for each in told.held.what.confidential_from if each in names)
    return {"pupil": one.name, **dated(told.held.valid), "confidential_from": hidden_from}


def exchange(one: Person, told: Told[MembershipIs]) -> Part:
    what = told.held.what
    number = {} if what.number is None else {"number": what.number}
    return {
        "pupil": one.name,
        "class": one.places.id(what.class_id),
        **number,
        **dated(told.held.valid.within(one.frame.term)),
    }
