"""The board's dated setting that switches 時限ごとの出欠 on: which schools, how many lessons a day. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

SETTING = "attendance_periods"
"""A board that has said nothing takes no lesson's roll anywhere."""

MOST = 10
"""More lessons than this are no school's day."""

Clocked = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Subject(BaseModel):
    """A subject that whoever takes a lesson's roll may name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(min_length=1, max_length=40)
    word: str = Field(min_length=1, max_length=20)


def _subject(code: str, word: str) -> Subject:
    return Subject(code=code, word=word)


JUNIOR_HIGH: tuple[Subject, ...] = (
    _subject("japanese", "国語"),
    _subject("social", "社会"),
    _subject("maths", "数学"),
    _subject("science", "理科"),
    _subject("music", "音楽"),
    _subject("art", "美術"),
    _subject("pe", "保健体育"),
    _subject("tech_home", "技術・家庭"),
    _subject("foreign", "外国語"),
    _subject("moral", "道徳"),
    _subject("integrated", "総合"),
    _subject("special", "特別活動"),
)
"""学校教育法施行規則 別表第二 (中学校)."""


class Lessons(BaseModel):
    """The lessons of a day at one kind of school."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    periods: int = Field(ge=1, le=MOST)
    starts: tuple[Clocked, ...] = ()
    """When each begins (``08:50``); empty: the board has not said."""
    grades: tuple[str, ...] = ()
    """Only of these (``J1``), at a school that has others too (義務教育学校); empty: of all."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts and (
            len(self.starts) != self.periods or list(self.starts) != sorted(set(self.starts))
        ):
            raise ValueError("starts: one of each period, each after the one before")
        return self


class Periods(BaseModel):
    """The setting's value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: Mapping[str, Lessons] = Field(default_factory=dict)
    """By kind of school (``junior_high``); a kind that is not here takes none."""
    subjects: tuple[Subject, ...] = JUNIOR_HIGH
    stands_out: int = Field(default=3, ge=1, le=MOST)
    """From so many lessons missed on, a day that says nothing of it stands out."""

    def of(self, kind: str, grade: str | None) -> Lessons | None:
        """The lessons of a class; None where no lesson's roll is taken."""
        found = self.kinds.get(kind)
        if found is None or (found.grades and grade not in found.grades):
            return None
        return found


OFF = Periods()
