"""How a month stands, as a sheet shows it: what is open, who closed and checked it, what has changed since. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.registry.attendance.symbols import Symbol
from services.registry.closing import rules
from services.registry.closing.rules import Changed, Correction, Open
from services.registry.closing.store import Done, Standing
from services.registry.register.lists import symbols_on
from services.registry.register.noting import short
from services.registry.register.rules import ClassYear, Sheet
from shared.contracts.registry import CORRECTION_WORDS
from shared.dates import TOKYO

EMPTY = "未入力"
NOTHING = "印なし"


@dataclass(frozen=True)
class Look:
    """A month's closing, for one reader."""

    standing: Standing
    digest: str
    open: list[Open]
    unconfirmed: list[date]
    changed: list[Changed]
    """締めたあとに変わった: without anybody's correction."""
    checked: Done | None
    current: bool
    """Nothing has changed since it was checked; of a month that was not, nothing is asked."""

    @property
    def corrections(self) -> tuple[Correction, ...]:
        """締めたあとの訂正."""
        return self.standing.corrections

    @property
    def closed(self) -> Done | None:
        """Who closed it; None of an open month."""
        return self.standing.last("closed") if self.standing.is_closed else None

    def closed_by(self, person: UUID | None) -> bool:
        """Whether they have closed it: who closes a month does not check it."""
        return self.closed is not None and self.closed.by.id == person

    @property
    def returned(self) -> Done | None:
        """Who sent it back, while it is open again."""
        return self.standing.last("returned") if self.standing.state == "returned" else None


def look(of: ClassYear, sheet: Sheet, standing: Standing, *, planned: bool) -> Look:
    """How the month of a sheet stands now."""
    corrected = {(each.pupil, each.on) for each in standing.corrections if not each.beside}
    marked = {(each.pupil, each.on) for each in standing.corrections if each.beside}
    checked = standing.last("checked") if standing.state == "checked" else None
    current = checked is not None and standing.checked is not None
    if checked is not None and standing.checked is not None:
        later = any(each.closing >= checked.revision for each in standing.corrections)
        current = not later and not rules.changed(standing.checked, sheet, (), ())
    return Look(
        standing,
        rules.digest(sheet),
        rules.what_is_open(of, sheet, planned),
        [] if standing.is_closed else rules.unconfirmed(sheet, standing.taken),
        []
        if standing.closed is None
        else rules.changed(standing.closed, sheet, corrected, standing.told, marked),
        checked,
        current,
    )


def word(of: ClassYear, on: date, code: str | None, *, beside: bool = False) -> str:
    """What a code that held on a day, or stood ``beside`` it, reads."""
    if beside:
        mark = of.marks_on(on).get(code or "")
        return rules.beside_word(mark) if mark else code or NOTHING
    if code is None:
        return EMPTY
    symbol: Symbol | None = symbols_on(of.sets, on).get(code)
    return code if symbol is None else symbol.word


_KINDS: Mapping[str, str] = {
    "struck": "在籍なし",
    "off": "授業なし",
    "ahead": "まだ",
    "closed": "学級閉鎖",
    "unrecorded": EMPTY,
}


def told(value: rules.Value) -> str:
    """A kept or present cell in words."""
    words = value.word or _KINDS.get(value.kind, "")
    if value.beside is not None:
        words = f"{words}・{value.beside_word}"
    return f"{words}（食い違い）" if value.contradiction else words


WHY: Mapping[rules.Why, str] = {
    "notice": "家庭から連絡があった",
    "calendar": "年間予定が変わった",
    "list": "学級の名簿が変わった",
    "record": "記録が変わった",
}


def by_whom(done: Done) -> str:
    """Who did a step."""
    return f"{done.by.family} {done.by.given}".strip()


_NAMED = 3
"""Children of one change who are named on paper; a class's day that was closed late is one change."""


def in_print(found: Look, of: ClassYear, names: Mapping[UUID, str]) -> list[str]:
    """What a printed sheet says about its closing: who did what, and every day that is not as it was closed."""
    if found.closed is None:
        return ["この月はまだ締めていません。"]
    done = [f"締め　{_when(found.closed)} {by_whom(found.closed)}"]
    if found.checked is not None:
        done.append(f"点検　{_when(found.checked)} {by_whom(found.checked)}")
        if not found.current:
            done.append("点検のあとに変わったところがあり、もう一度点検が要ります。")
    else:
        done.append("点検はまだです。")
    reasons = dict(CORRECTION_WORDS.items())
    corrected = [
        f"{names.get(each.pupil, '')} {short(each.on)} {_became(of, each)}"
        f"（{each.reason_text or reasons.get(each.reason, each.reason)}、{names.get(each.by, '')}）"  # type: ignore[call-overload]
        for each in found.corrections
    ]
    groups: dict[str, list[str]] = {}
    for change in found.changed:
        day = f"{short(change.on)} {told(change.before)}→{told(change.now)}（{WHY[change.why]}）"
        groups.setdefault(day, []).append(names.get(change.pupil, ""))
    became = [
        f"{'・'.join(those[:_NAMED])}{f' ほか{len(those) - _NAMED}人' if len(those) > _NAMED else ''} {day}"
        for day, those in groups.items()
    ]
    lists = (("締めたあとの訂正", corrected), ("締めたあとに変わった日", became))
    return [
        "　".join(done),
        *(f"{head}：{'、'.join(words)}" for head, words in lists if words),
    ]


def _became(of: ClassYear, each: Correction) -> str:
    before, after = (word(of, each.on, code, beside=each.beside) for code in (each.before, each.after))
    return f"{before}→{after}"


def _when(done: Done) -> str:
    return short(done.at.astimezone(TOKYO).date())
