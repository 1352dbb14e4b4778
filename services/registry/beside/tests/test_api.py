"""出席扱い and 別室 as teachers and the office enter them, and as the sheet, the month's end and others see them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.attendance.tests.test_api import log_of
from services.registry.closing.tests.months import closed, closing, step
from services.registry.register.tests.sheets import DAYS, address, line_of, month_of, run, take
from shared.database import Units
from tests.support.databases import Database

DAY = DAYS[-1]


async def mark(
    client: Client,
    person: UUID,
    school: School,
    to: str | None,
    seen: int = 0,
    on: date = DAY,
    **reason: str,
) -> httpx.Response:
    entry = {"pupil": str(school.pupils[0]), "seen": seen, "code": to, "reason": reason or None}
    return await client.post(f"/v1/classes/{school.class_id}/days/{on}/beside", person, {"marks": [entry]})


async def cell_of(client: Client, school: School, on: date = DAY) -> dict[str, Any]:
    body = await month_of(client, school.office, school.class_id)
    place = [day["on"] for day in body["days"]].index(on.isoformat())
    return dict(line_of(body, school.pupils[0])["cells"][place])


async def test_a_mark_stands_beside_the_day_and_says_who_put_it_there(
    client: Client, school: School, registry_database: Database
) -> None:
    await take(client, school, DAY)
    before = (await month_of(client, school.office, school.class_id))["totals"]
    answer = await mark(client, school.homeroom, school, "credited_centre")
    assert answer.status_code == 200, answer.text
    (saved,) = answer.json()["saved"]
    assert (saved["code"], saved["revision"]) == ("credited_centre", 1)
    cell = await cell_of(client, school)
    assert (cell["kind"], cell["glyph"], cell["seen"]) == ("present", "扱", 1)
    assert cell["beside"]["word"] == "教育支援センター"
    assert cell["beside"]["by"]["id"] == str(school.homeroom)
    body = await month_of(client, school.office, school.class_id)
    assert body["totals"] == {**before, "credited": 1}
    assert line_of(body, school.pupils[0])["notes"] == ["出席扱い 1日（教育支援センター 1日）"]
    told = [
        orjson.loads(record["payload"])
        for record in await log_of(registry_database)
        if record["type"] == "registry.attendance.day_changed"
    ]
    last = told[-1]
    assert (last["status"], last["presence"], last["revision"]) == ("present", "present", 2)
    assert (last["beside"]["code"], last["beside"]["kind"]) == ("credited_centre", "credited")
    assert all(each["beside"] is None for each in told[:-1])


async def test_an_entry_of_the_roll_keeps_what_stands_beside_it(
    client: Client, school: School, registry_database: Database
) -> None:
    await take(client, school, DAY)
    await mark(client, school.homeroom, school, "room_nurse")
    entry = {
        "pupil": str(school.pupils[0]),
        "seen": 2,
        "code": "late",
        "reason": {"code": "came_later", "text": ""},
    }
    answer = await client.roll(school.homeroom, school.class_id, [entry], on=DAY)
    assert answer.json()["refused"] == [], answer.text
    assert (await cell_of(client, school))["glyph"] == "チ別"
    record = (await log_of(registry_database))[-1]
    assert orjson.loads(record["payload"])["beside"]["code"] == "room_nurse"
    entry |= {"seen": 3, "code": "absent_sick"}
    assert (await client.roll(school.homeroom, school.class_id, [entry], on=DAY)).status_code == 200
    cell = await cell_of(client, school)
    assert (cell["kind"], cell["beside"]["fits"]) == ("absent", False)
    totals = (await month_of(client, school.office, school.class_id))["totals"]
    assert (totals["elsewhere"], totals["sick"]) == (0, 1)


async def test_who_enters_one_and_who_does_not(client: Client, school: School) -> None:
    await take(client, school, DAY)
    answers = {
        who: (await mark(client, getattr(school, who), school, "room_nurse")).status_code
        for who in ("stranger", "principal", "office", "homeroom", "substitute")
    }
    assert answers == {"stranger": 404, "principal": 403, "office": 200, "homeroom": 200, "substitute": 200}
    may = {
        who: (await month_of(client, getattr(school, who), school.class_id))["may_mark"]
        for who in ("homeroom", "office", "principal")
    }
    assert may == {"homeroom": True, "office": True, "principal": False}
    earlier = await mark(client, school.substitute, school, "room_nurse", on=DAY - timedelta(days=1))
    assert earlier.status_code == 403


async def test_what_cannot_be_is_refused_in_words(client: Client, school: School) -> None:
    unsaid = await mark(client, school.homeroom, school, "room_nurse")
    assert unsaid.status_code == 422
    assert "1番 この日の出欠がまだ入っていません" in unsaid.json()["detail"]
    await take(client, school, DAY, n1="suspended")
    assert "出席停止" in (await mark(client, school.homeroom, school, "credited_ict")).json()["detail"]
    to_come = await mark(client, school.homeroom, school, "room_nurse", on=TODAY + timedelta(days=3))
    assert (to_come.status_code, to_come.json()["title"]) == (422, "この日の出欠は入れられません")
    stale = await mark(client, school.homeroom, school, None, seen=4)
    assert stale.json()["saved"][0]["code"] is None, "taking away what is not there changes nothing"


async def test_of_two_who_change_one_mark_the_later_is_told(client: Client, school: School) -> None:
    await take(client, school, DAY)
    await mark(client, school.homeroom, school, "room_nurse")
    answer = await mark(client, school.office, school, "credited_ict")
    assert [each["code"] for each in answer.json()["refused"]] == ["room_nurse"]
    assert (await cell_of(client, school))["beside"]["code"] == "room_nurse"


async def test_after_closing_it_is_a_correction_with_both_values(client: Client, school: School) -> None:
    await closed(client, school)
    assert (await mark(client, school.homeroom, school, "credited_ict")).status_code == 422
    answer = await mark(client, school.homeroom, school, "credited_ict", code="told_later", text="")
    assert answer.status_code == 200, answer.text
    found = await closing(client, school.principal, school.class_id)
    (one,) = found["corrections"]
    assert (one["before"], one["after"]) == ("印なし", "出席扱い（自宅でICT学習）")
    assert (one["reason"], one["by"]["id"]) == ("後から連絡があった", str(school.homeroom))
    assert found["changed"] == []
    assert (await step(client, school.principal, school.class_id, "check")).status_code == 200
    await mark(client, school.homeroom, school, None, 1, code="mistaken_entry", text="")
    found = await closing(client, school.principal, school.class_id)
    assert (found["state"], found["current"]) == ("checked", False)
    pdf = await client.get(address(school.class_id, "months/2026-11/pdf"), school.principal)
    assert pdf.content.startswith(b"%PDF")


async def test_who_closes_a_month_does_not_check_it(client: Client, school: School, units: Units) -> None:
    await run(
        units,
        school,
        "insert into duty_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by, kind,"
        " organisation_id) values (gen_random_uuid(), :board, :who, 'vice', daterange('2026-04-01', null), :at, 'test',"
        " 'vice_principal', :school)",
        who=school.homeroom,
        school=school.id,
    )
    await closed(client, school)
    found = await closing(client, school.homeroom, school.class_id)
    assert (found["own"], found["may"]) == (True, ["return"])
    answer = await step(client, school.homeroom, school.class_id, "check")
    assert (answer.status_code, "あなたが締めました" in answer.json()["detail"]) == (409, True)
    assert (await closing(client, school.principal, school.class_id))["own"] is False
    assert (await step(client, school.principal, school.class_id, "check")).status_code == 200


async def test_a_day_on_which_a_child_need_not_come(
    client: Client, school: School, units: Units, registry_database: Database
) -> None:
    """登校を要しない日 is a mark of the board's list; who reads the released contract counts it as 出席停止・忌引等."""
    await run(
        units,
        school,
        "update setting set value = value || cast(:more as jsonb) where name = 'attendance_symbols'",
        more=orjson.dumps(
            [
                {
                    "code": "free",
                    "key": "Y",
                    "glyph": "要",
                    "word": "登校を要しない日",
                    "presence": "absent",
                    "category": "not_required",
                    "late": False,
                    "early": False,
                    "tint": "apart",
                }
            ]
        ).decode(),
    )
    await take(client, school, DAY, n1="free")
    counts = line_of(await month_of(client, school.office, school.class_id), school.pupils[0])["counts"]
    days = counts["days"]
    assert (counts["excused"], counts["apart"], counts["due"]) == (1, 1, days - 1)
    assert (counts["absent"], counts["suspended"], counts["present"]) == (0, 0, 0)
    told = [
        orjson.loads(record["payload"])
        for record in await log_of(registry_database)
        if record["type"] == "registry.attendance.day_changed"
    ]
    (of_child,) = [each for each in told if each["pupil"] == str(school.pupils[0])]
    assert (of_child["status"], of_child["category"], of_child["not_required"]) == (
        "suspended",
        "suspension",
        True,
    )
    assert {each["not_required"] for each in told if each is not of_child} == {False}


