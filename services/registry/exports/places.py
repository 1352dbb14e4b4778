"""Board, schools, departments, classes and calendars of an export. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.registry.exports.rules import Frame, deleted, last_day, marked, morning
from services.registry.oneroster import layout
from services.registry.oneroster.codes import GRADES, GRADES_OF_KIND
from services.registry.oneroster.packing import Content, Part, Row
from services.registry.roster.rows import CalendarRow, OrganisationRow


class Unit(NamedTuple):
    """An organisation, its name outside, and when its row was last written."""

    row: OrganisationRow
    sourced_id: str
    recorded_at: datetime


class Days(NamedTuple):
    """A school's calendar and when it was last written."""

    row: CalendarRow
    recorded_at: datetime


class Grades(NamedTuple):
    """The grades of a class's members, and when these last moved."""

    grades: frozenset[str]
    moved: datetime


@dataclass(slots=True)
class Places:
    """What exists in the school year, by our ids."""

    frame: Frame
    units: dict[UUID, Unit] = field(default_factory=dict)
    """Told ones."""
    untold: list[Unit] = field(default_factory=list)
    """Those that this export does not tell of."""
    names: dict[UUID, str] = field(default_factory=dict)
    """Names outside, also of organisations that are not told."""
    grades: Mapping[UUID, Grades] = field(default_factory=dict)
    """Of each class of several grades."""

    @classmethod
    def of(cls, frame: Frame, units: Iterable[Unit], grades: Mapping[UUID, Grades]) -> Places:
        """All of a board's organisations, as far as the export is about them."""
        places = cls(frame, grades=grades)
        for unit in units:
            row = unit.row
            places.names[row.id] = unit.sourced_id
            if row.kind != "board" and not frame.about(row.school_id):
                continue
            if frame.exists(row):
                places.units[row.id] = unit
            else:
                places.untold.append(unit)
        for unit in [each for each in places.units.values() if each.row.kind == "class"]:
            if unit.row.school_id not in places.units:
                del places.units[unit.row.id]
                places.untold.append(unit)
        return places

    @property
    def board(self) -> Unit:
        """The board itself."""
        return next(unit for unit in self.units.values() if unit.row.kind == "board")

    def schools(self) -> list[Unit]:
        """Schools, in the order of their codes."""
        found = [unit for unit in self.units.values() if unit.row.school_id == unit.row.id]
        return sorted(found, key=_order)

    def classes(self) -> list[Unit]:
        """Classes, school by school."""
        found = [unit for unit in self.units.values() if unit.row.kind == "class"]
        return sorted(found, key=lambda unit: (_order(self.units[unit.row.school_id]), *_order(unit)))  # type: ignore[index]

    def departments(self) -> list[Unit]:
        """Everything else below the board."""
        found = [
            unit
            for unit in self.units.values()
            if unit.row.kind not in ("board", "class") and unit.row.school_id is None
        ]
        return sorted(found, key=_order)

    @property
    def session(self) -> str:
        """The sourcedId of the school year."""
        return self.frame.row_id("session")

    def course(self, school: UUID) -> str:
        """The sourcedId of the one course that a school's 学級 belong to: OneRoster knows no class without one."""
        return self.frame.row_id("course", school)

    def id(self, unit: UUID | None) -> str:
        """An organisation's name outside; empty for none."""
        return self.names.get(unit, "") if unit is not None else ""


def _order(unit: Unit) -> tuple[str, str, str]:
    return (unit.row.code or "", unit.row.name, unit.sourced_id)


def head(places: Places, left_out: int) -> Part:
    """The companion's first members; ``left_out``: protected children of whom the export does not tell."""
    frame, board = places.frame, places.board
    return {
        "format": "tsumugi.companion",
        "version": 1,
        **({"mode": "delta"} if frame.mode == "delta" else {}),
        "school_year": frame.school_year,
        "board": {"district": board.sourced_id, **_short(board.row)},
        **({"protected_left_out": left_out} if left_out else {}),
    }


def content(places: Places, calendars: Iterable[Days]) -> Content:
    """What an export tells of organisations and calendars."""
    frame = places.frame
    rows: dict[str, list[Row]] = {
        layout.ACADEMIC_SESSIONS: [marked(frame, _session(places), places.board.recorded_at)]
        if frame.since is None
        else [],
        layout.ORGS: [],
        layout.COURSES: [],
        layout.CLASSES: [],
    }
    parts: dict[str, list[Part]] = {"schools": [], "classes": [], "departments": [], "calendars": []}
    removed: dict[str, list[str]] = {"departments": [], "classes": []}
    for unit in [places.board, *places.schools()]:
        at = frame.news(unit.recorded_at)
        if at is None:
            continue
        rows[layout.ORGS].append(marked(frame, _org(places, unit), at))
        if unit.row.kind != "board":
            rows[layout.COURSES].append(marked(frame, _course(places, unit), at))
            parts["schools"].append(_school(unit))
    for unit in places.classes():
        members = places.grades.get(unit.row.id)
        at = frame.news(unit.recorded_at, members.moved if members else None)
        if at is not None:
            rows[layout.CLASSES].append(marked(frame, _class(places, unit), at))
            if unit.row.until is not None:
                parts["classes"].append({"class": unit.sourced_id, "to": last_day(unit.row.until)})
            elif frame.since is not None:
                removed["classes"].append(unit.sourced_id)
    for unit in places.departments():
        if frame.news(unit.recorded_at) is not None:
            parts["departments"].append(_department(unit))
    for days in calendars:
        if days.row.school_id in places.units and frame.news(days.recorded_at) is not None:
            parts["calendars"].append(_calendar(places, days.row))
    if frame.since is not None:
        _gone(places, rows, removed)
    return Content(rows, parts, removed) if frame.companion else Content(rows, {})


