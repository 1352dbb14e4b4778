"""The pages of a day: my classes, a class's roll, a school. Read only; commands go to registry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.dashboard.overview import pages
from services.dashboard.overview import rules as overview
from services.dashboard.overview.pages import Meeting
from services.dashboard.overview.store import Levels
from services.dashboard.overview.units import Sum
from services.dashboard.room import Page, opening, person_or_none
from services.dashboard.school_day import rules, store
from services.dashboard.school_day.rules import Calendar
from services.dashboard.school_day.store import Unit, Viewer
from shared.access.log import Seen
from shared.access.principal import entity, ref
from shared.contracts.registry import CORRECTION_WORDS
from shared.ids import class_day_id
from shared.web import not_found

router = APIRouter(prefix="/api", tags=["1日"])


def class_day(page: Page, class_id: UUID, unit: Unit, day: date) -> dict[str, Any]:
    """The resource ``ClassDay`` of policy.cedar; board and school are the class's own, as its row says."""
    return entity(
        "ClassDay",
        class_day_id(unit.board, class_id, day),
        **{
            "board": ref("Board", unit.board),
            "school": ref("School", unit.school),
            "class": ref("Class", class_id),
            "isToday": day == page.today,
        },
    )


def school_day(unit: Unit, day: date) -> dict[str, Any]:
    """The resource ``SchoolDay``."""
    return entity(
        "SchoolDay",
        f"{unit.school}/{day}",
        board=ref("Board", unit.board),
        school=ref("School", unit.school),
    )


def board_day(board: UUID, day: date) -> dict[str, Any]:
    """The resource ``BoardDay``."""
    return entity("BoardDay", f"{board}/{day}", board=ref("Board", board))


def desk(page: Page) -> dict[str, Any]:
    """The resource ``Desk``: the asker's own work of the day."""
    principal = page.holder.principal
    owner = principal.person or principal.subject
    return entity("Desk", owner, board=ref("Board", principal.board), owner=ref("Person", owner))


def sees_school(page: Page, unit: Unit) -> bool:
    """Whether a school is visible at all: to its staff and to its board's."""
    principal = page.holder.principal
    near = unit.school in page.holder.schools() or page.holder.whole_board()
    return principal.kind == "staff" and principal.board == unit.board and near


def _symbols(row: Any) -> list[dict[str, Any]]:
    return list(row.symbols or [])


def _class(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "name", "grade", "special_needs")}


def _counts(tally: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(tally[name]) for name in rules.COUNTED}


@router.get("/today", summary="今日")
async def read_today(request: Request) -> Response:
    """The classes whose roll the asker takes today, with what is still missing."""
    async with opening(request) as page:
        page.decide("ReadToday", desk(page), visible=False, why="")
        unchanged = page.unchanged()
        if unchanged is not None:
            return unchanged
        row = await store.today(page.db, page.holder, page.today)
    capacity = store.own_classes(page.holder)
    classes = []
    for item in row.classes or []:
        tally = item["tally"]
        classes.append(
            {
                "class": _class(tally),
                "school": item["school"],
                "role": capacity.get(UUID(item["class"]), "office"),
                "members": tally["members"],
                "closed": rules.without_lessons(
                    Calendar.of(item["calendar"], page.today), tally["id"], tally["grade"]
                ),
                "taken_at": tally["taken_at"],
                "taken_by": person_or_none(row.people, tally["taken_by"]),
                **{name: tally[name] for name in ("unrecorded", "absent", "late", "early", "apart")},
            }
        )
    body = {
        "date": page.today,
        "school_day": row.school_day,
        "next_school_day": row.next_school_day,
        "lessons": row.lessons,
        "classes": classes,
        "live": [f"duties:{page.holder.principal.board}"]
        + [f"class-day:{item['class']['id']}:{page.today}" for item in classes],
    }
    return await page.answer(
        body, Seen("ReadToday", "today", page.holder.principal.person, "III", copy_age_ms=page.age_ms)
    )


@router.get("/classes/{class_id}/days/{day}/roll", summary="1日分の出席簿")
async def read_roll(class_id: UUID, day: date, request: Request) -> Response:
    """A class's list of that date, every child's day and what it follows from."""
    async with opening(request) as page:
        unchanged = page.unchanged()
        if unchanged is not None:
            return unchanged
        row = await store.roll(page.db, Viewer.of(page.holder, page.today), class_id, day)
        if row.klass is None:
            raise not_found()
        unit = Unit(UUID(row.klass["board_id"]), UUID(row.klass["school_id"]))
        resource = class_day(page, class_id, unit, day)
        page.decide("ReadRoll", resource, visible=False, why="")
        takes = page.may("TakeRoll", resource)
    symbols = _symbols(row)
    by_code = {symbol["code"]: symbol for symbol in symbols}
    calendar = Calendar.of(row.calendar, day)
    closed = rules.why_closed(calendar, str(class_id), row.klass["grade"], day, page.today)
    members = [_member(cell, row, by_code) for cell in row.members or []]
    homes = {cell["home_class"] for cell in row.members or [] if cell["home_class"]}
    body = {
        "class": _class(row.klass),
        "school": row.school or {"id": row.klass["school_id"], "name": ""},
        "date": day,
        "closed": None if closed is None else {"reason": closed},
        "may": {"take": takes and closed is None, "correct": takes and closed is None},
        "symbols": symbols,
        "reasons": [{"code": code, "word": word} for code, word in CORRECTION_WORDS.items()],
        "columns": rules.COLUMNS,
        "members": members,
        "month_closed": row.month_closed,
        "lessons": row.lessons,
        "taken": row.taken and {**row.taken, "by": person_or_none(row.people, row.taken["by"])},
        # A 交流 child's day is told under the class of 在籍.
        "live": [f"class-day:{class_id}:{day}", *(f"class-day:{home}:{day}" for home in sorted(homes))],
    }
    pupils = [UUID(member["pupil"]["id"]) for member in members]
    return await page.answer(
        body, Seen("ReadRoll", "class-day", class_id, "III", pupils, copy_age_ms=page.age_ms)
    )


