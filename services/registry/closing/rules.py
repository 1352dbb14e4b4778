"""Closing a class's month (月の締め): when it may be closed and checked, and what has changed since. Pure.

A closed month is kept as the sheet stood. What has changed is never written down where it changes: it is the difference
between the kept sheet and the one that the days make now, so that no way of changing a day can be forgotten
(docs/decisions/0015).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Literal
from uuid import UUID

import orjson

from services.registry.attendance.beside import KIND_WORDS, BesideMark
from services.registry.register.rules import Cell, CellKind, ClassYear, Sheet, glyph

State = Literal["closed", "checked", "returned"]
"""A month that nobody has closed has none; ``returned`` is open again."""
Step = State
Act = Literal["close", "check", "return"]
Why = Literal["notice", "calendar", "list", "record"]
"""What a day changed by that nobody corrected: a family's word, the year's plan, who is in the class, anything else."""

MOST_SENTENCE = 200


@dataclass(frozen=True, slots=True)
class Value:
    """A cell as a kept sheet has it: what it counts as, and what it read."""

    kind: CellKind
    code: str | None = None
    category: str | None = None
    late: bool = False
    early: bool = False
    contradiction: str | None = None
    glyph: str = ""
    word: str = ""
    beside: str | None = None
    """Code of what stood beside it; a sheet that was kept before there was any has none."""
    beside_word: str = ""
    fits: bool = True

    def same(self, other: Value) -> bool:
        """Whether both say the same; how the board writes it is no difference."""
        return self._said == other._said

    @property
    def _said(self) -> tuple[object, ...]:
        return (*self.day, self.beside, self.fits)

    @property
    def day(self) -> tuple[object, ...]:
        """What it says without what stands beside it."""
        return (self.kind, self.code, self.category, self.late, self.early, self.contradiction)


STRUCK = Value("struck", glyph="―")


def value_of(cell: Cell) -> Value:
    """A cell, to be kept."""
    symbol, stood = cell.symbol, cell.beside
    value = Value(cell.kind, contradiction=cell.contradiction, glyph=glyph(cell))
    if symbol is not None:
        value = replace(
            value,
            code=symbol.code,
            category=symbol.category,
            late=cell.late,
            early=cell.early,
            word=symbol.word,
        )
    if stood is None:
        return value
    return replace(value, beside=stood.mark.code, beside_word=beside_word(stood.mark), fits=stood.fits)


def beside_word(mark: BesideMark) -> str:
    """出席扱い（教育支援センター）."""
    return f"{KIND_WORDS[mark.kind]}（{mark.word}）"


@dataclass(frozen=True)
class Kept:
    """A sheet as it stood when somebody closed or checked it."""

    lines: Mapping[UUID, tuple[Value, ...]]
    """By child; a value for each day of the month."""

    def json(self) -> dict[str, Any]:
        """As it is stored: each value once, each line as places in that list."""
        places: dict[Value, int] = {}
        lines = {
            str(pupil): [places.setdefault(value, len(places)) for value in values]
            for pupil, values in self.lines.items()
        }
        return {"values": [asdict(value) for value in places], "lines": lines}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Kept:
        """Out of storage."""
        values = [Value(**each) for each in stored["values"]]
        lines = {UUID(pupil): tuple(values[n] for n in line) for pupil, line in stored["lines"].items()}
        return cls(lines)

    def read_as(self, alias: Mapping[UUID, UUID], hidden: Collection[UUID]) -> Kept:
        """With the cards that were merged since as one line, and without whom the reader must not know of."""
        found: dict[UUID, tuple[Value, ...]] = {}
        for pupil, line in sorted(self.lines.items(), key=lambda each: each[0] in alias):
            kept = alias.get(pupil, pupil)
            if kept in hidden:
                continue
            other = found.get(kept)
            found[kept] = (
                line
                if other is None
                else tuple(a if a.kind != "struck" else b for a, b in zip(other, line, strict=True))
            )
        return Kept(found)


def keep(sheet: Sheet) -> Kept:
    """A sheet, to be kept."""
    return Kept({line.child.pupil: tuple(map(value_of, line.cells)) for line in sheet.lines})


def digest(sheet: Sheet) -> str:
    """What somebody who closes or checks must have had before them: it tells sheets of different days apart."""
    lines = sorted((str(pupil), line) for pupil, line in keep(sheet).lines.items())
    told = [[day.on, day.kind] for day in sheet.days], [[pupil, *map(asdict, line)] for pupil, line in lines]
    return hashlib.sha256(orjson.dumps(told)).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Changed:
    """A child's day that counts as something else than when the month was closed."""

    pupil: UUID
    on: date
    before: Value
    now: Value
    why: Why


