"""What goes over HTTP about moves: requests refuse what they do not name."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.attendance.shapes import PersonOut
from services.registry.moves.rules import Kind
from services.registry.moves.steps import Side, Step

MOST_AT_ONCE = 10
"""Children moved in one act: siblings."""

_PLAIN = r"^[^\x00-\x1f\x7f]*$"
_WORDS = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
"""Not blanks alone."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


Reason = Literal["moved_house", "family", "school_choice", "other"]
REASON_WORDS: dict[Reason, str] = {
    "moved_house": "転居のため",
    "family": "家庭の事情のため",
    "school_choice": "指定校変更・区域外就学のため",
    "other": "そのほか",
}


class Elsewhere(_Body):
    """A school outside the board, as the papers name it."""

    name: str = Field(max_length=100, pattern=_WORDS)
    address: str = Field(default="", max_length=200, pattern=_PLAIN)
    board: str = Field(default="", max_length=100, pattern=_PLAIN)


class PlaceIn(_Body):
    """A class and a number at the new school."""

    class_id: UUID
    number: int | None = Field(default=None, ge=1, le=99)


class Mover(_Body):
    """One of those who move together."""

    pupil: UUID
    to_school: UUID | None = None
    place: PlaceIn | None = None


class MovesIn(_Body):
    """One act: a pupil, or siblings, change the school."""

    kind: Literal["within", "leaving"]
    movers: list[Mover] = Field(min_length=1, max_length=MOST_AT_ONCE)
    left_on: date
    accepted_on: date | None = None
    elsewhere: Elsewhere | None = None
    reason: Reason


class DatesIn(_Body):
    """Other days of a move; ``seen`` is the revision that was on the screen."""

    seen: int = Field(ge=1)
    left_on: date | None = None
    accepted_on: date | None = None


class PlacedIn(PlaceIn):
    """The class of a move."""

    seen: int = Field(ge=1)


class StepIn(_Body):
    """A step that somebody ticks; ``on`` null takes the tick away."""

    step: Step
    on: date | None


class SeenIn(_Body):
    """The revision that was on the screen."""

    seen: int = Field(ge=1)


class UnitOut(BaseModel):
    """A school or class."""

    id: UUID
    name: str


class StepOut(BaseModel):
    """A step of a move: who has it, whether and when it was done, by whom."""

    step: Step
    word: str
    side: Side
    school: UnitOut | None
    done_on: date | None
    by: PersonOut | None
    may_tick: bool
    """Whether the asker may say that it was done, or was not: the office of the school whose step it is."""


class May(BaseModel):
    """What the asker may do with a move."""

    change: bool
    place: bool
    certify: bool


class MoveOut(BaseModel):
    """A move as it stands."""

    id: UUID
    kind: Kind
    pupil: PersonOut
    grade: str
    grade_word: str
    together: UUID
    from_school: UnitOut | None
    to_school: UnitOut | None
    elsewhere: Elsewhere | None
    reason: str
    left_on: date | None
    transferred_on: date | None
    accepted_on: date | None
    placed: UnitOut | None
    number: int | None
    steps: list[StepOut]
    turn: Step | None
    provisional: bool
    undone_at: datetime | None
    revision: int
    may: May


class MovePageOut(MoveOut):
    """One move on its own page."""

    live: list[str]


class AcceptingOut(UnitOut):
    """A school that the asker may announce arrivals at, with its grades as code and word."""

    grades: list[tuple[str, str]]


class MovesOut(BaseModel):
    """Moves the asker may see, and the schools whose pupils the asker may move."""

    moves: list[MoveOut]
    schools: list[UnitOut]
    accepting: list[AcceptingOut]
    whole_board: bool
    today: date
    live: list[str]


class Saved(BaseModel):
    """The moves that were written."""

    moves: list[MoveOut]


class FoundPupil(BaseModel):
    """A pupil who may be chosen."""

    pupil: PersonOut
    school: UnitOut
    class_name: str
    number: int | None
    grade: str
    grade_word: str


class RoomOut(BaseModel):
    """A class of a school on a day, with its pupils counted and the number of the next one."""

    id: UUID
    name: str
    special_needs: bool
    members: int
    next_number: int


class SchoolOut(UnitOut):
    """A school that has the grade."""

    kind: str


class Options(BaseModel):
    """What a pupil's move may be: siblings to move along, and schools that have the grade."""

    chosen: FoundPupil
    siblings: list[FoundPupil]
    siblings_at: list[str]
    """Other schools with a brother or sister, whose own office moves them."""
    schools: list[SchoolOut]
