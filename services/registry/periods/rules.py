"""時限ごとの出欠: what may be said of a lesson, what is proposed, what contradicts the day. Pure.

A lesson's mark says where the child was then, and nothing else. What an absence counts as (病欠, 出席停止 …) is for the
day to say, once (decisions.md §2); and no mark of a lesson changes the day's status: where they contradict each other,
the homeroom teacher is shown it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal
from uuid import UUID

from services.registry.attendance.rules import Derived, Fact, Member, Wrong
from services.registry.periods.setting import Lessons
from shared.contracts.registry import CorrectionReason, LessonCode, Source
from shared.dates import TOKYO, business_date

MAX_MARKS = 60

CODES: Mapping[LessonCode, str] = {"here": "出席", "away": "欠課", "late": "遅れて", "left": "途中まで"}
"""How each reads, in the order in which it is offered."""
THERE: frozenset[LessonCode] = frozenset({"here", "late", "left"})
"""Somebody saw the child in the lesson."""
SEEN_BY: frozenset[Source] = frozenset({"teacher", "office"})
"""Whose word of the day is more than an announcement, before the morning's roll was taken too."""

Kind = Literal["seen_though_absent", "away_though_present", "here_though_left", "left_though_staying"]
CLASHES: Mapping[Kind, str] = {
    "seen_though_absent": "1日の出欠では欠席ですが、授業に出ていた時限があります。",
    "away_though_present": "1日の出欠では出席ですが、欠課がつづいています。",
    "here_though_left": "1日の出欠では早退ですが、最後の時限にいました。",
    "left_though_staying": "途中で授業を抜けて戻っていませんが、1日の出欠は早退になっていません。",
}


@dataclass(frozen=True)
class Mark:
    """What stands for a child in a lesson: the newest revision."""

    code: LessonCode
    revision: int
    by: UUID
    at: datetime
    reason: CorrectionReason | None = None


@dataclass(frozen=True)
class Told:
    """A child's lessons of a day, as they are kept."""

    card: UUID
    """Whose row it is: the child's, or that of a card which was merged into it."""
    revision: int = 0
    marks: Mapping[int, Mark] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()
    """Contradictions that the homeroom teacher has left as they are."""


def came_at(facts: Mapping[Source, Fact], derived: Derived, on: date) -> time | None:
    """By when a child who came late had come: who is marked 遅刻 with 「後から登校した」 on that day had come by then.

    A 遅刻 that was entered beforehand (a family's notice, the morning's roll), or on another day, says no time.
    """
    fact = facts.get(derived.decided_by) if derived.decided_by else None
    if fact is None or not derived.late or fact.reason != "came_later" or business_date(fact.at) != on:
        return None
    return fact.at.astimezone(TOKYO).time()


def proposed(
    derived: Derived,
    came: time | None,
    said: Mapping[int, Mark],
    period: int,
    lessons: Lessons,
    *,
    taken: bool,
) -> LessonCode | None:
    """What the day, and the lessons before, let one expect; None where nobody can know and somebody has to look.

    Before the morning's roll was ``taken`` a family's notice says what was expected, not what was seen; what a teacher
    or the office has entered was. Of who came late at a known time only the lessons from then on say anything.
    """
    if derived.presence == "unrecorded" or not (taken or derived.decided_by in SEEN_BY):
        return None
    if derived.presence == "absent":
        return "away"
    timed = derived.late and came is not None and bool(lessons.starts)
    begun = sum(time.fromisoformat(start) <= came for start in lessons.starts) if timed and came else 0
    if begun >= period:
        return "late" if begun == period else "away"
    before = [said[n].code for n in range(max(begun, 1), period) if n in said]
    if before and before[-1] in ("away", "left"):
        return "away" if before[-1] == "left" else None
    if derived.late and not timed and not before:
        return None
    return None if derived.early else "here"


@dataclass(frozen=True)
class Clash:
    """A contradiction between the day and its lessons."""

    kind: Kind
    seen: str
    """What contradicts what: it is another one when either changes."""


def clashes(derived: Derived, marks: Mapping[int, Mark], periods: int, stands_out: int) -> list[Clash]:
    """What the day says and its lessons do not, or the other way round; nothing of a day without an entry."""
    codes = {period: marks[period].code for period in sorted(marks) if period <= periods}
    found: list[Kind] = []
    if derived.presence == "absent" and any(code in THERE for code in codes.values()):
        found.append("seen_though_absent")
    if derived.presence == "present":
        enough = periods if derived.late or derived.early else min(stands_out, periods)
        if sum(code == "away" for code in codes.values()) >= enough:
            found.append("away_though_present")
        if derived.early and codes.get(periods) == "here":
            found.append("here_though_left")
        if not derived.early and codes and _last_but_away(codes.values()) == "left":
            found.append("left_though_staying")
    told = ",".join(f"{period}={code}" for period, code in codes.items())
    return [Clash(kind, f"{kind}|{derived.code}|{told}") for kind in found]


