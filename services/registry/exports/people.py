"""People of an export: cards, the hats they wear, pupils' classes, guardians, duties. Pure.

Somebody's rows follow from what is stored about this one person (and, of a guardian, where the children are): a city is
told a few hundred people at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.registry.exports.classes import every_enrollment, home_told, tell_classes
from services.registry.exports.known import Card, Out, People, Person, back_since, hidden, pupils_there
from services.registry.exports.parts import tell_parts
from services.registry.exports.places import Places
from services.registry.exports.roles import every_role, guardian_roles, pupil_roles, staff_roles, tell_roles
from services.registry.exports.rules import Told
from services.registry.oneroster import layout
from services.registry.oneroster.packing import Content, Row
from services.registry.roster.rows import (
    DutyIs,
    EnrolmentIs,
    PersonRow,
)


def content(places: Places, people: People) -> Content:
    """What an export tells of some people."""
    out = Out(places.frame)
    for person in people.ids:
        _tell(Person(out, places, people, person))
    return out.content()


def _tell(one: Person) -> None:
    card = one.people.cards.get(one.person)
    if card is None or one.person not in one.people.names:
        return
    marks = one.of(one.people.protections)
    if card.withdrawn_at is not None or hidden(one.frame, marks):
        # Of a child who was protected before, nobody out there knows; of a new one they must forget.
        _forget(one, one.frame.news(card.withdrawn_at) or one.frame.changed(marks))
        return
    one.out.anew = back_since(one.frame, marks)
    stays = pupils_there(one.places, one.of(one.people.enrolments))
    posts = one.posts()
    charges = one.charges()
    shields = [pupil for pupil in one.people.shielded.get(one.person, ()) if one.pupil_told(pupil)]
    if not (stays or posts or charges or shields):
        _forget(one, one.changed())
        return
    at = one.frame.news(card.recorded_at)
    roles = [
        *pupil_roles(one, stays[::-1]),
        *staff_roles(one, posts),
        *guardian_roles(one, charges, shields),
    ]
    tell_roles(one, roles)
    _tell_user(one, card, stays, posts, one.changed() or at)
    if card.row.birth_date is not None or card.row.sex != "unspecified":
        one.out.row(layout.DEMOGRAPHICS, _demographics(one, card.row), at)
    tell_classes(one, stays)
    tell_parts(one, stays, posts)


def _tell_user(
    one: Person,
    card: Card,
    stays: list[Told[EnrolmentIs]],
    posts: list[Told[DutyIs]],
    at: datetime | None,
) -> None:
    row, now = card.row, one.present(stays)
    common = row.common_family is not None and row.common_given is not None
    home = one.present([each for each in one.of(one.people.memberships) if home_told(one, each) and stays])
    school = now.held.what.school_id if now else None
    shown = (row.common_family, row.common_given) if common else (row.legal_family, row.legal_given)
    legal_kana = (
        (row.legal_kana_family, row.legal_kana_given) if common else (row.kana_family, row.kana_given)
    )
    one.out.row(
        layout.USERS,
        {
            "sourcedId": one.name,
            "enabledUser": "true",
            "username": one.name,
            "givenName": row.legal_given,
            "familyName": row.legal_family,
            "agentSourcedIds": ",".join(_agents(one)) if stays else "",
            "grades": now.held.what.grade if now else "",
            "userMasterIdentifier": str(one.person),
            "preferredGivenName": shown[1] or "",
            "preferredFamilyName": shown[0] or "",
            "primaryOrgSourcedId": one.places.id(school or (_first_place(one, posts))),
            "metadata.jp.kanaGivenName": legal_kana[1] or "",
            "metadata.jp.kanaFamilyName": legal_kana[0] or "",
            "metadata.jp.homeClass": one.places.id(home.held.what.class_id) if home else "",
            "metadata.jp.kanaPreferredFamilyName": row.kana_family or "",
            "metadata.jp.kanaPreferredGivenName": row.kana_given or "",
        },
        at,
    )


def _first_place(one: Person, posts: Iterable[Told[DutyIs]]) -> UUID | None:
    """A member of staff's first school; somebody of a department belongs to the board."""
    schools = {unit.row.id for unit in one.places.schools()}
    for each in sorted(posts, key=lambda post: (post.held.valid.since, str(post.held.what))):
        organisation = each.held.what.organisation_id
        return organisation if organisation in schools else one.places.board.row.id
    return None


def _agents(one: Person) -> list[str]:
    names = one.people.names
    found = {
        names[each.held.what.guardian_id]
        for each in one.of(one.people.guardianships)
        if each.stands
        and each.held.valid.holds(one.frame.as_of)
        and one.told_tie(each)
        and each.held.what.guardian_id in names
    }
    return sorted(found)


def _demographics(one: Person, row: PersonRow) -> Row:
    born = row.birth_date.isoformat() if row.birth_date else ""
    return {"sourcedId": one.name, "birthDate": born, "sex": row.sex}


def _forget(one: Person, at: datetime | None) -> None:
    """Somebody was told once and is not any more; what was told of them goes along."""
    if one.frame.since is None or at is None:
        return
    roles, classes = list(every_role(one)), list(every_enrollment(one))
    if not roles and not classes:
        return  # nobody out there was ever told of them
    out = one.out
    # Whoever must forget somebody needs no name for it.
    nobody = {"enabledUser": "false", "username": one.name, "givenName": "―", "familyName": "―"}
    out.gone(layout.USERS, [({"sourcedId": one.name, **nobody}, at)], set())
    out.gone(layout.DEMOGRAPHICS, [({"sourcedId": one.name}, at)], set())
    out.gone(layout.ROLES, [(row, at) for row, _ in roles], set())
    out.gone(layout.ENROLLMENTS, [(row, at) for row, _ in classes], set())
    for member in out.removed:
        out.removed[member].append(one.name)