def changed(
    kept: Kept,
    sheet: Sheet,
    corrected: Collection[tuple[UUID, date]],
    told: Collection[tuple[UUID, date]],
    marked: Collection[tuple[UUID, date]] = (),
) -> list[Changed]:
    """Days that are not as they were kept, in the order of days; those that somebody has ``corrected`` left out.

    ``marked``: days beside which somebody has put something else; left out when nothing more is different. ``told``:
    days of which a family has said something after the closing.
    """
    now = keep(sheet)
    nothing = tuple(STRUCK for _ in sheet.days)
    found = []
    for pupil in [*now.lines, *(pupil for pupil in kept.lines if pupil not in now.lines)]:
        pairs = zip(sheet.days, kept.lines.get(pupil, nothing), now.lines.get(pupil, nothing), strict=True)
        for day, before, after in pairs:
            if before.same(after) or {before.kind, after.kind} <= {"off", "struck"}:
                continue
            if (pupil, day.on) in corrected or ((pupil, day.on) in marked and before.day == after.day):
                continue
            why = _why(before, after, (pupil, day.on) in told)
            found.append(Changed(pupil, day.on, before, after, why))
    return sorted(found, key=lambda each: each.on)


def _why(before: Value, after: Value, told: bool) -> Why:
    kinds = {before.kind, after.kind}
    if "struck" in kinds:
        return "list"
    if kinds & {"off", "closed"}:
        return "calendar"
    return "notice" if told else "record"


@dataclass(frozen=True, slots=True)
class Open:
    """What keeps a month from being closed; of a child's day, or of the month."""

    what: Literal["unrecorded", "contradiction", "unplanned", "ahead"]
    pupil: UUID | None = None
    on: date | None = None


def what_is_open(of: ClassYear, sheet: Sheet, planned: bool) -> list[Open]:
    """What stands in the way of closing, and of checking: days without entry and contradictions by child."""
    if not planned:
        return [Open("unplanned")]
    ahead = [day.on for day in sheet.days if day.kind == "ahead"]
    if ahead:
        return [Open("ahead", on=ahead[-1])]
    if not any(day.kind != "off" for day in sheet.days) and of.today < sheet.days[-1].on:
        return [Open("ahead", on=sheet.days[-1].on)]
    found = [
        Open("unrecorded" if cell.kind == "unrecorded" else "contradiction", line.child.pupil, day.on)
        for line in sheet.lines
        for cell, day in zip(line.cells, sheet.days, strict=True)
        if cell.kind == "unrecorded" or cell.contradiction
    ]
    return sorted(found, key=lambda each: (each.what != "unrecorded", each.on or date.max))


def unconfirmed(sheet: Sheet, taken: Collection[date]) -> list[date]:
    """授業日 of which everybody has an entry, and nobody has said 確定."""
    counts = sheet.of_days()
    return [
        day.on
        for day, each in zip(sheet.days, counts, strict=True)
        if day.kind == "lesson" and day.on not in taken and each.days and not each.unrecorded
    ]


def why_not(act: Act, state: State | None, current: bool, *, own: bool = False) -> str | None:
    """Why ``act`` is not possible in ``state``; None when it is. ``current``: nothing has changed since the check.

    ``own``: who asks has closed it. Two duties of one person are still one pair of eyes.
    """
    closed = state in ("closed", "checked")
    if act == "close":
        return "この月はもう締めてあります。" if closed else None
    if not closed:
        return "この月はまだ締めてありません。担任が締めてから点検します。"
    if act == "check" and own:
        return "この月はあなたが締めました。点検は、締めた人ではない校長・教頭がします。"
    if act == "check" and state == "checked" and current:
        return "この月はもう点検してあります。そのあとに変わったところはありません。"
    return None


@dataclass(frozen=True, slots=True)
class Correction:
    """A day that somebody corrected after the closing, with both values."""

    pupil: UUID
    on: date
    before: str | None
    """Code of the symbol that held; None when there was no entry."""
    after: str | None
    reason: str
    reason_text: str | None
    by: UUID
    at: Any
    closing: int
    """Revision of the month that stood then."""
    beside: bool = False
    """The codes are of what stands beside the day, not of the day."""


def by_child(corrections: Iterable[Correction]) -> Mapping[tuple[UUID, date], Sequence[Correction]]:
    """Corrections of each child's day."""
    found: dict[tuple[UUID, date], list[Correction]] = defaultdict(list)
    for each in corrections:
        found[each.pupil, each.on].append(each)
    return found
