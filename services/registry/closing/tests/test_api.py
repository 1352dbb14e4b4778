"""The month's end as the homeroom teacher and the principal meet it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson

from services.registry.attendance.tests.conftest import TODAY, Client
from services.registry.attendance.tests.school import School
from services.registry.attendance.tests.test_api import log_of
from services.registry.closing.tests.months import closed, closing, correct, fill, step
from services.registry.register.tests.sheets import (
    DAYS,
    MONTH,
    address,
    line_of,
    month_of,
    place,
    run,
    take,
)
from shared.database import Units
from shared.dates import FixedClock
from tests.support.databases import Database


def acts(found: dict[str, Any]) -> tuple[str, list[str]]:
    return found["state"], found["may"]


def answered(answer: httpx.Response) -> tuple[str, int]:
    assert answer.status_code == 200, answer.text
    return answer.json()["state"], answer.json()["revision"]


async def test_a_month_is_closed_by_its_teacher_checked_by_the_principal_and_told(
    client: Client, school: School, registry_database: Database
) -> None:
    await fill(client, school)
    teacher, principal, class_id = school.homeroom, school.principal, school.class_id
    assert acts(await closing(client, teacher, class_id)) == ("open", ["close"])
    assert acts(await closing(client, principal, class_id)) == ("open", [])
    assert answered(await step(client, teacher, class_id, "close")) == ("closed", 1)
    found = await closing(client, principal, class_id)
    assert acts(found) == ("closed", ["check", "return"])
    assert (found["closed"]["by"]["id"], found["checked"]) == (str(teacher), None)
    assert acts(await closing(client, teacher, class_id)) == ("closed", [])
    assert (await step(client, principal, class_id, "check")).status_code == 200
    found = await closing(client, teacher, class_id)
    assert acts(found) == ("checked", [])
    assert (found["current"], found["corrections"], found["changed"]) == (True, [], [])
    told = [
        orjson.loads(record["payload"])
        for record in await log_of(registry_database)
        if record["type"] == "registry.roll.closed"
    ]
    assert [(each["closed"], each["checked_by"]) for each in told] == [(True, None), (True, str(principal))]
    assert len({datetime.fromisoformat(each["closed_at"]) for each in told}) == 1
    body = await month_of(client, principal, class_id)
    assert [each["state"] for each in body["classes"] if each["id"] == str(class_id)] == ["checked"]
    year = (await client.get(address(class_id, "year"), principal)).json()
    assert dict(zip(year["months"], year["states"], strict=True))[MONTH] == "checked"
    assert year["states"].count(None) == 11


async def test_who_may_not_is_told_who_may(client: Client, school: School) -> None:
    await fill(client, school)
    digest = (await closing(client, school.homeroom, school.class_id))["digest"]
    people = {
        who: getattr(school, who) for who in ("homeroom", "office", "principal", "substitute", "stranger")
    }

    async def told(act: str, **body: Any) -> dict[str, int]:
        path = address(school.class_id, f"months/{MONTH}/{act}")
        return {who: (await client.post(path, person, body)).status_code for who, person in people.items()}

    nobody = {"office": 403, "substitute": 403, "stranger": 404}
    assert await told("check", seen=digest) == {"homeroom": 403, "principal": 409, **nobody}
    assert await told("close", seen=digest) == {"homeroom": 200, "principal": 403, **nobody}
    back = {"revision": 1, "sentence": "5日を確かめてください"}
    assert await told("return", **back) == {"homeroom": 403, "principal": 200, **nobody}


async def test_what_is_open_stands_first_and_keeps_the_month_open(
    client: Client, school: School, units: Units
) -> None:
    await fill(client, school, DAYS[1:])
    await take(client, school, DAYS[0])
    await run(
        units,
        school,
        "update pupil_day set status = 'unrecorded', facts = '{}' where pupil_id = :pupil and day = :on",
        pupil=school.pupils[2],
        on=DAYS[3],
    )
    found = await closing(client, school.homeroom, school.class_id)
    assert found["open"] == [{"what": "unrecorded", "pupil": str(school.pupils[2]), "on": str(DAYS[3])}]
    answer = await step(client, school.homeroom, school.class_id, "close")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["cell"], "未入力" in error["message"]) == ("3番 紬 子3 11/5", True)
    assert (await closing(client, school.homeroom, school.class_id))["state"] == "open"


async def test_a_contradiction_keeps_the_month_open_until_somebody_resolves_it(
    client: Client, school: School, clock: FixedClock
) -> None:
    await fill(client, school)
    pupil = school.pupils[0]
    mark = {"pupil": str(pupil), "seen": 1, "code": "suspended", "reason": {"code": "told_later"}}
    assert (await client.roll(school.office, school.class_id, [mark], on=DAYS[1])).status_code == 200
    clock.instant += timedelta(minutes=1)
    back = await correct(client, school, pupil, DAYS[1], "present", 2, code="mistaken_entry")
    assert back.status_code == 200, back.text
    found = await closing(client, school.homeroom, school.class_id)
    assert [(each["what"], each["on"]) for each in found["open"]] == [("contradiction", str(DAYS[1]))]
    answer = await step(client, school.homeroom, school.class_id, "close")
    assert answer.status_code == 422
    assert "食い違" in answer.json()["errors"][0]["message"]


async def test_a_month_with_days_to_come_is_not_over(client: Client, school: School, units: Units) -> None:
    await fill(client, school)
    await run(units, school, "update calendar set school_days = school_days || cast('2026-11-24' as date)")
    (left,) = (await closing(client, school.homeroom, school.class_id))["open"]
    assert (left["what"], left["on"]) == ("ahead", "2026-11-24")
    assert (await step(client, school.homeroom, school.class_id, "close")).status_code == 422


async def test_days_nobody_has_confirmed_are_told_and_hold_nothing_up(client: Client, school: School) -> None:
    await fill(client, school, DAYS[:-1])
    marks = [{"pupil": str(pupil), "seen": 0, "code": "present"} for pupil in school.pupils]
    assert (await client.roll(school.homeroom, school.class_id, marks)).status_code == 200
    found = await closing(client, school.homeroom, school.class_id)
    assert (found["unconfirmed"], found["open"]) == ([str(TODAY)], [])
    assert (await step(client, school.homeroom, school.class_id, "close")).status_code == 200


async def test_after_closing_a_day_changes_with_a_reason_and_both_values_stay(
    client: Client, school: School
) -> None:
    await closed(client, school, n1="absent_sick")
    pupil = school.pupils[0]
    bare = await correct(client, school, pupil, TODAY, "late")
    assert bare.status_code == 422
    assert "締めた月" in bare.json()["errors"][0]["message"]
    nothing = {"pupil": str(pupil), "seen": 1, "code": None, "reason": {"code": "mistaken_entry"}}
    empty = await client.roll(school.office, school.class_id, [nothing])
    assert empty.status_code == 422, "a closed month has no day without an entry"
    assert (await step(client, school.principal, school.class_id, "check")).status_code == 200
    done = await correct(client, school, pupil, TODAY, "late", code="other", text="来ていた")
    assert done.status_code == 200, done.text
    found = await closing(client, school.principal, school.class_id)
    (told,) = found["corrections"]
    assert (told["on"], told["before"], told["after"]) == (str(TODAY), "病欠", "遅刻")
    assert (told["reason"], told["reason_text"], told["by"]["given"]) == ("ほか", "来ていた", "子7")
    assert found["changed"] == [], "it is told once"
    assert (found["state"], found["current"], found["may"]) == ("checked", False, ["check", "return"])
    assert line_of(await month_of(client, school.office, school.class_id), pupil)["counts"]["late"] == 1
    assert (await step(client, school.principal, school.class_id, "check")).status_code == 200
    found = await closing(client, school.principal, school.class_id)
    assert (found["current"], len(found["corrections"])) == (True, 1)
    assert (await step(client, school.principal, school.class_id, "check")).status_code == 409


async def test_a_correction_taken_back_is_told_and_checked_again_all_the_same(
    client: Client, school: School
) -> None:
    await closed(client, school)
    await step(client, school.principal, school.class_id, "check")
    for seen, code in ((1, "late"), (2, "present")):
        answer = await correct(client, school, school.pupils[0], TODAY, code, seen, code="mistaken_entry")
        assert answer.status_code == 200, answer.text
    found = await closing(client, school.principal, school.class_id)
    assert [(each["before"], each["after"]) for each in found["corrections"]] == [
        ("出席", "遅刻"),
        ("遅刻", "出席"),
    ]
    assert not found["current"]


async def test_a_month_sent_back_is_open_and_starts_anew(client: Client, school: School) -> None:
    await closed(client, school)
    await correct(client, school, school.pupils[0], TODAY, "late", code="mistaken_entry")
    answer = await step(
        client, school.principal, school.class_id, "return", revision=1, sentence="3番を確かめてください"
    )
    assert answered(answer) == ("returned", 2)
    found = await closing(client, school.homeroom, school.class_id)
    assert acts(found) == ("returned", ["close"])
    assert found["returned"]["sentence"] == "3番を確かめてください"
    assert (found["closed"], found["corrections"]) == (None, [])
    again = await step(client, school.principal, school.class_id, "return", revision=2, sentence="もう一度")
    assert again.status_code == 409
    assert (await step(client, school.homeroom, school.class_id, "close")).json()["revision"] == 3
    assert (await closing(client, school.homeroom, school.class_id))["corrections"] == []


async def test_nobody_closes_or_checks_what_they_have_not_seen(client: Client, school: School) -> None:
    await fill(client, school)
    seen = (await closing(client, school.homeroom, school.class_id))["digest"]
    await correct(client, school, school.pupils[1], DAYS[2], "absent_sick", code="told_later")
    answer = await step(client, school.homeroom, school.class_id, "close", seen=seen)
    assert (answer.status_code, answer.json()["title"]) == (409, "締めていません")
    assert (await step(client, school.homeroom, school.class_id, "close")).status_code == 200


async def test_what_changed_by_itself_is_told_and_must_be_checked(
    client: Client, school: School, units: Units
) -> None:
    """A mover entered late, a closure entered late: facts that nobody corrects, and nobody refuses."""
    await closed(client, school)
    await step(client, school.principal, school.class_id, "check")
    gone, came = school.pupils[4], school.exchange
    await run(
        units,
        school,
        "update membership_period set valid = daterange('2026-04-01', :until) where subject_id = :pupil",
        pupil=gone,
        until=TODAY,
    )
    await run(
        units,
        school,
        "update membership_period set valid = daterange('2026-04-01', :until) where subject_id = :pupil",
        pupil=came,
        until=TODAY,
    )
    await place(units, school, came, school.class_id, TODAY)
    await run(
        units,
        school,
        "update calendar set closures = cast(:closures as jsonb)",
        closures=orjson.dumps(
            [
                {
                    "on": str(DAYS[0]),
                    "scope": "class",
                    "grade": None,
                    "class_id": str(school.class_id),
                    "reason": "influenza",
                }
            ]
        ).decode(),
    )
    found = await closing(client, school.principal, school.class_id)
    told = [
        (each["on"], len(each["pupils"]), each["before"], each["now"], each["why"])
        for each in found["changed"]
    ]
    assert told == [
        (str(DAYS[0]), 5, "出席", "学級閉鎖", "年間予定が変わった"),
        (str(TODAY), 1, "出席", "在籍なし", "学級の名簿が変わった"),
        (str(TODAY), 1, "在籍なし", "未入力", "学級の名簿が変わった"),
    ]
    assert not found["current"]
    assert (await step(client, school.principal, school.class_id, "check")).status_code == 422
    answer = await correct(client, school, came, TODAY, "present", 0, code="told_later")
    assert answer.status_code == 200, answer.text
    assert (await step(client, school.principal, school.class_id, "check")).status_code == 200


async def test_a_child_kept_from_the_teacher_is_closed_with_the_class_and_told_to_nobody_else(
    client: Client, school: School, units: Units
) -> None:
    await fill(client, school)
    hidden = school.pupils[4]
    await run(
        units,
        school,
        "insert into protection_period (id, board_id, subject_id, slot, valid, recorded_at, recorded_by,"
        " confidential_from) values (gen_random_uuid(), :board, :pupil, 'protection',"
        " daterange('2026-04-01', null), :at, 'test', array[:from_whom]::uuid[])",
        pupil=hidden,
        from_whom=school.homeroom,
    )
    assert (await step(client, school.homeroom, school.class_id, "close")).status_code == 200
    mark = {"pupil": str(hidden), "seen": 1, "code": "late", "reason": {"code": "mistaken_entry"}}
    assert (await client.roll(school.office, school.class_id, [mark])).status_code == 200
    whole = await closing(client, school.principal, school.class_id)
    assert [each["pupil"]["id"] for each in whole["corrections"]] == [str(hidden)]
    assert whole["changed"] == [], "the child was on the sheet that was closed"
    seen = await month_of(client, school.homeroom, school.class_id)
    assert str(hidden) not in orjson.dumps(seen).decode()
    assert (seen["closing"]["corrections"], seen["closing"]["changed"]) == ([], [])


async def test_two_who_close_at_once_close_once(client: Client, school: School) -> None:
    await fill(client, school)
    seen = (await closing(client, school.homeroom, school.class_id))["digest"]
    answers = await asyncio.gather(
        *(step(client, school.homeroom, school.class_id, "close", seen=seen) for _ in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert (await closing(client, school.homeroom, school.class_id))["revision"] == 1


async def test_an_entry_that_meets_a_month_just_closed_is_asked_for_its_reason(
    client: Client, school: School, registry_database: Database
) -> None:
    await fill(client, school, DAYS[:-1])
    marks = [{"pupil": str(pupil), "seen": 0, "code": "present"} for pupil in school.pupils]
    await client.roll(school.homeroom, school.class_id, marks)
    seen = (await closing(client, school.homeroom, school.class_id))["digest"]

    async def late(pupil: UUID) -> int:
        mark = {"pupil": str(pupil), "seen": 1, "code": "late"}
        return (await client.roll(school.office, school.class_id, [mark])).status_code

    close, entry = await asyncio.gather(
        step(client, school.homeroom, school.class_id, "close", seen=seen), late(school.pupils[0])
    )
    assert (close.status_code, entry) in {(200, 422), (409, 200)}, "one of them came first"
    found = await closing(client, school.homeroom, school.class_id)
    assert (found["corrections"], found["changed"]) == ([], [])


async def test_a_merged_card_is_the_line_it_was_merged_into(
    client: Client, school: School, units: Units
) -> None:
    await closed(client, school)
    gone, kept = school.pupils[4], school.exchange
    await run(units, school, "update person set merged_into = :kept where id = :gone", gone=gone, kept=kept)
    found = await closing(client, school.office, school.class_id)
    assert found["changed"] == [], "the same days, under the other card"
    assert (found["state"], found["open"]) == ("closed", [])


async def test_an_erased_child_is_on_no_kept_sheet(
    client: Client, school: School, units: Units, registry_database: Database
) -> None:
    await closed(client, school)
    gone = school.pupils[4]
    await correct(client, school, gone, TODAY, "late", code="mistaken_entry")
    await run(units, school, "select erase_people(:board, array[:gone]::uuid[])", gone=gone)
    connection = await registry_database.server.connect(registry_database.name)
    try:
        stored = await connection.fetchval("select string_agg(sheet::text, '') from class_month_step")
    finally:
        await connection.close()
    assert str(gone) not in stored
    assert str(school.pupils[0]) in stored
    found = await closing(client, school.office, school.class_id)
    assert (found["changed"], found["corrections"]) == ([], [])
