"""What goes over HTTP about the board's 年度更新."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.attendance.shapes import PersonOut
from services.registry.rollover import looks, run_store
from services.registry.rollover.looks import Look
from services.registry.rollover.run_store import Run


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ApplyIn(_Body):
    """Make true what was shown."""

    preview: str = Field(max_length=64, description="Of the answer that showed it.")
    confirm_surprises: bool = False


class Nothing(_Body):
    """A command without content."""


class LookOut(BaseModel):
    """A dry run. ``found`` is empty while it is looked at."""

    state: looks.State
    by: str
    made_at: datetime
    looked_at: datetime | None
    parts: int
    """Schools; how many are done, and the last of them, while it is looked at."""
    parts_done: int
    part: str | None
    found: Mapping[str, Any]
    preview: str | None
    anew: bool
    stopped: str | None

    @classmethod
    def of(cls, look: Look, told: Mapping[str, Any]) -> Self:
        """As it is told. ``told``: what the process that works on it said last."""
        return cls(
            state=look.state,
            by=look.by_name,
            made_at=look.made_at,
            looked_at=look.looked_at,
            parts=told.get("parts", 0),
            parts_done=told.get("read", 0),
            part=told.get("school"),
            found=look.found,
            preview=look.preview,
            anew=look.anew,
            stopped=look.stopped,
        )


class RunOut(BaseModel):
    """A run."""

    run: int
    year: int
    state: run_store.State
    working: bool
    """Whether a process works on it, or is about to."""
    back: bool
    """Whether that takes it back: the parts are then those that stood."""
    stopped: str | None
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    reverted_by: str | None
    reverted_at: datetime | None
    parts: int
    parts_done: int
    part: str | None
    """The school that was done last."""
    waiting: str | None
    """Whose copies are waited for."""
    changed: int
    """Pupils of whom something was written, without graduates, as its dry run said."""
    events: int

    @classmethod
    def of(cls, run: Run, told: Mapping[str, Any], *, working: bool) -> Self:
        """As it is told. ``told``: what the process that works on it said last."""
        behind = told.get("waiting") or []
        back = run.state == "reverting" or run.wish == "revert"
        return cls(
            run=run.number,
            year=run.year.number,
            state=run.state,
            # The process that has taken it back may not have ended yet: nothing is left for it to do.
            working=run.state != "reverted" and (working or run.wish is not None),
            back=back,
            stopped=run.stopped,
            started_by=run.started_by,
            started_at=run.started_at,
            finished_at=run.finished_at,
            reverted_by=run.reverted_by,
            reverted_at=run.reverted_at,
            parts=told.get("parts", run.parts_done) if back else run.parts,
            parts_done=told.get("part", 0) if back else run.parts_done,
            part=told.get("school"),
            waiting=behind[0]["reader"] if behind else None,
            changed=sum(each["changed"] for each in run.counts.values()),
            events=run.events,
        )


class RolloverOut(BaseModel):
    """Everything about a new school year that the one who asks may know."""

    year: int
    begins: date
    begun: bool
    """The year has begun: nothing can be applied or taken back any more."""
    may_read: bool
    may_apply: bool
    look: LookOut | None
    runs: list[RunOut]
    """The newest first."""
    live: list[str]


class RevertOut(BaseModel):
    """Whether a run can be taken back."""

    may: bool
    why: str | None


class Done(BaseModel):
    """A command was taken."""

    state: Literal["taken"] = "taken"


Kind = Literal["nowhere", "without_class", "repeating"]


class RolledPupil(BaseModel):
    """A pupil of whom something is to be looked at."""

    pupil: PersonOut
    grade: str
    """Of this year, in words; of who comes from elsewhere, of the next one."""
    class_name: str | None
    """This year's."""
    next_school: str | None


class Listed(BaseModel):
    """Pupils of one kind: the first of them, how many there are, and how many of those are not named to the asker."""

    kind: Kind
    pupils: list[RolledPupil]
    number: int
    hidden: int


class SchoolRolloverOut(BaseModel):
    """What a new school year does to one school."""

    year: int
    school: UUID
    school_name: str
    numbers: Mapping[str, Any]
    lists: list[Listed]
    may_plan: bool
    """Whether the one who asks makes the school's classes."""
    live: list[str]
