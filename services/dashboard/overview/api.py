"""市の今日: the board's schools and grades in numbers, what stands out among them first. No child by name."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response

from services.dashboard.overview import pages, rules
from services.dashboard.overview.pages import Meeting
from services.dashboard.overview.small import SMALL
from services.dashboard.overview.store import Levels
from services.dashboard.room import opening
from services.dashboard.school_day import store
from services.dashboard.school_day.api import board_day
from services.dashboard.school_day.rules import COUNTED, Calendar
from shared.access.log import Seen

router = APIRouter(prefix="/api", tags=["1日"])


@router.get("/board/days/{day}", summary="市の1日")
async def read_board_day(day: date, request: Request) -> Response:
    """The board's schools in numbers, of no group under five, each beside what is usual there."""
    async with opening(request) as page:
        board = page.holder.principal.board
        page.decide("ReadBoardDay", board_day(board, day), visible=False, why="")
        unchanged = page.unchanged()
        if unchanged is not None:
            return unchanged
        row = await store.board_day(page.db, board, day)
        usual = await page.room.levels.of(page.db, board, day, smallest=SMALL)
    by_school: dict[str, list[Any]] = {}
    for each in row.classes or []:
        by_school.setdefault(each["school_id"], []).append(each)
    schools, told = [], []
    for item in row.schools or []:
        if not item["kind"]:
            continue
        calendar = Calendar.of(item["calendar"], day)
        classes = [pages.closed_of(calendar, each) for each in by_school.get(item["school"]["id"], [])]
        one = Meeting(item["school"], calendar, pages.of_school(classes, calendar, names=False))
        schools.append(one)
        told.append({"kind": item["kind"], **_school(one, classes, usual)})
    told.sort(key=lambda each: not each["stands_out"])
    counted = pages.city_of(schools)
    city = rules.measured(
        total := pages.summed([each for each, _ in counted]),
        sum(pages.here([each], calendar) for each, calendar in counted),
        usual.board,
    )
    open_ = [each for each, calendar in counted if calendar.meets()]
    standing = [
        each
        for one in schools
        if one.calendar.meets()
        for each in pages.outstanding(one.school, one.of, one.calendar, usual)
    ]
    body = {
        "board": row.board or {"id": board, "name": ""},
        "date": day,
        "rule": rules.RULE,
        "totals": {
            **city,
            "off": total["off"],
            "schools": len(told),
            "classes": sum(each["classes"] for each in told),
            "classes_taken": sum(each["classes_taken"] for each in told),
        },
        "outstanding": sorted(standing, key=lambda each: -float(each["away"]) / each["here"]),
        "grades": pages.city_grades(schools, usual),
        "reasons": rules.reasons([each for each in open_ if each["closed"] is None], row.symbols or []),
        "schools": told,
        "live": [f"board-day:{board}:{day}"],
    }
    return await page.answer(body, Seen("ReadBoardDay", "board-day", board, "III", copy_age_ms=page.age_ms))


def _school(one: Meeting, classes: list[pages.Class], usual: Levels) -> dict[str, Any]:
    """A school's row; its numbers are null where its children are too few for any."""
    meeting = [each for each in classes if each["closed"] is None]
    taken = sum(each["taken_at"] is not None for each in meeting)
    numbers: dict[str, Any]
    if one.of.total is None:
        numbers = dict.fromkeys((*COUNTED, "here", "away", "usual", "off")) | {"stands_out": False}
    else:
        level = usual.schools.get(str(one.school["id"]))
        numbers = {**rules.measured(one.of.total, one.of.here, level), "off": one.of.total["off"]}
    return {
        "school": one.school,
        "school_day": one.calendar.meets(),
        "classes": len(meeting),
        "classes_taken": taken,
        **numbers,
    }
