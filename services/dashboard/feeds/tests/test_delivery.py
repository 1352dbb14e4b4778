"""Feeds over HTTP: delivered to the department alone, within a moment, with proof."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from services.dashboard.tests.doubles import AUTHORITY
from services.dashboard.tests.origin import Origin
from services.dashboard.tests.town import TODAY, Town
from shared.dates import TOKYO
from tests.support.waiting import eventually

NINE_THIRTY = datetime(2026, 11, 20, 9, 30, tzinfo=TOKYO)


class Department:
    """A department's program."""

    def __init__(
        self, origin: Origin, board: UUID, client: str = "kitchen", kind: str = "department"
    ) -> None:
        self.origin = origin
        token = AUTHORITY.token(
            "dashboard", board, kind=kind, azp=client, iss=origin.issuer.url, acr="1", sub=str(uuid4())
        )
        self.headers = {"authorization": f"Bearer {token}"}

    async def get(self, **query: object) -> httpx.Response:
        """Items."""
        asked = {name: str(value) for name, value in query.items()}
        return await self.origin.http.get("/api/feeds/lunch-count/items", params=asked, headers=self.headers)

    async def items(self, **query: object) -> list[dict[str, Any]]:
        """Items that were delivered."""
        answer = await self.get(**query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/x-ndjson"
        return [orjson.loads(line) for line in answer.text.splitlines()]

    async def confirm(self, position: object, key: UUID | None = None) -> httpx.Response:
        """Say that everything up to ``position`` has come."""
        return await self.origin.http.post(
            "/api/feeds/lunch-count/acks",
            json={"position": position},
            headers={**self.headers, "idempotency-key": str(key or uuid4())},
        )


async def a_class(origin: Origin, town: Town, members: int = 5) -> tuple[UUID, list[Any]]:
    """A class whose children have all arrived: a feed begun earlier would tell of them as they come."""
    school = await town.school("第一小学校")
    klass = await town.klass(school)
    children = await town.children(klass, school, members)
    await origin.caught_up()
    return klass, children


async def test_items_arrive_as_json_lines_within_a_moment(origin: Origin, town: Town) -> None:
    klass, children = await a_class(origin, town)
    await town.grant()
    await origin.caught_up()
    kitchen = Department(origin, town.board)
    (item,) = await kitchen.items(wait=10)
    assert item == {
        "position": item["position"],
        "feed": "lunch-count",
        "item": item["item"],
        "group": str(klass),
        "school": item["school"],
        "on": TODAY.isoformat(),
        "revision": 1,
        "group_name": "2年1組",
        "school_name": "第一小学校",
        "value": {"members": 5, "absent": 0, "unrecorded": 5, "taken_at": None},
        "frozen_at": None,
        "frozen": None,
    }
    assert await kitchen.items(after=item["position"]) == []
    waiting = asyncio.create_task(kitchen.items(after=item["position"], wait=20))
    began = asyncio.get_running_loop().time()
    await town.mark(children[0], "absent_sick")
    (news,) = await waiting
    assert asyncio.get_running_loop().time() - began < 10
    assert (news["value"]["absent"], news["revision"], news["item"]) == (1, 2, item["item"])
    assert news["position"] > item["position"]


async def test_the_frozen_number_stays_known(origin: Origin, town: Town) -> None:
    _, children = await a_class(origin, town)
    await town.grant()
    await origin.caught_up()
    kitchen = Department(origin, town.board)
    (item,) = await kitchen.items(wait=10)
    origin.clock.instant = NINE_THIRTY
    await town.mark(children[0], "absent_sick")
    (frozen,) = await kitchen.items(after=item["position"], wait=20)
    assert frozen["frozen"]["value"]["absent"] == 1
    await town.mark(children[0], "late")
    (late,) = await kitchen.items(after=frozen["position"], wait=20)
    assert (late["value"]["absent"], late["frozen_at"]) == (0, None)
    assert (late["frozen"]["revision"], late["frozen"]["value"]["absent"]) == (frozen["revision"], 1)


async def test_only_the_fields_of_the_purpose(origin: Origin, town: Town) -> None:
    await a_class(origin, town)
    await town.grant(fields=["members", "absent"])
    await origin.caught_up()
    (item,) = await Department(origin, town.board).items(wait=10)
    assert item["value"] == {"members": 5, "absent": 0}


async def test_a_purpose_that_shrinks_hides_small_groups_already_given(origin: Origin, town: Town) -> None:
    await a_class(origin, town, 3)
    await town.grant()
    await origin.caught_up()
    kitchen = Department(origin, town.board)
    assert len(await kitchen.items(wait=10, after=0)) == 1
    await town.grant(small_groups=False)
    await origin.caught_up()
    assert await kitchen.items(after=0) == []


async def test_deliveries_are_proved_and_resumed(origin: Origin, town: Town) -> None:
    _, children = await a_class(origin, town)
    await town.grant()
    await origin.caught_up()
    kitchen = Department(origin, town.board)
    (item,) = await kitchen.items(wait=10)
    key = uuid4()
    for _ in range(2):
        answer = await kitchen.confirm(item["position"], key)
        assert (answer.status_code, answer.json()["position"]) == (200, item["position"])
    assert await kitchen.items() == []
    assert len(await kitchen.items(after=0)) == 1
    await town.mark(children[0], "absent_sick")
    assert len(await kitchen.items(wait=20)) == 1
    connection = await origin.database.server.connect(origin.database.name)
    (proof,) = await connection.fetch("select * from feed_ack")
    entries = await connection.fetch("select action, client from access.entry where resource = 'feed'")
    await connection.close()
    assert (proof["department_id"], proof["client"], proof["position"], proof["board_id"]) == (
        town.department,
        "kitchen",
        item["position"],
        town.board,
    )
    assert proof["confirmed_at"] == origin.clock.now()
    assert ("ConfirmFeed", "kitchen") in {(row["action"], row["client"]) for row in entries}


@pytest.mark.parametrize("position", [0, -1, 10**6, 10**30, "7x", None, 1.5])
async def test_no_proof_of_what_was_not_delivered(origin: Origin, town: Town, position: object) -> None:
    await town.grant()
    await origin.caught_up()
    answer = await Department(origin, town.board).confirm(position)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "position"


async def test_who_receives_a_feed(origin: Origin, town: Town) -> None:
    """404 for everybody else, 403 once the purpose has run out, 401 without a good token."""
    await town.grant()
    await origin.caught_up()
    other_board = await origin.http.get(
        "/api/feeds/lunch-count/items", headers=Department(origin, uuid4()).headers
    )
    assert other_board.status_code == 404
    assert (await Department(origin, town.board, "parks").get()).status_code == 404
    assert (await Department(origin, town.board, kind="staff").get()).status_code == 404
    assert (await Department(origin, town.board, "parks").confirm(1)).status_code == 404
    kitchen = Department(origin, town.board)
    assert (await kitchen.get()).status_code == 200
    answer = await origin.http.get("/api/feeds/attendance/items", headers=kitchen.headers)
    assert answer.status_code == 404
    await town.grant(until=TODAY)
    await origin.caught_up()
    assert (await kitchen.get()).status_code == 403
    assert (await kitchen.confirm(1)).status_code == 403
    assert (await origin.http.get("/api/feeds/lunch-count/items")).status_code == 401
    wrong = AUTHORITY.token("registry", town.board, kind="department", azp="kitchen", iss=origin.issuer.url)
    answer = await origin.http.get(
        "/api/feeds/lunch-count/items", headers={"authorization": f"Bearer {wrong}"}
    )
    assert answer.status_code == 401
    signed_in = await origin.enter(await town.person("職", "員"), board=town.board)
    assert (await signed_in.get("/api/feeds/lunch-count/items")).status_code == 401


@pytest.mark.parametrize(
    ("query", "field"),
    [({"after": "x"}, "after"), ({"after": -1}, "after"), ({"wait": 26}, "wait"), ({"wait": "long"}, "wait")],
)
async def test_questions_that_are_none_are_named(
    origin: Origin, town: Town, query: dict[str, object], field: str
) -> None:
    answer = await Department(origin, town.board).get(**query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_a_long_wait_ends_with_the_process(origin: Origin, town: Town) -> None:
    await town.grant()
    await origin.caught_up()
    waiting = asyncio.create_task(Department(origin, town.board).items(wait=25))
    await eventually(lambda: not waiting.done())
    origin.app.state.end_streams()
    assert await asyncio.wait_for(waiting, 5) == []