def _pupil(item: Mapping[str, Any], row: Any) -> Any:
    card = person_or_none(row.people, item["person_id"])
    return {name: "" if item["gone"] and name != "id" else value for name, value in card.items()}


def _member(cell: Mapping[str, Any], row: Any, symbols: Mapping[str, Any]) -> dict[str, Any]:
    home = (row.home_classes or {}).get(cell["home_class"])
    contradiction = cell["contradiction"]
    return {
        "pupil": _pupil(cell, row),
        "number": cell["number"],
        "exchange": cell["exchange"],
        "home_class": None if home is None else _class(home),
        "cell": {
            "code": cell["code"],
            "status": cell["status"] or "unrecorded",
            "revision": cell["revision"] or 0,
            "contradiction": contradiction
            and rules.CONTRADICTION_WORDS.get(contradiction, "記録が食い違っています。"),
            "explain": rules.explain(cell["facts"] or [], cell["decided_by"], symbols, row.people or {}),
        },
    }


@router.get("/schools/{school}/days/{day}", summary="学校の1日")
async def read_school_day(school: UUID, day: date, request: Request) -> Response:
    """A school's classes, those not yet taken first, and the children who are not simply present."""
    async with opening(request) as page:
        unchanged = page.unchanged()
        if unchanged is not None:
            return unchanged
        unit = (await store.units(page.db, [school])).get(school)
        if unit is None or unit.school != school:
            raise not_found()
        page.decide(
            "ReadSchoolDay",
            school_day(unit, day),
            visible=sees_school(page, unit),
            why="学校の1日を見られるのは、校長・教頭・事務・養護教諭です。",
        )
        row = await store.school_day(page.db, Viewer.of(page.holder, page.today), school, day)
        names = school in page.holder.schools()
        calendar = Calendar.of(row.calendar, day)
        tallied = [
            pages.closed_of(
                calendar, {**item["tally"], "reasons": item["reasons"], "homeroom": item["homeroom"]}
            )
            for item in row.classes or []
        ]
        of = pages.of_school(tallied, names=names)
        units = None if names else pages.units_of([Meeting({"id": school}, calendar, of)])
        usual = await page.room.levels.of(page.db, unit.board, day, school=school, units=units)
        rolls = page.may("ReadRoll", class_day(page, school, unit, day))
    by_code = {symbol["code"]: symbol for symbol in _symbols(row)}
    meeting = [each for each in tallied if each["closed"] is None]
    told = {each["id"] for each in of.single}
    classes = [
        {
            "class": _class(each),
            "closed": each["closed"],
            "homeroom": person_or_none(row.people, each["homeroom"]),
            "taken_at": each["taken_at"],
            "taken_by": person_or_none(row.people, each["taken_by"]),
            **_told_of(each, usual, told=names or each["id"] in told),
        }
        for each in tallied
    ]
    classes.sort(key=lambda item: item["closed"] is not None)  # nothing is waited for from these
    named = {item["class"]["id"]: item["class"] for item in classes}
    exceptions = [
        {
            "pupil": _pupil(item, row),
            "class": named[item["class_id"]],
            "number": item["number"],
            "code": item["code"],
            **rules.mark(item["code"], item["status"], by_code),
        }
        for item in row.exceptions or []
    ]
    level = usual.get(Sum("school", str(school)))
    known = pages.rate(of.counted, of.known)
    body = {
        "school": row.school,
        "date": day,
        "school_day": calendar.meets(),
        "rule": overview.RULE,
        "names": names,
        "totals": {
            **(
                _none()
                if of.total is None
                else {**overview.measured(of.total, of.here, level, known), **of.total}
            ),
            "classes": len(meeting),
            "classes_taken": sum(each["taken_at"] is not None for each in meeting),
        },
        "classes": classes,
        "grades": pages.grades_of(str(school), of, usual),
        "outstanding": pages.outstanding(row.school, of, usual) if calendar.meets() else [],
        "reasons": overview.reasons([each for each in of.counted if each["meets"]], _symbols(row)),
        "exceptions": exceptions,
        "may": {"roll": rolls},
        "live": [f"school-day:{school}:{day}"],
    }
    pupils = [UUID(item["pupil"]["id"]) for item in exceptions]
    return await page.answer(
        body, Seen("ReadSchoolDay", "school-day", school, "III", pupils, copy_age_ms=page.age_ms)
    )


def _told_of(each: Mapping[str, Any], usual: Levels, *, told: bool) -> dict[str, Any]:
    """A class's numbers; null where it is too small for its reader, or another one of its grade is."""
    if told:
        return {**_counts(each), **pages.class_level(each, usual)}
    return _none()


def _none() -> dict[str, Any]:
    return dict.fromkeys((*rules.COUNTED, "off", "here", "away", "rated", "usual")) | {"stands_out": False}
