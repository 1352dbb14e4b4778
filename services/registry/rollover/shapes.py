"""What goes over HTTP about next year's classes: requests refuse what they do not name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.attendance.shapes import PersonOut
from services.registry.rollover.plans import Order, Plan
from services.registry.rollover.proposing import Twins


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlanIn(_Body):
    """A whole plan; ``seen`` is the revision that was on the screen, 0 of none."""

    seen: int = Field(ge=0)
    plan: Plan


class ProposalIn(_Body):
    """What is to be proposed, starting from a plan as it stands on the screen."""

    plan: Plan
    grades: list[str] = Field(min_length=1, max_length=12)
    seed: int = Field(default=1, ge=0, le=10**6)
    twins: Twins = "free"
    order: Order = "kana"


class RowsIn(_Body):
    """Lines 「氏名・学級・番号」 as they were pasted."""

    plan: Plan
    text: str = Field(max_length=100_000)


class CandidateOut(BaseModel):
    """A pupil of next year."""

    pupil: PersonOut
    sex: str
    grade: str
    before: str
    before_number: int | None
    special_needs: bool
    comes_from: str


class WishOut(BaseModel):
    """A wish that the seats do not keep."""

    kind: Literal["apart", "together"]
    pupils: list[UUID]


class PlanOut(BaseModel):
    """A school's plan with everybody it is about."""

    school: UUID
    school_name: str
    year: int
    revision: int
    plan: Plan
    grades: list[tuple[str, str]]
    pupils: list[CandidateOut]
    unnamed: Mapping[str, int]
    """Grade → protected children who come from another school: they count, who they are is not told before."""
    twins: list[list[UUID]]
    broken: list[WishOut]
    begun: bool
    """The year has begun: the plan is history."""
    live: list[str]


class Proposed(BaseModel):
    """A proposal, not kept; with the wishes it does not keep."""

    plan: Plan
    broken: list[WishOut]


class WrongOut(BaseModel):
    """A line that cannot be read."""

    cell: str
    message: str


class RowsRead(BaseModel):
    """What was pasted: the plan with it, or what is wrong, never both."""

    plan: Plan | None
    read: int
    wrong: list[WrongOut]
