"""What guardians send and get: no name of who took a call, no words of another guardian."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.messaging.notices import rules
from services.messaging.notices.rules import Said, Teller
from services.messaging.notices.shapes import Body, PersonOut, ReplyOut, Words
from shared.contracts.messaging import Channel, NoticeKind, NoticeReason


class ToldIn(Body):
    """What a guardian tells, whole. ``until`` is the day after the last one."""

    kind: NoticeKind
    reason: NoticeReason | None = None
    since: date
    until: date
    words: Words | None = None

    def to_rules(self, guardian: UUID) -> Said:
        """As the rules know it: the guardian's own word."""
        return Said(
            self.kind, self.reason, self.since, self.until, "app", Teller(guardian), self.words or None
        )


class TellIn(ToldIn):
    """The same notice for each of these children."""

    pupils: list[UUID] = Field(min_length=1, max_length=rules.MAX_CHILDREN)


class ChangeToldIn(ToldIn):
    """A whole new word in the place of the revision that was seen."""

    seen: int = Field(ge=1)


class SeenOut(BaseModel):
    """The class's teacher has had the notice, as it stands, before them when they saved that day."""

    on: date
    at: datetime


class FamilyNoticeOut(BaseModel):
    """A notice about one's child, as it stands."""

    notice: UUID
    revision: int
    withdrawn: bool
    kind: NoticeKind
    reason: NoticeReason | None
    since: date
    until: date
    channel: Channel
    own: bool
    relation_word: str | None
    """What whoever told it is to the child; null: somebody else, in words that are the school's."""
    words: str | None
    """Own words alone."""
    told_at: datetime
    entered_at: datetime
    late: bool
    """It came after the cut-off, or for a day that was over."""
    confirmed: list[SeenOut]
    replies: list[ReplyOut]
    may_change: bool


class SchoolOut(BaseModel):
    """Where the child is on a day."""

    school: UUID
    name: str
    class_id: UUID | None
    class_name: str | None


class ChildOut(BaseModel):
    """One's child, where it is today (or will be first), and what was told about it, the newest first."""

    pupil: PersonOut
    may_tell: bool
    at: SchoolOut
    notices: list[FamilyNoticeOut]


class FamilyOut(BaseModel):
    """All children of a guardian, at whichever schools."""

    today: date
    cut_off: str
    children: list[ChildOut]
