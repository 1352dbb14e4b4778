"""市の今日: the board's schools and grades in numbers, what stands out among them first. No child by name."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response

from services.dashboard.overview import pages, rules
from services.dashboard.overview.pages import Meeting
from services.dashboard.overview.store import Levels
from services.dashboard.overview.units import BOARD, Sum
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
        schools = _schools(row, day)
        usual = await page.room.levels.of(
            page.db, board, day, units=pages.units_of([one for one, _, _ in schools])
        )
    told = [{"kind": kind, **_school(one, classes, usual)} for one, classes, kind in schools]
    told.sort(key=lambda each: not each["stands_out"])
    met = [one for one, _, _ in schools]
    counted = pages.city_of(met)
    total = pages.summed(counted)
    standing = [
        each for one in met if one.calendar.meets() for each in pages.outstanding(one.school, one.of, usual)
    ]
    body = {
        "board": row.board or {"id": board, "name": ""},
        "date": day,
        "rule": rules.RULE,
        "totals": {
            **rules.measured(
                total, pages.here(counted), usual.get(BOARD), pages.rate(counted, pages.city_known(met))
            ),
            "off": total["off"],
            "schools": len(told),
            "classes": sum(each["classes"] for each in told),
            "classes_taken": sum(each["classes_taken"] for each in told),
        },
        "outstanding": sorted(standing, key=lambda each: -float(each["away"]) / each["here"]),
        "grades": pages.city_grades(met, usual),
        "reasons": rules.reasons([each for each in counted if each["meets"]], row.symbols or []),
        "schools": told,
        "live": [f"board-day:{board}:{day}"],
    }
    return await page.answer(body, Seen("ReadBoardDay", "board-day", board, "III", copy_age_ms=page.age_ms))


def _schools(row: Any, day: date) -> list[tuple[Meeting, list[pages.Class], str]]:
    """The schools of the board's day with their classes and their kind."""
    by_school: dict[str, list[Any]] = {}
    for each in row.classes or []:
        by_school.setdefault(each["school_id"], []).append(each)
    found = []
    for item in row.schools or []:
        if not item["kind"]:
            continue
        calendar = Calendar.of(item["calendar"], day)
        classes = [pages.closed_of(calendar, each) for each in by_school.get(item["school"]["id"], [])]
        one = Meeting(item["school"], calendar, pages.of_school(classes, names=False))
        found.append((one, classes, item["kind"]))
    return found


def _school(one: Meeting, classes: list[pages.Class], usual: Levels) -> dict[str, Any]:
    """A school's row; its numbers are null where its children are too few for any."""
    meeting = [each for each in classes if each["closed"] is None]
    taken = sum(each["taken_at"] is not None for each in meeting)
    numbers: dict[str, Any]
    if one.of.total is None:
        numbers = dict.fromkeys((*COUNTED, "here", "away", "rated", "usual", "off")) | {"stands_out": False}
    else:
        level = usual.get(Sum("school", str(one.school["id"])))
        known = pages.rate(one.of.counted, one.of.known)
        numbers = {**rules.measured(one.of.total, one.of.here, level, known), "off": one.of.total["off"]}
    return {
        "school": one.school,
        "school_day": one.calendar.meets(),
        "classes": len(meeting),
        "classes_taken": taken,
        **numbers,
    }
