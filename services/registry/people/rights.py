"""What somebody may do with a card: one decision a hat, by the policy; guardians by their children."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args
from uuid import UUID

from services.registry.people import access
from services.registry.people.access import Offices, reach
from services.registry.people.rules import Hat, Record, Where, not_over, standing, where_pupil, where_staff
from services.registry.room import Registry
from shared.access.principal import Holder

Action = Literal["ReadCard", "ReadFamily", "ReadHistory", "ChangeCard", "ChangeProtection", "ErasePerson"]
_OF_A_FAMILY: Mapping[Action, Action] = {
    "ReadCard": "ReadFamily",
    "ReadHistory": "ReadHistory",
    "ChangeCard": "ChangeCard",
    "ErasePerson": "ErasePerson",
}
"""What must be allowed of a child for its guardian's card."""


@dataclass(frozen=True)
class Asker:
    """Who asks, in which service, on which day."""

    room: Registry
    holder: Holder
    offices: Offices
    today: date

    def of(self, person: UUID, where: Where) -> frozenset[Action]:
        """What the policy allows with a card, within the reach of lists: two walls, each of which holds alone."""
        if not reach(self.holder, self.offices).covers(where.schools):
            return frozenset()
        resource = access.card(self.holder.principal.board, person, where, self.offices)
        return frozenset(
            action for action in get_args(Action) if self.room.policies.allows(self.holder, action, resource)
        )


def where_child(row: Mapping[str, Any] | None) -> Where:
    """Whom a child concerns, from a row of ``store.children``."""
    if row is None:
        return Where()
    return Where(
        frozenset(row["enrolled"] or ()),
        frozenset(row["class_id"] or ()),
        row["protected"],
        frozenset(row["confidential_from"] or ()),
    )


def rights(
    asker: Asker, record: Record, children: Mapping[UUID, Mapping[str, Any]]
) -> dict[Hat, frozenset[Action]]:
    """Hat → what is allowed; a hat that may not be seen is absent. ``children``: of a guardian."""
    found: dict[Hat, frozenset[Action]] = {}
    hats = record.hats()
    if "pupil" in hats:
        found["pupil"] = asker.of(record.id, where_pupil(record, asker.today))
    if "staff" in hats or not hats:  # a card of nobody yet belongs to those who keep the roster
        found["staff"] = asker.of(record.id, where_staff(record, asker.today))
    if "guardian" in hats:
        found["guardian"] = _of_guardian(asker, record, children)
    seen = {hat: allowed for hat, allowed in found.items() if "ReadCard" in allowed}
    # Whatever else somebody is: a child that is kept from the reader is kept whole.
    return {} if "pupil" in found and "pupil" not in seen else seen


def _of_guardian(
    asker: Asker, record: Record, children: Mapping[UUID, Mapping[str, Any]]
) -> frozenset[Action]:
    ties = not_over(record.children, asker.today) or standing(record.children)[-1:]
    allowed: set[Action] = set()
    for tie in ties:
        where = where_child(children.get(tie.held.subject))
        of_child = asker.of(tie.held.subject, where)
        if where.protected and "ReadCard" not in of_child:
            return frozenset()
        allowed |= {mine for mine, theirs in _OF_A_FAMILY.items() if theirs in of_child}
    return frozenset(allowed)
