"""roles.csv of an export: the hats people wear, school by school. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from services.registry.exports.known import Charge, Person, pupils_there
from services.registry.exports.rules import Told
from services.registry.oneroster import layout
from services.registry.oneroster.packing import Row
from services.registry.roster.rows import (
    DutyIs,
    EnrolmentIs,
)

ROLES = {
    "principal": "principal",
    "vice_principal": "siteAdministrator",
    "office": "siteAdministrator",
    "board_staff": "districtAdministrator",
    "system_operator": "systemAdministrator",
}
"""A duty in OneRoster's words; every other one is a teacher's."""
_RANK = ("principal", "siteAdministrator", "districtAdministrator", "systemAdministrator", "teacher")


def pupil_roles(one: Person, stays: Iterable[Told[EnrolmentIs]]) -> Iterator[tuple[Row, datetime | None]]:
    """Where a pupil is 在籍."""
    for each in stays:
        school, valid = each.held.what.school_id, each.held.valid
        yield (
            _role(one, "student", school, _stay_id(one, each), **one.frame.span(valid)),
            one.frame.changed([each]),
        )


def _stay_id(one: Person, told: Told[EnrolmentIs]) -> str:
    return one.frame.row_id("role", one.person, told.held.what.school_id, "student", told.held.valid.since)


def staff_roles(one: Person, posts: list[Told[DutyIs]]) -> Iterator[tuple[Row, datetime | None]]:
    """A member of staff's hats; somebody of a department wears one at the board."""
    at: dict[UUID, list[Told[DutyIs]]] = {}
    board = one.places.board.row.id
    for each in posts:
        unit = one.places.units[each.held.what.organisation_id].row
        at.setdefault(unit.id if unit.school_id == unit.id else board, []).append(each)
    for organisation, mine in at.items():
        leading = [each for each in mine if leads(one, each)]
        for each in leading:
            own = one.frame.row_id("role", one.person, organisation, "principal", each.held.valid.since)
            span = one.frame.span(each.held.valid)
            yield _role(one, "principal", organisation, own, **span), one.frame.changed([each])
        words = {ROLES.get(each.held.what.kind, "teacher") for each in mine}
        words -= {"principal"}
        if not words and not leading:
            words = {"siteAdministrator"}  # a principal whose dates companion.json has to tell
        for word in sorted(words, key=_RANK.index):
            own = one.frame.row_id("role", one.person, organisation, word)
            yield _role(one, word, organisation, own), one.frame.changed(mine)


def leads(one: Person, told: Told[DutyIs]) -> bool:
    """Whether roles.csv says that somebody is a principal: its dates must be those of the duty."""
    valid = told.held.valid
    if told.held.what.kind != "principal" or not valid.overlaps(one.frame.term):
        return False
    return not one.frame.companion or one.frame.within(valid)


def guardian_roles(
    one: Person, charges: Iterable[Charge], shields: Iterable[UUID]
) -> Iterator[tuple[Row, datetime | None]]:
    """A guardian's hat at each school of a child."""
    pupils = {each.pupil for each in charges} | set(shields)
    schools: dict[UUID, list[datetime | None]] = {}
    for pupil in sorted(pupils):  # the same order in every answer: the first role is the primary one
        told = one.people.enrolments.get(pupil, [])
        for stay in pupils_there(one.places, told):
            schools.setdefault(stay.held.what.school_id, []).append(one.changed())
    for school, instants in schools.items():
        own = one.frame.row_id("role", one.person, school, "guardian")
        yield _role(one, "guardian", school, own), one.frame.news(*instants)


def _role(one: Person, role: str, organisation: UUID, own: str, **span: str) -> Row:
    return {
        "sourcedId": own,
        "userSourcedId": one.name,
        "roleType": "secondary",
        "role": role,
        "orgSourcedId": one.places.id(organisation),
        **span,
    }


def tell_roles(one: Person, roles: list[tuple[Row, datetime | None]]) -> None:
    """Write somebody's roles, the first of them as the primary one."""
    there = set()
    for place, (row, at) in enumerate(roles):
        if place == 0:
            row["roleType"] = "primary"
        there.add(one.out.row(layout.ROLES, row, at))
    one.out.gone(layout.ROLES, every_role(one), there)


def every_role(one: Person) -> Iterator[tuple[Row, datetime | None]]:
    """All rows of roles.csv that there ever were for somebody in the school year, and when that changed."""
    frame = one.frame
    board = one.places.board.row.id
    for each in one.stays_once(one.person):
        school = each.held.what.school_id
        yield _role(one, "student", school, _stay_id(one, each)), frame.changed([each])
    for duty in one.of(one.people.duties):
        what, at = duty.held.what, frame.changed([duty])
        word = ROLES.get(what.kind, "teacher")
        for organisation in (what.organisation_id, board):
            for since in ((), (duty.held.valid.since,)):
                own = frame.row_id("role", one.person, organisation, word, *since)
                yield _role(one, word, organisation, own), at
    for charge in one.charges_once():
        for stay in one.stays_once(charge.pupil):
            school = stay.held.what.school_id
            own = frame.row_id("role", one.person, school, "guardian")
            yield _role(one, "guardian", school, own), one.changed()
