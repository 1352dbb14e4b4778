"""What goes over HTTP about rolls of lessons."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.attendance.shapes import PersonOut, Reason
from services.registry.attendance.symbols import Symbol
from services.registry.periods.rules import MAX_MARKS, Entry, Kind
from services.registry.periods.setting import Subject
from services.registry.roster.shapes import PlaceOut
from shared.contracts.registry import CorrectionReason, LessonCode, Source, Status


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MarkIn(_Body):
    """Where one child is in the lesson."""

    pupil: UUID
    seen: int = Field(ge=0, description="Revision of the mark that was seen; 0 where none was.")
    code: LessonCode
    reason: Reason | None = None
    day_seen: int | None = Field(
        default=None,
        ge=0,
        description="Of a proposal nobody has touched: revision of the day it follows from; null: it was chosen.",
    )

    def to_rules(self) -> Entry:
        """As the rules know it."""
        if self.reason is None:
            return Entry(self.pupil, self.seen, self.code, day_seen=self.day_seen)
        said = self.reason
        return Entry(self.pupil, self.seen, self.code, said.code, said.text, self.day_seen)


class LessonIn(_Body):
    """A save of a lesson's roll: the first takes it and has every child, a later one what changes."""

    marks: list[MarkIn] = Field(max_length=MAX_MARKS)
    subject: str | None = Field(
        default=None, max_length=40, description="Code; null: nobody has said. Left out: it stays as it is."
    )
    roll_seen: int = Field(
        default=0, ge=0, description="With a subject: the lesson's revision that was seen."
    )


class SettleIn(_Body):
    """A contradiction that stays as it is, as it was seen."""

    pupil: UUID
    seen: str = Field(max_length=400)


class SettledOut(BaseModel):
    """The answer."""

    settled: bool


class MarkOut(BaseModel):
    """A mark as it stands."""

    period: int
    code: LessonCode
    revision: int
    by: PersonOut
    at: datetime
    reason: CorrectionReason | None


class StandsOut(BaseModel):
    """A child's mark in the lesson, after a save."""

    pupil: UUID
    code: LessonCode | None
    revision: int


class LessonOut(BaseModel):
    """A lesson of the day."""

    period: int
    revision: int = Field(description="Of the lesson's roll; 0: it was not taken.")
    starts: str | None
    subject: str | None
    members: int | None = Field(
        description="Pupils of 在籍 when it was taken, of those the asker sees; null: it was not."
    )
    at: datetime | None
    by: PersonOut | None


class LessonSaved(BaseModel):
    """The answer to a save; ``refused`` are those whose mark somebody else had changed, as it stands."""

    saved: list[StandsOut]
    refused: list[StandsOut]


class ClashOut(BaseModel):
    """A contradiction of the day and its lessons."""

    kind: Kind
    words: str
    seen: str
    settled: bool = Field(description="The homeroom teacher has left it as it is.")


class FactOut(BaseModel):
    """Who says what about the day."""

    source: Source
    code: str | None
    by: PersonOut | None = Field(description="Who of the school entered it; null: the family did, by app.")
    relation: str | None = Field(description="Of a notice: 母, 父 …; whose it is has no name here.")
    channel: str | None = Field(description="Of a notice: 電話, 連絡帳・書面, アプリ.")
    at: datetime


class DayOut(BaseModel):
    """The day itself, which no lesson changes."""

    status: Status
    code: str | None
    revision: int = Field(description="What a proposal follows from; it goes with a first save.")
    facts: list[FactOut]


class ChildOut(BaseModel):
    """A child with the day and its lessons."""

    pupil: PersonOut
    number: int | None
    exchange: bool
    day: DayOut
    marks: list[MarkOut]
    proposed: list[LessonCode | None] = Field(description="Of each lesson; null: somebody has to look.")
    clashes: list[ClashOut]


class CodeOut(BaseModel):
    """A code and its word."""

    code: str
    word: str


class LessonsOut(BaseModel):
    """A class's day by lessons; none where the board has none taken."""

    class_id: UUID
    name: str
    school: PlaceOut
    on: date
    why_not_open: str | None
    may_take: bool
    may_settle: bool
    may_sum: bool = Field(description="Whether the asker may read the class's 欠課時数.")
    month_closed: bool
    day_taken: bool
    symbols: list[Symbol]
    codes: list[CodeOut]
    subjects: list[Subject]
    reasons: list[CodeOut]
    lessons: list[LessonOut]
    members: list[ChildOut]
    live: list[str]
    as_of: datetime
