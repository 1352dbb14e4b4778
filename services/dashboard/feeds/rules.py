"""The lunch count: what a class's item is, when it is frozen, who may see how much of it. Pure.

``members`` by 在籍 of the date; unrecorded counts as eating; whoever is not at school does not eat, for any reason;
late and early leavers do (decisions.md §5). At the board's cut-off the number the kitchen cooks by is frozen: that
revision never changes, and what is learnt later comes as further revisions without ``frozen_at``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from services.dashboard.overview.small import enough
from shared.contracts import Part
from shared.contracts.dashboard import LUNCH_COUNT, LunchCount
from shared.dates import TOKYO

LUNCH = LUNCH_COUNT
CUT_OFF_SETTING = "lunch_cut_off"
DEFAULT_CUT_OFF = timedelta(hours=9, minutes=30)
"""Until the board has said otherwise (dated setting ``lunch_cut_off``, "HH:MM")."""
Value = TypeVar("Value", bound=Part)

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class CutOffError(ValueError):
    """A board's cut-off is no time of day."""


def cut_off(setting: Any, on: date) -> datetime:
    """The instant at which ``on``'s numbers are frozen. Raises :class:`CutOffError`."""
    midnight = datetime(on.year, on.month, on.day, tzinfo=TOKYO)
    if setting is None:
        return midnight + DEFAULT_CUT_OFF
    found = _CLOCK.fullmatch(setting) if isinstance(setting, str) else None
    if found is None:
        raise CutOffError(f"setting {CUT_OFF_SETTING} is not a time of day such as 09:30")
    return midnight + timedelta(hours=int(found[1]), minutes=int(found[2]))


@dataclass(frozen=True)
class Group:
    """A class on a date, counted from its pupils' days."""

    id: UUID
    school: UUID
    meets: bool
    """Whether its school has a school day and no 臨時休業 covers it."""
    members: int
    absent: int
    unrecorded: int
    taken_at: datetime | None


@dataclass(frozen=True)
class Kept(Generic[Value]):
    """The newest revision of an item, and whether any was frozen."""

    revision: int
    value: Value
    frozen: bool


@dataclass(frozen=True)
class Next(Generic[Value]):
    """A revision to be given."""

    revision: int
    value: Value
    frozen_at: datetime | None


def next_revision(
    group: Group, kept: Kept[LunchCount] | None, *, small_groups: bool, now: datetime, freezes_at: datetime
) -> Next[LunchCount] | None:
    """What to give for a group now; None when the department has it already or may not have it.

    A class that was told of and then closed eats nothing; one that never met is not told of. A group that has become
    small keeps the last value it was given.
    """
    if not enough(group.members) and not small_groups:
        return None
    if not group.meets:
        if kept is None or group.members == 0:
            return None
        value = LunchCount(members=group.members, absent=group.members, unrecorded=0, taken_at=group.taken_at)
    elif group.members == 0 and kept is None:
        return None
    else:
        value = LunchCount(
            members=group.members,
            absent=group.absent,
            unrecorded=group.unrecorded,
            taken_at=group.taken_at,
        )
    freezes = now >= freezes_at and (kept is None or not kept.frozen)
    if kept is not None and kept.value == value and not freezes:
        return None
    return Next((kept.revision if kept else 0) + 1, value, now if freezes else None)


@dataclass(frozen=True)
class Grant:
    """What a department may receive of a feed today: all purposes that hold, together."""

    fields: frozenset[str]
    small_groups: bool
    importance: str

    @property
    def terms(self) -> str:
        """What it allows, in one line: two that say the same show the same of every item."""
        return " ".join([*sorted(self.fields), *(["small-groups"] if self.small_groups else [])])

    def covers(self, item: Mapping[str, Any]) -> bool:
        """Whether it lets its department know of an item at all."""
        return self.small_groups or enough(item["value"]["members"])


def together(grants: Collection[Mapping[str, Any]]) -> Grant | None:
    """The grants that hold today as one; None without any."""
    if not grants:
        return None
    return Grant(
        fields=frozenset(field for grant in grants for field in grant["fields"]),
        small_groups=any(grant["small_groups"] for grant in grants),
        importance=min(grant["importance"] for grant in grants),
    )


def within(value: Mapping[str, Any], grant: Grant) -> dict[str, Any]:
    """The fields of a value that the purpose allows."""
    return {name: content for name, content in value.items() if name in grant.fields}
