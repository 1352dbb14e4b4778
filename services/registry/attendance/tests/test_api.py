"""The roll as a teacher, an office and a stranger meet it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from shared.database import Units
from shared.dates import FixedClock
from shared.telemetry.journal import Line
from tests.support.databases import Database


def everyone(school: School, code: str = "present", seen: int = 0) -> list[dict[str, Any]]:
    return [{"pupil": str(pupil), "seen": seen, "code": code} for pupil in school.pupils]


async def log_of(database: Database) -> list[Any]:
    connection = await database.server.connect(database.name)
    try:
        return await connection.fetch(
            "select topic, key, type, stream_version, payload, position from log.log_fact order by position"
        )
    finally:
        await connection.close()


async def test_a_class_is_saved_and_taken_in_one_command(
    client: Client, school: School, registry_database: Database
) -> None:
    marks = everyone(school)
    marks[1]["code"] = "absent_sick"
    answer = await client.roll(school.homeroom, school.class_id, marks, taken=True)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert [cell["status"] for cell in body["saved"]] == [
        "present",
        "absent",
        "present",
        "present",
        "present",
    ]
    assert body["refused"] == []
    assert body["taken"]["members"] == 5, "交流 is counted in the class of 在籍"
    records = await log_of(registry_database)
    assert [record["topic"] for record in records] == ["registry.attendance"] * 5 + ["registry.roll"]
    assert body["after"] == f"registry:{records[-1]['position']}"
    day = orjson.loads(records[1]["payload"])
    assert (day["status"], day["category"], day["decided_by"]) == ("absent", "sick", "teacher")
    assert [fact["source"] for fact in day["facts"]] == ["teacher"]

    sheet = (await client.get(f"/v1/classes/{school.class_id}/days/{TODAY}/roll", school.homeroom)).json()
    assert sheet["taken"]["members"] == 5
    assert [m["code"] for m in sheet["members"]] == ["present", "absent_sick", *["present"] * 3, None]
    assert sheet["members"][-1]["exchange"]


async def test_the_same_command_twice_happens_once(
    client: Client, school: School, registry_database: Database
) -> None:
    key = uuid4()
    first = await client.roll(school.homeroom, school.class_id, everyone(school), taken=True, key=key)
    again = await client.roll(school.homeroom, school.class_id, everyone(school), taken=True, key=key)
    assert first.json() == again.json()
    assert len(await log_of(registry_database)) == 6
    other = await client.roll(school.homeroom, school.class_id, everyone(school, "late"), key=key)
    assert other.status_code == 422
    assert other.json()["type"].endswith("/command-reused")


async def test_a_stale_cell_is_answered_with_both_values_and_the_rest_is_saved(
    client: Client, school: School
) -> None:
    phoned = [{"pupil": str(school.pupils[0]), "seen": 0, "code": "absent_other"}]
    assert (await client.roll(school.office, school.class_id, phoned)).status_code == 200
    body = (await client.roll(school.homeroom, school.class_id, everyone(school), taken=True)).json()
    assert len(body["saved"]) == 4
    [refused] = body["refused"]
    assert refused["pupil"] == str(school.pupils[0])
    assert refused["yours"] == {"code": "present"}
    assert refused["theirs"]["code"] == "absent_other"
    assert refused["theirs"]["source"] == "office"
    assert refused["theirs"]["by"]["id"] == str(school.office)
    assert refused["theirs"]["by"]["family"] == "紬"
    assert refused["theirs"]["revision"] == 1
    assert body["taken"] is not None, "every member has a status: the stale one has the office's"


async def test_what_is_written_over_the_others_mark_is_what_stands(
    client: Client, school: School, clock: FixedClock
) -> None:
    """Somebody calls the office, the child comes in after all, the teacher sees both (docs/decisions/0012)."""
    pupil = str(school.pupils[0])

    async def write(who: UUID, seen: int, code: str, **more: Any) -> str:
        clock.instant += timedelta(minutes=5)
        cell = {"pupil": pupil, "seen": seen, "code": code, **more}
        answer = await client.roll(who, school.class_id, [cell])
        assert answer.status_code == 200, answer.text
        return str(answer.json()["saved"][0]["status"])

    assert await write(school.office, 0, "absent_sick") == "absent"
    assert await write(school.homeroom, 1, "late") == "late"
    assert await write(school.office, 2, "absent_other") == "absent"
    assert await write(school.homeroom, 3, "late") == "late", "said once more, it is said"
    sheet = (await client.get(f"/v1/classes/{school.class_id}/days/{TODAY}/roll", school.homeroom)).json()
    facts = sheet["members"][0]["facts"]
    assert [(fact["source"], fact["revision"]) for fact in facts] == [("office", 2), ("teacher", 2)]
    await client.roll(school.homeroom, school.class_id, everyone(school)[1:], taken=True)
    reason = {"reason": {"code": "told_later"}}
    assert await write(school.office, 4, "absent_sick", **reason) == "absent"
    assert await write(school.homeroom, 5, "present", **reason) == "present"


async def test_taking_names_who_is_missing_and_saves_nothing(
    client: Client, school: School, registry_database: Database
) -> None:
    answer = await client.roll(school.homeroom, school.class_id, everyone(school)[:3], taken=True)
    assert answer.status_code == 422
    assert [error["cell"] for error in answer.json()["errors"]] == ["4番", "5番"]
    assert await log_of(registry_database) == []
    assert (await client.roll(school.homeroom, school.class_id, everyone(school)[:3])).status_code == 200


async def test_a_wrong_cell_refuses_the_whole_command_by_name(
    client: Client, school: School, registry_database: Database
) -> None:
    marks = everyone(school)
    marks[2]["code"] = "１"
    marks.append({"pupil": str(school.exchange), "seen": 0, "code": "present"})
    answer = await client.roll(school.homeroom, school.class_id, marks)
    assert answer.status_code == 422
    assert [error["cell"] for error in answer.json()["errors"]] == ["3番", "番号のない子"]
    assert "病欠" in answer.json()["errors"][0]["message"]
    assert await log_of(registry_database) == []


async def test_a_correction_needs_a_reason_and_keeps_its_words_here(
    client: Client, school: School, registry_database: Database, units: Units
) -> None:
    await client.roll(school.homeroom, school.class_id, everyone(school), taken=True)
    mark = {"pupil": str(school.pupils[0]), "seen": 1, "code": "late"}
    refused = await client.roll(school.homeroom, school.class_id, [mark])
    assert refused.status_code == 422
    assert "理由" in refused.json()["errors"][0]["message"]
    mark["reason"] = {"code": "other", "text": "門で転んだ"}
    saved = await client.roll(school.homeroom, school.class_id, [mark])
    assert saved.json()["saved"][0] == {
        "pupil": str(school.pupils[0]),
        "revision": 2,
        "code": "late",
        "status": "late",
    }
    last = (await log_of(registry_database))[-1]
    assert "門で転んだ" not in last["payload"]
    fact = orjson.loads(last["payload"])["facts"][0]
    assert (fact["revision"], fact["corrects"], fact["reason"]) == (2, 1, "other")
    connection = await registry_database.server.connect(registry_database.name)
    try:
        assert (
            await connection.fetchval("select reason_text from attendance_fact where revision = 2")
            == "門で転んだ"
        )
    finally:
        await connection.close()


async def test_emptying_a_cell_is_a_revision_that_says_nothing(client: Client, school: School) -> None:
    pupil = str(school.pupils[0])
    await client.roll(school.homeroom, school.class_id, [{"pupil": pupil, "seen": 0, "code": "late"}])
    body = (
        await client.roll(school.homeroom, school.class_id, [{"pupil": pupil, "seen": 1, "code": None}])
    ).json()
    assert body["saved"] == [{"pupil": pupil, "revision": 2, "code": None, "status": "unrecorded"}]


async def test_who_may(client: Client, school: School) -> None:
    one = everyone(school)[:1]
    path = f"/v1/classes/{school.class_id}/days/{TODAY}/roll"
    assert (await client.get(path, school.principal)).status_code == 200
    assert (await client.roll(school.principal, school.class_id, one)).status_code == 403
    assert (await client.get(path, school.stranger)).status_code == 404
    assert (await client.roll(school.stranger, school.class_id, one)).status_code == 404
    assert (await client.get(path, school.homeroom, kind="guardian")).status_code == 404
    assert (await client.roll(school.substitute, school.class_id, one)).status_code == 200
    yesterday = TODAY - timedelta(days=1)
    assert (await client.roll(school.substitute, school.class_id, one, on=yesterday)).status_code == 403
    assert (await client.roll(school.homeroom, school.class_id, one, on=yesterday)).status_code == 200


async def test_no_token_and_tokens_for_others(client: Client, school: School) -> None:
    path = f"/v1/classes/{school.class_id}/days/{TODAY}/roll"

    def told(answer: httpx.Response, title: str) -> None:
        problem = answer.json()
        challenge = "Bearer" if title == "トークンがありません" else 'Bearer error="invalid_token"'
        assert (answer.status_code, problem["title"]) == (401, title)
        assert problem["type"].endswith("/signed-out")
        assert problem["detail"].endswith("ください。")
        assert answer.headers["www-authenticate"] == challenge

    told(await client.http.get(path), "トークンがありません")
    for words, title in (
        ("Basic dTpw", "トークンがありません"),
        ("Bearer ", "トークンがありません"),
        ("Bearer abc", "トークンの形ではありません"),
        ("Bearer a.b.c", "トークンの形ではありません"),
    ):
        told(await client.http.get(path, headers={"authorization": words}), title)
    good = client.authority.token("registry", school.board, school.homeroom)
    for cut, title in (
        (good[: good.rindex(".")], "トークンの形ではありません"),
        (good[:-8], "ここでは使えないトークンです"),
    ):
        told(await client.http.get(path, headers={"authorization": f"Bearer {cut}"}), title)
    for claims, title in (
        ({"aud": "dashboard"}, "ほかのサービスのためのトークンです"),
        ({"aud": ["registry", "dashboard"]}, "ほかのサービスのためのトークンです"),
        ({"iss": "http://evil"}, "ここでは使えないトークンです"),
        ({"exp": 1}, "トークンの期限が切れました"),
    ):
        told(await client.get(path, school.homeroom, **claims), title)
    elsewhere = client.authority.token("registry", uuid4(), school.homeroom)
    answer = await client.http.get(path, headers={"authorization": f"Bearer {elsewhere}"})
    assert answer.status_code == 404, "another board's class does not exist"


async def test_days_without_a_roll(client: Client, school: School) -> None:
    one = everyone(school)[:1]
    for on in (TODAY + timedelta(days=3), TODAY - timedelta(days=5), TODAY - timedelta(days=300)):
        answer = await client.roll(school.homeroom, school.class_id, one, on=on)
        assert answer.status_code == 422, on
        assert answer.json()["type"].endswith("/roll-not-open")


async def test_bad_requests_name_the_field(client: Client, school: School) -> None:
    answer = await client.roll(
        school.homeroom, school.class_id, [{"pupil": "x", "seen": -1, "code": "present"}]
    )
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"marks.0.pupil", "marks.0.seen"}
    mark = {"pupil": str(school.pupils[0]), "seen": 0, "code": "late"}
    for body, field in (
        ({"marks": [{**mark, "reason": {"code": "other", "text": "\u0000"}}]}, "marks.0.reason.text"),
        ({"marks": [mark], "claimed_at": "0001-01-01T00:00:00+14:00"}, "claimed_at"),
        ({"marks": [mark], "tekan": True}, "tekan"),
    ):
        answer = await client.http.post(
            f"/v1/classes/{school.class_id}/days/{TODAY}/roll",
            json=body,
            headers={**client.headers(school.homeroom), "idempotency-key": str(uuid4())},
        )
        assert answer.status_code == 422, answer.text
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    headers = client.headers(school.homeroom)
    path = f"/v1/classes/{school.class_id}/days/{TODAY}/roll"
    assert (await client.http.post(path, json={"marks": []}, headers=headers)).status_code == 422


async def test_every_change_and_read_is_logged_with_the_people_it_was_about(
    client: Client, school: School, registry_database: Database
) -> None:
    await client.roll(school.homeroom, school.class_id, everyone(school)[:2])
    connection = await registry_database.server.connect(registry_database.name)
    try:
        rows = await connection.fetch("select person, action, importance, subjects from access.entry")
    finally:
        await connection.close()
    assert [(r["person"], r["action"], r["importance"]) for r in rows] == [
        (school.homeroom, "TakeRoll", "III")
    ]
    assert set(rows[0]["subjects"]) == set(school.pupils[:2])


async def test_the_list_of_classes(client: Client, school: School) -> None:
    mine = (await client.get("/v1/classes", school.principal)).json()
    assert {item["name"] for item in mine} == {"2年1組", "あおぞら学級"}
    assert (await client.get("/v1/classes", school.stranger)).json() == []


async def test_the_trace_of_the_request_goes_into_the_log(
    client: Client, school: School, registry_database: Database
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = await client.http.post(
        f"/v1/classes/{school.class_id}/days/{TODAY}/roll",
        json={"marks": everyone(school)[:1]},
        headers={
            **client.headers(school.homeroom),
            "idempotency-key": str(uuid4()),
            "traceparent": f"00-{trace}-b7ad6b7169203331-01",
        },
    )
    assert answer.status_code == 200
    connection = await registry_database.server.connect(registry_database.name)
    try:
        kept = await connection.fetchval("select traceparent from log.log_fact")
        seen = await connection.fetchval("select traceparent from access.entry")
    finally:
        await connection.close()
    assert kept.split("-")[1] == trace
    assert seen.split("-")[1] == trace


async def test_logs_hold_no_person(client: Client, school: School, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="tsumugi"):
        await client.roll(school.homeroom, school.class_id, everyone(school), taken=True)
        await client.roll(
            school.homeroom, school.class_id, [{"pupil": str(school.pupils[0]), "seen": 9, "code": "?"}]
        )
    written = Line("registry")
    lines = [written.format(record) for record in caplog.records if record.name.startswith("tsumugi")]
    assert any('"route":"/v1/classes/{class_id}/days/{on}/roll"' in line for line in lines)
    for line in lines:
        assert not any(str(id_) in line for id_ in [*school.pupils, school.homeroom, school.class_id])
        assert "紬" not in line


async def test_two_teachers_at_once_lose_nothing(
    client: Client, school: School, registry_database: Database
) -> None:
    """The same cells from two people at the same moment: each cell is saved once and refused once."""
    first, second = await asyncio.gather(
        client.roll(school.homeroom, school.class_id, everyone(school, "present")),
        client.roll(school.office, school.class_id, everyone(school, "absent_sick")),
    )
    assert first.status_code == second.status_code == 200
    saved = [cell["pupil"] for answer in (first, second) for cell in answer.json()["saved"]]
    refused = [cell["pupil"] for answer in (first, second) for cell in answer.json()["refused"]]
    assert sorted(saved) == sorted(refused) == sorted(str(pupil) for pupil in school.pupils)
    assert [record["stream_version"] for record in await log_of(registry_database)] == [1] * 5


async def test_a_body_without_a_length_is_counted_as_it_comes(client: Client, school: School) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 100_000

    answer = await client.http.post(
        f"/v1/classes/{school.class_id}/days/{TODAY}/roll",
        content=endless(),
        headers={**client.headers(school.homeroom), "idempotency-key": str(uuid4())},
    )
    assert answer.status_code == 413