def _last_but_away(codes: Iterable[LessonCode]) -> LessonCode | None:
    """The last lesson that somebody saw the child in: 欠課 after 途中まで only says that it did not come back."""
    seen = [code for code in codes if code != "away"]
    return seen[-1] if seen else None


@dataclass(frozen=True)
class Entry:
    """What a person said of a child in a lesson, with the revision of the mark they saw."""

    pupil: UUID
    seen: int
    """0 where none was."""
    code: LessonCode
    reason: CorrectionReason | None = None
    reason_text: str | None = None
    day_seen: int | None = None
    """Of a mark that was only proposed: the revision of the day that it follows from. None: a person chose it."""


@dataclass(frozen=True)
class Change:
    """A mark as it will be."""

    member: Member
    before: Told
    after: Told
    mark: Mark
    held: LessonCode | None
    reason_text: str | None


@dataclass
class Decision:
    """What a command does."""

    changes: list[Change] = field(default_factory=list)
    unchanged: list[Member] = field(default_factory=list)
    stale: list[Member] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)
    takes: bool = False


def decide(
    members: Sequence[Member],
    entries: Sequence[Entry],
    told: Mapping[UUID, Told],
    *,
    period: int,
    by: UUID,
    at: datetime,
    taken: bool,
    closed: bool,
) -> Decision:
    """Decide one save of a lesson's roll.

    The first one takes it, and is refused unless it says something of every child of 在籍: a blank is never 出席. What
    changes afterwards is a correction with a reason, and in a closed month whatever is said is (docs/decisions/0015). A
    mark that somebody else changed is set aside, and so is a proposal whose day was corrected meanwhile: nothing of a
    first save is written then. Anything wrong refuses the whole command.
    """
    decision = Decision()
    by_pupil = {member.pupil: member for member in members}
    given: set[UUID] = set()
    for entry in entries:
        member = by_pupil.get(entry.pupil)
        if member is None:
            decision.wrong.append(
                Wrong("一覧にない子", "この日この学級にいない子です。画面を読み直してください。")
            )
            continue
        before = told.get(entry.pupil) or Told(entry.pupil)
        held = before.marks.get(period)
        why = "同じ子が二度あります。一つにしてください。" if entry.pupil in given else None
        given.add(entry.pupil)
        why = why or _why_not(member, entry, held, closed=closed)
        if why is not None:
            decision.wrong.append(Wrong(member.cell, why))
        elif held is not None and held.code == entry.code:
            decision.unchanged.append(member)
        elif entry.seen != (held.revision if held else 0) or _day_moved(member, entry, taken):
            decision.stale.append(member)
        else:
            reason = entry.reason if closed or held is not None else None
            mark = Mark(entry.code, held.revision + 1 if held else 1, by, at, reason)
            after = Told(before.card, before.revision + 1, {**before.marks, period: mark}, before.settled)
            text = entry.reason_text if reason is not None else None
            decision.changes.append(Change(member, before, after, mark, held.code if held else None, text))
    if not taken:
        decision.wrong.extend(_missing(members, given, told, period))
        decision.takes = not decision.wrong and not decision.stale
        if decision.stale:
            decision.changes.clear()
    return decision


def _day_moved(member: Member, entry: Entry, taken: bool) -> bool:
    return not taken and entry.day_seen is not None and entry.day_seen != member.revision


def _why_not(member: Member, entry: Entry, held: Mark | None, *, closed: bool) -> str | None:
    if member.exchange:
        return "交流の子の出欠は、在籍の学級でとります。"
    changes = held is not None and held.code != entry.code
    # A stale entry is told so, whatever it says for a reason.
    if (changes and held is not None and entry.seen == held.revision) or (closed and held is None):
        if entry.reason is None:
            since = "締めた月" if closed else "確定したあと"
            return f"{since}の訂正には理由が要ります。理由を選んでください。"
        if entry.reason == "other" and not (entry.reason_text or "").strip():
            return "「ほか」を選んだときは、理由を一言書いてください。"
    return None


def _missing(
    members: Iterable[Member], given: set[UUID], told: Mapping[UUID, Told], period: int
) -> list[Wrong]:
    return [
        Wrong(member.cell, "この時限の出欠がまだ入っていません。入れてから確定してください。")
        for member in members
        if not member.exchange
        and member.pupil not in given
        and period not in (told[member.pupil].marks if member.pupil in told else {})
    ]
