"""A source goes on naming a child whose card was merged into another: what it says is of the card that stays. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from services.registry.roster.snapshot import (
    Aspect,
    Contact,
    ExternalKey,
    Guardianship,
    Protection,
    RosterSnapshot,
    Spoken,
)


def of_one_child(
    snapshot: RosterSnapshot, ids: Mapping[ExternalKey, UUID], aliases: Mapping[UUID, UUID]
) -> tuple[RosterSnapshot, dict[ExternalKey, UUID]]:
    """The snapshot and its ids, in which nobody is named twice. ``aliases``: merged card → the one that stays.

    A source that has the child under one name speaks of the card that stays. One that has it under two is heard under
    the name that card came with; of the other only guardians and protection marks, which nobody may lose, and 連絡先
    where the first has none.
    """
    found = dict(ids)
    named = [each.key for each in snapshot.people if ids.get(each.key) in aliases]
    if not named:
        return snapshot, found
    there = {ids[each.key]: each.key for each in snapshot.people}
    twice: dict[ExternalKey, ExternalKey] = {}
    for key in named:
        kept = aliases[ids[key]]
        found[key] = kept
        if kept in there:
            twice[key] = there[kept]
        else:
            there[kept] = key
    return (_without(snapshot, twice) if twice else snapshot), found


def _without(snapshot: RosterSnapshot, twice: Mapping[ExternalKey, ExternalKey]) -> RosterSnapshot:
    ties: dict[tuple[ExternalKey, ExternalKey], Guardianship] = {}
    for tie in sorted(snapshot.guardianships, key=lambda each: each.pupil in twice):
        pupil = twice.get(tie.pupil, tie.pupil)
        ties.setdefault((pupil, tie.guardian), replace(tie, pupil=pupil))
    own = {each.pupil for each in snapshot.protections if each.pupil not in twice}
    marks = [each for each in snapshot.protections if each.pupil not in twice]
    for mark in snapshot.protections:
        kept = twice.get(mark.pupil)
        if kept is not None and kept not in own:
            own.add(kept)
            marks.append(replace(mark, pupil=kept))
    contacts = [each for each in snapshot.contacts if each.person not in twice]
    reached = {each.person for each in contacts}
    speaking: dict[ExternalKey, ExternalKey] = {}
    for contact in snapshot.contacts:
        kept = twice.get(contact.person)
        # All of one name's: two names' periods may hold on one day.
        if (
            kept is not None
            and kept not in reached
            and speaking.setdefault(kept, contact.person) == contact.person
        ):
            contacts.append(replace(contact, person=kept))
    return replace(
        snapshot,
        spoken=_of_the_kept(snapshot, twice, marks, contacts),
        people=tuple(each for each in snapshot.people if each.key not in twice),
        enrolments=tuple(each for each in snapshot.enrolments if each.pupil not in twice),
        memberships=tuple(each for each in snapshot.memberships if each.pupil not in twice),
        guardianships=tuple(ties.values()),
        protections=tuple(marks),
        contacts=tuple(contacts),
    )


def _of_the_kept(
    snapshot: RosterSnapshot,
    twice: Mapping[ExternalKey, ExternalKey],
    marks: Iterable[Protection],
    contacts: Iterable[Contact],
) -> Spoken:
    """Of whom is spoken when what was said of the other name is said of the one that stays.

    Of guardians only where the source has some under that name, too: otherwise these were all it has, and ended others.
    """
    told: dict[Aspect, set[ExternalKey]] = {
        "guardianship": {each.pupil for each in snapshot.guardianships},
        "protection": {each.pupil for each in marks},
        "contact": {each.person for each in contacts},
    }
    about = dict(snapshot.spoken.about)
    for aspect, subjects in told.items():
        named = about.get(aspect)
        if named is not None:
            heard = {kept for key, kept in twice.items() if key.sourced_id in named and kept in subjects}
            about[aspect] = named | {kept.sourced_id for kept in heard}
    return Spoken(about)
