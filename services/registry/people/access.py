"""Who may do what with a card: the policy's resource, and beside it the predicate of lists (policy.cedar).

``tests/test_policy.py`` shows that the two agree.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.registry.people.rules import Where
from shared.access.principal import Holder, entity, ref, refs

SETTING = "roster_office"
"""Name of the board's dated setting; its value has the shape of :class:`RosterOffice`."""


class RosterOffice(BaseModel):
    """Who keeps a board's roster."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    departments: tuple[str, ...] = ("gakumu",)
    """Codes of the departments (学務課)."""
    protection: tuple[UUID, ...] = ()
    """Staff named for protected children (支援措置); none: the offices themselves."""


@dataclass(frozen=True)
class Offices:
    """The setting in our ids."""

    departments: frozenset[UUID] = field(default_factory=frozenset)
    named: frozenset[UUID] = field(default_factory=frozenset)


def card(board: UUID, person: UUID, where: Where, offices: Offices) -> dict[str, Any]:
    """A card as the policy sees it."""
    return entity(
        "Card",
        person,
        board=ref("Board", board),
        schools=refs("School", where.schools),
        classes=refs("Class", where.classes),
        offices=refs("Unit", offices.departments),
        named=refs("Person", offices.named),
        isProtected=where.protected,
        confidentialFrom=refs("Person", where.confidential_from),
    )


@dataclass(frozen=True)
class Reach:
    """What a list may show somebody: the SQL side of ``ReadCard`` and ``ReadFamily``."""

    person: UUID
    schools: frozenset[UUID]
    """Children and colleagues of these."""
    whole_board: bool
    """Children of every school, the protected ones of other schools excepted."""
    named: bool
    """Also the protected ones."""
    families: frozenset[UUID]
    """Guardians of these schools' children."""
    classes: frozenset[UUID]
    """Guardians of these classes' children."""

    def covers(self, schools: Collection[UUID]) -> bool:
        """Whether cards of these schools are within reach at all; whether they may be seen, the policy says."""
        return self.whole_board or self.named or not self.schools.isdisjoint(schools)

    @property
    def nothing(self) -> bool:
        """Whether every list is empty."""
        return not (self.schools or self.whole_board or self.named)


def keeps_roster(holder: Holder, offices: Offices) -> bool:
    """Whether somebody is of a department that keeps the roster: lists' side of ``boardAt.containsAny(offices)``."""
    return holder.principal.kind == "staff" and bool(
        holder.organisations("board_staff") & offices.departments
    )


def reach(holder: Holder, offices: Offices) -> Reach:
    """How far somebody's lists go."""
    who = holder.principal
    person = who.person or UUID(int=0)
    if who.kind != "staff":
        return Reach(person, frozenset(), False, False, frozenset(), frozenset())
    return Reach(
        person,
        holder.schools(),
        keeps_roster(holder, offices),
        person in offices.named,
        holder.organisations("office", "principal", "vice_principal", "nurse"),
        holder.classes("homeroom", "assistant"),
    )


def chosen(ids: Collection[UUID]) -> list[UUID]:
    """A set as a statement's parameter."""
    return sorted(ids)
