"""Who changes a roster stands in line: whoever only looks, or may not, does not; and nobody stands there for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.attendance.tests.test_api import everyone
from services.registry.class_lists.tests.test_api import number
from services.registry.roster import store as roster
from services.registry.school_calendar.tests.test_api import office_year, path, say
from shared.database import Scope, Units

BOUND = 60.0
"""Seconds after which a test gives up on what should not have waited at all."""
EVENT = ["11/24", "行事", "遠足"]


@asynccontextmanager
async def taken(units: Units, school: School) -> AsyncIterator[None]:
    """The roster, held by an import."""
    async with units.work(Scope(school.board), actor="import") as work:
        await roster.lock_roster(work)
        yield


async def test_who_may_not_is_answered_while_the_roster_is_taken(
    client: Client, school: School, units: Units
) -> None:
    leaving: dict[str, Any] = {
        "kind": "leaving",
        "movers": [{"pupil": str(school.pupils[0])}],
        "reason": "moved_house",
        "left_on": str(TODAY),
        "elsewhere": {"name": "海の町小学校"},
    }
    duty = {"staff": str(uuid4()), "kind": "nurse", "since": str(TODAY)}
    card = {"act": "correct_basics", "birth_date": "2016-05-01", "sex": "female", "reason": "誤り", "seen": 1}
    wished = {"since": str(TODAY), "seen": "", "numbers": []}
    async with taken(units, school), asyncio.timeout(BOUND):
        for address, body in (
            (path(school), {"rows": [EVENT], "seen": ""}),
            (f"{path(school)}/undo", {"change": str(uuid4())}),
            (f"/v1/boards/{school.board}/calendars/2026", {"rows": [EVENT], "seen": "", "schools": []}),
            (f"/v1/classes/{school.class_id}/list", wished),
            ("/v1/moves", leaving),
            (f"/v1/moves/{uuid4()}/undo", {"seen": 1}),
            (f"/v1/moves/{uuid4()}/certificates", {"kind": "enrolment", "issued_on": str(TODAY)}),
            (f"/v1/schools/{school.id}/duties", duty),
            (f"/v1/people/{school.pupils[0]}/changes", card),
        ):
            answer = await client.post(address, school.stranger, body)
            assert answer.status_code == 404, f"{address}: {answer.text}"
        assert (await say(client, school, EVENT, person=school.homeroom)).status_code == 403


async def test_looks_and_rolls_go_on_while_the_roster_is_taken(
    client: Client, school: School, units: Units
) -> None:
    """As many looks as there are connections, and more: none of them stands in the line, so a roll is saved."""
    act = (await say(client, school, EVENT)).json()["schools"][0]["change"]
    seen = (await office_year(client, school))["revision"]
    listed = (await client.get(f"/v1/classes/{school.class_id}/list?on={TODAY}", school.office)).json()
    async with taken(units, school), asyncio.timeout(BOUND):
        looks = [
            asyncio.create_task(say(client, school, ["11/25", "行事", f"遠足{n}"], dry=True, seen=seen))
            for n in range(20)
        ]
        roll = await client.roll(school.homeroom, school.class_id, everyone(school), taken=True)
        assert roll.status_code == 200, roll.text
        assert {each.status_code for each in await asyncio.gather(*looks)} == {200}
        undo = await client.post(f"{path(school)}/undo", school.office, {"change": act, "dry": True})
        assert undo.status_code == 200, undo.text
        turned = await number(
            client, school, school.office, school.pupils[::-1], on=TODAY, seen=listed["revision"], dry=True
        )
        assert turned.status_code == 200, turned.text


async def test_a_save_waits_a_while_and_says_when_to_come_again(
    client: Client, school: School, units: Units
) -> None:
    key = uuid4()
    body = {"rows": [EVENT], "seen": (await office_year(client, school))["revision"]}
    async with taken(units, school), asyncio.timeout(BOUND):
        answer = await client.post(path(school), school.office, body, key=key)
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (503, "busy")
    assert int(answer.headers["retry-after"]) > 0
    again = await client.post(path(school), school.office, body, key=key)
    assert (again.status_code, again.json()["saved"]) == (200, True), "the same command, once there is room"
