"""A class's month as it is to be, and the sheet that it must come to: the test's own count. Pure.

It knows what people say of children and what 指導要録の参考様式「出欠の記録」 makes of it, not how the product counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

TOLD = {"1": "病", "2": "事", "3": "チ", "4": "早", "5": "忌"}
"""What each tile of 電話を受ける comes to on the sheet."""
MARKED = {"k": "病", "j": "事", "c": "チ", "s": "早", "b": "遅早", "t": "停", "m": "忌"}
"""What each key of 朝の記録 comes to."""
PRESENT, CLOSED, NOT_HERE = "・", "閉", "―"
LONGEST_CALL = 3


@dataclass(frozen=True)
class Call:
    """A family tells before eight: of the child with that 出席番号, from today for some days."""

    number: int
    tile: str
    last: date
    withdrawn: bool = False
    by_app: bool = False
    """Told on the guardian's own telephone screen; else the office takes the call."""


@dataclass(frozen=True)
class Mark:
    """The teacher enters it in the roll; also over what a family told."""

    number: int
    key: str


@dataclass(frozen=True)
class Correction:
    """After 確定, with a reason: what the child's day was in truth."""

    number: int
    on: date
    key: str


@dataclass(frozen=True)
class Today:
    """What happens on one school day."""

    on: date
    closed: str = ""
    """学級閉鎖 of the class or 臨時休業 of the school; neither has a roll."""
    calls: tuple[Call, ...] = ()
    marks: tuple[Mark, ...] = ()
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True)
class Stay:
    """Days on which a child is in the class: from ``since`` to the day before ``until``."""

    number: int
    since: date | None = None
    until: date | None = None

    def holds(self, on: date) -> bool:
        """Whether the child is in the class on a day."""
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


@dataclass
class Month:
    """The days in their order, and what is true of each child's day: all that is neither here nor present."""

    days: list[Today] = field(default_factory=list)
    told: dict[tuple[int, date], str] = field(default_factory=dict)


def drawn(
    days: Sequence[date], stays: Iterable[Stay], closed: Mapping[date, str], family: int, seed: int
) -> Month:
    """A month by chance: calls for one and for several days, words that overrule them, marks, corrections.

    ``family`` is the child whose guardian tells by the app.
    """
    chance = Random(seed)
    month, stays = Month(), list(stays)
    held: list[date] = []
    for on in days:
        if on in closed:
            month.days.append(Today(on, closed[on]))
            continue
        here = [stay.number for stay in stays if stay.holds(on)]
        announced = [number for number in here if (number, on) in month.told]
        free = [number for number in here if number not in announced]
        chance.shuffle(free)
        calls = [
            Call(free.pop(), chance.choice("12345"), on + timedelta(days=chance.randrange(LONGEST_CALL)))
        ]
        calls += [Call(free.pop(), chance.choice("12345"), on) for _ in range(chance.randrange(2))]
        if chance.random() < 0.3:
            calls.append(Call(free.pop(), "1", on, withdrawn=True))
        if family in free and chance.random() < 0.4:
            free.remove(family)
            calls.append(Call(family, chance.choice("12345"), on, by_app=True))
        for call in calls:
            if not call.withdrawn:
                month.told.update(
                    {(call.number, day): TOLD[call.tile] for day in days if on <= day <= call.last}
                )
        marks = [Mark(free.pop(), chance.choice("kjcsbtm")) for _ in range(chance.randrange(1, 3))]
        if announced and chance.random() < 0.5:
            marks.append(Mark(announced[0], "c"))  # the child came after all
        month.told.update({(mark.number, on): MARKED[mark.key] for mark in marks})
        corrections = []
        for before in [on, *held[-1:]]:
            number = chance.choice([stay.number for stay in stays if stay.holds(before)])
            was = month.told.get((number, before), PRESENT)
            key = chance.choice([key for key, glyph in MARKED.items() if glyph != was])
            month.told[number, before] = MARKED[key]
            corrections.append(Correction(number, before, key))
        held.append(on)
        month.days.append(Today(on, "", tuple(calls), tuple(marks), tuple(corrections)))
    return month


def cells(month: Month, stay: Stay, days: Sequence[date], closed: Mapping[date, str]) -> list[str]:
    """A child's line on the sheet, a sign for each day of the calendar; blank where there are no lessons."""
    lessons = {each.on for each in month.days if closed.get(each.on) != "school"}
    line = []
    for on in days:
        if not stay.holds(on):
            line.append(NOT_HERE)
        elif on not in lessons:
            line.append("")
        elif closed.get(on) == "class":
            line.append(CLOSED)
        else:
            line.append(month.told.get((stay.number, on), PRESENT))
    return line


def sums(line: Iterable[str]) -> list[int]:
    """授業日数, 出停・忌引等, 出席すべき日, 病気欠席, 事故欠席, 欠席日数, 出席日数, 遅刻, 早退 of a line."""
    signs = [sign for sign in line if sign not in ("", NOT_HERE)]
    apart = sum(sign in ("停", "忌", CLOSED) for sign in signs)
    sick, other = signs.count("病"), signs.count("事")
    due = len(signs) - apart
    late = sum(sign in ("チ", "遅早") for sign in signs)
    early = sum(sign in ("早", "遅早") for sign in signs)
    return [len(signs), apart, due, sick, other, sick + other, due - sick - other, late, early]


def of_days(lines: Iterable[Sequence[str]]) -> Iterable[list[int | str]]:
    """The rows under the children: 在籍, 出席, 欠席, 出停・忌引等, 遅刻, 早退 of each day with lessons."""
    counted = [[sums([sign]) for sign in day] for day in zip(*lines, strict=True)]
    for at in (0, 6, 5, 1, 7, 8):
        yield [sum(each[at] for each in day) if any(each[0] for each in day) else "" for day in counted]
