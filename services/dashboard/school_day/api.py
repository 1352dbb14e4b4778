"""The pages of a day: my classes, a class's roll, a school, the board. Read only; commands go to registry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

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


def _of_school(item: Mapping[str, Any], calendar: Calendar) -> dict[str, Any]:
    """A school's numbers of a day: its 在籍, and what is said of the classes that have lessons."""
    if item["each"] is None:
        told = {
            **_counts(item["tally"]),
            "off": 0,
            "classes": item["classes"],
            "classes_taken": item["classes_taken"],
        }
    else:
        meeting = [
            each
            for each in item["each"]
            if rules.without_lessons(calendar, each["id"], each["grade"]) is None
        ]
        taken = sum(each["taken_at"] is not None for each in meeting)
        told = {**rules.totals(item["each"], meeting), "classes": len(meeting), "classes_taken": taken}
    return {**told, "school_day": calendar.meets()}


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
    by_code = {symbol["code"]: symbol for symbol in _symbols(row)}
    calendar = Calendar.of(row.calendar, day)
    classes = [
        {
            "class": _class(item["tally"]),
            "closed": rules.without_lessons(calendar, item["tally"]["id"], item["tally"]["grade"]),
            "homeroom": person_or_none(row.people, item["homeroom"]),
            **_counts(item["tally"]),
            "taken_at": item["tally"]["taken_at"],
            "taken_by": person_or_none(row.people, item["tally"]["taken_by"]),
        }
        for item in row.classes or []
    ]
    classes.sort(key=lambda item: item["closed"] is not None)  # nothing is waited for from these
    named = {item["class"]["id"]: item["class"] for item in classes}
    meeting = [item for item in classes if item["closed"] is None]
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
    body = {
        "school": row.school,
        "date": day,
        "school_day": calendar.meets(),
        "totals": {
            **rules.totals(classes, meeting),
            "classes": len(meeting),
            "classes_taken": sum(item["taken_at"] is not None for item in meeting),
        },
        "classes": classes,
        "exceptions": exceptions,
        "live": [f"school-day:{school}:{day}"],
    }
    pupils = [UUID(item["pupil"]["id"]) for item in exceptions]
    return await page.answer(
        body, Seen("ReadSchoolDay", "school-day", school, "III", pupils, copy_age_ms=page.age_ms)
    )


@router.get("/board/days/{day}", summary="市の1日")
async def read_board_day(day: date, request: Request) -> Response:
    """The board's schools in numbers; no child by name."""
    async with opening(request) as page:
        board = page.holder.principal.board
        page.decide("ReadBoardDay", board_day(board, day), visible=False, why="")
        unchanged = page.unchanged()
        if unchanged is not None:
            return unchanged
        row = await store.board_day(page.db, board, day)
    schools = [
        {
            "school": item["school"],
            "kind": item["kind"],
            **_of_school(item, Calendar.of(item["calendar"], day)),
        }
        for item in row.schools or []
        if item["kind"]
    ]
    body = {
        "board": row.board or {"id": board, "name": ""},
        "date": day,
        "totals": {
            **rules.total(schools),
            "off": sum(item["off"] for item in schools),
            "schools": len(schools),
            "classes": sum(item["classes"] for item in schools),
            "classes_taken": sum(item["classes_taken"] for item in schools),
        },
        "schools": schools,
        "live": [f"board-day:{board}:{day}"],
    }
    return await page.answer(body, Seen("ReadBoardDay", "board-day", board, "III", copy_age_ms=page.age_ms))
