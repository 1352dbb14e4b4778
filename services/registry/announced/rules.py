"""What a family's notices say about a pupil's day, as a mark of the board's list. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from services.registry.attendance.rules import Fact
from services.registry.attendance.symbols import DEFAULT_SYMBOLS, Symbol
from shared.contracts.messaging import Channel, NoticeKind, NoticeReason


@dataclass(frozen=True)
class Announced:
    """A notice, newest revision."""

    notice: UUID
    revision: int
    withdrawn: bool
    kind: NoticeKind
    reason: NoticeReason | None
    since: date
    until: date
    """The day after the last one."""
    channel: Channel
    relation: str | None
    told_at: datetime
    at: datetime
    by: UUID

    def covers(self, on: date) -> bool:
        """Whether it speaks of a day, withdrawn or not."""
        return self.since <= on < self.until

    def says(self, on: date) -> bool:
        """Whether it says something about coming to school on a day."""
        return self.covers(on) and not self.withdrawn and self.kind != "other"


def word_of(notices: Iterable[Announced], on: date) -> tuple[Announced, str] | None:
    """The notice that speaks for a day, and the code of what is said; None when nothing is.

    The one told last holds, by whichever parent. A child who comes late and leaves early has told both.
    """
    saying = sorted((each for each in notices if each.says(on)), key=lambda each: (each.at, each.notice))
    if not saying:
        return None
    last = saying[-1]
    if last.kind in ("late", "early_leave"):
        kinds = {each.kind for each in saying}
        if {"late", "early_leave"} <= kinds:
            return last, "late_early"
        return last, last.kind
    if last.kind == "bereavement":
        return last, "bereavement"
    return last, "absent_sick" if last.reason == "sick" else "absent_other"


_MEANT = {symbol.code: symbol for symbol in DEFAULT_SYMBOLS}


def mark_of(code: str, symbols: Iterable[Symbol]) -> str:
    """The board's own mark for what ``code`` of the list a board starts with means.

    Where its list has none that means the same, the code stays: the roll then shows that somebody must say what it is.
    """
    meant, listed = _MEANT[code], list(symbols)
    if any(symbol.code == code for symbol in listed):
        return code
    same = (
        symbol.code
        for symbol in listed
        if (symbol.presence, symbol.category, symbol.late, symbol.early)
        == (meant.presence, meant.category, meant.late, meant.early)
    )
    return next(same, code)


def fact_of(
    before: Fact | None, notices: Iterable[Announced], on: date, symbols: Iterable[Symbol]
) -> Fact | None:
    """The next word of source ``notice`` on a day; None when there is nothing to say and nothing to take back.

    What no mark says (そのほか) makes a word without a mark: the day has a further revision, so that whoever saves it
    over that revision has had the notice before them.
    """
    covering = [each for each in notices if each.covers(on)]
    to_read = [each for each in covering if each.kind == "other" and not each.withdrawn]
    word = word_of(covering, on)
    revision = 1 if before is None else before.revision + 1
    if word is not None:
        fact = _fact(revision, mark_of(word[1], symbols), word[0], to_read=bool(to_read))
        same = before is not None and (before.code, before.at, before.by) == (fact.code, fact.at, fact.by)
        if before is not None and same and before.to_read != fact.to_read:
            # そのほか came beside it or went: whoever had the word before them has it still (docs/decisions/0026).
            return replace(fact, since_revision=before.since_revision or before.revision)
        return fact
    if to_read:
        return _fact(revision, None, _last(to_read), to_read=True)
    if before is None or (before.code is None and not before.to_read):
        return None
    if not covering:  # it speaks of other days now
        return Fact(source="notice", revision=revision, code=None, by=before.by, at=before.at)
    return _fact(revision, None, _last(covering))


def _last(notices: Iterable[Announced]) -> Announced:
    return max(notices, key=lambda each: (each.at, each.notice))


def _fact(revision: int, code: str | None, of: Announced, *, to_read: bool = False) -> Fact:
    return Fact(
        source="notice",
        revision=revision,
        code=code,
        by=of.by,
        at=of.at,
        relation=of.relation,
        channel=of.channel,
        to_read=to_read,
    )
