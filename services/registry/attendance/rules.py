"""出席簿, one day: symbols, derivation, and what may be saved. Pure; the time of everything is an argument.

Facts of different people stay separate facts; the status is derived once, here, and explains itself (decisions.md §2).
Arithmetic of months and years is not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.registry.attendance.beside import Beside
from services.registry.attendance.symbols import Category, Symbol
from shared.contracts.registry import CorrectionReason, Source, Status

Presence = Literal["present", "absent", "unrecorded"]

PRECEDENCE: tuple[Source, ...] = ("office", "teacher", "nurse", "notice")
"""Sources in the order in which they are told."""
_IN_SIGHT: tuple[Source, ...] = ("office", "teacher")
"""They write into the same cells, each with the other's mark before them: a stale cell is refused."""

MAX_CLASS = 60
"""More marks than this in one command is not a class (義務標準法: at most 35 or 40 pupils)."""


@dataclass(frozen=True)
class Fact:
    """What one source says about a pupil's day: its newest revision."""

    source: Source
    revision: int
    code: str | None
    """Symbol code; None says that the source took its word back."""
    by: UUID
    at: datetime
    claimed_at: datetime | None = None
    corrects: int | None = None
    reason: CorrectionReason | None = None
    relation: str | None = None
    """Of a notice: what whoever told it is to the child."""
    channel: str | None = None
    """Of a notice: how it came."""
    to_read: bool = False
    """Of a notice: the family has also told what no mark says (そのほか)."""
    in_sight: int | None = None
    """Of a mark: the revision of the family's word that stood when it was entered, 0: none. None: not kept then."""
    since_revision: int | None = None
    """Of a notice: the revision since which it says of coming to school what it says. None: this one."""


@dataclass(frozen=True)
class NoticeSeen:
    """A notice that a teacher of the class had before them when they saved the day."""

    notice: UUID
    revision: int
    at: datetime
    by: UUID


@dataclass(frozen=True)
class Derived:
    """A day's status and why."""

    status: Status
    code: str | None
    presence: Presence
    category: Category | None
    late: bool
    early: bool
    decided_by: Source | None
    contradiction: str | None


UNRECORDED = Derived("unrecorded", None, "unrecorded", None, False, False, None, None)


def derive(facts: Mapping[Source, Fact], symbols: Mapping[str, Symbol]) -> Derived:
    """The one derivation of a pupil-day (decisions.md §2).

    Office and teacher before nurse before notice. Of office and teacher a correction before a mark, else the later
    word: it was said in sight of the other (docs/decisions/0012). Suspension told by any source stands out when the
    child is marked present, and so does a word of a weaker source that says otherwise and that whoever decided has not
    had before them, however early it was told: it may have been on its way. A person must resolve it.
    A code that the list of the day no longer has decides nothing and is shown as a contradiction.
    """
    said = by_weight(facts[source] for source in PRECEDENCE if source in facts)
    if not said:
        return UNRECORDED
    fact = said[0]
    symbol = symbols.get(fact.code or "")
    if symbol is None:
        return Derived(
            "unrecorded", fact.code, "unrecorded", None, False, False, fact.source, "unknown_symbol"
        )
    return Derived(
        status=_status(symbol),
        code=symbol.code,
        presence=symbol.presence,
        category=symbol.category,
        late=symbol.late,
        early=symbol.early,
        decided_by=fact.source,
        contradiction=_contradiction(fact, symbol, said[1:], symbols),
    )


def by_weight(facts: Iterable[Fact]) -> list[Fact]:
    """What is said, the word that decides first."""
    said = [fact for fact in facts if fact.code is not None]
    latest = sorted(said, key=lambda fact: (fact.reason is not None, fact.at), reverse=True)
    return [fact for fact in latest if fact.source in _IN_SIGHT] + [
        fact for source in PRECEDENCE if source not in _IN_SIGHT for fact in said if fact.source == source
    ]


def _status(symbol: Symbol) -> Status:
    if symbol.presence == "absent":
        if symbol.category in ("suspension", "not_required"):
            return "suspended"
        return "bereavement" if symbol.category == "bereavement" else "absent"
    if symbol.late:
        return "late_early" if symbol.early else "late"
    return "early_leave" if symbol.early else "present"


def _contradiction(
    fact: Fact, symbol: Symbol, others: Iterable[Fact], symbols: Mapping[str, Symbol]
) -> str | None:
    for other in others:
        said = symbols.get(other.code or "")
        if said is None:
            continue
        if symbol.presence == "present" and said.category == "suspension":
            return "present_though_suspended"
        if said.presence != symbol.presence and not _had_in_sight(fact, other):
            return "said_otherwise_later"
    return None


