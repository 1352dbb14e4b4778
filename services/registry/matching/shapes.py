"""What goes over HTTP about 名寄せ: requests refuse what they do not name."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.attendance.shapes import PersonOut
from services.registry.matching.store import State

_PLAIN = r"^[^\x00-\x1f\x7f]*$"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AnswerIn(_Body):
    """What somebody says: the same child, not the same, or that nobody knows yet."""

    seen: int = Field(ge=1)
    answer: Literal["same", "different", "waiting"]
    note: str = Field(default="", max_length=200, pattern=_PLAIN)


class AskIn(_Body):
    """Two cards that somebody takes for one child's, and why."""

    one: UUID
    other: UUID
    note: str = Field(default="", max_length=200, pattern=_PLAIN)


class UndoIn(_Body):
    """Why one card becomes two again."""

    note: str = Field(min_length=1, max_length=200, pattern=_PLAIN)


class CardOut(BaseModel):
    """One of the two cards, as a list names it."""

    person: PersonOut
    where: str
    """School and class of today, or the last school."""


class QuestionOut(BaseModel):
    """A line of the list."""

    id: UUID
    one: CardOut
    other: CardOut
    reasons: list[str]
    state: State
    raised_at: datetime
    note: str


class QuestionsOut(BaseModel):
    """Open questions, those put off at the end."""

    questions: list[QuestionOut]
    more: bool
    may_ask: bool
    """Whether the reader may ask about two cards by hand."""
    live: list[str]


class LineOut(BaseModel):
    """What both cards say about one thing."""

    name: str
    one: list[str]
    other: list[str]
    differs: bool


class MergingOut(BaseModel):
    """A merging that stands."""

    id: UUID
    gone: PersonOut
    kept: PersonOut
    at: datetime
    by: PersonOut
    note: str


class MoveOut(BaseModel):
    """A 転出入 of one of the two children: taken back, it may leave them at one school."""

    move: UUID
    words: str


class PairOut(QuestionOut):
    """A question with both cards side by side, and what the answer 同じ子 would do."""

    revision: int
    lines: list[LineOut]
    keeps: UUID | None
    """The card that would stay."""
    words: list[str]
    """What would happen."""
    wrong: list[str]
    """Why they cannot be merged as they stand; none: they can."""
    moves: list[MoveOut]
    """Where they cannot: what may have been announced by mistake, the latest first."""
    merging: MergingOut | None
    """When they are merged."""
    live: list[str]


class AskedOut(BaseModel):
    """The question that was raised by hand."""

    question: UUID


class AnsweredOut(BaseModel):
    """What was said, and what was done for it."""

    question: UUID
    state: State
    merging: MergingOut | None
    words: list[str]


class UndoneOut(BaseModel):
    """Two cards again."""

    question: UUID
    gone: PersonOut
    kept: PersonOut
    words: list[str]