def _gone(places: Places, rows: dict[str, list[Row]], removed: dict[str, list[str]]) -> None:
    """What ended since, or was told before and is not any more."""
    frame = places.frame
    for unit in places.untold:
        if unit.row.school_year not in (None, frame.school_year):
            continue
        until = unit.row.until
        at = frame.news(unit.recorded_at, morning(until) if until and until <= frame.as_of else None)
        if at is None:
            continue
        if unit.row.kind == "class":
            rows[layout.CLASSES].append(deleted(_class(places, unit), at))
        elif unit.row.school_id == unit.row.id:
            rows[layout.ORGS].append(deleted(_org(places, unit), at))
            rows[layout.COURSES].append(deleted(_course(places, unit), at))
        else:
            removed["departments"].append(unit.sourced_id)


def _session(places: Places) -> Row:
    year = places.frame.school_year
    return {
        "sourcedId": places.session,
        "title": f"{year}年度",
        "type": "schoolYear",
        "startDate": date(year, 4, 1).isoformat(),
        "endDate": date(year + 1, 3, 31).isoformat(),
        "schoolYear": str(year),
    }


def _org(places: Places, unit: Unit) -> Row:
    board = unit.row.kind == "board"
    return {
        "sourcedId": unit.sourced_id,
        "name": unit.row.name,
        "type": "district" if board else "school",
        "identifier": unit.row.code or "",
        "parentSourcedId": "" if board else places.board.sourced_id,
    }


def _course(places: Places, school: Unit) -> Row:
    return {
        "sourcedId": places.course(school.row.id),
        "schoolYearSourcedId": places.session,
        "title": f"{places.frame.school_year}年度 学級",
        "orgSourcedId": school.sourced_id,
    }


def _class(places: Places, unit: Unit) -> Row:
    school = unit.row.school_id
    assert school is not None
    return {
        "sourcedId": unit.sourced_id,
        "title": unit.row.name,
        "grades": ",".join(grades_of(places, unit.row)),
        "courseSourcedId": places.course(school),
        "classType": "homeroom",
        "schoolSourcedId": places.id(school),
        "termSourcedIds": places.session,
        "metadata.jp.specialNeeds": "true" if unit.row.special_needs else "false",
    }


def grades_of(places: Places, unit: OrganisationRow) -> list[str]:
    """A class's grades: its one, those of its members, or all that its school has (複式, 特別支援)."""
    if unit.grade is not None:
        return [unit.grade]
    members = places.grades.get(unit.id)
    of_members = members.grades if members else frozenset()
    if len(of_members) > 1:
        return sorted(of_members)
    school = places.units[unit.school_id].row if unit.school_id in places.units else unit
    return sorted(GRADES_OF_KIND.get(school.kind, GRADES) | of_members)


def _short(row: OrganisationRow) -> Part:
    return {} if row.short_name == row.name else {"short_name": row.short_name}


def _ending(row: OrganisationRow) -> Part:
    return {} if row.until is None else {"to": last_day(row.until)}


def _school(unit: Unit) -> Part:
    kind = {} if unit.row.code else {"kind": unit.row.kind}
    return {"school": unit.sourced_id, **_short(unit.row), **kind, **_ending(unit.row)}


def _department(unit: Unit) -> Part:
    row = unit.row
    code = {"code": row.code} if row.code else {}
    kind = {} if row.kind == "department" else {"kind": row.kind}
    return {"id": unit.sourced_id, "name": row.name, **_short(row), **code, **kind, **_ending(row)}


def _calendar(places: Places, row: CalendarRow) -> Part:
    days = [day.isoformat() for day in row.school_days]
    return {
        "school": places.id(row.school_id),
        "school_days": days,
        "closures": [
            _closure(places, each)
            for each in row.closures
            if each["class_id"] is None or UUID(each["class_id"]) in places.units
        ],
    }


def _closure(places: Places, closure: Mapping[str, Any]) -> Part:
    told: Part = {"on": closure["on"], "scope": closure["scope"], "reason": closure["reason"]}
    if closure["grade"] is not None:
        told["grade"] = closure["grade"]
    if closure["class_id"] is not None:
        told["class"] = places.id(UUID(closure["class_id"]))
    return told
