"""Sudden losses: when so many pupils of a school would leave that somebody must say it is meant. Pure.

A roster that lost its second half on the way looks like a city from which thousands move away in one night.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

SETTING = "import_losses"
"""The board's dated setting: ``{"share": 0.05, "pupils": 20}``."""


class Limits(BaseModel):
    """How many pupils of one school may leave with one import before it asks for a second confirmation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float = Field(0.05, ge=0, le=1, description="Of the school's pupils.")
    pupils: int = Field(20, ge=0, description="Or so many.")


def limits_on(settings: Sequence[tuple[str, date, Any]], on: date) -> Limits:
    """The limits that hold on a business date."""
    standing = [(since, value) for name, since, value in settings if name == SETTING and since <= on]
    return Limits.model_validate(max(standing, key=lambda each: each[0])[1]) if standing else Limits()


@dataclass(slots=True)
class Leaving:
    """Who and what would leave, by school and class."""

    pupils: Counter[UUID] = field(default_factory=Counter)
    """By school: pupils whose 在籍 there ends sooner than it would have."""
    members: Counter[UUID] = field(default_factory=Counter)
    """By class: pupils of 在籍 who would leave it, less those who would join."""
    joining: set[UUID] = field(default_factory=set)
    """Classes somebody joins."""
    closed: dict[UUID, UUID | None] = field(default_factory=dict)
    """Classes and schools that would no longer exist, with their school."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A school of which so much would leave that it must be confirmed."""

    school: UUID | None
    pupils: int
    """How many it has."""
    leaving: int
    classes: tuple[UUID, ...]
    """Classes that would be empty or no longer there."""
    closes: bool
    """Whether the school itself would no longer exist."""


def losses(
    leaving: Leaving,
    pupils: Mapping[UUID, int],
    members: Mapping[UUID, tuple[UUID, int]],
    limits: Limits,
) -> list[Loss]:
    """Schools beyond the limits. ``pupils`` by school and ``members`` (school, number) by class are those there now."""
    classes: dict[UUID | None, set[UUID]] = {}
    for class_id, school in leaving.closed.items():
        if class_id != school:
            classes.setdefault(school, set()).add(class_id)
    for class_id, number in leaving.members.items():
        school, there = members.get(class_id, (None, 0))
        if there and number >= there and class_id not in leaving.joining:
            classes.setdefault(school, set()).add(class_id)
    schools: set[UUID | None] = {*leaving.pupils, *classes, *leaving.closed.values()}
    found = []
    for school in sorted(schools, key=str):
        here = pupils.get(school, 0) if school else 0
        going = leaving.pupils.get(school, 0) if school else 0
        closes = school is not None and school in leaving.closed
        many = going > limits.pupils or going > limits.share * here
        if closes or many or school in classes:
            found.append(Loss(school, here, going, tuple(sorted(classes.get(school, ()))), closes))
    return found