def _had_in_sight(fact: Fact, other: Fact) -> bool:
    if other.source == "notice" and fact.in_sight is not None:
        return (other.since_revision or other.revision) <= fact.in_sight
    return other.at <= fact.at


@dataclass(frozen=True)
class Member:
    """A pupil on the class's list of a date, with the day as it stands."""

    pupil: UUID
    number: int | None
    exchange: bool
    """交流: on the list, but the class of 在籍 takes the roll."""
    revision: int = 0
    status: Status = "unrecorded"
    facts: Mapping[Source, Fact] = field(default_factory=dict)
    kept_under: UUID | None = None
    """The card whose day this is, when it was recorded before that card was merged into the pupil's: facts keep the id
    they were written to, and a correction of one is written there too."""
    notices: Mapping[UUID, int] = field(default_factory=dict)
    """What the family has told that covers the day, withdrawn or not, with the newest revision."""
    considered: Sequence[NoticeSeen] = ()
    """What of it the class's teachers have had before them."""
    beside: Beside | None = None
    """出席扱い or 別室, which no entry of the roll changes."""

    @property
    def cell(self) -> str:
        """How a message names the cell."""
        return f"{self.number}番" if self.number is not None else "番号のない子"

    @property
    def day_of(self) -> UUID:
        """Whose pupil-day is read and written."""
        return self.kept_under or self.pupil


@dataclass(frozen=True)
class Mark:
    """What a person entered in a cell, with the revision of the day they saw."""

    pupil: UUID
    seen: int
    code: str | None
    reason: CorrectionReason | None = None
    reason_text: str | None = None


@dataclass(frozen=True)
class Change:
    """A pupil-day as it will be."""

    member: Member
    fact: Fact
    derived: Derived
    revision: int
    facts: Mapping[Source, Fact]
    reason_text: str | None
    considered: Sequence[NoticeSeen] = ()
    held: str | None = None
    """Code that held before."""


@dataclass(frozen=True)
class Stale:
    """A cell that somebody else changed since it was seen."""

    mark: Mark
    member: Member


@dataclass(frozen=True)
class Wrong:
    """A cell that cannot be saved, and what to do."""

    cell: str
    message: str


@dataclass
class Decision:
    """What a command does to a class's roll."""

    changes: list[Change] = field(default_factory=list)
    unchanged: list[Member] = field(default_factory=list)
    stale: list[Stale] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)
    takes: bool = False
    """Whether the roll becomes taken by this command."""


def decide(
    members: Sequence[Member],
    marks: Sequence[Mark],
    symbols: Mapping[str, Symbol],
    *,
    source: Source,
    by: UUID,
    at: datetime,
    claimed_at: datetime | None,
    take: bool,
    already_taken: bool,
    closed: bool = False,
) -> Decision:
    """Decide one save of a class's roll.

    Any subset of cells may come. A stale cell is set aside with both values, the rest is saved. A wrong cell refuses
    the whole command: nothing is half-written. ``take`` needs a status for every member of 在籍 afterwards. Once the
    roll was taken, another value for a recorded cell is a correction and needs a reason; once the month is ``closed``,
    every entry is one, and no cell becomes empty (docs/decisions/0015).
    """
    decision = Decision()
    by_pupil = {member.pupil: member for member in members}
    seen: set[UUID] = set()
    for mark in marks:
        member = by_pupil.get(mark.pupil)
        if member is None:
            decision.wrong.append(
                Wrong("一覧にない子", "この日この学級にいない子です。画面を読み直してください。")
            )
        elif mark.pupil in seen:
            decision.wrong.append(Wrong(member.cell, "同じ子が二度あります。一つにしてください。"))
        else:
            seen.add(mark.pupil)
            _decide_cell(decision, member, mark, symbols, source, by, at, claimed_at, already_taken, closed)
    if take and not already_taken:
        _decide_taking(decision, members)
    return decision


