"""What a package's calendar makes of the one that stands: changes by hand stay. Pure.

Days and closures that people have added or taken away since the last package are added or taken away again; terms,
events and other marks are of no package and stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.registry.roster.rows import CalendarRow

_NAMES = ("on", "scope", "grade", "class_id")


def with_hand(standing: CalendarRow | None, package: CalendarRow) -> CalendarRow:
    """The calendar to be after a package; one whose ``told`` is an empty mapping says that it is the whole truth."""
    package = package._replace(closures=_sorted(package.closures))
    told = {
        "school_days": [day.isoformat() for day in package.school_days],
        "closures": [dict(each) for each in package.closures],
    }
    if standing is None:
        return package._replace(told=told)
    new = package._replace(marks=standing.marks, terms=standing.terms, told=told)
    if package.told is not None:
        return new
    last = standing.told or {"school_days": [], "closures": []}
    old_days, old_closures = {date.fromisoformat(day) for day in last["school_days"]}, list(last["closures"])
    added, away = set(standing.school_days) - old_days, old_days - set(standing.school_days)
    gone = [each for each in old_closures if each not in standing.closures]
    closures = [dict(each) for each in package.closures if each not in gone]
    closures += [
        each for each in standing.closures if each not in old_closures and not _covers(closures, each)
    ]
    merged = new._replace(
        school_days=tuple(sorted((set(package.school_days) | added) - away)),
        closures=_sorted(closures),
    )
    # A package that says only what stands already is nothing new.
    as_it_was = standing._replace(closures=_sorted(standing.closures))
    return standing if merged._replace(told=standing.told) == as_it_was else merged


def _sorted(closures: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    return tuple(sorted(closures, key=lambda each: [str(each[name] or "") for name in _NAMES]))


def _covers(among: Iterable[Mapping[str, Any]], entry: Mapping[str, Any]) -> bool:
    return any(all(each[name] == entry[name] for name in _NAMES) for each in among)
