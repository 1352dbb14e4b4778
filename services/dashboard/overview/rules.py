"""How many are away or late, beside what is usual there, and what stands out. Pure.

*Away* is everybody who is not at school whatever the reason (欠席, 出席停止, 忌引): of that a 学級閉鎖 is decided.
*Usual* is the median of the last twenty school days before the day, of those on which the roll was taken; days without
lessons are none of them. With fewer than five such days nothing is usual yet. A rate of the day itself is of confirmed
rolls only, as those are: early in the morning a school of which one class is known is no school without absences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.dashboard.school_day.rules import COUNTED, Calendar

WINDOW = 20
"""School days that are looked back on."""
LEAST = 5
"""Days of them that must be known before anything is called usual."""
TIMES = 2
MORE = 3
"""A group stands out when at least ``TIMES`` its usual share is away and at least ``MORE`` children more than usual.

Where less than one child is usually away one is reckoned with: of nobody there is no twofold."""

RULE = {"window": WINDOW, "least": LEAST, "times": TIMES, "more": MORE}
GRADES = ("P1", "P2", "P3", "P4", "P5", "P6", "J1", "J2", "J3")


@dataclass(frozen=True)
class Usual:
    """What is usual of a group: shares of its members, and how many days say so."""

    away: float
    late: float
    days: int


def stands_out(away: int, here: int, usual: Usual | None) -> bool:
    """Whether far more than usual are away, of ``here`` children who have lessons."""
    if usual is None or usual.days < LEAST or here == 0:
        return False
    often = max(usual.away * here, 1.0)
    return away >= TIMES * often and away >= often + MORE


def looked_back(
    school_days: Iterable[date], closures: Sequence[Mapping[str, Any]], before: date
) -> list[date]:
    """The last school days of a school before a day, latest first, without those on which all of it was closed."""
    closed = {each["on"] for each in closures if each["scope"] == "school"}
    days = sorted((on for on in school_days if on < before and on.isoformat() not in closed), reverse=True)
    return days[:WINDOW]


@dataclass(frozen=True)
class Shut:
    """A grade or a class that had no lessons on a day its school met."""

    day: date
    grade: str | None
    class_id: str | None


def shut(calendar: Mapping[str, Any], days: Iterable[date]) -> list[Shut]:
    """Who had no lessons on these days."""
    found = []
    for on in days:
        there = Calendar.of({**calendar, "school_day": True}, on)
        found += [Shut(on, grade, None) for grade in GRADES if there.closes("", grade)]
        found += [Shut(on, None, str(c["class_id"])) for c in there.closures if c["scope"] == "class"]
    return found


def measured(
    counts: Mapping[str, int], here: int, usual: Usual | None, known: Mapping[str, int]
) -> dict[str, Any]:
    """A group's numbers with its shares and what is usual. ``here``: of its members those who have lessons.

    ``known``: the counts of its confirmed classes, which the shares are of. Whether it stands out is asked of all that
    is known: more cannot make it less.
    """
    away = _away(counts)
    return {
        **{name: counts[name] for name in COUNTED},
        "here": here,
        "away": away,
        "rated": {"here": known["members"], "away": _away(known), "late": known["late"]},
        "usual": usual and {"away": round(usual.away, 4), "late": round(usual.late, 4), "days": usual.days},
        "stands_out": stands_out(away, here, usual),
    }


def _away(counts: Mapping[str, int]) -> int:
    return counts["absent"] + counts["apart"]


def reasons(
    classes: Iterable[Mapping[str, Any]], symbols: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Why children of these classes are away, by the board's own codes, in its list's order; zeros are left out."""
    sums: dict[str, int] = {}
    for each in classes:
        for code, count in (each["reasons"] or {}).items():
            sums[code] = sums.get(code, 0) + int(count)
    words = {symbol["code"]: symbol["word"] for symbol in symbols}
    order = [code for code in words if code in sums] + sorted(code for code in sums if code not in words)
    return [{"code": code, "word": words.get(code, code), "count": sums[code]} for code in order]
