"""What past school days may have looked like: who was ill, when a class was closed, who came late. Pure.

Everything follows from the seed and the pupil's and class's own keys, over the whole school year: whichever days are
asked for first, and however often, a day looks the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from shared.dates import school_year

_DAY = timedelta(days=1)

# Shares of pupils who are often away, and of school days on which they are (不登校 3.9 % of pupils: domain.md §5).
_OFTEN_AWAY = 0.012
_AWAY_FROM_THEN_ON = (0.45, 0.95)
_MONDAYS = 0.02
_AWAY_ON_A_MONDAY = 0.45
_LATE_ON_A_MONDAY = 0.25

_ILL_A_DAY = 0.009
"""Chance to fall ill on a school day in May; half as much again after a weekend and in winter."""
_AND_LONGER = 0.4
_AWAY_A_DAY = 0.0015
_LATE_A_DAY = 0.006
_EARLY_A_DAY = 0.005
_MOURNING_A_YEAR = 0.025

_AUTUMN, _WINTER = (11, 6), (1, 26)
_WAVE_IN_AUTUMN, _WAVE_IN_WINTER = 0.45, 0.55
_CAUGHT_IN_A_WAVE, _CAUGHT_ELSEWHERE = 0.26, 0.03
_DAYS_OF_FLU = 6
"""The day it breaks out and five more (学校保健安全法施行規則 19)."""
_CLOSED_FROM = 0.2
_CLOSED_DAYS = (2, 3)
_SMALLEST_CLOSED = 10


@dataclass(frozen=True)
class ClassYear:
    """A class's school year: how each pupil's days differ from an ordinary one, and when the class was closed."""

    codes: Mapping[str, Mapping[date, str]]
    """By pupil and day: code of the symbol, where it is not ``present``."""
    closed: tuple[date, ...]
    """臨時休業 of the class because of influenza."""


def year_of_class(seed: int, room: str, pupils: Sequence[str], days: Sequence[date]) -> ClassYear:
    """The year of a class with these pupils, on its school days (in order, at least one)."""
    waves = _waves(Random(f"{seed}/{room}/flu"), days)  # noqa: S311 - to be repeatable, not secret
    ill = {pupil: _flu(Random(f"{seed}/{pupil}/flu"), waves, days) for pupil in pupils}  # noqa: S311
    closed = _closures(Random(f"{seed}/{room}/closed"), ill, days)  # noqa: S311
    codes = {pupil: _codes(Random(f"{seed}/{pupil}"), days, ill[pupil]) for pupil in pupils}  # noqa: S311
    return ClassYear(codes, closed)


def _waves(rng: Random, days: Sequence[date]) -> list[date]:
    """The middles of the influenza waves that reach a class."""
    found: list[date] = []
    year = school_year(days[0])
    for (month, day), chance in ((_AUTUMN, _WAVE_IN_AUTUMN), (_WINTER, _WAVE_IN_WINTER)):
        middle = date(year + (month < 4), month, day) + timedelta(days=round(rng.gauss(0, 9)))
        if rng.random() < chance:
            found.append(middle)
    return found


def _flu(rng: Random, waves: Sequence[date], days: Sequence[date]) -> set[date]:
    """The days on which a pupil is kept away by influenza; nobody has it twice in a season."""
    outbreaks = [middle + timedelta(days=round(rng.gauss(0, 4))) for middle in waves]
    caught = [day for day in outbreaks if rng.random() < _CAUGHT_IN_A_WAVE]
    if not caught and rng.random() < _CAUGHT_ELSEWHERE:
        caught = [date(school_year(days[0]), 12, 1) + timedelta(days=rng.randrange(75))]
    return {caught[0] + timedelta(days=place) for place in range(_DAYS_OF_FLU)} if caught else set()


def _closures(rng: Random, ill: Mapping[str, set[date]], days: Sequence[date]) -> tuple[date, ...]:
    """学級閉鎖: once a fifth of a class is ill, it does not meet for two or three school days."""
    if len(ill) < _SMALLEST_CLOSED:
        return ()
    closed: list[date] = []
    for place, day in enumerate(days):
        if closed and day <= closed[-1] + timedelta(days=30):
            continue
        if sum(day in mine for mine in ill.values()) >= _CLOSED_FROM * len(ill):
            closed += days[place + 1 : place + 1 + rng.choice(_CLOSED_DAYS)]
    return tuple(closed)


def _codes(rng: Random, days: Sequence[date], flu: set[date]) -> dict[date, str]:
    found: dict[date, str] = {}
    character = rng.random()
    from_then_on = rng.randrange(len(days)) if character < _OFTEN_AWAY else len(days)
    often = rng.uniform(*_AWAY_FROM_THEN_ON)
    hates_mondays = _OFTEN_AWAY <= character < _OFTEN_AWAY + _MONDAYS
    ill_until = mourns_until = date.min
    for place, day in enumerate(days):
        rested = place == 0 or day - days[place - 1] > _DAY
        season = 1.5 if day.month in (12, 1, 2) else 1.0
        chance = rng.random()
        if chance < _ILL_A_DAY * season * (1.5 if rested else 1.0):
            ill_until = day
            while rng.random() < _AND_LONGER:
                ill_until += _DAY
        if rng.random() < _MOURNING_A_YEAR / 200:
            mourns_until = day + timedelta(days=rng.randrange(3))
        code = _code(rng, rested=rested, hates_mondays=hates_mondays)
        if place >= from_then_on and rng.random() < often:
            code = "absent_other"
        if day <= ill_until:
            code = "absent_sick"
        if day <= mourns_until:
            code = "bereavement"
        if day in flu:
            code = "suspended"
        if code is not None:
            found[day] = code
    return found


def _code(rng: Random, *, rested: bool, hates_mondays: bool) -> str | None:
    """An ordinary day of one who is well."""
    chance = rng.random()
    if hates_mondays and rested:
        if chance < _AWAY_ON_A_MONDAY:
            return "absent_sick"
        return "late" if chance < _AWAY_ON_A_MONDAY + _LATE_ON_A_MONDAY else None
    for share, code in (
        (_AWAY_A_DAY, "absent_other"),
        (_LATE_A_DAY, "late"),
        (_EARLY_A_DAY, "early_leave"),
        (_LATE_A_DAY / 20, "late_early"),
    ):
        if chance < share:
            return code
        chance -= share
    return None
