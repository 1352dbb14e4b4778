"""What goes over HTTP about marks beside a day."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.attendance.beside import Kind
from services.registry.attendance.shapes import Reason
from services.registry.beside import rules
from services.registry.beside.rules import Entry


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EntryIn(_Body):
    """One child's mark; null takes it away."""

    pupil: UUID
    seen: int = Field(ge=0, description="Revision of the mark that was seen; 0 where none was.")
    code: str | None = Field(max_length=40)
    reason: Reason | None = None

    def to_rules(self) -> Entry:
        """As the rules know it."""
        if self.reason is None:
            return Entry(self.pupil, self.seen, self.code)
        return Entry(self.pupil, self.seen, self.code, self.reason.code, self.reason.text)


class BesideIn(_Body):
    """Marks of one day of a class."""

    marks: list[EntryIn] = Field(max_length=rules.MAX_MARKS)


class StandsOut(BaseModel):
    """A mark as it now stands."""

    pupil: UUID
    revision: int
    code: str | None
    kind: Kind | None
    at: datetime | None


class BesideSaved(BaseModel):
    """The answer; ``refused`` are those whose mark somebody else had changed, as it stands."""

    saved: list[StandsOut]
    refused: list[StandsOut]
