"""気がかりな欠席 of the board: how many children each school has on its list, by rule. Numbers in fives; no child.

No sum of the city is told beside them, and rules that imply each other share their fives: nothing follows by
subtracting. A city is read some schools at a time, for each school's list is derived anew.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import text

from services.dashboard.alert_rules import store
from services.dashboard.alert_rules.api import STEP_SECONDS, decide
from services.dashboard.alert_rules.rules import least
from services.dashboard.alerts import store as alerts
from services.dashboard.alerts.api import alerts_of
from services.dashboard.alerts.rules import Alert, rules_of
from services.dashboard.room import opening
from services.dashboard.school_day.store import Viewer
from shared.access.log import Seen
from shared.dates import school_year

router = APIRouter(prefix="/api/board/days/{day}", tags=["気がかりな欠席の決まり"])

_SCHOOLS = text(
    """
select o.organisation_id as id, o.name from copy.organisation o
join copy.calendar c on c.school_id = o.organisation_id and c.school_year = :year
where o.board_id = :board and o.school_id = o.organisation_id order by o.kind, o.name, 1
"""
)
_RULES = text(alerts.RULES_ON)


@router.get("/alert-counts", summary="学校ごとの気がかりな欠席の数")
async def read_counts(day: date, request: Request, after: Annotated[int, Query(ge=0)] = 0) -> Response:
    """Schools after the first ``after`` ones, as many as can be counted in about a second; ``next``: where to go on.

    None while somebody else of the board counts or tries: ``waits``.
    """
    async with opening(request) as page:
        await decide(page, "ReadAlertCounts")
        board = page.holder.principal.board
        schools = (await page.db.execute(_SCHOOLS, {"board": board, "year": school_year(day)})).all()
        rules = rules_of(await page.db.scalar(_RULES, {"board": board, "day": day, "today": page.today}))
        began, told = time.monotonic(), list[dict[str, Any]]()
        mine = await store.my_turn(page.db, board)
        for school in schools[after:] if mine else ():
            # Whoever is kept from somebody is counted: nobody is named.
            viewer = Viewer(board, None, frozenset({school.id}), page.today)
            row = await alerts.of_school(page.db, viewer, school.id, day)
            found = by_rule(await asyncio.to_thread(alerts_of, row, day))
            counts = {rule.code: least(found[rule.code]) for rule in rules}
            told.append({"school": {"id": school.id, "name": school.name}, "counts": counts})
            if time.monotonic() - began >= STEP_SECONDS:
                break
    done = after + len(told)
    body = {
        "date": day,
        "rules": [rule.model_dump() for rule in rules],
        "schools": told,
        "of": len(schools),
        "next": done if done < len(schools) else None,
        "waits": not mine,
    }
    seen = Seen("ReadAlertCounts", "board-day", board, "III", copy_age_ms=page.age_ms)
    return await page.answer(body, seen)


def by_rule(found: Iterable[tuple[str, Alert]]) -> dict[str, int]:
    """How many children there are of each rule; a child counts once."""
    children: dict[str, set[UUID | str]] = defaultdict(set)
    for pupil, alert in found:
        children[alert.rule.code].add(pupil)
    return defaultdict(int, {code: len(those) for code, those in children.items()})
