"""What the pages of a day say: whether a roll is open, how a status reads, what a group's numbers are. Pure.

Statuses are registry's; nothing here derives one (decisions.md §2 "One derivation").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.contracts.messaging import CHANNEL_WORDS
from shared.contracts.registry import CORRECTION_WORDS, RELATION_WORDS, closes, grade_is_off

STATUS_WORDS: dict[str, str] = {
    "unrecorded": "未入力",
    "present": "出席",
    "absent": "欠席",
    "late": "遅刻",
    "early_leave": "早退",
    "late_early": "遅刻・早退",
    "suspended": "出席停止",
    "bereavement": "忌引",
}
_TINTS = {
    "absent": "absent",
    "late": "late",
    "early_leave": "late",
    "late_early": "late",
    "suspended": "apart",
    "bereavement": "apart",
}
CONTRADICTION_WORDS: dict[str, str] = {
    "present_though_suspended": "出席停止なのに出席になっています。",
    "said_otherwise_later": "あとから別の連絡がありました。",
    "unknown_symbol": "この日の記号の一覧にない記号です。",
}
COLUMNS = [{"id": "attendance", "kind": "choice", "label": "出欠"}]
"""Columns of the roll's grid; observation and tests will be columns of the same grid."""

COUNTED = ("members", "present", "absent", "late", "early", "apart", "unrecorded")
"""Numbers of a group. members = present + absent + apart + unrecorded; late and early are among the present."""


@dataclass(frozen=True)
class Calendar:
    """What a school's calendar of a year says, as far as this service knows it."""

    known: bool
    school_day: bool
    closures: Sequence[Mapping[str, Any]]
    """臨時休業 of that day."""
    marks: Sequence[Mapping[str, Any]] = ()
    """What the year's plan says of single grades."""
    on: str = ""

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None, on: date) -> Calendar:
        """The calendar of a copy's row with ``school_day`` and ``closures``; None: it has not come."""
        if kept is None:
            return cls(False, False, ())
        closures = [c for c in kept["closures"] or [] if c["on"] == on.isoformat()]
        return cls(True, bool(kept["school_day"]), closures, kept.get("marks") or [], on.isoformat())

    def meets(self) -> bool:
        """Whether the school meets at all."""
        return self.school_day and not any(c["scope"] == "school" for c in self.closures)

    def off(self, grade: str | None) -> bool:
        """Whether the year's plan gives the grade no lessons that day."""
        return grade_is_off(self.marks, self.on, grade)

    def closes(self, class_id: str, grade: str | None) -> bool:
        """Whether the class has no lessons though its school may: a 臨時休業 covers it, or its grade is off."""
        return self.off(grade) or any(closes(closure, class_id, grade) for closure in self.closures)


NO_LESSONS = {"word": "授業なし", "reason": "この学年はこの日、授業がありません。"}
CLOSED = {"word": "臨時休業", "reason": "この学級はこの日、臨時休業です。"}


def without_lessons(calendar: Calendar, class_id: str, grade: str | None) -> dict[str, str] | None:
    """Why a class has no lessons on a day on which its school meets, in a word and in a sentence; None when it has."""
    if not calendar.meets():
        return None
    if calendar.off(grade):
        return NO_LESSONS
    return CLOSED if calendar.closes(class_id, grade) else None


def why_closed(calendar: Calendar, class_id: str, grade: str | None, on: date, today: date) -> str | None:
    """Why no roll is taken on ``on``, or None when it is; registry refuses the command for the same reasons."""
    if on > today:
        return "まだ来ていない日です。"
    if not calendar.known:
        return "この学校の年間予定がまだ届いていません。"
    if not calendar.school_day:
        return "この日は授業日ではありません。"
    if calendar.off(grade):
        return NO_LESSONS["reason"]
    if calendar.closes(class_id, grade):
        return CLOSED["reason"]
    return None


def mark(code: str | None, status: str, symbols: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Word, glyph and tint of a day: the board's symbol, or the status in words where the list no longer has it."""
    symbol = symbols.get(code or "")
    if symbol is not None:
        return {"word": symbol["word"], "glyph": symbol["glyph"], "tint": symbol["tint"]}
    word = STATUS_WORDS.get(status, status)
    return {"word": word, "glyph": word[:1], "tint": _TINTS.get(status, "none")}


def explain(
    facts: Iterable[Mapping[str, Any]],
    decided_by: str | None,
    symbols: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, Mapping[str, str]],
) -> list[dict[str, Any]]:
    """Every source's word on a day, and whose holds."""
    return [
        {
            "source": fact["source"],
            "code": fact["code"],
            "word": _word(fact, symbols),
            "who": _who(fact, names),
            "at": fact["at"],
            "holds": fact["source"] == decided_by,
            "reason": CORRECTION_WORDS.get(fact["reason"]) if fact["reason"] else None,
            "to_read": bool(fact.get("to_read")),
        }
        for fact in facts
    ]


def _word(fact: Mapping[str, Any], symbols: Mapping[str, Mapping[str, Any]]) -> str:
    """What a source says; a word without a mark was taken back, or is one that somebody must read."""
    if fact["code"] is None:
        return "そのほかの連絡" if fact.get("to_read") else "取り消し"
    return str(mark(fact["code"], fact["code"], symbols)["word"])


def _who(fact: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> str:
    """Who said it; of a notice who told it and how it came, beside who took it."""
    name = _full(names.get(fact["by"]))
    if fact["source"] != "notice":
        return name
    relation = fact.get("relation")
    told = [RELATION_WORDS.get(relation, relation)] if relation else []
    if channel := fact.get("channel"):
        told.append(CHANNEL_WORDS.get(channel, channel))
    if fact.get("channel") == "app":  # nobody took it: who told it wrote it
        return "・".join(told)
    return f"{'・'.join(told)}（受けた人 {name}）" if told else name


def _full(name: Mapping[str, str] | None) -> str:
    return f"{name['family']} {name['given']}".strip() if name and (name["family"] or name["given"]) else "―"


def totals(groups: Iterable[Mapping[str, Any]], meeting: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The sum of a school's classes: everybody of 在籍, and what is said of those whose class has lessons.

    A closure takes nobody off the roll: ``off`` are the children of classes without lessons, so that
    members = present + absent + apart + unrecorded + off.
    """
    told = total(meeting)
    members = sum(int(group["members"]) for group in groups)
    return {**told, "members": members, "off": members - told["members"]}


def total(groups: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The sum of groups that share no pupil."""
    rows = list(groups)
    return {name: sum(int(row[name]) for row in rows) for name in COUNTED}
