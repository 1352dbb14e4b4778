"""What a notice may say. Pure: the day, the child's guardians and what was typed are arguments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from shared.contracts.messaging import Channel, NoticeKind, NoticeReason
from shared.dates import TOKYO

LONGEST = timedelta(days=31)
"""A longer absence is told month by month: an end so far away is a slip of the finger more often than not."""
EARLIEST = timedelta(days=31)
"""How long ago the first day may be: a month's roll is closed at its end."""
LATEST = timedelta(days=92)
"""How far ahead the first day may be."""
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
MAX_CHILDREN = 8
"""Children in one act: brothers and sisters."""
MAX_WORDS = 200
CUT_OFF_SETTING = "notice_cut_off"
"""The board's dated setting: until when ("HH:MM") a word about the same day is sure to be seen in time."""
CUT_OFF = "08:20"
"""Until the board has said otherwise."""

_WITH_REASON: frozenset[NoticeKind] = frozenset({"absent", "late", "early_leave"})
"""Kinds of which a reason is asked; 欠席 needs it, because the roll tells 病欠 and 事故欠 apart."""


@dataclass(frozen=True)
class Teller:
    """Who told it: a guardian of the child, or somebody in words."""

    guardian: UUID | None = None
    words: str | None = None


@dataclass(frozen=True)
class Said:
    """What is told about a child, whole."""

    kind: NoticeKind
    reason: NoticeReason | None
    since: date
    until: date
    """The day after the last one."""
    channel: Channel
    teller: Teller
    words: str | None

    @property
    def days(self) -> Days:
        """The days it is about."""
        return Days(self.since, self.until)


@dataclass(frozen=True)
class Tie:
    """A guardian of the child, as of today."""

    guardian: UUID
    relation: str
    notify: bool
    """May tell about the child."""
    read: bool = False
    """May read what others have told about the child."""


@dataclass(frozen=True)
class Days:
    """The days a question is about. ``until`` is the day after the last one; None for ever."""

    since: date
    until: date | None

    def touches(self, other: Days) -> bool:
        """Whether a day is of both."""
        return (self.until is None or other.since < self.until) and (
            other.until is None or self.since < other.until
        )


def day(on: date) -> Days:
    """A single day."""
    return Days(on, on + timedelta(days=1))


@dataclass(frozen=True)
class Place:
    """在籍 at a school, or in a class of it."""

    school: UUID
    class_id: UUID | None
    days: Days


def places_on(
    places: Iterable[Place], days: Days, *, today: date, protected: bool
) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """Schools and classes at which a child is on a day of ``days``: what is told of a day is that school's.

    Of a protected child only schools at which it is today or later: the one it has left learns nothing of it any more,
    not of past days either (docs/decisions/0011-no-answer-tells-of-a-protected-child.md).
    """
    found = list(places)
    if protected:
        theirs = {each.school for each in found if each.days.touches(Days(today, None))}
        found = [each for each in found if each.school in theirs]
    then = [each for each in found if each.days.touches(days)]
    return (
        frozenset(each.school for each in then),
        frozenset(each.class_id for each in then if each.class_id is not None),
    )


@dataclass(frozen=True)
class Wrong:
    """A field that cannot stand, and what to do."""

    field: str
    message: str


def refuse(said: Said, today: date) -> list[Wrong]:
    """What is wrong with a notice, whoever the child is."""
    found: list[Wrong] = []
    if said.kind == "absent" and said.reason is None:
        found.append(Wrong("reason", "欠席の理由（病気・けが、または家の用事など）を選んでください。"))
    if said.reason is not None and said.kind not in _WITH_REASON:
        found.append(Wrong("reason", "忌引とそのほかの連絡には、理由の区分を付けません。空けてください。"))
    if said.kind == "other" and not said.words:
        found.append(Wrong("words", "そのほかの連絡は、内容を一言書いてください。"))
    if said.until <= said.since:
        found.append(Wrong("until", "終わりの日が、始まりの日より前です。日付を確かめてください。"))
    elif said.until - said.since > LONGEST:
        found.append(
            Wrong("until", "一度に入れられるのは31日までです。続きは、別の連絡として入れてください。")
        )
    if said.since < today - EARLIEST:
        found.append(Wrong("since", "31日より前の日です。日付を確かめてください。"))
    if said.since > today + LATEST:
        found.append(Wrong("since", "3か月より先の日です。日付を確かめてください。"))
    if said.teller.guardian is None and not said.teller.words:
        found.append(Wrong("teller", "だれから聞いたかを、保護者から選ぶか、言葉で入れてください。"))
    return found


NOT_HERE = Wrong(
    "since",
    "この期間、この子はあなたの学校（学級）に在籍していません。日付を確かめてください。"
    "日付が正しければ、その日に在籍する学校に伝えてください。",
)
"""A day of another school: 転校 or 進学 lies between, or the teacher has the class on other days."""


def refuse_teller(guardian: UUID, ties: Mapping[UUID, Tie]) -> Wrong | None:
    """Why a guardian cannot be the one who told it about a child with these guardians; None when they can."""
    tie = ties.get(guardian)
    if tie is None:
        return Wrong(
            "teller.guardian", "選んだ人は、この子の保護者ではありません。画面を読み直してください。"
        )
    if not tie.notify:
        return Wrong(
            "teller.guardian",
            "この保護者は、この子の連絡をする人になっていません。だれから聞いたかは、言葉で入れてください。",
        )
    return None


def cut_off(setting: object) -> str:
    """The board's cut-off, "HH:MM"; a setting that is no time of day counts as none."""
    return setting if isinstance(setting, str) and _CLOCK.fullmatch(setting) else CUT_OFF


def is_late(since: date, at: datetime, until: str) -> bool:
    """Whether a word about days from ``since`` came when the school may not see it in time: it counts all the same."""
    here = at.astimezone(TOKYO)
    return here.date() > since or (here.date() == since and f"{here:%H:%M}" > until)