async def test_whose_death_a_bereavement_is_for_stays_here(
    client: Client, school: School, units: Units, registry_database: Database
) -> None:
    """The sheet says it and warns of the fourth day; no other service is told (docs/decisions/0023)."""
    for day in DAYS[-5:-1]:
        await take(client, school, day, n1="bereavement")
    answer = await mark(client, school.homeroom, school, "kin_grandparent", on=DAYS[-5])
    assert answer.status_code == 200, answer.text
    refused = await mark(client, school.homeroom, school, "credited_ict", on=DAYS[-4])
    assert "忌引です" in refused.json()["detail"]
    body = await month_of(client, school.office, school.class_id)
    line = line_of(body, school.pupils[0])
    assert line["over"] == [{"on": DAYS[-2].isoformat(), "word": "祖父母", "allowed": 3, "days": 4}]
    assert line["notes"] == ["忌引（祖父母 1日）"]
    assert line["counts"]["bereaved"] == line["counts"]["apart"] == 4
    assert next(each["days"] for each in body["beside"] if each["code"] == "kin_grandparent") == 3
    records = [
        record for record in await log_of(registry_database) if record["type"].startswith("registry.att")
    ]
    assert orjson.loads(records[-1]["payload"])["revision"] == 2, "the day's revision is told as ever"
    assert not [record for record in records if "kin_" in record["payload"] or "祖父母" in record["payload"]]
    for what in ("pdf", "xlsx"):
        found = await client.get(address(school.class_id, f"months/2026-11/{what}"), school.office)
        assert found.status_code == 200
    await run(
        units,
        school,
        "insert into setting (board_id, name, since, value, recorded_at, recorded_by)"
        " values (:board, 'bereavement_days', '2026-04-01', cast(:value as jsonb), :at, 'test')",
        value=orjson.dumps(
            {"holidays": False, "kin": [{"code": "kin_grandparent", "word": "祖父母", "days": 5}]}
        ).decode(),
    )
    body = await month_of(client, school.office, school.class_id)
    assert line_of(body, school.pupils[0])["over"] == []
    assert (await mark(client, school.homeroom, school, "kin_parent", 1, on=DAYS[-5])).status_code == 422
