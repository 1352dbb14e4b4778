"""出席扱い and 別室, entered beside a day of the 出席簿: what may stand there, and what may be saved. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.registry.attendance.beside import KIND_WORDS, Beside, BesideMark, fits
from services.registry.attendance.rules import Member, Wrong, derive
from services.registry.attendance.symbols import APART, Symbol
from shared.contracts.registry import CorrectionReason

MAX_MARKS = 60


@dataclass(frozen=True)
class Entry:
    """What a person entered beside a child's day, with the revision of the mark they saw."""

    pupil: UUID
    seen: int
    """0 where no mark has ever been."""
    code: str | None
    reason: CorrectionReason | None = None
    reason_text: str | None = None


@dataclass(frozen=True)
class Change:
    """A mark as it will be."""

    member: Member
    after: Beside
    reason: CorrectionReason | None
    reason_text: str | None

    @property
    def held(self) -> str | None:
        """Code that stood there before."""
        return self.member.beside.code if self.member.beside else None


@dataclass
class Decision:
    """What a command does."""

    changes: list[Change] = field(default_factory=list)
    unchanged: list[Member] = field(default_factory=list)
    stale: list[Member] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


def decide(
    members: Sequence[Member],
    entries: Sequence[Entry],
    marks: Mapping[str, BesideMark],
    symbols: Mapping[str, Symbol],
    *,
    by: UUID,
    at: datetime,
    closed: bool,
) -> Decision:
    """Decide one command. A wrong entry refuses all of it; one whose mark somebody else changed is set aside.

    The day's status is not touched, and what it derives to is no condition of taking a mark away.
    """
    decision = Decision()
    by_pupil = {member.pupil: member for member in members}
    seen: set[UUID] = set()
    for entry in entries:
        member = by_pupil.get(entry.pupil)
        if member is None:
            decision.wrong.append(
                Wrong("一覧にない子", "この日この学級にいない子です。画面を読み直してください。")
            )
            continue
        why = "同じ子が二度あります。一つにしてください。" if entry.pupil in seen else None
        seen.add(entry.pupil)
        why = why or _why_not(member, entry, marks, symbols, closed)
        if why is not None:
            decision.wrong.append(Wrong(member.cell, why))
            continue
        before = member.beside
        if (before.code if before else None) == entry.code:
            decision.unchanged.append(member)
        elif entry.seen != (before.revision if before else 0):
            decision.stale.append(member)
        else:
            kind = marks[entry.code].kind if entry.code is not None else None
            after = Beside(before.revision + 1 if before else 1, entry.code, kind, by, at)
            reason = (entry.reason, entry.reason_text) if closed else (None, None)
            decision.changes.append(Change(member, after, *reason))
    return decision


def _why_not(
    member: Member,
    entry: Entry,
    marks: Mapping[str, BesideMark],
    symbols: Mapping[str, Symbol],
    closed: bool,
) -> str | None:
    if member.exchange:
        return "交流の子の出欠は、在籍の学級でとります。"
    if entry.code is not None:
        mark = marks.get(entry.code)
        if mark is None:
            words = "、".join(each.word for each in marks.values())
            return f"「{entry.code[:20]}」は一覧にありません。選べるのは {words} です。"
        why = why_not_here(mark, member, symbols)
        if why is not None:
            return why
    if closed and entry.reason is None:
        return "締めた月の訂正には理由が要ります。理由を選んでください。"
    if entry.reason == "other" and not (entry.reason_text or "").strip():
        return "「ほか」を選んだときは、理由を一言書いてください。"
    return None


def why_not_here(mark: BesideMark, member: Member, symbols: Mapping[str, Symbol]) -> str | None:
    """Why a mark cannot stand beside the day as it is, in words; None when it can."""
    derived = derive(member.facts, symbols)
    if fits(mark.kind, derived.presence, derived.category):
        return None
    symbol = symbols.get(derived.code or "")
    word = symbol.word if symbol else ""
    called = KIND_WORDS[mark.kind]
    if derived.presence == "unrecorded":
        return f"この日の出欠がまだ入っていません。朝の記録で入れてから、{called}を付けてください。"
    if mark.kind == "kin":
        return f"この日は{word}です。{called}は、忌引の日に入れます。"
    if derived.category in APART:
        return f"この日は{word}です。出席しなくてよい日に、{called}は付きません。"
    return f"この日は{word}です。{called}は登校した日の印です。先に朝の記録で出欠を直してください。"
