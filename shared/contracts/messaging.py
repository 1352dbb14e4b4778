"""What messaging (連絡) publishes. Free text and names stay there: who may know, reads them there (design.md §4)."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts import Contract, Lane, Topic

NOTICE = Topic("messaging.notice", Lane.FACT, key="pupil", importance="II")

NoticeKind = Literal["absent", "late", "early_leave", "bereavement", "other"]
NoticeReason = Literal["sick", "other"]
Channel = Literal["phone", "paper", "app"]

CHANNEL_WORDS: dict[Channel, str] = {"phone": "電話", "paper": "連絡帳・書面", "app": "アプリ"}
"""How a notice came, as people say it."""


class NoticeChanged(Contract):
    """What a family told about a child's coming to school, whole: the highest revision holds."""

    TOPIC: ClassVar[Topic] = NOTICE
    TYPE: ClassVar[str] = "messaging.notice.changed"

    notice: UUID
    pupil: UUID
    revision: int = Field(ge=1)
    corrects: int | None = Field(description="The revision in whose place it stands; null for the first.")
    withdrawn: bool = Field(description="The family has taken its word back: the notice says nothing.")
    kind: NoticeKind
    reason: NoticeReason | None = Field(
        description="Why, as the roll tells it apart: sick is 病欠, other is 事故欠. Null where the kind says it."
    )
    since: date
    until: date = Field(description="The day after the last one.")
    channel: Channel
    relation: str | None = Field(
        description="What whoever told it is to the child: mother, father … open list; null: somebody else."
    )
    by: UUID = Field(description="Who entered it.")
    told_at: datetime = Field(description="When the first revision was recorded.")
    at: datetime = Field(description="When this revision was recorded.")


CONTRACTS: tuple[type[Contract], ...] = (NoticeChanged,)
