"""What dashboard publishes: department feeds, topic ``feed.<board>.<department>.<name>``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field, JsonValue

from shared.contracts import Contract, Lane, Part, Topic

FEED = Topic("dashboard.feed", Lane.STATE, key="item", importance="III")
"""Pattern of all feed topics; the concrete name is ``feed_topic(...)``."""


def feed_topic(board: UUID, department: UUID, name: str) -> Topic:
    """The topic of one department's feed: the department alone may read it."""
    return Topic(f"feed.{board}.{department}.{name}", FEED.lane, key=FEED.key, importance=FEED.importance)


class LunchCount(Part):
    """Meals of one class on one day. Unrecorded counts as eating (decisions.md §5)."""

    members: int = Field(ge=0, description="Pupils of 在籍 on the date.")
    absent: int = Field(ge=0, description="Known not to eat.")
    unrecorded: int = Field(ge=0, description="Nobody has said anything yet.")
    taken_at: datetime | None = Field(description="When the roll was taken; null: not yet.")


class FeedItemChanged(Contract):
    """The count of one class on one day, whole. Later revisions replace earlier ones: the latest is what is known.

    One revision of an item is the frozen one: what was known at the board's cut-off, and what the kitchen cooks by. It
    never changes; what is learnt afterwards comes as further revisions that are not frozen. This whole lies in the
    dashboard's log alone.
    """

    TOPIC: ClassVar[Topic] = FEED
    TYPE: ClassVar[str] = "dashboard.feed.item_changed"

    feed: str
    item: UUID = Field(description="UUIDv5 of feed, group and date.")
    group: UUID = Field(description="What is counted, here a class.")
    school: UUID
    on: date
    revision: int = Field(ge=1, description="1, 2, 3, … of this item.")
    value: LunchCount
    frozen_at: datetime | None = Field(
        description="When this revision became the number that is cooked by; null: it is not that number."
    )


class AbsenceCount(Part):
    """Who was not at school on one day: numbers of one class, or of a whole grade that has a small class.

    忌引 is in none of them, and nor is who is simply here: ``members`` is no sum of the others.
    """

    members: int = Field(ge=0, description="Pupils of 在籍 on the date.")
    absent: int = Field(ge=0, description="欠席, by illness or anything else.")
    suspended: int = Field(ge=0, description="出席停止.")
    late: int = Field(ge=0, description="遅刻; they are at school.")
    unrecorded: int = Field(ge=0, description="Nobody has said anything yet.")
    off: int = Field(
        ge=0,
        description="Of the members, those who need not come: 臨時休業 of the class, 登校を要しない日 of a child.",
    )
    taken_at: datetime | None = Field(
        description="When the last roll of the group was taken; null: one is still missing."
    )


class AbsenceItemChanged(Contract):
    """The absences of one group on one day, whole. Later revisions replace earlier ones, also days afterwards.

    This whole lies in the dashboard's log alone.
    """

    TOPIC: ClassVar[Topic] = FEED
    TYPE: ClassVar[str] = "dashboard.feed.absence_changed"

    feed: str
    item: UUID = Field(description="UUIDv5 of feed, group and date.")
    group: UUID = Field(description="A class; or the school's grade, UUIDv5 of school and grade.")
    grade: str | None = Field(
        description="The grade that is told as a whole; null: the group is a class, or the classes of no grade."
    )
    school: UUID
    on: date
    revision: int = Field(ge=1, description="1, 2, 3, … of this item.")
    value: AbsenceCount
    frozen_at: None = Field(None, description="Never: an absence is corrected as long as the register is.")


class FrozenItem(Part):
    """The revision of an item that is cooked by."""

    revision: int = Field(ge=1)
    value: dict[str, JsonValue] = Field(description="The fields of the purpose, as in ``value``.")
    frozen_at: datetime


class ItemDelivered(Contract):
    """An item as its department receives it, over HTTP and on its topic: what its purposes allow today, and no more.

    This, and not what the log holds, lies on ``feed.‹board›.‹department›.‹name›``. Purposes that change have everything
    delivered once more, under the next generation; what may no longer be told is erased (null).
    """

    TOPIC: ClassVar[Topic] = FEED
    TYPE: ClassVar[str] = "dashboard.feed.item_delivered"

    position: int = Field(ge=1, description="In the dashboard's log: what is confirmed over HTTP.")
    feed: str
    item: UUID = Field(description="UUIDv5 of feed, group and date.")
    group: UUID
    group_name: str | None = Field(
        description="What the group is called today; null: it is not known any more."
    )
    grade: str | None = Field(None, description="Of ``absence-count``: the grade that is told as a whole.")
    school: UUID
    school_name: str | None
    on: date
    revision: int = Field(ge=1, description="The latest counts, whatever came before it.")
    value: dict[str, JsonValue] = Field(description="Of the item's fields those of the purpose, no others.")
    frozen_at: datetime | None = Field(
        description="When this revision was frozen; null: it is not the frozen one."
    )
    frozen: FrozenItem | None = Field(
        description="The frozen revision of this item; null: there is none yet."
    )


LUNCH_COUNT = "lunch-count"
ABSENCE_COUNT = "absence-count"
FEEDS: Mapping[str, type[Part]] = {LUNCH_COUNT: LunchCount, ABSENCE_COUNT: AbsenceCount}
"""Every department feed there is, with the value of its items: its fields are what a purpose may be granted."""
ITEMS: Mapping[str, type[Contract]] = {LUNCH_COUNT: FeedItemChanged, ABSENCE_COUNT: AbsenceItemChanged}
"""The event that tells of an item of each."""

CONTRACTS: tuple[type[Contract], ...] = (FeedItemChanged, AbsenceItemChanged, ItemDelivered)