def _decide_cell(
    decision: Decision,
    member: Member,
    mark: Mark,
    symbols: Mapping[str, Symbol],
    source: Source,
    by: UUID,
    at: datetime,
    claimed_at: datetime | None,
    already_taken: bool,
    closed: bool,
) -> None:
    if member.exchange:
        decision.wrong.append(Wrong(member.cell, "交流の子の出欠は、在籍の学級でとります。"))
        return
    if mark.code is not None and mark.code not in symbols:
        words = "、".join(f"{symbol.code}（{symbol.word}）" for symbol in symbols.values())
        decision.wrong.append(
            Wrong(member.cell, f"「{mark.code[:20]}」は出欠の記号にありません。記号は {words} です。")
        )
        return
    before = member.facts.get(source)
    said = before.code if before is not None else None
    news = source == "teacher" and not closed and bool(_unseen(member))
    # Said once more it was seen, also after 確定, and corrects nothing: else a notice that agrees waits for ever.
    again = news and mark.code is not None and said == mark.code
    same = said == mark.code and (before is not None or mark.code is None)
    if same and not (_overruled(member, before) or again):
        decision.unchanged.append(member)
        return
    if mark.seen != member.revision:
        decision.stale.append(Stale(mark, member))
        return
    holds = by_weight(member.facts.values())[:1] == [before]
    correction = closed or (already_taken and member.status != "unrecorded" and not (again and holds))
    if correction and mark.reason is None:
        since = "締めた月" if closed else "確定したあと"
        decision.wrong.append(Wrong(member.cell, f"{since}の訂正には理由が要ります。理由を選んでください。"))
        return
    if closed and mark.code is None:
        decision.wrong.append(Wrong(member.cell, "締めた月の日は空にできません。記号を選んでください。"))
        return
    if mark.reason == "other" and not (mark.reason_text or "").strip():
        decision.wrong.append(Wrong(member.cell, "「ほか」を選んだときは、理由を一言書いてください。"))
        return
    fact = Fact(
        source=source,
        revision=before.revision + 1 if before is not None else 1,
        code=mark.code,
        by=by,
        at=at,
        claimed_at=claimed_at,
        corrects=before.revision if before is not None and correction else None,
        reason=mark.reason if correction else None,
        in_sight=member.facts["notice"].revision if "notice" in member.facts else 0,
    )
    facts = {**member.facts, source: fact}
    decision.changes.append(
        Change(
            member,
            fact,
            derive(facts, symbols),
            member.revision + 1,
            facts,
            mark.reason_text if correction else None,
            _considered(member, fact) if source == "teacher" else member.considered,
            derive(member.facts, symbols).code,
        )
    )


def _unseen(member: Member) -> set[UUID]:
    """Notices of the day that no teacher of the class has had before them as they are."""
    seen = {(each.notice, each.revision) for each in member.considered}
    return {notice for notice, revision in member.notices.items() if (notice, revision) not in seen}


def _considered(member: Member, fact: Fact) -> tuple[NoticeSeen, ...]:
    """The day's notices after a teacher has saved it: who saw the day's revision saw what it was made of.

    When a revision was seen first stays.
    """
    unseen = _unseen(member)
    standing = [each for each in member.considered if member.notices.get(each.notice) == each.revision]
    fresh = [NoticeSeen(notice, member.notices[notice], fact.at, fact.by) for notice in sorted(unseen)]
    return (*standing, *fresh)


def _overruled(member: Member, fact: Fact | None) -> bool:
    """Whether somebody else's word stands in the cell instead: saying the same once more then says something."""
    if fact is None or fact.code is None or fact.source not in _IN_SIGHT:
        return False
    return by_weight(member.facts.values())[0].code != fact.code


def _decide_taking(decision: Decision, members: Sequence[Member]) -> None:
    status = {member.pupil: member.status for member in members if not member.exchange}
    status.update({change.member.pupil: change.derived.status for change in decision.changes})
    missing = [member for member in members if status.get(member.pupil) == "unrecorded"]
    decision.wrong.extend(
        Wrong(member.cell, "出欠がまだ入っていません。入れてから確定してください。") for member in missing
    )
    decision.takes = not missing


@dataclass(frozen=True)
class SchoolDay:
    """What the calendar says about a class's day."""

    known: bool
    """Whether the school has a calendar for that year."""
    school_day: bool
    closure: str | None
    """Code of a 臨時休業 that covers the class."""


def why_not_open(day: SchoolDay, on: date, today: date) -> str | None:
    """Why no roll can be taken on ``on``, or None when it can."""
    if on > today:
        return "まだ来ていない日の出欠は入れられません。日付を確かめてください。"
    if not day.known:
        return "この学校の年間予定がまだありません。学校の事務に年間予定の登録を頼んでください。"
    if not day.school_day:
        return "この日は授業日ではありません。日付を確かめてください。"
    if day.closure is not None:
        return "この学級はこの日、臨時休業です。出欠はとりません。"
    return None
