"""What goes over HTTP: requests refuse what they do not name."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.messaging.channels.rules import Kind, Reason, State, What
from services.messaging.notices import rules
from services.messaging.notices.rules import Said
from shared.contracts.messaging import Channel, NoticeKind, NoticeReason

Words = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=rules.MAX_WORDS, pattern=r"^[^\x00-\x1f\x7f]*$")
]


class Body(BaseModel):
    """What comes in: nothing that is not named."""

    model_config = ConfigDict(extra="forbid")


class TellerIn(Body):
    """Who told it: a guardian of the child, or somebody in words."""

    guardian: UUID | None = None
    words: Words | None = None


class SaidIn(Body):
    """A notice, whole. ``until`` is the day after the last one."""

    kind: NoticeKind
    reason: NoticeReason | None = None
    since: date
    until: date
    channel: Literal["phone", "paper"]
    teller: TellerIn
    words: Words | None = None

    def to_rules(self) -> Said:
        """As the rules know it; words of nothing but blanks are none."""
        teller = rules.Teller(self.teller.guardian, self.teller.words or None)
        return Said(self.kind, self.reason, self.since, self.until, self.channel, teller, self.words or None)


class NoticeIn(SaidIn):
    """The same notice for each of these children."""

    pupils: list[UUID] = Field(min_length=1, max_length=rules.MAX_CHILDREN)


class ChangeIn(SaidIn):
    """A whole new fact in the place of the revision that was seen."""

    seen: int = Field(ge=1)


class WithdrawIn(Body):
    """The family has taken its word back."""

    seen: int = Field(ge=1)


class ReplyIn(Body):
    """A short answer to whoever told it."""

    seen: int = Field(ge=1)
    words: Annotated[Words, StringConstraints(min_length=1)]


class PersonOut(BaseModel):
    """A person as schools name them; empty names while the card has not come."""

    id: UUID
    family: str
    given: str


class GuardianOut(PersonOut):
    """A guardian who may tell about the child."""

    relation: str
    relation_word: str


class ConfirmedOut(BaseModel):
    """The class's teacher has had a revision before them when they saved that day."""

    on: date
    revision: int
    at: datetime
    by: PersonOut


class ToldOut(BaseModel):
    """That whoever told it was told, or is to be: which way, and what became of it; never where."""

    kind: Kind
    what: What
    state: State
    reason: Reason | None
    tries: int
    at: datetime


class ReplyOut(BaseModel):
    """What the school has answered."""

    revision: int
    """Of the notice: the one that was answered."""
    words: str
    at: datetime
    by: PersonOut


class NoticeOut(BaseModel):
    """A notice as it stands."""

    notice: UUID
    pupil: PersonOut
    class_name: str | None
    number: int | None
    revision: int
    withdrawn: bool
    kind: NoticeKind
    reason: NoticeReason | None
    since: date
    until: date
    channel: Channel
    guardian: UUID | None
    relation: str | None
    relation_word: str | None
    teller: str | None
    words: str | None
    told_at: datetime
    entered_at: datetime
    entered_by: PersonOut
    confirmed: list[ConfirmedOut]
    replies: list[ReplyOut]
    told: list[ToldOut]
    """What whoever told it was told of this revision and of the answers, or is to be."""
    reach: list[Kind]
    """By which ways they can be told, besides opening the app; none for whoever is known in words alone."""


class PupilOut(PersonOut):
    """A child, told from another of the same name by its reading and its place of today; null: in no class."""

    family_kana: str
    given_kana: str
    class_name: str | None
    number: int | None


class PupilNoticesOut(BaseModel):
    """A child's notices, the newest first, and who may tell about the child."""

    pupil: PupilOut
    guardians: list[GuardianOut]
    notices: list[NoticeOut]


class ClassNoticesOut(BaseModel):
    """What families of a class have told about a day."""

    on: date
    notices: list[NoticeOut]


class SchoolNoticesOut(BaseModel):
    """What families of a school have told about a day."""

    on: date
    mail: bool
    push: bool
    """Whether families can be told by it at all here: it is the operator's to switch on."""
    notices: list[NoticeOut]


class SavedOut(BaseModel):
    """A notice that was written."""

    notice: UUID
    pupil: UUID
    revision: int


class NoticesSaved(BaseModel):
    """The answer to a command."""

    notices: list[SavedOut]


class ReplySaved(BaseModel):
    """The answer to a reply."""

    reply: UUID
    notice: UUID
